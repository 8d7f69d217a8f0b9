"""Addresses: what is asked is what is written, or nothing is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.errors import UsageError
from modelward.stores.address import Address


@pytest.mark.parametrize(
    ("text", "shown", "target"),
    [
        ("https://example.org", "https://example.org", "/"),
        ("HTTPS://Example.ORG:443/A?b=C#d", "https://example.org/A?b=C", "/A?b=C"),
        ("https://example.org:8443/", "https://example.org:8443/", "/"),
        ("http://[::1]:80/x", "http://[::1]/x", "/x"),
        ("http://[::1]:8080/x", "http://[::1]:8080/x", "/x"),
        ("https://example.org?x", "https://example.org?x", "/?x"),
        ("https://a.org/a b/ü/%41/100%", "https://a.org/a%20b/%C3%BC/%41/100%25", "/a%20b/%C3%BC/%41/100%25"),
        ("https://a.org/x?Sign=a/b%2Bc==&d", "https://a.org/x?Sign=a/b%2Bc==&d", "/x?Sign=a/b%2Bc==&d"),
    ],
)
def test_what_is_asked(text: str, shown: str, target: str) -> None:
    at = Address.parse(text)
    assert (str(at), at.target) == (shown, target)
    assert Address.parse(shown) == at


NOT_ASKED = [
    "", "example.org/x", "//example.org/x", "https:/x", "https://", "https://:443/", "file:///etc/passwd", "https://[x",
    "https://[::1]x/", "https://[::1%25eth0]/", "https://a:b/", "https://a:+1/", "https://a:1:2/", "https://a:99999/",
    "https://user:secret@a/", "https://@a/", "https://a\\@b/", "https://a\\.b/", "https://a b/", "https://a\n/",
    "https://a/\r\nHost: b", "ht\ttps://a/", "https://a/\x00", "https://ａ.org/", "https://a。b/",
]  # fmt: skip


@pytest.mark.parametrize("text", NOT_ASKED)
def test_what_is_not_asked(text: str) -> None:
    with pytest.raises(UsageError) as error:
        Address.parse(text)
    assert "secret" not in str(error.value)


@pytest.mark.parametrize(
    ("reference", "there"),
    [
        ("x", "https://example.org/a/x"),
        ("/x", "https://example.org/x"),
        ("../../../x", "https://example.org/x"),
        ("?x", "https://example.org/a/b?x"),
        ("//other.org/x", "https://other.org/x"),
        ("http://other.org", "http://other.org"),
        ("", "https://example.org/a/b?c"),
    ],
)
def test_where_a_reference_leads(reference: str, there: str) -> None:
    assert str(Address.parse("https://example.org/a/b?c").join(reference)) == there


@pytest.mark.parametrize(
    "reference", ["/\\other.org", "\\\\other.org", "/\t/other.org", "\x00", "http://[x", "data:,x"]
)
def test_references_that_lead_nowhere(reference: str) -> None:
    with pytest.raises(UsageError):
        Address.parse("https://example.org/a").join(reference)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "[::1]", "LOCALHOST"])
def test_this_machine(host: str) -> None:
    assert Address.parse(f"http://{host}/").is_here
    assert not Address.parse(f"http://{host.strip('[]').replace(':', '.')}.example.org/").is_here


@given(st.text(max_size=30))
def test_nothing_but_the_address_is_sent(text: str) -> None:
    try:
        at = Address.parse(f"https://example.org{text}")
    except UsageError:
        return
    assert at.target.isascii() and at.target.isprintable() and " " not in at.target
    assert Address.parse(str(at)) == at
