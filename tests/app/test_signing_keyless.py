"""Keyless signatures as a user makes and verifies them, with servers on loopback, and exchanged with model_signing."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from tests.attest.instance import IDENTITY, ISSUER, Instance, serving, token

from modelward import app
from modelward.cli.commands import run
from modelward.core.errors import ModelwardError, UsageError

pytest.importorskip("sigstore", reason="the extra sigstore is not installed")

PEER = Path(sys.executable).with_name("model_signing")
WHO = ("--identity", IDENTITY, "--issuer", ISSUER)
ROOT = ("--trusted-root", "root.json", *WHO)
CONNECT = socket.socket.connect
MODEL_SIGNATURE = "https://model_signing/signature/v1.0"


@pytest.fixture(scope="module")
def instance() -> Iterator[Instance]:
    with serving(Instance()) as served:
        yield served


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, instance: Instance) -> Path:
    """A folder with a model, what there is to know of the instance, and a token."""

    def connect(self: socket.socket, address: Any) -> None:
        assert address[0] == "127.0.0.1", address
        CONNECT(self, address)

    monkeypatch.setattr(socket.socket, "connect", connect)
    for name in [name for name in os.environ if name.startswith(("GITHUB_", "GITLAB", "ACTIONS_", "BUILDKITE"))]:
        monkeypatch.delenv(name)
    monkeypatch.setattr("id._internal.oidc.ambient._GCP_PRODUCT_NAME_FILE", "/nowhere")  # no cloud either
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.delenv("SIGSTORE_IDENTITY_TOKEN", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    (tmp_path / "model").mkdir()
    (tmp_path / "model/config.json").write_text('{"hidden_size": 384}')
    (tmp_path / "root.json").write_bytes(instance.trusted_root())
    (tmp_path / "config.json").write_bytes(instance.trust_config())
    (tmp_path / "token").write_text(token() + "\n")
    return tmp_path


def done(*args: str) -> int:
    try:
        return run(args)
    except ModelwardError as error:
        return error.exit_code


def sign(target: str, output: str, *more: str) -> int:
    return done("sign", target, "--output", output, "--keyless", "--trust-config", "config.json", *more)


def signed(target: str, output: str) -> str:
    assert sign(target, output, "--identity-token", "token") == 0
    return output


def verify(signature: str, *who: str) -> int:
    return done("verify", "model", "--signature", signature, *(who or ROOT))


def test_a_model_is_signed_and_verified(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    signed("model", "m.sig")
    assert capsys.readouterr().out == (
        f"signed 1 file of model\nin public logs for ever: {IDENTITY}, as {ISSUER} says\n"
    )
    assert verify("m.sig") == 0
    assert f"{IDENTITY}, as {ISSUER} says" in capsys.readouterr().out
    assert verify("m.sig", "--trusted-root", "root.json", "--identity", "b@example.org", "--issuer", ISSUER) == 1
    assert not (here / "home").exists()
    (here / "model/config.json").write_text("{}")
    assert verify("m.sig") == 1


def test_it_is_refused_without_the_trusted_root(here: Path) -> None:
    signed("model", "m.sig")
    done("keygen", "--out", "k")
    assert verify("m.sig", "--pub", "k.pub") == 1


def test_certificates_are_verified_in_one_way(here: Path) -> None:
    (here / "ca.pem").write_text("not looked at")
    with pytest.raises(UsageError, match="in two ways"):
        run(["verify", "model", "--signature", signed("model", "m.sig"), *ROOT, "--root", "ca.pem"])


def test_each_verifies_what_the_other_signed(here: Path) -> None:
    peer = ("--trust_config", "config.json", "--signature")
    signed("model", "ours.sig")
    who = ("--identity", IDENTITY, "--identity_provider", ISSUER)
    subprocess.run([PEER, "verify", "sigstore", "model", *peer, "ours.sig", *who], timeout=60, check=True)
    subprocess.run(
        [PEER, "sign", "sigstore", "model", *peer, "theirs.sig", "--identity_token", token()], timeout=60, check=True
    )
    assert verify("theirs.sig") == 0


def test_signatures_of_every_kind_in_one_file(here: Path) -> None:
    done("keygen", "--out", "k")
    signed("model", "1.sig")
    assert done("sign", "1.sig", "--output", "2.sig", "--key", "k.key", *ROOT) == 0
    assert sign("2.sig", "3.sig", "--identity-token", "token", "--pub", "k.pub") == 0
    assert (here / "3.sig").read_bytes().startswith((here / "1.sig").read_bytes() + b"\n")
    assert verify("3.sig") == verify("3.sig", "--pub", "k.pub") == 0
    assert verify("3.sig", "--trusted-root", "root.json", "--identity", "b@example.org", "--issuer", ISSUER) == 1


def test_signatures_in_one_file_count_each(here: Path) -> None:
    done("keygen", "--out", "k")
    policy(here)
    more = f"""
[[signer]]
name = "key"
predicates = ["{MODEL_SIGNATURE}"]
key = '''{(here / "k.pub").read_text()}'''
"""
    text = (here / "policy.toml").read_text().replace("signatures = 1", "signatures = 2")
    (here / "policy.toml").write_text(text + more)
    assert decision(signed("model", "1.sig"))[0] is False
    assert done("sign", "1.sig", "--output", "2.sig", "--key", "k.key", *ROOT) == 0
    assert decision("2.sig") == (True, [])


# -- policies


def policy(here: Path, *, signatures: int = 1, more: str = "") -> str:
    names = ("ann", "the release job")[:signatures]
    signers = "".join(
        f"""
