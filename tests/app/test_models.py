"""Models in registries: what comes back is the artifact that was sent, or nothing that looks like it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from http.client import HTTPConnection
from pathlib import Path

import pytest
from tests.cli.process import environment
from tests.stores.evidence import entry, held
from tests.stores.registries import NAME, Registry, docker_registry, index, needs_registry
from tests.stores.server import Asked, Page, Reply, Server, honest

from modelward.app import models
from modelward.app.manifesting import manifest
from modelward.app.registry import pull, pull_model, push, push_model
from modelward.cli.commands import run
from modelward.core.digest import Digest
from modelward.core.errors import ModelwardError, ReadError, UsageError
from modelward.core.exchange import Pulled
from modelward.formats.source import BytesSource
from modelward.stores import evidence_remote, model_registry, oci_name, oci_wire
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_store import EvidenceStore
from modelward.stores.fetch import PARTS, Refused
from modelward.stores.model_pack import MODEL, tag_of
from modelward.stores.oci_documents import MANIFEST, sha256

needs_skopeo = pytest.mark.peer("skopeo", "skopeo")
FAKES = ["referrers", "fall-back"]
WEIGHTS = bytes(range(256)) * 4096
FILES = {
    "config.json": b"{}",
    "copies/config.json": b"{}",
    "empty": b"",
    "model.safetensors": WEIGHTS,
    "README.md": b"# read me\n",
    "weights/f\u00fcr.bin": b"weights",
}
BLOB = f"/v2/{NAME}/blobs/{sha256(WEIGHTS)}"


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)  # no power fails during a test
    monkeypatch.setattr(evidence_remote, "_PAUSE", 0.01)
    monkeypatch.setattr(oci_wire, "_PAUSE", 0.01)
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    return tmp_path


@pytest.fixture(scope="module")
def debian(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with docker_registry(tmp_path_factory.mktemp("registry")) as where:
        yield f"oci://{where}"


@pytest.fixture
def registry() -> Iterator[Registry]:
    with Server() as server:
        yield Registry(server)


@pytest.fixture(params=[pytest.param("debian", marks=needs_registry), *FAKES])
def at(request: pytest.FixtureRequest) -> str:
    """A repository with nothing in it."""
    if request.param == "debian":
        name = re.sub(r"[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
        return f"{request.getfixturevalue('debian')}/{name}"
    made: Registry = request.getfixturevalue("registry")
    made.has_referrers = request.param == "referrers"
    return made.at


@pytest.fixture
def model(here: Path) -> Digest:
    return written(here / "model", FILES)


def written(folder: Path, files: dict[str, bytes]) -> Digest:
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return digest(str(folder))


def digest(path: str) -> Digest:
    return manifest(path).statement.subject


def brought(at: str, *wanted: object, output: str = "output", store: str | None = None) -> Pulled:
    return pull_model(at, [str(each) for each in wanted], store, output)


def nothing_of(registry: Registry, *wanted: object, at: str = "") -> ModelwardError:
    """Of the model nothing is visible afterwards but files that are as they were sent."""
    with pytest.raises(ModelwardError) as raised:
        brought(at or registry.at, *wanted)
    for path in Path("output").rglob("*"):
        name = path.relative_to("output").as_posix()
        assert path.is_dir() or name.startswith(PARTS) or path.read_bytes() == FILES[name]
    return raised.value


# -- there and back


def test_a_model_and_its_evidence_come_back(here: Path, model: Digest, at: str) -> None:
    with EvidenceStore("one", create=True) as opened:
        opened.add([entry(1, about=model), entry(2)])
    sent = push_model(f"{at}:v1", "model", "one")
    assert sent.model
    assert (sent.model.about, sent.model.files, sent.model.size) == (model, 6, sum(map(len, FILES.values())))
    assert (len(sent.new), len(push_model(at, "model", "one").new)) == (1, 0)
    for number, done in enumerate([brought(f"{at}:v1", store="two"), brought(at, model, output="other")]):
        assert done.brought
        assert done.brought.model == sent.model
        assert digest(done.brought.place) == model
        assert len(done.new) == 1 - number
    assert held("two") == {entry(1, about=model).kept.statement}
    assert pull(f"{at}:v1", (), "three").new == sent.new
    assert (pull(at, (), "three").others, pull(at, (), "three").models) == (0, 1)


def test_what_the_tag_means_can_be_asked_for_by_digest(here: Path, model: Digest, registry: Registry) -> None:
    sent = push_model(f"{registry.at}:v1", "model", None).model
    assert sent
    assert brought(f"{registry.at}@{sent.manifest}", model).brought
    with pytest.raises(ReadError, match="there is no model v2"):
        brought(f"{registry.at}:v2")
    with pytest.raises(ReadError, match="there is no model sha3_256:0000"):
        brought(registry.at, f"sha3_256:{'0' * 64}")


@pytest.mark.parametrize("way", FAKES)
def test_one_whose_tag_is_gone_is_listed(model: Digest, registry: Registry, way: str) -> None:
    registry.has_referrers = way == "referrers"
    push_model(registry.at, "model", None)
    del registry.tags[tag_of(model)]
    assert brought(registry.at, model).brought
    assert digest("output") == model


def test_a_pull_without_it_says_that_it_is_there(
    here: Path, model: Digest, registry: Registry, capsys: pytest.CaptureFixture[str]
) -> None:
    with EvidenceStore("one", create=True) as opened:
        opened.add([entry(1, about=model)])
    assert run(["store", "push", registry.at, "model", "--with-model", "--store", "one"]) == 0
    assert run(["store", "pull", registry.at, "--store", "two", "--quiet"]) == 0
    assert capsys.readouterr().out.endswith("pulled 1 statement; 1 model listed too, which --output DIR brings\n")


def test_a_lone_file(here: Path, model: Digest, at: str) -> None:
    sent = push_model(at, "model/model.safetensors", None).model
    assert sent
    assert sent.about == sha256(WEIGHTS)
    (here / "output").mkdir()
    (here / "output/beside").touch()
    done = brought(at, sent.about).brought
    assert done
    assert done.place == "output/model.safetensors"
    assert Path(done.place).read_bytes() == WEIGHTS


def test_a_link_is_sent_as_what_it_names(here: Path, registry: Registry) -> None:
    (here / "blobs").mkdir()
    (here / "blobs/0123").write_bytes(b"x")
    (here / "weights.bin").symlink_to("blobs/0123")
    push_model(registry.at, "weights.bin", None)
    done = brought(registry.at, sha256(b"x")).brought
    assert done
    assert done.place == "output/weights.bin"


def test_the_verbs(here: Path, model: Digest, registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["store", "push", f"{registry.at}:v1", "model", "--with-model"]) == 0
    what = f"the model {model}, 6 files of 1,048,597 bytes"
    assert capsys.readouterr().out == f"pushed {what}, and 0 statements\n"
    assert run(["store", "push", registry.at, "model", "--with-model", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["model"]["digest"]) == ("modelward/push/1", model.to_json())
    assert run(["store", "pull", f"{registry.at}:v1", "--output", "output"]) == 0
    assert capsys.readouterr().out == f"pulled {what} to 'output', and 0 statements\n"
    assert run(["store", "pull", registry.at, str(model), "--output", "output", "--format", "json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["schema"], said["model"]["output"], said["statements"]) == ("modelward/pull/1", "output", [])


@pytest.mark.parametrize(
    ("args", "words"),
    [
        (["push", "AT", "--with-model"], "--with-model needs one PATH"),
        (["push", "AT", "model", "other", "--with-model"], "--with-model needs one PATH"),
        (["push", "AT:v1", "model", "--store", "s"], "a tag is for a model: add --with-model"),
        (["push", "AT:sha256-0", "model", "--with-model"], "a model gets another tag"),
        (["push", f"AT@sha256:{'0' * 64}", "model", "--with-model"], "a model gets another tag"),
        (["push", "AT", "absent", "--with-model"], "does not exist"),
        (["pull", "AT", "--output", "output"], "which model"),
        (["pull", "AT", f"sha256:{'0' * 64}", f"sha256:{'1' * 64}", "--output", "output"], "one model at a time"),
    ],
)
def test_what_is_not_understood(model: Digest, registry: Registry, args: list[str], words: str) -> None:
    with pytest.raises(UsageError, match=words):
        run(["store", *[arg.replace("AT", registry.at) for arg in args]])
    assert not registry.server.log


@needs_registry
@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 1024])
def test_a_large_file_is_sent_in_chunks(here: Path, debian: str, size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_registry, "_CHUNK", 256)
    (here / "a.bin").write_bytes(WEIGHTS[:size])
    push_model(f"{debian}/chunks", "a.bin", None)
    done = brought(f"{debian}/chunks", sha256(WEIGHTS[:size])).brought
    assert done
    assert Path(done.place).read_bytes() == WEIGHTS[:size]


def test_chunks_are_as_large_as_the_registry_wants(
    here: Path, model: Digest, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(model_registry, "_CHUNK", 1 << 18)
    registry.least = 3 << 17
    push_model(registry.at, "model", None)
    sent = [len(asked.body) for asked, _ in registry.server.log if asked.method == "PATCH"]
    assert sent == [3 << 17] * 2
    assert brought(registry.at, model).brought


# -- what cannot be sent


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("CONFIG.json", "some systems take it for 'CONFIG.json'"),
        ("sub/.git/config", "git would take it for its own"),
        ("con.json", "Windows takes it for a device"),
        (f"{PARTS}/x", "of an interrupted transfer"),
        (b"\xff", "Windows takes"),
    ],
)
def test_names_that_could_not_be_written_elsewhere(
    here: Path, model: Digest, registry: Registry, name: str | bytes, words: str
) -> None:
    path = here / "model" / os.fsdecode(name)
    path.parent.mkdir(exist_ok=True, parents=True)
    path.touch()
    with pytest.raises(UsageError, match=words):
        push_model(registry.at, "model", None)
    assert not registry.server.log


def test_what_could_not_be_read_is_not_left_out(here: Path, model: Digest, registry: Registry) -> None:
    (here / "model/link").symlink_to("/dev/null")
    with pytest.raises(ReadError, match="cannot be sent whole: 'link': a link that is not followed"):
        push_model(registry.at, "model", None)
    (here / "nothing").mkdir()
    with pytest.raises(UsageError, match="there is no file in 'nothing'"):
        push_model(registry.at, "nothing", None)
    assert not registry.server.log


@pytest.mark.parametrize("store", ["model/.modelward", "model/sub/store"])
def test_a_store_in_the_model_keeps_its_key(here: Path, model: Digest, registry: Registry, store: str) -> None:
    with EvidenceStore(store, create=True) as opened:
        opened.add([entry(1)])
    for path in ("model", store):
        with pytest.raises(UsageError, match="is the secret key of a store"):
            push_model(registry.at, path, None)
    assert not registry.server.log


@pytest.mark.parametrize("change", [b"other" + WEIGHTS[5:], WEIGHTS[:-1], b""])
def test_a_file_that_changes_meanwhile_never_arrives(
    here: Path, model: Digest, registry: Registry, change: bytes
) -> None:
    registry.server.lie = _once(lambda: (here / "model/model.safetensors").write_bytes(change))
    with pytest.raises(ReadError, match=r"'model\.safetensors' changed while it was sent"):
        push_model(registry.at, "model", None)
    assert not registry.manifests
    assert str(sha256(change)) not in registry.blobs.keys() - {str(sha256(b""))}


def _once(act: Callable[[], object]) -> Callable[[Asked, Reply], Reply]:
    """While the first request waits for its answer: by then all is hashed."""
    todo = [act]

    def lie(asked: Asked, reply: Reply) -> Reply:
        while todo:
            todo.pop()()
        return reply

    return lie


def test_one_that_grows_is_what_it_was(here: Path, model: Digest, registry: Registry) -> None:
    registry.server.lie = _once(lambda: (here / "model/model.safetensors").write_bytes(WEIGHTS + b"more"))
    push_model(registry.at, "model", None)
    assert brought(registry.at, model).brought


# -- interrupted


@pytest.mark.parametrize("way", FAKES)
def test_a_push_that_ends_anywhere_is_the_whole_or_nothing(
    here: Path, registry: Registry, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In one thread, so that each request is the last one once."""
    monkeypatch.setattr(models, "_CONNECTIONS", 1)
    registry.has_referrers = way == "referrers"
    model = written(here / "model", {"a": b"a", "b": b"b"})
    seen, last, is_pushed = set(), 0, False
    while not is_pushed:
        registry.server.lie = _ends_after(registry, last)
        last += 1
        try:
            push_model(f"{registry.at}:v1", "model", None)
            is_pushed = True
        except ReadError:
            pass
        registry.server.lie = honest
        for name, wanted in ((":v1", ()), ("", (model,))):
            try:
                brought(f"{registry.at}{name}", *wanted, output=f"{last}{name}")
                assert digest(f"{last}{name}") == model
                seen.add("all")
            except ReadError as error:
                assert not is_pushed
                assert "there is no model" in str(error)
                seen.add("nothing")
    assert last > 10
    assert seen == {"all", "nothing"}


