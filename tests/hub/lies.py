"""What a hub can do wrong, or somebody with a repository of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace

from tests.hub.repository import COMMIT, File, Repository
from tests.hub.serving import Hub
from tests.stores.server import Asked, Page, Reply, redirect

from modelward.formats.source import BytesSource


def tamper(hub: Hub, path: str, other: bytes = b"") -> bytes:
    """Other bytes of the same size, under the same ETag, in the same listing. Gives them back."""
    file = hub.files[path]
    other = other or bytes(byte ^ 1 for byte in file.content.read(0, file.content.size))
    assert len(other) == file.content.size
    hub.files[path] = replace(file, content=BytesSource(other))
    return other


def move(hub: Hub, path: str, content: bytes, on: str = "main") -> str:
    """An ordinary push, or a tag that is set anew."""
    return hub.repository.commit({path: File.of(content)}, on)


def force_push(hub: Hub, path: str, content: bytes) -> str:
    """The branch is another history now; the commits of the old one can still be had, for a while."""
    return hub.repository.commit({path: File.of(content)}, orphan=True)


def collect_garbage(hub: Hub) -> None:
    """What no branch leads to is gone."""
    repository = hub.repository
    kept = {commit for at in repository.refs.values() for commit in repository.history(at)}
    repository.commits = {commit: files for commit, files in repository.commits.items() if commit in kept}


def delete(hub: Hub) -> None:
    del hub.repositories["models", hub.repository.name]


def register_anew(hub: Hub, path: str, content: bytes) -> Repository:
    """Somebody else takes the name of a deleted repository."""
    old = hub.repository
    new = Repository("models", old.name, "6a" * 12, "2026-05-01T00:00:00.000Z")
    new.commit({path: File.of(content)}, orphan=True)
    del new.commits[COMMIT]
    hub.repositories["models", old.name] = new
    return new


def rename(hub: Hub, name: str) -> None:
    """The old name leads to the new one."""
    renamed = hub.repositories["models", hub.repository.name] = replace(hub.repository, name=name)
    hub.repositories["models", name] = renamed


def speak_of_xet(hub: Hub) -> None:
    """https://huggingface.co/docs/hub/storage-backends: and a token that nobody gets."""

    def listed(asked: Asked, reply: Reply) -> Reply:
        entries = [entry | {"xetHash": "d" * 64} for entry in json.loads(reply.body)]
        return replace(reply, body=json.dumps(entries).encode())

    hub.server.lie = answers(listed, "/tree/")
    hub.dress = lambda file, reply: reply.having(
        x_xet_hash="d" * 64,
        link=f'<{hub.server.url}/api/models/x/xet-read-token/{COMMIT}>; rel="xet-auth"',
    )


def give_another_etag(hub: Hub) -> None:
    other = f'"{"e" * 40}"'
    hub.dress = lambda file, reply: reply.having(etag=other, x_linked_etag=other)


def announce_another_size(hub: Hub) -> None:
    hub.dress = lambda file, reply: reply.having(x_linked_size="7", content_length="7")


def say_another_commit(hub: Hub) -> None:
    hub.dress = lambda file, reply: reply.having(x_repo_commit="e" * 40)


def ignore_ranges(hub: Hub) -> None:
    hub.server.ranges = hub.store.ranges = False


def swap_between_ranges(hub: Hub, path: str) -> None:
    """The first answer is of another object and breaks off in the middle; what follows is honest."""
    content = hub.files[path].content
    other = bytes(byte ^ 1 for byte in content.read(0, content.size // 2))
    seen: list[Asked] = []

    def swapped(asked: Asked, reply: Reply) -> Reply:
        if reply.status not in (200, 206) or seen:
            return reply
        seen.append(asked)
        return replace(reply, body=other)

    hub.server.lie = hub.store.lie = answers(swapped, path)


def lead_elsewhere(hub: Hub, path: str, content: bytes) -> None:
    """To another host, which has something else."""
    hub.store.pages["/elsewhere"] = Page(BytesSource(content), '"elsewhere"')
    for revision in ("main", hub.commit):
        hub.server.pages[f"/{hub.repository.name}/resolve/{revision}/{path}"] = redirect(f"{hub.store.url}/elsewhere")


def send_away(hub: Hub) -> None:
    """Whatever is asked, another host answers."""
    route, hub.server.otherwise = hub.server.otherwise, lambda asked: redirect(f"{hub.store.url}{asked.path}")(asked)
    hub.store.otherwise = route


def compress(hub: Hub) -> None:
    """A content encoding that nobody asked for."""
    hub.server.lie = hub.store.lie = lambda asked, reply: (
        reply.having(content_encoding="gzip") if "api" not in asked.path else reply
    )


def name(hub: Hub, path: str, **more: object) -> None:
    """Every listing has a file of that name."""
    hub.entries.append({"type": "file", "path": path, "oid": "a" * 40, "size": 1} | more)


def answers(change: Callable[[Asked, Reply], Reply], to: str) -> Callable[[Asked, Reply], Reply]:
    """*change* for whatever is asked of paths that hold *to*."""
    return lambda asked, reply: change(asked, reply) if to in asked.path else reply


def cut(after: int) -> Callable[[Asked, Reply], Reply]:
    """The connection ends in the middle of each body."""
    return lambda asked, reply: replace(reply, body=reply.body[:after]) if len(reply.body) > after else reply
