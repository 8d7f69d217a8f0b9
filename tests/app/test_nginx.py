"""Targets on a real server: what its log says was asked for, and what its settings do to a scan."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.corpus.sparse import gguf_file, safetensors_file, torch_file
from tests.hub import COMMIT, REPO, git_blob
from tests.stores.nginx import Logged, Nginx, needs_nginx

from modelward import app
from modelward.core.errors import ModelwardError, ReadError
from modelward.core.finding import Finding
from modelward.report import html, machine, markdown, sarif
from modelward.report.view import Asked
from modelward.stores.http import HttpFile

pytestmark = needs_nginx

EVIL = b"\x80\x02cos\nsystem\nX\x04\x00\x00\x00echo\x85R."
GB = 10**9


@pytest.fixture
def nginx(tmp_path: Path) -> Iterator[Nginx]:
    server = Nginx(tmp_path, 2)
    try:
        yield server
    finally:
        server.stop()


@pytest.fixture(autouse=True)
def _no_token(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HF_TOKEN", "HF_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)


def body_bytes(log: list[Logged]) -> int:
    return sum(int(line.sent) for line in log if line.status == "206")


# --- ranges of one object ---


@pytest.mark.parametrize(
    ("make", "most"), [(torch_file, 128 << 10), (safetensors_file, 64 << 10), (gguf_file, 300 << 10)]
)
def test_a_gigabyte_costs_its_header(nginx: Nginx, make: Callable[..., object], most: int) -> None:
    make(nginx.roots[0] / "model", 250, GB)
    nginx.start("gzip on; gzip_types *;", "")
    result = app.scan(f"{nginx.urls[0]}/model?sign=secret")
    log = nginx.stop()
    assert {place.said.rule.id for place in result.findings if isinstance(place.said, Finding)} <= {
        "code-capable-format"
    }
    assert (result.outcome(), result.is_partial) == ("incomplete", True)
    assert len(log) <= 1 + 4
    assert body_bytes(log) <= most
    assert result.remote and (result.remote.requests, result.remote.fetched) == (len(log), body_bytes(log))
    assert {line.status for line in log} == {"206"}
    (held,) = result.remote.files.values()
    assert [line.if_match for line in log] == ["", *[held.pin.removeprefix("ETag ")] * (len(log) - 1)]


def test_a_hostile_pickle_in_a_gigabyte(nginx: Nginx) -> None:
    torch_file(nginx.roots[0] / "model.pt", 250, GB, EVIL)
    nginx.start("", "")
    assert app.scan(f"{nginx.urls[0]}/model.pt").outcome() == "flagged"
    assert body_bytes(nginx.stop()) <= 128 << 10


@pytest.mark.parametrize("etag", ["on", "off"])
def test_an_object_that_is_replaced_between_two_requests(
    nginx: Nginx, monkeypatch: pytest.MonkeyPatch, etag: str
) -> None:
    """Of the same length: by its ETag, or without one by its date."""
    model, other = nginx.roots[0] / "model.pt", nginx.roots[0] / "other.pt"
    torch_file(model, 250, GB)
    torch_file(other, 250, GB)
    os.utime(model, (10**9, 10**9))
    nginx.start(f"etag {etag};", "")
    fetch = HttpFile.fetch

    def replaced(self: HttpFile, start: int, end: int) -> bytearray:
        if other.exists():
            other.replace(model)
        return fetch(self, start, end)

    monkeypatch.setattr(HttpFile, "fetch", replaced)
    with pytest.raises(ReadError, match="it changed while it was read: scan it again"):
        app.scan(f"{nginx.urls[0]}/model.pt")
    assert [line.status for line in nginx.stop()] == ["206", "412"]


def test_a_server_that_gives_no_ranges(nginx: Nginx, tmp_path: Path) -> None:
    model = nginx.roots[0] / "model.pt"
    torch_file(model, 4, 20 << 20)
    nginx.start("max_ranges 0;", "")
    with pytest.raises(ReadError, match=r"the server does not give ranges, only all .* bytes: add --full"):
        app.scan(f"{nginx.urls[0]}/model.pt")
    far, near = app.scan(f"{nginx.urls[0]}/model.pt", full=True), app.scan(str(model))
    assert (far.digest, far.findings, far.unexamined) == (near.digest, near.findings, near.unexamined)


def test_a_small_file_is_read_whole_wherever_it_lies(nginx: Nginx) -> None:
    for size in (0, 1, 30_000, 32 << 10, (32 << 10) + 1):
        (nginx.roots[0] / f"{size}.txt").write_bytes(b"word " * (size // 5) + b"x" * (size % 5))
    nginx.start("gzip on; gzip_types *; gzip_min_length 1;", "max_ranges 0;")
    for path in nginx.roots[0].iterdir():
        result = app.scan(f"{nginx.urls[0]}/{path.name}")
        assert result.digest == app.scan(str(path)).digest
        assert not result.is_partial


@pytest.mark.parametrize(
    ("site", "why"),
    [
        ("", r"it is not there \(status 404\)"),
        ("return 403;", r"it is not for everyone \(status 403\)"),
        ('auth_basic "x"; auth_basic_user_file /dev/null;', r"it wants credentials \(status 401\)"),
        ("return 500;", r"the server cannot give it \(status 500\)"),
        ("return 204;", r"the server cannot give it \(status 204\)"),
        ("return 302 /model.pt;", r"more than 5 redirects"),
        (
            "return 302 ftp://127.0.0.1/model.pt;",
            "a redirect that is not followed: 'ftp://127.0.0.1/model.pt' is no URL",
        ),
        ("return 302 http://model.example/m;", "could be changed on its way"),
        ("return 302 http://user:secret@127.0.0.1/m;", "the URL of 127.0.0.1 holds a password"),
        ("return 444;", "disconnected"),
    ],
)
def test_what_is_no_file_is_one_line(nginx: Nginx, site: str, why: str) -> None:
    nginx.start(f"location / {{ {site} }}", "")
    for full in (False, True):
        with pytest.raises(ReadError, match=why) as caught:
            app.scan(f"{nginx.urls[0]}/model.pt?sign=secret", full=full)
        assert "secret" not in str(caught.value)
        assert "\n" not in str(caught.value)


def test_a_redirect_to_another_server(nginx: Nginx) -> None:
    torch_file(nginx.roots[1] / "model.pt", 250, GB)
    nginx.start(f"add_header Set-Cookie a=b always; return 302 {nginx.urls[1]}$request_uri;", "")
    result = app.scan(f"{nginx.urls[0]}/model.pt?sign=secret")
    assert result.remote and [held.url for held in result.remote.files.values()] == [f"{nginx.urls[1]}/model.pt"]
    log = nginx.stop()
    assert [line.site for line in log] == [str(nginx.ports[n]) for n in (0, 1, 1, 1)][: len(log)]
    assert {line.cookie for line in log} == {""}


# --- secrets ---


def test_a_password_in_an_address_is_in_no_report(nginx: Nginx, capsys: pytest.CaptureFixture[str]) -> None:
    from modelward.cli.commands import run

    (nginx.roots[0] / "model.pkl").write_bytes(EVIL)
    nginx.start("", "")
    target = f"{nginx.urls[0]}/model.pkl?sign=secret"
    for form in ("text", "json", "sarif", "junit", "github", "markdown", "html"):
        bad = target.replace("//", "//user:secret@")
        odd = ("user:se/secret@", "user:se#secret@", "user:secret?@", "secret@a b/")
        for other in (bad, f"{bad}#secret", *(target.replace("//", f"//{words}") for words in odd)):
            assert run(["scan", target, other, "--format", form]) == 2
            said = capsys.readouterr()
            assert "model.pkl" in said.out
            assert "secret" not in said.out + said.err
    assert nginx.stop()


# --- a hub: resolved names, a listing, and large files on another host ---


@pytest.fixture
def hub(nginx: Nginx, monkeypatch: pytest.MonkeyPatch) -> dict[str, bytes]:
    """The files of a repository, as huggingface.co serves one. The large ones lie on the second site."""
    torch_file(nginx.roots[1] / "model.pt", 250, GB)
    small = {"config.json": b'{"model_type": "llama"}', "code/x.py": b"import os\n", "evil.pkl": EVIL}
    small |= {f"many/{n}.json": b'{"n": %d}' % n for n in range(12)}
    listed, sites = [], [f"add_header X-Repo-Commit {COMMIT} always;"]
    for path, content in small.items():
        stored = nginx.roots[0] / "raw" / path
        stored.parent.mkdir(parents=True, exist_ok=True)
        stored.write_bytes(content)
        listed.append({"type": "file", "path": path, "oid": git_blob(content), "size": len(content)})
        at = f"location = /{REPO}/resolve/{COMMIT}/{path}"
        etag = f"add_header X-Repo-Commit {COMMIT} always; etag off; add_header ETag '\"{git_blob(content)}\"' always;"
        sites.append(f"{at} {{ {etag} alias {stored}; }}")
    size = (nginx.roots[1] / "model.pt").stat().st_size
    lfs = {"oid": "a" * 64, "size": size, "pointerSize": 135}
    listed.append({"type": "file", "path": "model.pt", "oid": "b" * 40, "size": size, "lfs": lfs})
    about = {"X-Repo-Commit": COMMIT, "X-Linked-Size": str(size), "X-Linked-Etag": "'\"" + "a" * 64 + "\"'"}
    headers = " ".join(f"add_header {name} {value} always;" for name, value in about.items())
    for revision in ("main", COMMIT):
        at = f"location = /{REPO}/resolve/{revision}/model.pt"
        sites.append(f"{at} {{ {headers} return 302 {nginx.urls[1]}/model.pt?Signature=secret; }}")
        (nginx.roots[0] / f"revision-{revision}.json").write_text(json.dumps({"sha": COMMIT}))
        sites.append(
            f"location = /api/models/{REPO}/revision/{revision} {{ try_files /revision-{revision}.json =404; }}"
        )
    (nginx.roots[0] / "tree.json").write_text(json.dumps(listed))
    sites.append(f"location = /api/models/{REPO}/tree/{COMMIT} {{ try_files /tree.json =404; }}")
    nginx.start("\n".join(sites), "")
    monkeypatch.setenv("HF_ENDPOINT", nginx.urls[0])
    monkeypatch.setenv("HF_TOKEN", "hf_secret")
    return small


def test_the_token_never_goes_to_another_origin(nginx: Nginx, hub: dict[str, bytes]) -> None:
    result = app.scan(f"hf://{REPO}/model.pt")
    log = nginx.stop()
    assert {(line.site, line.authorization) for line in log} == {
        (str(nginx.ports[0]), "Bearer hf_secret"),
        (str(nginx.ports[1]), ""),
    }
    assert result.remote
    assert (result.remote.commit, len(log)) == (COMMIT, result.remote.requests)
    (held,) = result.remote.files.values()
    assert (held.claim, held.is_verified) == (f"sha256:{'a' * 64}", False)
    assert held.pin.startswith('ETag "')
    for report in (machine.render([result]), sarif.render([result])):
        assert b"secret" not in report
    for render in (html.render, markdown.render):
        assert "secret" not in render([result], Asked())


def test_a_whole_repository(nginx: Nginx, hub: dict[str, bytes], tmp_path: Path) -> None:
    near = tmp_path / "near"
    for path, content in hub.items():
        (near / path).parent.mkdir(parents=True, exist_ok=True)
        (near / path).write_bytes(content)
    asked: list[tuple[int, int, str]] = []
    result = app.scan(f"hf://{REPO}", progress=lambda *args: asked.append(args))
    on_disk = app.scan(str(near))
    assert [place for place in result.findings if place.file != "model.pt"] == list(on_disk.findings)
    assert list(result.digests) == sorted(hub)
    assert result.digests == on_disk.digests
    assert {place.file for place in result.unexamined} == {"model.pt"}
    assert [path for *_, path in asked] == sorted([*hub, "model.pt"])
    assert result.remote and list(result.remote.files) == sorted([*hub, "model.pt"])
    assert {path for path, held in result.remote.files.items() if held.is_verified} == set(hub)
    again = app.scan(f"hf://{REPO}")
    assert machine.render([again]) == machine.render([result])
    log = nginx.stop()
    assert all((line.site == str(nginx.ports[0])) == (line.authorization != "") for line in log)


def test_a_file_that_the_hub_replaced_is_refused(nginx: Nginx, hub: dict[str, bytes]) -> None:
    (nginx.roots[0] / "raw/config.json").write_bytes(b'{"model_type": "other"}')
    (nginx.roots[0] / "raw/many/1.json").write_bytes(b'{"n": "longer"}')
    result = app.scan(f"hf://{REPO}")
    gaps = {place.file: place.said for place in result.unexamined}
    assert set(gaps) == {"config.json", "many/1.json", "model.pt"}
    assert "is not what the hub claims" in str(gaps["config.json"])
    assert "another file than its list of files names" in str(gaps["many/1.json"])


# --- https ---


@pytest.mark.peer("openssl", "openssl")
def test_certificates_and_the_way_from_https_to_http(
    nginx: Nginx, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    words += " -subj /CN=x -addext subjectAltName=IP:127.0.0.1"
    openssl = shutil.which("openssl")
    assert openssl
    subprocess.run(
        [openssl, *words.split(), "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True
    )
    (nginx.roots[0] / "model.pkl").write_bytes(EVIL)
    (nginx.roots[1] / "model.pkl").write_bytes(EVIL)
    tls = f"ssl_certificate {certificate}; ssl_certificate_key {key};"
    nginx.start(f"{tls} location /away {{ return 302 {nginx.urls[1]}/model.pkl; }}", "")
    here = nginx.urls[0].replace("http:", "https:")
    with pytest.raises(ModelwardError, match="certificate verify failed") as caught:
        app.scan(f"{here}/model.pkl")
    assert "\n" not in str(caught.value)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    result = app.scan(f"{here}/model.pkl")
    assert (result.outcome(), str(result.digest)) == ("flagged", f"sha256:{hashlib.sha256(EVIL).hexdigest()}")
    with pytest.raises(ReadError, match="a redirect that is not followed, to 'http://"):
        app.scan(f"{here}/away")
