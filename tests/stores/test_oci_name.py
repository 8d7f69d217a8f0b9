"""Names of repositories, and where the passwords for them come from."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from modelward.core.errors import ReadError, UsageError
from modelward.stores.oci_name import Repository, login_for
from modelward.stores.oci_wire import Wire


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    for name in ("USER", "PASSWORD"):
        monkeypatch.delenv(f"MODELWARD_REGISTRY_{name}", raising=False)
    return tmp_path / "config.json"


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


def test_passwords_of_the_environment_come_first(config: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert login_for("host") is None
    config.write_text(json.dumps({"auths": {"host": {"auth": _auth("bob:b")}}}))
    monkeypatch.setenv("MODELWARD_REGISTRY_USER", "ann")
    with pytest.raises(UsageError, match="set both, or none"):
        login_for("host")
    monkeypatch.setenv("MODELWARD_REGISTRY_PASSWORD", "a")
    found = login_for("host")
    assert found
    assert found.basic == f"Basic {_auth('ann:a')}"
    assert "'a'" not in repr(found)


@pytest.mark.parametrize(
    ("key", "registry"),
    [
        ("host:5000", "host:5000"),
        ("https://host/v1/", "host"),
        ("https://index.docker.io/v1/", "docker.io"),
    ],
)
def test_passwords_of_docker(config: Path, key: str, registry: str) -> None:
    auths = {"other": {"auth": _auth("x:y")}, key: {"auth": _auth("ann:a:b")}}
    config.write_text(json.dumps({"auths": auths, "credsStore": "desktop"}))
    found = login_for(registry)
    assert found
    assert (found.user, found.password) == ("ann", "a:b")
    assert login_for("elsewhere") is None


def test_a_program_that_keeps_passwords_is_not_started(config: Path) -> None:
    config.write_text(json.dumps({"auths": {"host": {}}, "credsStore": "desktop"}))
    assert login_for("host") is None


@pytest.mark.parametrize(
    "content", [b"secret", b"[]", b'{"auths": 1}', b'{"auths": {"host": {"auth": "secret!"}}}', b"\xff"]
)
def test_a_config_that_is_none_is_not_quoted(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(UsageError, match=r"is no config\.json of docker") as raised:
        login_for("host")
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


def _auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