def _ends_after(registry: Registry, last: int) -> Callable[[Asked, Reply], Reply]:
    first = len(registry.server.log)
    return lambda asked, reply: reply if asked.number < first + last else Reply(403)


@needs_registry
def test_a_push_that_is_killed_is_done_again(here: Path, debian: str) -> None:
    model = written(here / "model", {f"{number}.bin": b"%d" % number * 500_000 for number in range(12)})
    at = f"{debian}/killed"
    command = [sys.executable, "-m", "modelward", "store", "push", at, "model", "--with-model"]
    with subprocess.Popen(command, env=environment(DOCKER_CONFIG=str(here))) as process:
        while process.poll() is None and not _uploads(debian):
            pass
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    with pytest.raises(ReadError, match="there is no model"):
        brought(at, model)
    push_model(at, "model", None)
    assert brought(at, model).brought
    assert digest("output") == model


def _uploads(debian: str) -> bool:
    with closing(HTTPConnection(debian.removeprefix("oci://"))) as connection:
        connection.request("HEAD", f"/v2/killed/blobs/{sha256(b'0' * 500_000)}")
        return connection.getresponse().status == 200


def test_what_was_interrupted_goes_on(model: Digest, registry: Registry) -> None:
    push_model(registry.at, "model", None)
    registry.server.pages[BLOB] = Page(BytesSource(WEIGHTS))
    half = len(WEIGHTS) // 2
    registry.server.lie = lambda asked, reply: (
        replace(reply, body=reply.body[:half]).having(content_length=str(len(reply.body)))
        if asked.path == BLOB and not asked.range_from
        else reply
    )
    assert brought(registry.at, model).brought
    asked = [each.range_from for each, _ in registry.server.log if each.path == BLOB and each.method == "GET"]
    assert asked == [0, half]
    assert digest("output") == model


