"""`store push` and `store pull`: what arrives is what was sent, whoever sends at the same time and whoever is killed;
and what registries can lie about."""

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
from threading import Thread
from typing import Any

import pytest
from tests.cli.process import environment
from tests.stores.evidence import SCAN, entry, held, store, tree
from tests.stores.registries import (
    HTPASSWD,
    NAME,
    PASSWORD,
    USER,
    Registry,
    docker_registry,
    index,
    needs_registry,
)
from tests.stores.server import Asked, Reply, Server, honest, json_reply

from modelward.app.registry import pull, push
from modelward.cli.commands import run
from modelward.core.errors import ModelwardError, ReadError, UsageError
from modelward.core.exchange import Pulled
from modelward.core.store import IN_TOTO
from modelward.stores import evidence_remote, oci_registry, oci_wire
from modelward.stores.evidence_manifest import Subject, statement_manifest
from modelward.stores.evidence_store import EvidenceStore
from modelward.stores.fetch import Refused
from modelward.stores.oci_documents import MANIFEST, Descriptor, encode_document

needs_skopeo = pytest.mark.peer("skopeo", "skopeo")
FAKES = ["referrers", "fall-back"]


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


def numbers(kept: Pulled) -> int:
    return len(kept.new)


# -- there and back


def test_what_is_pushed_is_pulled_byte_for_byte(here: Path, at: str) -> None:
    store(here / "one", 1, 2)
    with EvidenceStore("one") as opened:
        opened.add([entry(3, "urn:example:other", tree(1))])
    assert [len(push(at, (), "one").new), push(at, (), "one").there] == [3, 3]
    done = pull(at, (), "two")
    assert (len(done.new), done.there, done.others, done.unread) == (3, 0, 0, ())
    assert (pull(at, (), "two").new, pull(at, (), "two").there) == ((), 3)
    blobs = [{path.name: path.read_bytes() for path in Path(name, "blobs/sha256").iterdir()} for name in ("one", "two")]
    assert blobs[0] == blobs[1]
    assert Path("one/index.json").read_bytes() == Path("two/index.json").read_bytes()
    with EvidenceStore("two") as opened:
        assert opened.verify() == []
    assert run(["log", "verify", "--store", "two"]) == 0


def test_some_of_it(here: Path, at: str) -> None:
    store(here / "one", 1, 2, 3)
    push(at, [str(tree(1)), entry(2).kept.statement.value[:12]], "one")
    assert {kept.about for kept in pull(at, [str(tree(1))], "two").new} == {tree(1)}
    assert held("two") == {entry(1).kept.statement}
    pull(at, (), "two")
    assert held("two") == {entry(number).kept.statement for number in (1, 2)}
    with pytest.raises(ReadError, match="there is no statement about sha3_256:"):
        pull(at, [str(tree(3))], "two")


def test_what_comes_repairs_a_damaged_store(here: Path, at: str) -> None:
    store(here / "one", 1)
    push(at, (), "one")
    (here / "one/blobs/sha256" / entry(1).kept.statement.value).unlink()
    with EvidenceStore("one") as opened:
        opened.rebuild()
    with pytest.raises(ModelwardError, match="is damaged"):
        push(at, (), "one")
    pull(at, (), "one")
    with EvidenceStore("one") as opened:
        assert opened.verify() == []


def test_a_repository_that_is_not_there(here: Path, at: str) -> None:
    with pytest.raises(ReadError, match="there is no such repository"):
        pull(at, (), "two")


def test_the_verbs(here: Path, registry: Registry, capsys: pytest.CaptureFixture[str]) -> None:
    store(here / "one", 1)
    assert run(["store", "push", registry.at, "--store", "one"]) == 0
    line = f"{entry(1).kept.statement}  unsigned  {SCAN}  about {tree(1)}\n"
    assert capsys.readouterr().out == line + "pushed 1 statement\n"
    assert run(["store", "pull", registry.at, "--store", "two"]) == 0
    assert capsys.readouterr().out == line + "pulled 1 statement\n"
    assert run(["store", "pull", registry.at, "--store", "two"]) == 0
    assert capsys.readouterr().out == "pulled 0 statements, 1 was there\n"
    with pytest.raises(UsageError, match=r"there is no \.modelward here"):
        run(["store", "pull", registry.at])


