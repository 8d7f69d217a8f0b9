"""Names on a hub, and what the hub says of them."""

from __future__ import annotations

from contextlib import closing

import pytest
from tests.hub import COMMIT, REPO, Hub, git_blob, serving
from tests.stores.server import Reply, json_reply

from modelward.core.content import blob_hash
from modelward.core.errors import ReadError, UsageError
from modelward.core.hub_name import Ref
from modelward.stores import hub as stores
from modelward.stores.hub import Claim, Item, claim_in, connect, listing, parse

hub = pytest.fixture(serving)


@pytest.fixture(autouse=True)
def _environment(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> None:
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.delenv("HF_ENDPOINT", raising=False)
    if "hub" in request.fixturenames:
        monkeypatch.setenv("HF_ENDPOINT", request.getfixturevalue("hub").server.url)


@pytest.mark.parametrize(
    ("target", "ref"),
    [
        ("hf://org/name", Ref("models", "org/name")),
        ("HF://org/name/", Ref("models", "org/name")),
        ("hf://gpt2", Ref("models", "gpt2")),
        ("hf://org/name@v1.0", Ref("models", "org/name", "v1.0")),
        ("hf://org/name/sub/model.bin", Ref("models", "org/name", "main", "sub/model.bin")),
        ("hf://org/name/sub/model.bin@v1", Ref("models", "org/name", "v1", "sub/model.bin")),
        ("hf://org/name@v1/sub/model.bin", Ref("models", "org/name", "v1", "sub/model.bin")),
        ("hf://org/name/m.bin@refs/pr/7", Ref("models", "org/name", "refs/pr/7", "m.bin")),
        ("hf://org/name@refs/pr/7/m.bin", Ref("models", "org/name", "refs/pr/7", "m.bin")),
        ("hf://org/name@refs%2Fpr%2F7/m.bin", Ref("models", "org/name", "refs/pr/7", "m.bin")),
        ("hf://datasets/org/name/a%40b.csv", Ref("datasets", "org/name", "main", "a@b.csv")),
        ("https://huggingface.co/org/name", Ref("models", "org/name")),
        ("https://huggingface.co/org/name/tree/v1", Ref("models", "org/name", "v1")),
        ("https://huggingface.co/org/name/resolve/main/a/b.bin?x=y", Ref("models", "org/name", "main", "a/b.bin")),
        ("https://huggingface.co/org/name/blob/refs/pr/1/b.bin", Ref("models", "org/name", "refs/pr/1", "b.bin")),
        ("https://huggingface.co/org/name/raw/refs%2Fpr%2F1/b.bin", Ref("models", "org/name", "refs/pr/1", "b.bin")),
        ("https://huggingface.co/datasets/org/name/resolve/main/b.csv", Ref("datasets", "org/name", "main", "b.csv")),
        ("https://example.org/org/name/resolve/main/b.bin", None),
    ],
)  # fmt: skip
def test_names(target: str, ref: Ref | None) -> None:
    assert parse(target) == ref


@pytest.mark.parametrize(
    "target",
    [
        "hf://", "hf:///", "hf://@main", "hf://org/../x", "hf://../x", "hf://org/name/../x", "hf://org/name//x",
        "hf://org/name@a/x@b", "hf://org/na me", "hf://org/name/%2e%2e/x", "hf://org/name@\n", "hf://org/name/x%00",
        "https://huggingface.co/", "https://huggingface.co/org", "https://huggingface.co/org/name/discussions/1",
        "https://huggingface.co/org/name/resolve/main", "https://huggingface.co/org/name/tree/main/folder",
        "https://user:secret@huggingface.co/org/name",
    ],
)  # fmt: skip
def test_names_of_nothing(target: str) -> None:
    with pytest.raises(UsageError):
        parse(target)


def test_the_endpoint_may_be_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org/mirror/")
    assert stores.endpoint() == "https://hub.example.org/mirror"
    assert parse("https://hub.example.org/mirror/org/name") == Ref("models", "org/name")
    assert parse("https://huggingface.co/org/name") is None
    assert Ref("datasets", "a/b", "refs/pr/1", "c d#.bin").url(stores.endpoint()) == (
        "https://hub.example.org/mirror/datasets/a/b/resolve/refs%2Fpr%2F1/c%20d%23.bin"
    )
    monkeypatch.setenv("HF_ENDPOINT", "http://hub.example.org")
    with pytest.raises(UsageError, match="https"):
        stores.endpoint()


# --- listings ---


def listed(ref: Ref | None = None) -> tuple[Ref, list[Item]]:
    with closing(connect()) as web:
        return listing(web, ref or Ref("models", REPO))


@pytest.mark.parametrize("per_page", [1, 2, 1000])
def test_a_listing_in_pages(hub: Hub, per_page: int) -> None:
    hub.per_page = per_page
    hub.add("config.json", b"{}")
    hub.add("sub/model.safetensors", b"weights", large=True)
    hub.add("é.txt", b"text")
    ref, items = listed()
    assert ref.revision == COMMIT
    assert {item.path for item in items} == {"config.json", "sub/model.safetensors", "é.txt"}
    claims = {item.path: item.claim for item in items}
    assert claims["config.json"] == Claim(COMMIT, git_blob(b"{}"), 2)
    assert claims["sub/model.safetensors"].size == 7


ENTRY = {"type": "file", "path": "a", "oid": "a" * 40, "size": 1}


@pytest.mark.parametrize(
    "entry",
    [
        ENTRY | {"path": "../a"}, ENTRY | {"path": "/a"}, ENTRY | {"path": "a//b"}, ENTRY | {"path": ""},
        ENTRY | {"path": "a\0"}, ENTRY | {"oid": "A" * 40}, ENTRY | {"oid": "x"}, ENTRY | {"size": -1},
        ENTRY | {"size": "1"}, ENTRY | {"type": "link"}, ENTRY | {"path": 1}, "a", None,
    ],
)  # fmt: skip
def test_entries_that_no_repository_has(hub: Hub, entry: object) -> None:
    hub.add("config.json", b"{}")
    hub.server.pages[f"/api/models/{REPO}/tree/{COMMIT}"] = lambda asked: json_reply([entry])
    with pytest.raises(ReadError, match="list of files"):
        listed()


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (json_reply({"sha": "main"}), "which commit"),
        (json_reply([]), "which commit"),
        (Reply(200, {}, b"<html>"), "not what a hub answers"),
        (Reply(200, {}, b'{"sha": 1, "sha": 2}'), "duplicate"),
        (Reply(200, {}, b"[" * 100_000), "not what a hub answers"),
        (Reply(404).having(x_error_message="Repository not found\x1b[2J"), "Repository not found"),
    ],
)
def test_a_revision_that_is_no_commit(hub: Hub, reply: Reply, why: str) -> None:
    hub.add("config.json", b"{}")
    hub.server.pages[f"/api/models/{REPO}/revision/main"] = lambda asked: reply
    with pytest.raises(ReadError, match=why) as error:
        listed()
    assert "\x1b" not in str(error.value)


