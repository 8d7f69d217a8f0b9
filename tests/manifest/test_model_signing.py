"""The predicate of OpenSSF Model Signing v1.0: what is written, and what must be refused.

https://github.com/ossf/model-signing-spec
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.manifest.model_signing import LEFT_OUT, Content, Signed, encode, parse
from modelward.core.canonical import escape_bytes
from modelward.core.errors import Malformed


def digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def signed(*paths: str, **more: Any) -> Signed:
    return Signed("model", {path: ((0, digest(path.encode())),) for path in paths}, **more)


def body(made: Signed | None = None) -> dict[str, Any]:
    parsed: dict[str, Any] = json.loads(encode(made or signed("a", "b/c")))
    return parsed


def again(changed: dict[str, Any]) -> bytes:
    """The statement with a subject that fits its resources."""
    raw = b"".join(bytes.fromhex(entry["digest"]) for entry in changed["predicate"]["resources"])
    changed["subject"][0]["digest"]["sha256"] = digest(raw)
    return json.dumps(changed).encode()


# -- what is written

letters = st.characters(codec="utf-8", exclude_characters="/\0")
names = st.text(letters, min_size=1, max_size=6).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=3).map(lambda parts: escape_bytes("/".join(parts).encode()))
contents = st.binary(max_size=4).map(digest).map(lambda value: ((0, value),))


@given(st.dictionaries(paths, contents, min_size=1), st.booleans(), st.frozensets(paths))
def test_what_is_written_is_read_the_same(files: dict[str, Content], follows: bool, ignored: frozenset[str]) -> None:
    made = Signed("model", files, follows_links=follows, ignored=ignored)
    assert parse(encode(made)) == made


@given(st.dictionaries(paths, st.integers(1, 30), min_size=1), st.integers(1, 9))
def test_shards_are_written_and_read_the_same(sizes: dict[str, int], shard: int) -> None:
    files: dict[str, Content] = {
        path: tuple((min(at + shard, size), digest(b"%d" % at)) for at in range(0, size, shard))
        for path, size in sizes.items()
    }
    made = Signed("model", files, shard=shard)
    assert parse(encode(made)) == made


def test_resources_are_sorted_by_code_point() -> None:
    written = [entry["name"] for entry in body(signed("a/b", "a-b", "a.b", "ab", "B"))["predicate"]["resources"]]
    assert written == sorted(written) == ["B", "a-b", "a.b", "a/b", "ab"]


def test_the_subject_is_the_digest_of_the_digests() -> None:
    raw = bytes.fromhex(digest(b"a")) + bytes.fromhex(digest(b"b/c"))
    assert body()["subject"] == [{"name": "model", "digest": {"sha256": digest(raw)}}]


def test_what_the_format_leaves_out_is_written_down() -> None:
    assert body()["predicate"]["serialization"]["ignore_paths"] == sorted(LEFT_OUT)


def test_an_empty_model_is_not_signed() -> None:
    with pytest.raises(Malformed, match="no file"):
        encode(Signed("model", {}))


def test_a_name_that_is_not_utf8_is_not_signed() -> None:
    with pytest.raises(Malformed, match="UTF-8"):
        encode(signed(escape_bytes(b"\xff")))


def test_the_lone_file_of_the_reference_implementation() -> None:
    assert [entry["name"] for entry in body(signed(""))["predicate"]["resources"]] == ["."]
    assert set(parse(encode(signed(""))).files) == {""}


# -- what is left out again


def test_names_may_be_deep() -> None:
    """A list of all folders of all names would take a gigabyte here."""
    deep = "/".join("a" * 1500)
    made = signed(*(f"{deep}/{at}" for at in range(1000)), ignored=frozenset({"a/a", "a/b", "aa", f"{deep}/7"}))
    began = time.process_time()
    assert made.left_out == LEFT_OUT | {"a/b", "aa"}
    assert time.process_time() - began < 0.1


def test_nothing_is_left_out_in_which_a_file_is_listed() -> None:
    made = parse(encode(signed(".github/x", ".gitignore", "w", ignored=frozenset({"w", "sub", ".git"}))))
    assert made.left_out == {".git", ".gitattributes", "sub"}


# -- what must be refused


def resource(changed: dict[str, Any], **values: Any) -> dict[str, Any]:
    changed["predicate"]["resources"][0] |= values
    return changed


def serialization(**values: Any) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(made: dict[str, Any]) -> dict[str, Any]:
        made["predicate"]["serialization"] |= values
        return made

    return change


def sharded(*shards: tuple[str, str]) -> Callable[[dict[str, Any]], dict[str, Any]]:
    def change(made: dict[str, Any]) -> dict[str, Any]:
        made["predicate"]["serialization"] |= {"method": "shards", "shard_size": 10}
        made["predicate"]["resources"] = [
            {"name": name, "digest": digest(content.encode()), "algorithm": "sha256"} for name, content in shards
        ]
        return made

    return change


REFUSED: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
    "no resources": lambda made: made["predicate"].update(resources=[]) or made,
    "another predicate type": lambda made: made | {"predicateType": "https://model_signing/Digests/v0.1"},
    "another statement type": lambda made: made | {"_type": "https://in-toto.io/Statement/v0.1"},
    "two subjects": lambda made: made | {"subject": made["subject"] * 2},
    "no name": lambda made: made["subject"][0].update(name="") or made,
    "another digest beside it": lambda made: made["subject"][0]["digest"].update(md5="00") or made,
    "an unknown key": lambda made: made["predicate"].update(card={}) or made,
    "an unknown key of the serialization": serialization(strict=False),
    "an unknown method": serialization(method="trees"),
    "an unknown hash": serialization(hash_type="md5"),
    "blake3": serialization(hash_type="blake3"),
    "links by text": serialization(allow_symlinks="false"),
    "shards without a size": serialization(method="shards"),
    "shards of no size": serialization(method="shards", shard_size=0),
    "shards of half a byte": serialization(method="shards", shard_size=0.5),
    "shards without end": serialization(method="shards", shard_size=1e300),
    "shards of a truth": serialization(method="shards", shard_size=True),
    "files with a size": serialization(shard_size=5),
    "an ignored root": serialization(ignore_paths=["."]),
    "an ignored path outside": serialization(ignore_paths=["../x"]),
    "ignored everything": serialization(ignore_paths=[""]),
    "a path outside": lambda made: resource(made, name="../x"),
    "a path outside, later": lambda made: resource(made, name="x/../../y"),
    "an absolute path": lambda made: resource(made, name="/etc/passwd"),
    "a path of two names": lambda made: resource(made, name="x//y"),
    "a path with a point": lambda made: resource(made, name="./x"),
    "a folder": lambda made: resource(made, name="x/"),
    "an empty path": lambda made: resource(made, name=""),
    "a point beside others": lambda made: resource(made, name="."),
    "a path with a zero": lambda made: resource(made, name="x\0"),
    "a name twice": lambda made: resource(made, name="b/c"),
    "a digest in upper case": lambda made: resource(made, digest=digest(b"a").upper()),
    "a short digest": lambda made: resource(made, digest="00"),
    "another algorithm": lambda made: resource(made, algorithm="blake2b"),
    "a shard without a range": sharded(("a", "x")),
    "a hole": sharded(("a:0:10", "x"), ("a:20:30", "y")),
    "no beginning": sharded(("a:10:20", "x")),
    "a shard that is too large": sharded(("a:0:11", "x")),
    "a small one in the middle": sharded(("a:0:5", "x"), ("a:10:20", "y")),
    "an overlap": sharded(("a:0:10", "x"), ("a:5:15", "y")),
    "a shard backwards": sharded(("a:0:10", "x"), ("a:10:5", "y")),
    "a range in other digits": sharded(("a:00:10", "x")),
}  # fmt: skip


@pytest.mark.parametrize("change", REFUSED.values(), ids=REFUSED.keys())
def test_what_the_specification_forbids_is_refused(change: Callable[[dict[str, Any]], dict[str, Any]]) -> None:
    with pytest.raises(Malformed):
        parse(again(change(body())))


def test_a_subject_of_other_files_is_refused() -> None:
    changed = resource(body(), digest=digest(b"another"))
    with pytest.raises(Malformed, match="subject"):
        parse(json.dumps(changed).encode())


def test_duplicate_keys_are_refused() -> None:
    with pytest.raises(Malformed, match="duplicate"):
        parse(encode(signed("a")).replace(b'"predicate":', b'"predicate":{},"predicate":'))


def test_resources_in_another_order_and_with_further_words_are_read() -> None:
    """Reference bundles sort by the parts of paths; the specification lets entries have more keys."""
    changed = body()
    changed["predicate"]["resources"].reverse()
    assert parse(again(resource(changed, size=5))).files == signed("a", "b/c").files


def test_colons_in_names_of_shards_belong_to_the_name() -> None:
    made = Signed("model", {"a:0:10": ((10, digest(b"x")), (15, digest(b"y")))}, shard=10)
    assert parse(encode(made)) == made