[[signer]]
name = "{name}"
predicates = ["{MODEL_SIGNATURE}"]
trusted-root = '''
{(here / "root.json").read_text()}
'''
identity = "{IDENTITY}"
issuer = "{ISSUER}"
{more}
"""
        for name in names
    )
    (here / "policy.toml").write_text(
        f"""schema = "modelward/policy/1"
name = "ours"
[deny]
severity = "critical"
[[need]]
id = "signed"
predicate = "{MODEL_SIGNATURE}"
signatures = {signatures}
why = "Somebody must answer for it."
{signers}"""
    )
    return "policy.toml"


def decision(*evidence: str, policy: str = "policy.toml") -> tuple[bool, list[str]]:
    """Whether the need is met, and what was not admitted."""
    result = app.check("model", policy=policy, evidence=evidence)
    return not result.unmet, [each.why for each in result.refused]


def test_a_policy_trusts_an_identity(here: Path) -> None:
    policy(here)
    assert decision(signed("model", "m.sig")) == (True, [])
    policy(here, more="until = 2026-01-01")
    assert decision("m.sig")[0] is False
    (here / "model/config.json").write_text("{}")
    assert decision("m.sig")[0] is False


def test_a_policy_does_not_trust_another_identity(here: Path) -> None:
    (here / policy(here)).write_text((here / policy(here)).read_text().replace(IDENTITY, "bob@example.org"))
    (refused,) = decision(signed("model", "m.sig"))[1]
    assert "the keyless signature does not verify" in refused


def test_one_identity_is_one_signer_however_often_it_signs(here: Path) -> None:
    """Every keyless signature has a key of its own."""
    policy(here, signatures=2)
    assert decision(signed("model", "1.sig"), signed("model", "2.sig"))[0] is False


def test_a_root_that_is_none_fails_before_anything_is_allowed(here: Path) -> None:
    (here / policy(here)).write_text((here / policy(here)).read_text().replace("certificateAuthorities", "other"))
    with pytest.raises(UsageError, match=r"the signer 'ann': the trusted root is not"):
        decision(signed("model", "m.sig"))


def test_the_command_line_trusts_an_identity(here: Path) -> None:
    signed("model", "m.sig")
    check = ("check", "model", "--policy", "signed", "--quiet", "--evidence", "m.sig")
    assert done(*check, *ROOT) == 0
    assert done(*check, "--trusted-root", "root.json", "--identity", "b@example.org", "--issuer", ISSUER) == 1
    assert done(*check) == 1


# -- what can go wrong


def test_the_token_may_come_from_the_environment(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", token())
    assert sign("model", "m.sig") == 0


def test_the_token_may_come_from_the_ci_service(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """https://docs.github.com/en/actions/reference/security/oidc"""
    asked = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            self.send_response(200)
            self.end_headers()
            self.wfile.write(json.dumps({"value": token()}).encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.handle_request)
        thread.start()
        monkeypatch.setenv("GITHUB_ACTIONS", "true")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_TOKEN", "secret")
        monkeypatch.setenv("ACTIONS_ID_TOKEN_REQUEST_URL", f"http://127.0.0.1:{server.server_port}/?v=1")
        assert sign("model", "m.sig") == 0
        thread.join()
    assert asked == [("/?v=1&audience=sigstore", "bearer secret")]


def test_a_ci_service_that_gives_no_token(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    assert sign("model", "m.sig") == 4
    assert not (here / "m.sig").exists()


@pytest.mark.parametrize("option", ["--identity-token", "--trust-config"])
def test_an_empty_name_is_no_wish_for_what_is_usual(here: Path, monkeypatch: pytest.MonkeyPatch, option: str) -> None:
    """A variable that is not set must not send the list of files to the public log."""
    monkeypatch.setenv("SIGSTORE_IDENTITY_TOKEN", token())
    given = {"--trust-config": "config.json"} | {option: ""}
    with pytest.raises(UsageError, match=f"{option} '' cannot be read"):
        run(["sign", "model", "--output", "m.sig", "--keyless", *(each for pair in given.items() for each in pair)])


def test_without_a_token(here: Path) -> None:
    with pytest.raises(UsageError, match="SIGSTORE_IDENTITY_TOKEN"):
        run(["sign", "model", "--output", "m.sig", "--keyless", "--trust-config", "config.json"])


@pytest.mark.parametrize("public", [(), ("--staging",)])
def test_without_a_network(here: Path, monkeypatch: pytest.MonkeyPatch, public: tuple[str, ...]) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError("Network is unreachable")

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    with pytest.raises(ModelwardError, match="cannot be reached") as caught:
        run(["sign", "model", "--output", "m.sig", "--keyless", "--identity-token", "token", *public])
    assert caught.value.exit_code == 4
    assert "\n" not in str(caught.value)
    assert not (here / "m.sig").exists()


def test_an_empty_model_is_not_sent_anywhere(here: Path, instance: Instance) -> None:
    before = len(instance.rekor.leaves)
    (here / "nothing").mkdir()
    assert sign("nothing", "m.sig", "--identity-token", "token") == 2
    assert len(instance.rekor.leaves) == before