def test_nothing_is_fetched_twice_or_replaced(here: Path, model: Digest, registry: Registry) -> None:
    push_model(registry.at, "model", None)
    assert brought(registry.at, model).brought
    (here / "output/config.json").unlink()
    before = len(registry.server.log)
    assert brought(registry.at, model).brought
    assert sum("/blobs/" in asked.path for asked, _ in registry.server.log[before:]) == 1
    for path, words in (("config.json", "is another file"), ("evil.py", "is not of the model")):
        (here / "output" / path).write_bytes(b"mine")
        with pytest.raises(UsageError, match=words):
            brought(registry.at, model)
        assert (here / "output" / path).read_bytes() == b"mine"
        (here / "output" / path).unlink()


def test_links_in_the_folder_lead_nowhere(here: Path, model: Digest, registry: Registry) -> None:
    push_model(registry.at, "model", None)
    (here / "output").mkdir()
    (here / "elsewhere").mkdir()
    (here / "output/weights").symlink_to(here / "elsewhere")
    with pytest.raises(UsageError, match="'weights' lies in 'output' and is not of the model"):
        brought(registry.at, model)
    assert not list((here / "elsewhere").iterdir())


# -- lies


def _changed(path: str, **changes: object) -> Callable[[Asked, Reply], Reply]:
    return lambda asked, reply: replace(reply, **changes) if path in asked.path else reply  # type: ignore[arg-type]