def test_another_commit_than_the_one_that_was_asked_for(hub: Hub) -> None:
    hub.add("config.json", b"{}")
    hub.server.pages[f"/api/models/{REPO}/revision/{COMMIT}"] = lambda asked: json_reply({"sha": "b" * 40})
    with pytest.raises(ReadError, match="gives commit"):
        listed(Ref("models", REPO, COMMIT))


def test_a_listing_that_names_a_file_twice(hub: Hub) -> None:
    hub.add("config.json", b"{}")
    hub.entries.append(ENTRY | {"path": "config.json"})
    with pytest.raises(ReadError, match="twice"):
        listed()


def test_a_listing_that_goes_on_elsewhere(hub: Hub) -> None:
    hub.add("config.json", b"{}")
    elsewhere = json_reply([]).having(link=f'<{hub.store.url}/more>; rel="next"')
    hub.server.pages[f"/api/models/{REPO}/tree/{COMMIT}"] = lambda asked: elsewhere
    with pytest.raises(ReadError, match="elsewhere"):
        listed()
    assert hub.store.log == []


def test_a_listing_without_end(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_PAGES", 5)
    hub.add("config.json", b"{}")
    path = f"/api/models/{REPO}/tree/{COMMIT}"
    hub.server.pages[path] = lambda asked: json_reply([]).having(link=f'<{path}>; rel="next"')
    with pytest.raises(ReadError, match="no end"):
        listed()


def test_a_listing_that_is_too_long(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "_PAGE", 100)
    hub.add("a" * 200, b"{}")
    with pytest.raises(ReadError, match="more than 100 bytes"):
        listed()


# --- claims ---


def test_only_the_hub_itself_is_asked_what_the_hub_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "https://hub.example.org")
    ours = {"x-repo-commit": COMMIT, "x-linked-etag": f'"{"a" * 64}"', "x-linked-size": "7"}
    theirs = {"x-repo-commit": "b" * 40, "x-linked-etag": f'"{"b" * 64}"', "x-linked-size": "8", "etag": '"c"'}
    hops = [("https://hub.example.org/f", ours), ("https://store.example.org/f", theirs)]
    ref = Ref("models", REPO, "main", "f")
    assert claim_in(hops, ref, 7) == Claim(COMMIT, "a" * 64, 7)
    with pytest.raises(ReadError, match="7 bytes, 8 are there"):
        claim_in(hops, ref, 8)
    with pytest.raises(ReadError, match="which commit"):
        claim_in(hops[1:], ref, 7)
    with pytest.raises(ReadError, match="not from"):
        claim_in(hops, Ref("models", REPO, "b" * 40, "f"), 7)


def test_a_git_blob_id() -> None:
    hashing = blob_hash(5)
    hashing.update(b"hello")
    assert hashing.hexdigest() == "b6fc4c620b67d95f953a5c1c1230aaab5db5a1b0"  # git hash-object


def test_a_token_that_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    """An HTTP library quotes a header that it refuses, and with it the token."""
    monkeypatch.setenv("HF_TOKEN", "hf_secret\nX-Other: 1")
    with pytest.raises(UsageError, match="HF_TOKEN") as error:
        connect()
    assert "secret" not in str(error.value)
