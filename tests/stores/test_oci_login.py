"""Where the passwords for registries come from."""

from __future__ import annotations

import base64
import json
import os
from pathlib import Path

import pytest

from modelward.core.errors import UsageError
from modelward.stores.oci_login import login_for

HELPERS = {
    "gives": """printf '{"ServerURL":"%s","Username":"ann","Secret":"of %s"}' "$key" "$key" """,
    "has": "echo 'credentials not found in native keychain'; exit 1",
    "fails": "echo 'the keyring is locked'; exit 1",
    "dies": "exit 7",
    "token": """echo '{"Username":"<token>","Secret":"secret"}' """,
    "odd": "echo '[\"secret\"]'",
    "mute": """echo '{"Username":"","Secret":""}' """,
}


@pytest.fixture(autouse=True)
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    for name in ("USER", "PASSWORD"):
        monkeypatch.delenv(f"MODELWARD_REGISTRY_{name}", raising=False)
    return tmp_path / "config.json"


def helper(config: Path, name: str) -> str:
    program = config.with_name(f"docker-credential-{name}")
    program.write_text(f'#!/bin/sh\n[ "$1" = get ] || exit 9\nread -r key\n{HELPERS[name]}\n')
    program.chmod(0o755)
    return name


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
    config.write_text(json.dumps({"auths": auths, "credsStore": "absent"}))
    found = login_for(registry)
    assert found
    assert (found.user, found.password) == ("ann", "a:b")
    assert login_for("elsewhere") is None


@pytest.mark.parametrize(
    ("registry", "key"), [("host:5000", "host:5000"), ("docker.io", "https://index.docker.io/v1/")]
)
def test_programs_that_keep_passwords_are_asked(config: Path, registry: str, key: str) -> None:
    for body in ({"credsStore": helper(config, "gives")}, {"credHelpers": {key: "gives"}, "credsStore": "fails"}):
        config.write_text(json.dumps(body | {"auths": {key: {}}}))
        found = login_for(registry)
        assert found
        assert (found.user, found.password) == ("ann", f"of {key}")


def test_a_program_that_has_nothing(config: Path) -> None:
    config.write_text(json.dumps({"credsStore": helper(config, "has"), "auths": {"host": {"auth": _auth("bob:b")}}}))
    found = login_for("host")
    assert found
    assert found.user == "bob"
    assert login_for("elsewhere") is None


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("fails", "does not give it: the keyring is locked; set MODELWARD_REGISTRY_USER"),
        ("dies", "does not give it: exit 7"),
        ("token", "an identity token, which is not understood"),
        ("odd", "answers something else"),
        ("mute", "answers something else"),
    ],
)
def test_a_program_that_does_not_give_one(config: Path, name: str, words: str) -> None:
    config.write_text(json.dumps({"credsStore": helper(config, name)}))
    with pytest.raises(UsageError, match=words) as raised:
        login_for("host")
    assert "secret" not in str(raised.value)


def test_the_program_of_a_registry_must_be_there(config: Path) -> None:
    config.write_text(json.dumps({"credHelpers": {"host": "absent"}}))
    with pytest.raises(UsageError, match=r"docker-credential-absent, which .* cannot be asked: no such file"):
        login_for("host")


def test_an_identity_token_is_named(config: Path) -> None:
    config.write_text(json.dumps({"auths": {"host": {"auth": _auth("<token>:"), "identitytoken": "secret"}}}))
    with pytest.raises(UsageError, match="has filed an identity token for host, which is not understood") as raised:
        login_for("host")
    assert "secret" not in str(raised.value)


@pytest.mark.parametrize(
    "content",
    [
        b"secret",
        b"[]",
        b'{"auths": 1}',
        b'{"auths": {"host": {"auth": "secret!"}}}',
        b'{"auths": {"host": "secret"}}',
        b'{"credHelpers": []}',
        b'{"credHelpers": {"host": "../secret"}}',
        b'{"credsStore": ["secret"]}',
        b"\xff",
    ],
)
def test_a_config_that_is_none_is_not_quoted(config: Path, content: bytes) -> None:
    config.write_bytes(content)
    with pytest.raises(UsageError, match=r"is no config\.json of docker") as raised:
        login_for("host")
    assert "secret" not in str(raised.value)


def _auth(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