def test_a_log_whose_key_is_elsewhere(here: Path, registry: Registry) -> None:
    push(registry.at, (), store(here / "one", 1, 2))
    assert run(["keygen", "--out", "log", "--type", "ed25519"]) == 0
    keyed = ["store", "pull", registry.at, "--store", "two", "--log-key", "log.key"]
    assert run([*keyed[:3], str(tree(1)), *keyed[3:]]) == 0
    with pytest.raises(ModelwardError, match="name it with --log-key"):
        run(keyed[:-2])
    assert run(keyed) == 0
    assert held("two") == held("one")


def test_lists_of_several_pages(here: Path, registry: Registry) -> None:
    registry.per_page, registry.has_referrers = 2, False
    push(registry.at, (), store(here / "one", *range(5)))
    assert numbers(pull(registry.at, (), "two")) == 5


def test_other_artifacts_are_left(here: Path, registry: Registry) -> None:
    push(registry.at, (), store(here / "one", 1))
    subject = Subject.of(tree(1)).descriptor.to_json()
    _put(registry, {"artifactType": "application/spdx+json", "subject": subject, "layers": [], "annotations": {}})
    done = pull(registry.at, (), "two")
    assert (numbers(done), done.others, done.exit_code) == (1, 1, 0)


@pytest.mark.parametrize("content", [b"{}", b"\xff", b'{"_type": "https://in-toto.io/Statement/v1"}'])
def test_what_is_no_statement_is_named(
    here: Path, registry: Registry, content: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    push(registry.at, (), store(here / "one", 1))
    layer = Descriptor.of(IN_TOTO, content)
    registry.blobs[str(layer.digest)] = content
    subject = Subject.of(tree(1)).descriptor.to_json()
    _put(registry, {"artifactType": IN_TOTO, "subject": subject, "layers": [layer.to_json()], "annotations": {}})
    assert run(["store", "pull", registry.at, "--store", "two"]) == 3
    said = capsys.readouterr()
    assert "pulled 1 statement (exit 3)\n" in said.out
    assert f"not pulled: {layer.digest} about {tree(1)}: " in said.err


def _put(registry: Registry, body: dict[str, object]) -> Descriptor:
    raw = encode_document({"schemaVersion": 2, "mediaType": MANIFEST, **body})
    made = Descriptor.of(MANIFEST, raw)
    registry.manifests[str(made.digest)] = raw
    registry.types[str(made.digest)] = MANIFEST
    return made


# -- others at the same time


@pytest.mark.parametrize("at", [pytest.param("debian", marks=needs_registry), "fall-back"], indirect=True)
def test_pushers_at_the_same_time_lose_nothing(here: Path, at: str) -> None:
    for first in (0, 10, 20):
        with EvidenceStore(f"from{first}", create=True) as opened:
            opened.add([entry(first + number, about=tree(0)) for number in range(4)])
    failed: list[Exception] = []

    def one(name: str) -> None:
        try:
            push(at, (), name)
        except Exception as error:  # noqa: BLE001 (the test tells it)
            failed.append(error)

    threads = [Thread(target=one, args=(f"from{first}",)) for first in (0, 10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert numbers(pull(at, (), "all")) == 12
    listed = _index(at)
    assert len(listed) == len(set(listed)) == 12


def _index(at: str) -> list[str]:
    kind = "application/vnd.oci.image.index.v1+json"
    body = _json(at, f"manifests/sha256-{Subject.of(tree(0)).tag}", accept=kind)
    return [each["digest"] for each in body["manifests"]]


def _json(at: str, path: str, **headers: str) -> Any:
    """What docker-registry itself says, errors too."""
    where, _, name = at.removeprefix("oci://").partition("/")
    with closing(HTTPConnection(where)) as connection:
        connection.request("GET", f"/v2/{name}/{path}", headers=headers)
        return json.load(connection.getresponse())


def test_an_index_that_somebody_overwrites_is_written_again(here: Path, registry: Registry) -> None:
    """The other one read it before, and writes after: what was acknowledged is in the tags all the while."""
    registry.has_referrers = False
    tag = f"sha256-{Subject.of(tree(0)).tag}"
    for name, number in (("one", 1), ("two", 2)):
        with EvidenceStore(name, create=True) as opened:
            opened.add([entry(number, about=tree(0))])
    push(registry.at, (), "one")
    stale = registry.tags.pop(tag)
    push(registry.at, (), "two")
    assert numbers(pull(registry.at, (), "all")) == 2
    assert len(json.loads(registry.manifests[registry.tags[tag]])["manifests"]) == 2
    registry.tags[tag] = stale
    assert numbers(pull(registry.at, (), "again")) == 2
    push(registry.at, (), "one")
    assert len(json.loads(registry.manifests[registry.tags[tag]])["manifests"]) == 2


def test_what_others_put_into_the_index_stays(here: Path, registry: Registry) -> None:
    registry.has_referrers = False
    theirs = _put(registry, {"artifactType": "x/y", "layers": [], "subject": Subject.of(tree(1)).descriptor.to_json()})
    extra = {**theirs.to_json(), "platform": {"os": "linux"}, "data": "e30="}
    foreign = {"mediaType": MANIFEST, "digest": f"sha512:{'0' * 128}", "size": 2}
    _put_index(registry, extra, foreign)
    registry.manifests[str(foreign["digest"])] = b"{}"
    push(registry.at, (), store(here / "one", 1))
    kept = json.loads(registry.manifests[registry.tags[f"sha256-{Subject.of(tree(1)).tag}"]])["manifests"]
    assert (kept[:2], len(kept)) == ([extra, foreign], 3)
    assert (numbers(done := pull(registry.at, (), "two")), done.others) == (1, 1)


def _put_index(registry: Registry, *entries: object) -> None:
    raw = index(*entries)
    made = Descriptor.of(raw.headers["content-type"], raw.body)
    registry.manifests[str(made.digest)] = raw.body
    registry.types[str(made.digest)] = made.media_type
    registry.tags[f"sha256-{Subject.of(tree(1)).tag}"] = str(made.digest)


# -- interrupted


@pytest.mark.parametrize("way", FAKES)
def test_a_push_that_ends_anywhere_leaves_nothing_half(here: Path, registry: Registry, way: str) -> None:
    registry.has_referrers = way == "referrers"
    store(here / "one", 1)
    for last in range(30):
        registry.server.lie = _fails_after(registry, last)
        try:
            push(registry.at, (), "one")
        except ReadError:
            registry.server.lie = honest
            if registry.tags:
                assert pull(registry.at, (), f"{last}").exit_code == 0
            continue
        break
    registry.server.lie = honest
    assert last > 6
    assert numbers(pull(registry.at, (), "two")) == 1


def _fails_after(registry: Registry, last: int) -> Callable[[Asked, Reply], Reply]:
    first = len(registry.server.log)
    return lambda asked, reply: reply if asked.number < first + last else Reply(403)


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_registry_that_stumbles_is_asked_again(here: Path, registry: Registry, status: int) -> None:
    """docker-registry does, for who reads what another one is just writing."""
    registry.has_referrers = False
    registry.server.lie = lambda asked, reply: (
        Reply(status) if asked.number % 2 and "/manifests/" in asked.path else reply
    )
    push(registry.at, (), store(here / "one", 1))
    assert numbers(pull(registry.at, (), "two")) == 1


@needs_registry
def test_a_push_that_is_killed_is_done_again(here: Path, debian: str) -> None:
    at = f"{debian}/killed"
    with EvidenceStore("one", create=True) as opened:
        opened.add([entry(number, about=tree(0)) for number in range(16)])
    command = [sys.executable, "-m", "modelward", "store", "push", at, "--store", "one"]
    with subprocess.Popen(command, env=environment(DOCKER_CONFIG=str(here))) as process:
        while process.poll() is None and not _tags(at):
            pass
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    before = pull(at, (), "two")
    assert before.unread == ()
    push(at, (), "one")
    after = pull(at, (), "two")
    assert (numbers(before) + numbers(after), held("two")) == (16, held("one"))


def _tags(at: str) -> list[str]:
    found: list[str] = _json(at, "tags/list").get("tags") or []
    return [tag for tag in found if "." in tag]


# -- lies

STATEMENT = str(entry(1).kept.statement)
MANIFESTED = Descriptor.of(MANIFEST, statement_manifest(entry(1).kept, Subject.of(tree(1)).descriptor))
LISTED = {**MANIFESTED.to_json(), "artifactType": IN_TOTO}


def _changed(path: str, **changes: object) -> Callable[[Asked, Reply], Reply]:
    return lambda asked, reply: replace(reply, **changes) if path in asked.path else reply  # type: ignore[arg-type]


def _longer(path: str) -> Callable[[Asked, Reply], Reply]:
    """In chunks, so that no length is announced."""

    def lie(asked: Asked, reply: Reply) -> Reply:
        if path not in asked.path:
            return reply
        body = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (reply.body, b" " * 100)) + b"0\r\n\r\n"
        return Reply(200, {"transfer-encoding": "chunked"}, body)

    return lie


def _listing(*entries: object) -> Callable[[Asked, Reply], Reply]:
    of = f"/referrers/{Subject.of(tree(1)).descriptor.digest}"
    return lambda asked, reply: index(*entries) if of in asked.path else reply


BLOB, HELD = f"/blobs/{STATEMENT}", f"/manifests/{MANIFESTED.digest}"
OTHER = Descriptor.of(MANIFEST, statement_manifest(entry(2).kept, Subject.of(tree(2)).descriptor)).to_json()
LIES: dict[str, tuple[Callable[[Asked, Reply], Reply], str, int]] = {
    "another blob": (_changed(BLOB, body=b"x" * len(entry(1).raw)), "what came is not sha256:", 1),
    "a longer blob": (_changed(BLOB, body=b"x" * 999, headers={}), "999 bytes are there where", 1),
    "a blob that goes on": (_longer(BLOB), "more bytes came than the", 1),
    "a blob that is cut": (_changed(BLOB, body=b"x"), "x", 4),
    "no blob": (_changed(BLOB, status=404), "it is not there (status 404)", 4),
    "another manifest": (_changed(HELD, body=b"{" * MANIFESTED.size), "what came is not sha256:", 1),
    "a manifest of a gigabyte": (_listing({**LISTED, "size": 1 << 30}), "4 MiB are read", 4),
    "another size": (_listing({**LISTED, "size": 5}), "bytes are there where 5 are due", 1),
    "about another artifact": (_listing(OTHER), "which refers to sha256:", 1),
    "of another type": (_listing({**LISTED, "artifactType": "x/y"}), "as 'x/y', which it is not", 1),
    "of another predicate": (
        _listing({**LISTED, "annotations": {"in-toto.io/predicate-type": "urn:x"}}),
        "the registry says 'urn:example:scan:1, urn:x' of",
        1,
    ),
    "no list": (_changed("/referrers/", body=b'{"manifests": 1}', headers={}), "it lists no referrers", 1),
    "not JSON": (_changed("/referrers/", body=b"<html>", headers={}), "it lists no referrers", 1),
    "tags that are none": (_changed("/tags/", body=b'{"tags": [1]}', headers={}), "no list of tags", 1),
    "a list without end": (
        lambda asked, reply: reply.having(link='</v2/team/models/tags/list>; rel="next"'),
        "the list of tags has no end",
        4,
    ),
    "a list that goes on elsewhere": (
        lambda asked, reply: reply.having(link='<http://127.0.0.1:1/v2/>; rel="next"'),
        "the list goes on elsewhere",
        4,
    ),
    "encoded": (_changed(BLOB, headers={"content-encoding": "gzip"}), "it comes encoded as gzip", 4),
    "to another scheme": (_changed(BLOB, status=307, headers={"location": "file:///etc/passwd"}), "it sends to", 4),
    "in a circle": (_changed(BLOB, status=307, headers={"location": BLOB}), "more than 5 redirects", 4),
    "an error": (
        _changed("/tags/", status=500, body=b'{"errors":[{"code":"X","message":"\\u001b"}]}', headers={}),
        "X",
        4,
    ),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_registry_that_lies_is_refused(
    here: Path, registry: Registry, lie: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    push(registry.at, (), store(here / "one", 1, 2))
    answer, words, code = LIES[lie]
    monkeypatch.setattr(oci_registry, "_MOST_PAGES", 5)
    registry.server.lie = answer
    with pytest.raises(ReadError) as raised:
        pull(registry.at, (), "two")
    assert words in str(raised.value)
    assert "\n" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
    assert raised.value.exit_code == code
    assert held("two") == set()


def test_tags_that_lie_are_refused(here: Path, registry: Registry) -> None:
    registry.has_referrers = False
    push(registry.at, (), store(here / "one", 1))
    own = next(tag for tag in registry.tags if "." in tag)
    index_tag = own.partition(".")[0]
    registry.tags[f"{index_tag}.{'0' * 56}"] = registry.tags[own]
    for _ in range(2):
        with pytest.raises(Refused, match="is not what the tag says"):
            pull(registry.at, (), "two")
        with pytest.raises(Refused, match="is not what the tag says"):
            push(registry.at, (), store(here / "more", 1, 2))
        registry.tags[f"{index_tag}.{'0' * 56}"] = registry.tags[index_tag]
    del registry.tags[f"{index_tag}.{'0' * 56}"]
    registry.tags[index_tag] = registry.tags[own]
    with pytest.raises(Refused, match="is no list of statements"):
        pull(registry.at, (), "two")
    assert held("two") == set()


def test_a_registry_that_keeps_something_else(here: Path, registry: Registry) -> None:
    store(here / "one", 1)
    registry.server.lie = lambda asked, reply: (
        reply.having(docker_content_digest=f"sha256:{'0' * 64}") if asked.method == "PUT" else reply
    )
    with pytest.raises(Refused, match="the registry says sha256:0000"):
        push(registry.at, (), "one")


def test_a_registry_that_does_not_list_what_it_took(
    here: Path, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(evidence_remote, "_ATTEMPTS", 2)
    registry.server.lie = _listing()
    with pytest.raises(ReadError, match="does not list them all: push again"):
        push(registry.at, (), store(here / "one", 1))


# -- passwords


@pytest.fixture
def password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODELWARD_REGISTRY_USER", USER)
    monkeypatch.setenv("MODELWARD_REGISTRY_PASSWORD", PASSWORD)


@pytest.mark.parametrize("way", ["basic", "bearer"])
def test_a_registry_that_asks_who_it_is(here: Path, registry: Registry, way: str, password: None) -> None:
    registry.way = way
    push(registry.at, (), store(here / "one", 1))
    assert numbers(pull(registry.at, (), "two")) == 1
    wanted = {asked.path.rpartition(":")[2] for asked, _ in registry.server.log if asked.path.startswith("/token")}
    assert wanted == ({"pull,push", "pull"} if way == "bearer" else set())


@needs_registry
def test_a_real_one_that_asks_who_it_is(here: Path, capfd: pytest.CaptureFixture[str]) -> None:
    (here / "htpasswd").write_text(HTPASSWD)
    with docker_registry(here, f"auth: {{htpasswd: {{realm: x, path: {here}/htpasswd}}}}") as where:
        at = f"oci://{where}/{NAME}"
        store(here / "one", 1)
        with pytest.raises(ReadError, match=r"it wants credentials: set MODELWARD_REGISTRY_USER"):
            push(at, (), "one")
        for password in ("wrong", PASSWORD):
            auth = {where: {"auth": _base64(f"{USER}:{password}")}}
            (here / "config.json").write_text(json.dumps({"auths": auth}))
            if password == "wrong":
                with pytest.raises(ReadError, match="does not let in with these credentials") as raised:
                    push(at, (), "one")
                assert "wrong" not in str(raised.value)
        assert len(push(at, (), "one").new) == 1
        assert numbers(pull(at, (), "two")) == 1


def _base64(text: str) -> str:
    import base64

    return base64.b64encode(text.encode()).decode()


@pytest.mark.parametrize("way", ["", "basic", "bearer"])
def test_nobody_else_gets_a_password(here: Path, registry: Registry, way: str, password: None) -> None:
    with Server() as elsewhere:
        registry.way, registry.blobs_elsewhere = way, elsewhere.url
        elsewhere.otherwise = lambda asked: Reply(200, {}, registry.blobs[asked.path.partition("?")[0][1:]])
        push(registry.at, (), store(here / "one", 1))
        assert numbers(pull(registry.at, (), "two")) == 1
        assert elsewhere.log
        assert {asked.headers.get("authorization") for asked, _ in elsewhere.log} == {None}
        elsewhere.otherwise = lambda asked: Reply(401, {"www-authenticate": 'Basic realm="x"'})
        with pytest.raises(ReadError, match="does not let in") as raised:
            pull(registry.at, (), "three")
        assert {asked.headers.get("authorization") for asked, _ in elsewhere.log} == {None}
        assert "secret" not in str(raised.value)
        # uploads that it sends to another host
        registry.server.lie = lambda asked, reply: (
            reply.having(location=f"{elsewhere.url}/put") if asked.method == "POST" else reply
        )
        with pytest.raises(ReadError):
            push(registry.at, (), store(here / "more", 1, 2))
        assert {asked.headers.get("authorization") for asked, _ in elsewhere.log} == {None}


@pytest.mark.parametrize("answer", [Reply(401), Reply(200, {}, b"<html>"), json_reply({"token": "a\nb"})])
def test_a_token_that_is_none(here: Path, registry: Registry, answer: Reply, password: None) -> None:
    registry.way = "bearer"
    registry.server.lie = lambda asked, reply: answer if asked.path.startswith("/token") else reply
    with pytest.raises(ReadError, match=r"gives no token|does not let in") as raised:
        pull(registry.at, (), "two")
    assert PASSWORD not in str(raised.value)


# -- other programs


@needs_registry
@needs_skopeo
def test_skopeo_finds_and_copies_it(here: Path, debian: str) -> None:
    """By the tags of the fall-back scheme, to a layout that becomes a store."""
    at = f"{debian}/copied"
    push(at, (), store(here / "one", 1))
    where = f"docker://{at.removeprefix('oci://')}"
    listing = f"sha256-{Subject.of(tree(1)).tag}"
    (listed,) = json.loads(_skopeo("inspect", "--tls-verify=false", "--raw", f"{where}:{listing}"))["manifests"]
    assert (listed["artifactType"], listed["annotations"]) == (IN_TOTO, {"in-toto.io/predicate-type": SCAN})
    anchor = f"modelward-sha3_256-{tree(1).value}"
    for tag in (anchor, listing):
        _skopeo("--insecure-policy", "copy", "--all", "--src-tls-verify=false", f"{where}:{tag}", f"oci:copy:{tag}")
    with EvidenceStore("copy") as opened:
        opened.rebuild()
        assert opened.problems() == []
        assert [opened.read(kept) for kept, _ in opened.find(tree(1))] == [entry(1).raw]


def _skopeo(*args: str) -> bytes:
    done = subprocess.run(["skopeo", *args], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout
