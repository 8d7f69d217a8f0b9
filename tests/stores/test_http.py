"""Files on servers: one object by ranges, and every server that lies about it refused."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from tests.stores.server import STAMP, Asked, Lie, Page, Reply, Server, honest, redirect, serving

from modelward.core.errors import ReadError, UsageError
from modelward.core.remote import named
from modelward.formats.source import BytesSource
from modelward.stores import web
from modelward.stores.address import Address
from modelward.stores.http import HttpFile, Pin, download
from modelward.stores.web import Web, check_url

FIRST = 1000
DATA = bytes(range(256)) * 40

server = pytest.fixture(serving)


@pytest.fixture
def client() -> Iterator[Web]:
    with closing(Web()) as client:
        yield client


def on_page(server: Server, data: bytes = DATA, etag: str = '"first"') -> Page:
    server.pages["/model.bin"] = page = Page(BytesSource(data), etag)
    return page


def opened(server: Server, client: Web) -> HttpFile:
    return HttpFile(client, f"{server.url}/model.bin", FIRST)


# --- honest servers ---


def test_ranges_of_one_object(server: Server, client: Web) -> None:
    on_page(server)
    file = opened(server, client)
    assert (file.size, file.head) == (len(DATA), DATA[:FIRST])
    assert file.fetch(2000, 2345) == DATA[2000:2345]
    assert file.fetch(len(DATA) - 5, len(DATA)) == DATA[-5:]
    assert [asked.headers.get("if-match") for asked, _ in server.log] == [None, '"first"', '"first"']
    assert {asked.headers["accept-encoding"] for asked, _ in server.log} == {"identity"}
    assert (client.requests, client.bytes) == (3, FIRST + 350)
    assert str(file.pin) == 'ETag "first"'


@pytest.mark.parametrize("size", [0, 1, FIRST - 1, FIRST, FIRST + 1])
@pytest.mark.parametrize("ranges", [True, False])
def test_sizes_around_the_first_request(server: Server, client: Web, size: int, ranges: bool) -> None:
    page = on_page(server, DATA[:size])
    if not ranges:
        server.pages["/model.bin"] = lambda asked: page.reply(replace(asked, headers={}))
        if size > FIRST:
            with pytest.raises(ReadError, match="--full"):
                opened(server, client)
            return
    file = opened(server, client)
    assert (file.size, file.head) == (size, DATA[: min(size, FIRST)])


@pytest.mark.parametrize("etag", ["", 'W/"weak"', "unquoted"])
def test_without_a_strong_etag_the_date_is_the_pin(server: Server, client: Web, etag: str) -> None:
    page = on_page(server, etag=etag)
    file = opened(server, client)
    assert file.fetch(2000, 2005) == DATA[2000:2005]
    assert "if-match" not in server.log[1][0].headers
    assert server.log[1][0].headers["if-unmodified-since"] == STAMP
    assert "no strong ETag" in str(file.pin)
    page.headers = {"last-modified": "Wed, 21 Oct 2015 07:28:01 GMT"}
    with pytest.raises(ReadError, match="changed"):
        file.fetch(2000, 2005)


def test_without_any_validator_the_length_is_the_pin(server: Server, client: Web) -> None:
    on_page(server, etag="")
    server.lie = lambda asked, reply: reply.having(last_modified=None)
    file = opened(server, client)
    assert file.fetch(1, 2) == DATA[1:2]
    assert "length alone" in str(file.pin)


def test_a_pin_holds_for_itself_alone() -> None:
    pin = Pin(3, '"a"', "then")
    assert pin.holds(pin)
    assert not pin.holds(replace(pin, etag='"b"'))
    assert not pin.holds(replace(pin, size=4))
    assert not replace(pin, etag="").holds(pin)


# --- servers that lie ---


def _whole(asked: Asked, reply: Reply) -> Reply:
    return Reply(200, {"etag": '"first"'}, DATA)


def _chunked(asked: Asked, reply: Reply) -> Reply:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in (reply.body, b"more")) + b"0\r\n\r\n"
    return replace(reply.having(content_length=None, transfer_encoding="chunked"), body=body)


def _status(status: int) -> Lie:
    return lambda asked, reply: Reply(status)


def _having(**headers: str | None) -> Lie:
    return lambda asked, reply: reply.having(**headers)


def _body(change: Callable[[bytes], bytes], *, stated: bool = False) -> Lie:
    """Another body; under its own length, or (*stated*) under that of the true one."""

    def lie(asked: Asked, reply: Reply) -> Reply:
        body = change(reply.body)
        return replace(reply if stated else reply.having(content_length=str(len(body))), body=body)

    return lie


LIES: dict[str, tuple[Lie, str]] = {
    "another object": (_having(etag='"second"'), "changed"),
    "no ETag any more": (_having(etag=None), "changed"),
    "a weak ETag": (_having(etag='W/"first"'), "changed"),
    "a precondition that fails": (_status(412), "changed"),
    "the whole file": (_whole, "ranges"),
    "another beginning": (_having(content_range=f"bytes 2001-2100/{len(DATA)}"), "other bytes"),
    "another end": (_having(content_range=f"bytes 2000-2098/{len(DATA)}"), "other bytes"),
    "another size": (_having(content_range="bytes 2000-2099/99999"), "other bytes"),
    "an unknown size": (_having(content_range="bytes 2000-2099/*"), "which bytes"),
    "no range": (_having(content_range=None), "which bytes"),
    "two ranges": (_having(content_range="bytes 2000-2049/10240, bytes 2050-2099/10240"), "which bytes"),
    "a range of lines": (_having(content_range="lines 2000-2099/10240"), "which bytes"),
    "a range backwards": (_having(content_range="bytes 2099-2000/10240"), "other bytes"),
    "a huge number": (_having(content_range=f"bytes 2000-2099/{'9' * 5000}"), "which bytes"),
    "parts": (_having(content_type="multipart/byteranges; boundary=x"), "several parts"),
    "gzip": (_having(content_encoding="gzip"), "encoded as gzip"),
    "two encodings": (_having(content_encoding="identity, br"), "encoded as"),
    "fewer bytes": (_body(lambda body: body[:-1]), "99 bytes are announced"),
    "fewer bytes than announced": (_body(lambda body: body[:-1], stated=True), "closed|came"),
    "no bytes": (_body(lambda body: b""), "0 bytes are announced"),
    "more bytes": (_body(lambda body: body + b"x"), "101 bytes are announced"),
    "more bytes in pieces": (_chunked, "more bytes"),
    "no content": (_status(204), "status 204"),
    "not modified": (_status(304), "status 304"),
    "not there": (_status(404), "not there"),
    "no access": (_status(403), "not for everyone"),
    "too many": (_status(429), "fewer requests"),
    "an error": (_status(503), "status 503"),
}


@pytest.mark.parametrize("name", LIES)
def test_a_later_answer_that_lies_is_refused(server: Server, client: Web, name: str) -> None:
    on_page(server)
    file = opened(server, client)
    server.lie, why = LIES[name]
    with pytest.raises(ReadError, match=why) as error:
        file.fetch(2000, 2100)
    assert len(str(error.value)) < 500
    server.lie = honest
    assert file.fetch(2000, 2100) == DATA[2000:2100]


FIRST_LIES: dict[str, tuple[Lie, str]] = {
    "the whole file": (_whole, "--full"),
    "an endless file": (lambda asked, reply: Reply(200, {"transfer-encoding": "chunked"}, b"0\r\n\r\n"), "how long"),
    "another beginning": (_having(content_range="bytes 1-1000/10240"), "instead of the first"),
    "too little": (_having(content_range="bytes 0-998/10240"), "instead of the first"),
    "more than there is": (_having(content_range="bytes 0-999/500"), "instead of the first"),
    "nothing": (_having(content_range="bytes 0-999/0"), "instead of the first"),
    "an empty file that is none": (_status(416), "status 416"),
    "gzip": (_having(content_encoding="gzip"), "encoded"),
    "fewer bytes": (_body(lambda body: body[:-1]), "announced"),
    "parts": (_having(content_type="multipart/byteranges"), "several parts"),
    "not there": (_status(404), "not there"),
}


@pytest.mark.parametrize("name", FIRST_LIES)
def test_a_first_answer_that_lies_is_refused(server: Server, client: Web, name: str) -> None:
    on_page(server)
    server.lie, why = FIRST_LIES[name]
    with pytest.raises(ReadError, match=why):
        opened(server, client)


def test_a_file_that_changes_is_noticed_by_an_honest_server(server: Server, client: Web) -> None:
    page = on_page(server)
    file = opened(server, client)
    page.etag = '"second"'
    with pytest.raises(ReadError, match="changed while it was read"):
        file.fetch(2000, 2100)


def test_a_server_that_ignores_the_condition_is_noticed(server: Server, client: Web) -> None:
    page = on_page(server)
    file = opened(server, client)
    page.etag = '"second"'
    server.pages["/model.bin"] = lambda asked: page.reply(replace(asked, headers={"range": asked.headers["range"]}))
    with pytest.raises(ReadError, match="changed while it was read"):
        file.fetch(2000, 2100)


def test_a_server_that_is_slow_without_end(server: Server, client: Web, monkeypatch: pytest.MonkeyPatch) -> None:
    on_page(server)
    monkeypatch.setattr(web, "_PATIENCE", 0.0)
    monkeypatch.setattr(web, "_PACE", 1 << 60)
    with pytest.raises(ReadError, match="try again later"):
        opened(server, client)


def test_nobody_answers(client: Web) -> None:
    with Server() as server:
        url = server.url
    with pytest.raises(ReadError, match=r"127\.0\.0\.1"):
        HttpFile(client, f"{url}/model.bin", FIRST)


# --- redirects and credentials ---


def test_redirects_are_followed_and_the_end_is_kept(server: Server, client: Web) -> None:
    on_page(server)
    server.pages["/start"] = redirect("next/", 307)
    server.pages["/next/"] = redirect("/model.bin?sign=secret")
    file = HttpFile(client, f"{server.url}/start", FIRST)
    assert file.url == f"{server.url}/model.bin?sign=secret"
    file.fetch(2000, 2010)
    assert [asked.path for asked, _ in server.log] == [
        "/start", "/next/", "/model.bin?sign=secret", "/model.bin?sign=secret",
    ]  # fmt: skip


def test_redirects_without_end(server: Server, client: Web) -> None:
    server.pages["/model.bin"] = redirect("/model.bin")
    with pytest.raises(ReadError, match="more than 5 redirects"):
        opened(server, client)


@pytest.mark.parametrize(
    "location", ["", "ftp://127.0.0.1/x", "file:///etc/passwd", "http://example.org/", "//user:secret@127.0.0.1/", "http://[x"]
)  # fmt: skip
def test_redirects_that_are_not_followed(server: Server, client: Web, location: str) -> None:
    server.pages["/model.bin"] = redirect(location)
    with pytest.raises(ReadError, match="not followed"):
        opened(server, client)
    assert len(server.log) == 1


@pytest.mark.parametrize("location", ["http://example.org/x", "https://127.0.0.1/x", "https://localhost/x"])
def test_nothing_leads_from_elsewhere_to_plain_http_or_to_this_machine(location: str) -> None:
    with pytest.raises(ReadError, match="not followed"):
        web._next(Address.parse("https://example.org/model"), location)


def test_a_token_is_for_one_server(server: Server) -> None:
    with Server() as other:
        other.pages["/model.bin"] = Page(BytesSource(DATA))
        server.pages["/model.bin"] = redirect(f"{other.url}/model.bin")
        with closing(Web(server.url, "token")) as client:
            opened(server, client).fetch(2000, 2010)
        assert [asked.headers.get("authorization") for asked, _ in server.log] == ["Bearer token"]
        assert [asked.headers.get("authorization") for asked, _ in other.log] == [None, None]


def test_cookies_are_not_kept(server: Server, client: Web) -> None:
    on_page(server).headers = {"set-cookie": "who=you; path=/"}
    opened(server, client).fetch(2000, 2010)
    assert all("cookie" not in asked.headers for asked, _ in server.log)


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://example.org/x", "https"),
        ("https://user:secret@example.org/x", "password"),
        ("https://", "no URL"),
        ("ftp://example.org/x", "no URL"),
        ("https://example.org:port/x", "no URL"),
    ],
)
def test_addresses_that_are_not_asked(url: str, why: str) -> None:
    with pytest.raises(UsageError, match=why) as error:
        check_url(url)
    assert "secret" not in str(error.value)


def test_an_address_is_named_without_what_may_be_secret() -> None:
    assert named("https://example.org/a?b#c") == "https://example.org/a"
    assert named("https://example.org/a#c?b") == "https://example.org/a"
    assert named("HTTPS://user:secret@example.org:8443/a@b/c?d") == "HTTPS://example.org:8443/a@b/c"
    assert named("http://secret@[::1]:80") == "http://[::1]:80"
    assert named("hf://gpt2@main?x") == "hf://gpt2@main"


@pytest.mark.parametrize("userinfo", ["user:sec/ret", "user:sec#ret", "user:sec?ret", "user:a@sec", "a b:sec"])
def test_a_password_that_is_written_wrongly_is_not_named_either(userinfo: str) -> None:
    shown = named(f"https://{userinfo}@example.org/x")
    assert "sec" not in shown and "ret" not in shown


# --- the whole file ---


def test_a_download_is_the_file_and_leaves_nothing(
    server: Server, client: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    on_page(server)
    with download(client, f"{server.url}/model.bin") as got:
        assert got.path.read_bytes() == DATA
        assert got.pin == Pin(len(DATA), '"first"', STAMP)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("lie", "why"),
    [
        (_body(lambda body: body[:-1], stated=True), "closed|came"),
        (_having(content_encoding="gzip"), "encoded"),
        (lambda asked, reply: Reply(200, {"transfer-encoding": "chunked"}, b"0\r\n\r\n"), "how long"),
        (_status(404), "not there"),
        (_status(206), "status 206"),
    ],
)
def test_a_download_that_is_not_what_it_says(
    server: Server, client: Web, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: Lie, why: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    on_page(server)
    server.lie = lie
    with pytest.raises(ReadError, match=why), download(client, f"{server.url}/model.bin"):
        pass
    assert list(tmp_path.iterdir()) == []


def test_a_download_that_has_no_room(server: Server, client: Web) -> None:
    on_page(server)
    server.lie = _having(content_length=str(10**17))
    with pytest.raises(ReadError, match="no room"), download(client, f"{server.url}/model.bin"):
        pass
