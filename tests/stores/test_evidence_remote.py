"""What a registry says that it took is read back, and a list without end is left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from tests.stores.evidence import entry
from tests.stores.registries import Registry, index
from tests.stores.server import Asked, Reply, Server

from modelward.core.errors import Malformed, ReadError
from modelward.stores import oci_registry
from modelward.stores.evidence_manifest import Subject
from modelward.stores.evidence_remote import RemoteEvidence
from modelward.stores.fetch import Refused
from modelward.stores.oci_name import Repository

ENTRY = entry(1)


@pytest.fixture(params=["referrers", "tags"])
def registry(request: pytest.FixtureRequest) -> Iterator[Registry]:
    with Server() as server:
        yield Registry(server, has_referrers=request.param == "referrers")


def put(registry: Registry) -> None:
    with oci_registry.Registry(Repository.parse(registry.at), None, writes=True) as client:
        remote, subject = RemoteEvidence(client), Subject.of(ENTRY.about)
        remote.anchor(ENTRY.about)
        remote.manifests(subject)
        made = remote.put(ENTRY.kept, ENTRY.raw)
        remote.settle({ENTRY.about: [made]})


def test_what_is_taken(registry: Registry) -> None:
    put(registry)
    assert registry.blobs[str(ENTRY.kept.statement)] == ENTRY.raw


@pytest.mark.parametrize("status", [201, 202])
def test_a_registry_that_keeps_nothing(registry: Registry, status: int) -> None:
    """Whatever it answers to those who write."""

    def lie(asked: Asked, reply: Reply) -> Reply:
        registry.blobs.clear()
        registry.manifests.clear()
        return Reply(status) if asked.method == "PUT" else reply

    registry.server.lie = lie
    with pytest.raises(ReadError, match=r"said that it took the statement, and does not give it$"):
        put(registry)


@pytest.mark.parametrize("path", [f"/blobs/{ENTRY.kept.statement}", "/manifests/sha256:"])
def test_a_registry_that_gives_something_else(registry: Registry, path: str) -> None:
    def lie(asked: Asked, reply: Reply) -> Reply:
        given = asked.method == "GET" and path in asked.path and reply.status == 200
        return replace(reply, body=reply.body[:-1] + b" ") if given else reply

    registry.server.lie = lie
    with pytest.raises(Refused, match="what came is not sha256:"):
        put(registry)


def test_a_registry_that_says_of_all_blobs_that_it_has_them(registry: Registry) -> None:
    registry.server.lie = lambda asked, reply: Reply(200) if asked.method == "HEAD" else reply
    with pytest.raises(ReadError):
        put(registry)


def test_pages_that_bring_nothing(registry: Registry) -> None:
    """Each leads to another one."""
    pages = []

    def lie(asked: Asked, reply: Reply) -> Reply:
        if "/referrers/" not in asked.path:
            return reply
        pages.append(asked.path)
        return index().having(link=f'<{asked.path.partition("?")[0]}?page={len(pages)}>; rel="next"')

    registry.server.lie = lie
    with (
        oci_registry.Registry(Repository.parse(registry.at), None) as client,
        pytest.raises(ReadError, match="the list of referrers has no end"),
    ):
        client.referrers(Subject.of(ENTRY.about).descriptor.digest)
    assert len(pages) < 10


def test_a_list_of_too_many_values() -> None:
    with pytest.raises(Malformed, match=r"more than 2,097,152 values"):
        oci_registry.listed(b'{"schemaVersion":2,"manifests":[' + b"[]," * (1 << 21) + b"1]}")
