"""Names of repositories and of what is in them."""

from __future__ import annotations

import pytest

from modelward.core.errors import ReadError, UsageError
from modelward.stores.oci_name import Reference, Repository
from modelward.stores.oci_wire import Wire


@pytest.mark.parametrize(
    ("text", "url"),
    [
        ("oci://registry.example.org/team/models", "https://registry.example.org"),
        ("oci://registry.example.org:5000/a", "https://registry.example.org:5000"),
        ("OCI://localhost:5000/a__b/c-d", "http://localhost:5000"),
        ("oci://127.0.0.1:5000/a", "http://127.0.0.1:5000"),
        ("oci://[::1]:5000/a", "http://[::1]:5000"),
        ("oci://docker.io/ann/models", "https://registry-1.docker.io"),
    ],
)
def test_what_names_a_repository(text: str, url: str) -> None:
    at = Repository.parse(text)
    assert (at.url, str(at)) == (url, text.replace("OCI", "oci"))
    assert Repository.parse(text, insecure=True).url == url.replace("https", "http")


@pytest.mark.parametrize(
    "text",
    [
        "registry.example.org/a",
        "https://registry.example.org/a",
        "oci://registry.example.org",
        "oci://registry.example.org/",
        "oci://registry.example.org/A",
        "oci://registry.example.org/a:latest",
        "oci://registry.example.org/a@sha256:00",
        "oci://registry.example.org/../a",
        "oci://registry.example.org/a//b",
        "oci://registry.example.org/a?b",
        "oci:///a",
        "oci://host\n/a",
        "oci://ann:secret@registry.example.org/a",
        f"oci://registry.example.org/{'a' * 256}",
    ],
)
def test_what_names_none(text: str) -> None:
    with pytest.raises(UsageError, match="names no repository of a registry") as raised:
        Repository.parse(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("text", "at", "name"),
    [
        ("oci://registry.example.org/a/b", "oci://registry.example.org/a/b", ""),
        ("oci://registry.example.org/a:latest", "oci://registry.example.org/a", "latest"),
        ("oci://localhost:5000/a:v1.0_x-y", "oci://localhost:5000/a", "v1.0_x-y"),
        ("oci://[::1]:5000/a:v1", "oci://[::1]:5000/a", "v1"),
        (f"oci://registry.example.org/a@sha256:{'0' * 64}", "oci://registry.example.org/a", f"sha256:{'0' * 64}"),
    ],
)
def test_what_names_a_model(text: str, at: str, name: str) -> None:
    found = Reference.parse(text)
    assert (str(found.at), found.name, str(found)) == (at, name, text)


@pytest.mark.parametrize(
    "text",
    [
        "oci://registry.example.org:5000",
        "oci://registry.example.org/a:",
        "oci://registry.example.org/a:.x",
        f"oci://registry.example.org/a:{'x' * 129}",
        "oci://registry.example.org/a@latest",
        "oci://registry.example.org/a:v1@sha256:00",
        "oci://ann:secret@registry.example.org/a:v1",
        "oci://registry.example.org/a:v1\n",
        "registry.example.org/a:v1",
    ],
)
def test_what_names_no_model(text: str) -> None:
    with pytest.raises(UsageError, match="names no repository of a registry") as raised:
        Reference.parse(text)
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    ("registry", "there"),
    [
        ("oci://example.org/a", "http://example.org/x"),
        ("oci://example.org/a", "https://127.0.0.1/x"),
        ("oci://example.org/a", "https://localhost/x"),
        ("oci://example.org/a", "https://u:p@elsewhere.org/x"),
        ("oci://example.org/a", "file:///etc/passwd"),
        ("oci://localhost:5000/a", "http://example.org/x"),
        ("oci://example.org/a", ""),
    ],
)
def test_where_a_registry_must_not_send(registry: str, there: str) -> None:
    """Refused before anything is asked."""
    wire = Wire(Repository.parse(registry), None, writes=False)
    with pytest.raises(ReadError, match="where nobody goes"), wire.ask("GET", there):
        pass
    wire.close()