LIES: dict[str, tuple[Callable[[Asked, Reply], Reply], str, int]] = {
    "other bytes": (_changed(BLOB, body=bytes(len(WEIGHTS))), "what came is not what is pinned", 1),
    "fewer bytes": (_changed(BLOB, body=b"x", headers={"content-length": "1"}), "1 bytes are there where", 1),
    "more bytes": (_changed(BLOB, body=WEIGHTS + b"x", headers={}), "bytes are there where", 1),
    "no bytes": (_changed(BLOB, status=404, body=b""), "it is not there (status 404)", 4),
    "encoded bytes": (_changed(BLOB, headers={"content-encoding": "gzip"}), "it comes encoded as gzip", 4),
    "elsewhere": (_changed(BLOB, status=307, headers={"location": "file:///etc/passwd"}), "it sends to", 4),
    "no manifest": (_changed("/manifests/", status=404, body=b""), "it is not there", 4),
    "an index": (lambda asked, reply: index() if "/manifests/" in asked.path else reply, "is no model", 1),
    "not JSON": (_changed("/manifests/", body=b"<html>", headers={}), "is no model that can be brought: not JSON", 1),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_registry_that_lies_is_refused(model: Digest, registry: Registry, lie: str) -> None:
    push_model(registry.at, "model", None)
    registry.server.lie, words, code = LIES[lie]
    error = nothing_of(registry, model)
    assert words in str(error)
    assert error.exit_code == code


def _forged(registry: Registry, model: Digest, change: Callable[[list[dict[str, object]]], object]) -> None:
    """Another manifest under the tag of the model."""
    body = json.loads(registry.manifests[registry.tags[tag_of(model)]])
    change(body["layers"])
    _tagged(registry, tag_of(model), body)


def _tagged(registry: Registry, tag: str, body: object) -> None:
    raw = json.dumps(body).encode()
    made = str(sha256(raw))
    registry.manifests[made], registry.types[made], registry.tags[tag] = raw, MANIFEST, made


def _rename(layer: dict[str, object], path: str) -> None:
    layer["annotations"] = {"org.cncf.model.filepath": path}


FORGERIES: dict[str, Callable[[list[dict[str, object]]], object]] = {
    "a file less": lambda layers: layers.pop(),
    "a file twice": lambda layers: layers.append(dict(layers[0])),
    "another name": lambda layers: _rename(layers[0], "evil.py"),
    "a name that escapes": lambda layers: _rename(layers[0], "../evil.py"),
    "an absolute name": lambda layers: _rename(layers[0], "/etc/passwd"),
    "names exchanged": lambda layers: (
        layers[0].update(annotations=layers[1].pop("annotations"))
        or layers[1].update(annotations={"org.cncf.model.filepath": "README.md"})
    ),
    "another digest": lambda layers: layers[0].update(digest=str(sha256(b"evil"))),
    "another size": lambda layers: layers[0].update(size=5),
    "an archive": lambda layers: layers[0].update(mediaType="application/vnd.cncf.model.weight.v1.tar"),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_a_manifest_that_is_another_is_refused(model: Digest, registry: Registry, forgery: str) -> None:
    push_model(registry.at, "model", None)
    _forged(registry, model, FORGERIES[forgery])
    error = nothing_of(registry, model)
    assert isinstance(error, Refused)
    assert not Path("output").exists()


def test_the_order_of_layers_means_nothing(model: Digest, registry: Registry) -> None:
    push_model(registry.at, "model", None)
    _forged(registry, model, lambda layers: layers.reverse())
    assert brought(registry.at, model).brought
    assert digest("output") == model


@pytest.mark.parametrize(
    "path", ["../x", "/x", "a/../x", ".git/config", "a\\x", "a\x1b[31m", "empty/x", "Config.JSON", f"{PARTS}/x"]
)
def test_names_under_which_nothing_is_written(model: Digest, registry: Registry, path: str) -> None:
    """By a tag, which binds nothing."""
    push_model(f"{registry.at}:v1", "model", None)
    body = json.loads(registry.manifests[registry.tags["v1"]])
    _rename(body["layers"][0], path)
    _tagged(registry, "v1", body)
    error = nothing_of(registry, at=f"{registry.at}:v1")
    assert isinstance(error, Refused)
    assert "under whose name nothing is written" in str(error)
    assert "\x1b" not in str(error)
    assert not Path("output").exists()


def test_a_tag_that_was_moved_is_told(here: Path, model: Digest, registry: Registry) -> None:
    push_model(f"{registry.at}:v1", "model", None)
    other = written(here / "other", {"a.bin": b"other"})
    sent = push_model(f"{registry.at}:v1", "other", None).model
    assert sent
    done = brought(f"{registry.at}:v1", output="other").brought
    assert done
    assert done.model.about == other
    assert isinstance(nothing_of(registry, model, at=f"{registry.at}:v1"), Refused)
    first = next(name for name in registry.manifests if name == registry.tags[tag_of(model)])
    registry.server.lie = _changed("/manifests/", body=registry.manifests[first], headers={})
    error = nothing_of(registry, at=f"{registry.at}@{sent.manifest}")
    assert isinstance(error, Refused)
    assert f"what came is {first}" in str(error)


def test_a_model_for_which_there_is_no_room(model: Digest, registry: Registry) -> None:
    push_model(f"{registry.at}:v1", "model", None)
    body = json.loads(registry.manifests[registry.tags["v1"]])
    body["layers"][0]["size"] = 1 << 52
    _tagged(registry, "v1", body)
    assert "there is no room for" in str(nothing_of(registry, at=f"{registry.at}:v1"))


def test_what_others_packed_can_be_brought(registry: Registry) -> None:
    registry.blobs[str(sha256(b"x"))] = b"x"
    note = {"org.opencontainers.image.title": "a.bin"}
    layer = {"mediaType": "application/vnd.cncf.model.weight.v1.raw", "digest": str(sha256(b"x")), "size": 1}
    body = {"schemaVersion": 2, "artifactType": MODEL, "layers": [layer | {"annotations": note}]}
    _tagged(registry, "v1", body)
    done = brought(f"{registry.at}:v1", store="one").brought
    assert done
    assert done.model.about == digest("output")


def test_a_registry_that_keeps_something_else(model: Digest, registry: Registry) -> None:
    registry.server.lie = lambda asked, reply: (
        reply.having(docker_content_digest=f"sha256:{'0' * 64}") if asked.method == "PUT" else reply
    )
    with pytest.raises(Refused, match="the registry says sha256:0000"):
        push_model(registry.at, "model", None)


# -- what keeps a registry from answering


@needs_registry
def test_one_that_speaks_no_https(model: Digest, debian: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(oci_name, "is_here", lambda host: False)
    with pytest.raises(ReadError, match=r"it does not speak https: add --insecure"):
        push_model(f"{debian}/plain", "model", None)


def test_one_that_is_not_there(model: Digest) -> None:
    with Server() as server:
        port = server.url.rpartition(":")[2]
    with pytest.raises(ReadError, match="is the registry running, and is that its address") as raised:
        push_model(f"oci://localhost:{port}/x", "model", None)
    assert "\n" not in str(raised.value)


# -- other programs


@needs_registry
@needs_skopeo
def test_skopeo_copies_it_beside_its_evidence(here: Path, model: Digest, debian: str) -> None:
    """Into the layout of a store and out of it: the store stays what it was, and keeps it."""
    with EvidenceStore("one", create=True) as opened:
        opened.add([entry(1, about=model)])
    at = f"{debian}/from"
    push_model(f"{at}:v1", "model", "one")
    pull(at, (), "two")
    _copy(f"docker://{at[6:]}:v1", "oci:two:v1")
    with EvidenceStore("two") as opened:
        opened.rebuild()
        assert (opened.gc().blobs, opened.verify()) == (0, [])
        assert [kept.about for kept, _ in opened.find()] == [model]
    _copy("oci:two:v1", f"docker://{debian[6:]}/to:v1")
    push(f"{debian}/to", (), "two")
    done = brought(f"{debian}/to:v1", model, store="three")
    assert (len(done.new), digest("output")) == (1, model)
    listed = json.loads(_skopeo("inspect", "--tls-verify=false", "--raw", f"docker://{at[6:]}:sha256-{_anchor(model)}"))
    assert MODEL in {each.get("artifactType") for each in listed["manifests"]}


def _anchor(model: Digest) -> str:
    return Subject.of(model).tag


def _copy(source: str, target: str) -> None:
    plain = [f"--{side}-tls-verify=false" for side, name in (("src", source), ("dest", target)) if "docker" in name]
    _skopeo("--insecure-policy", "copy", *plain, source, target)


def _skopeo(*args: str) -> bytes:
    done = subprocess.run(["skopeo", *args], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
