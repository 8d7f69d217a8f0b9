"""Signed, changed, verified: by the command line, as a user would."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from modelward.cli.commands import run
from modelward.core.errors import Malformed, ModelwardError, ReadError, UsageError


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a model, keys and a signature of it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1800000000")
    for path, content in {"a.bin": "one", "b.bin": "two", "sub/c.json": "{}", "empty": ""}.items():
        place = tmp_path / "model" / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(content)
    done("keygen", "--out", "k")
    done("sign", "model", "--output", "model.sig", "--key", "k.key")
    return tmp_path


def done(*args: str) -> int:
    """The exit code, of errors too."""
    try:
        return run(args)
    except ModelwardError as error:
        return error.exit_code


def verified(signature: str = "model.sig", target: str = "model", *more: str) -> int:
    return done("verify", target, "--signature", signature, "--pub", "k.pub", *more)


def told(capsys: pytest.CaptureFixture[str], *args: str) -> dict[str, object]:
    capsys.readouterr()
    done(*args, "--format", "json")
    body: dict[str, object] = json.loads(capsys.readouterr().out)
    return body


def differences(capsys: pytest.CaptureFixture[str], signature: str = "model.sig") -> list[tuple[str, str]]:
    body = told(capsys, "verify", "model", "--signature", signature, "--pub", "k.pub")
    found = body["differences"]
    assert isinstance(found, list)
    return [(item["kind"], item["file"]) for item in found]


# -- nothing was changed


def test_what_was_signed_verifies(here: Path) -> None:
    assert verified() == 0


def test_the_folder_may_have_moved(here: Path) -> None:
    (here / "model").rename(here / "elsewhere")
    assert verified(target="elsewhere") == 0


def test_a_signature_within_the_model_is_no_part_of_it(here: Path) -> None:
    assert done("sign", "model", "--output", "model/sub/in.sig", "--key", "k.key") == 0
    assert verified("model/sub/in.sig") == 0


def test_a_lone_file(here: Path) -> None:
    assert done("sign", "model/a.bin", "--output", "one.sig", "--key", "k.key") == 0
    assert verified("one.sig", "model/a.bin") == 0
    assert verified("one.sig", "model/b.bin") == 1
    assert verified("one.sig", "model") == 1
    assert verified("model.sig", "model/a.bin") == 1


def test_the_same_model_gives_the_same_payload(here: Path) -> None:
    done("sign", "model", "--output", "again.sig", "--key", "k.key")
    first, second = (json.loads((here / name).read_text())["dsseEnvelope"] for name in ("model.sig", "again.sig"))
    assert first["payload"] == second["payload"]


# -- something was changed

CHANGES: dict[str, tuple[Callable[[Path], object], list[tuple[str, str]]]] = {
    "a byte": (lambda m: (m / "a.bin").write_text("onE"), [("changed", "a.bin")]),
    "a byte more": (lambda m: (m / "a.bin").write_text("one\n"), [("changed", "a.bin")]),
    "a file that was empty": (lambda m: (m / "empty").write_text("x"), [("changed", "empty")]),
    "another name": (lambda m: (m / "a.bin").rename(m / "A.bin"), [("renamed", "a.bin")]),
    "another folder": (lambda m: (m / "sub/c.json").rename(m / "c.json"), [("renamed", "sub/c.json")]),
    "a file more": (lambda m: (m / "modeling_x.py").write_text("import os"), [("added", "modeling_x.py")]),
    "a hidden file more": (lambda m: (m / ".x").touch(), [("added", ".x")]),
    "git below the top": (lambda m: (m / "sub/.gitignore").touch(), [("added", "sub/.gitignore")]),
    "a download cache": (lambda m: _put(m / ".cache/huggingface/x.py"), [("added", ".cache/huggingface/x.py")]),
    "a file less": (lambda m: (m / "b.bin").unlink(), [("missing", "b.bin")]),
    "an empty file less": (lambda m: (m / "empty").unlink(), [("missing", "empty")]),
    "a swap": (lambda m: _swap(m / "a.bin", m / "b.bin"), [("changed", "a.bin"), ("changed", "b.bin")]),
    "a link to the same bytes": (lambda m: _link(m / "a.bin", "../a.copy"), [("type", "a.bin")]),
    "a link to a sibling": (lambda m: _link(m / "b.bin", "a.bin"), [("changed", "b.bin"), ("link", "b.bin")]),
    "a link more": (lambda m: (m / "l").symlink_to("a.bin"), [("added", "l")]),
    "a folder in its place": (lambda m: _folder(m / "a.bin"), [("type", "a.bin"), ("added", "a.bin/x")]),
    "a fifo in its place": (lambda m: _fifo(m / "a.bin"), [("type", "a.bin")]),
    "a fifo more": (lambda m: os.mkfifo(m / "f"), [("added", "f")]),
}


def _put(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("x = 1")


def _swap(one: Path, other: Path) -> None:
    first, second = one.read_bytes(), other.read_bytes()
    one.write_bytes(second)
    other.write_bytes(first)


def _link(path: Path, target: str) -> None:
    shutil.copy(path, path.parent / "../a.copy")
    path.unlink()
    path.symlink_to(target)


def _folder(path: Path) -> None:
    path.unlink()
    _put(path / "x")


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize(("change", "expected"), CHANGES.values(), ids=CHANGES.keys())
def test_every_change_is_named(
    here: Path,
    capsys: pytest.CaptureFixture[str],
    change: Callable[[Path], object],
    expected: list[tuple[str, str]],
) -> None:
    assert done("manifest", "model", "--output", "m.json") == 0
    change(here / "model")
    assert verified() == 1
    assert differences(capsys) == expected
    is_beside = expected[0][1].startswith(".cache/")
    assert done("verify", "model", "--manifest", "m.json") == (3 if is_beside else 1)


# -- links


def test_links_are_signed_only_where_that_was_asked_for(here: Path) -> None:
    (here / "model/l").symlink_to("a.bin")
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key") == 2
    assert not (here / "l.sig").exists()
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key", "--allow-symlinks") == 0
    assert verified("l.sig") == 0


def test_a_link_that_leads_out_is_never_signed(here: Path) -> None:
    (here / "model/l").symlink_to("../k.key")
    assert done("sign", "model", "--output", "l.sig", "--key", "k.key", "--allow-symlinks") == 2


def test_the_signed_word_about_links_counts(here: Path) -> None:
    """model-signing 1.1.1 lets whoever verifies override it: a link to equal bytes elsewhere passes."""
    (here / "copy").write_text("one")
    (here / "model/a.bin").unlink()
    (here / "model/a.bin").symlink_to("../copy")
    assert verified() == 1


# -- what the format leaves out


@pytest.mark.parametrize("path", [".git/hooks/x", ".gitignore", ".gitattributes", ".github/x"])
def test_what_is_not_covered_is_named_and_must_be_accepted(
    here: Path, capsys: pytest.CaptureFixture[str], path: str
) -> None:
    _put(here / "model" / path)
    assert verified() == 3
    assert verified("model.sig", "model", "--allow-uncovered") == 0
    body = told(capsys, "verify", "model", "--signature", "model.sig", "--pub", "k.pub")
    assert body["uncovered"] == [path.split("/")[0]]


def test_a_manifest_names_what_it_left_out_and_excluded(here: Path) -> None:
    _put(here / "model/.git/x")
    assert done("manifest", "model", "--exclude", "*.json", "--output", "m.json") == 0
    assert done("verify", "model", "--manifest", "m.json") == 3
    assert done("verify", "model", "--manifest", "m.json", "--allow-uncovered") == 0


# -- the signature itself


def test_another_key_is_not_trusted(here: Path) -> None:
    done("keygen", "--out", "other")
    assert done("verify", "model", "--signature", "model.sig", "--pub", "other.pub") == 1
    assert done("verify", "model", "--signature", "model.sig", "--pub", "other.pub", "--pub", "k.pub") == 0


def test_no_byte_of_the_payload_can_be_changed(here: Path) -> None:
    bundle = json.loads((here / "model.sig").read_text())
    payload = bundle["dsseEnvelope"]["payload"]
    for at in range(0, len(payload), 97):
        other = "A" if payload[at] != "A" else "B"
        bundle["dsseEnvelope"]["payload"] = payload[:at] + other + payload[at + 1 :]
        (here / "bad.sig").write_text(json.dumps(bundle))
        assert verified("bad.sig") in (1, 4)


@pytest.mark.parametrize("length", [0, 1, 100, -1])
def test_a_signature_that_was_cut_could_not_be_read(here: Path, length: int) -> None:
    (here / "cut.sig").write_bytes((here / "model.sig").read_bytes()[:length])
    assert verified("cut.sig") == 4


def test_what_is_no_signature_could_not_be_read(here: Path) -> None:
    for content in (b"", b"{}", b"[]", b"null", b'{"a":1,"a":2}', b"NaN", b"\xff", b"[" * 100_000):
        (here / "bad.sig").write_bytes(content)
        assert verified("bad.sig") == 4
    assert verified("gone.sig") == 4
    assert done("verify", "model", "--manifest", "model.sig") == 4


# -- statements


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"])
def test_statements_are_signed_with_every_kind_of_key(here: Path, kind: str) -> None:
    assert done("keygen", "--out", "s", "--type", kind) == 0
    assert done("manifest", "model", "--output", "m.json") == 0
    assert done("sign", "m.json", "--output", "m.sig", "--key", "s.key") == 0
    verify = ("--signature", "m.sig", "--pub", "s.pub")
    assert done("verify", "model", *verify) == 0
    assert done("verify", "m.json", *verify) == 0
    (here / "model/a.bin").write_text("another")
    assert done("verify", "model", *verify) == 1


def test_a_statement_without_files_is_about_a_digest(here: Path) -> None:
    assert done("check", "model", "--statements", "s", "--quiet") == 3  # two of its files are no model
    (scan,) = (here / "s").glob("scan-*")
    assert done("sign", str(scan), "--output", "scan.sig", "--key", "k.key") == 0
    assert verified("scan.sig") == 0
    (here / "model/sub/c.json").write_text("[]")
    assert verified("scan.sig") == 1


def test_a_second_signature_leaves_the_first_what_it_was(here: Path) -> None:
    done("keygen", "--out", "second", "--type", "ed25519")
    assert done("sign", "model.sig", "--output", "both.sig", "--key", "second.key") == 0
    assert verified("both.sig") == 0
    assert done("verify", "model", "--signature", "both.sig", "--pub", "second.pub") == 0
    first = json.loads((here / "model.sig").read_text())["dsseEnvelope"]
    both = json.loads((here / "both.sig").read_text())
    assert both["payload"] == first["payload"]
    assert both["signatures"][0]["sig"] == first["signatures"][0]["sig"]
    (here / "model/b.bin").write_text("x")
    assert verified("both.sig") == 1


@pytest.mark.parametrize("kind", ["ed25519"])
def test_a_model_is_not_signed_with_a_key_that_the_format_does_not_know(here: Path, kind: str) -> None:
    done("keygen", "--out", "s", "--type", kind)
    assert done("sign", "model", "--output", "s.sig", "--key", "s.key") == 2
    assert not (here / "s.sig").exists()


def test_a_manifest_whose_subject_is_not_its_files_could_not_be_read(here: Path) -> None:
    done("manifest", "model", "--output", "m.json")
    (here / "m.json").write_bytes((here / "m.json").read_bytes().replace(b'"a.bin"', b'"x.bin"'))
    assert done("verify", "model", "--manifest", "m.json") == 4


# -- keys


def test_a_private_key_is_its_owners_alone(here: Path) -> None:
    assert (here / "k.key").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("name", ["k.key", "k.pub"])
def test_no_key_is_written_over(here: Path, name: str) -> None:
    before = (here / name).read_bytes()
    (here / ({"k.key", "k.pub"} - {name}).pop()).unlink()
    assert done("keygen", "--out", "k") == 2
    assert (here / name).read_bytes() == before
    assert sorted(path.name for path in here.iterdir()) == sorted([name, "model", "model.sig"])


def test_an_encrypted_key_needs_its_password(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", None)
    assert done("keygen", "--out", "e", "--encrypt") == 2
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "correct horse")
    assert done("keygen", "--out", "e", "--encrypt") == 0
    assert b"ENCRYPTED" in (here / "e.key").read_bytes()
    assert done("sign", "model", "--output", "e.sig", "--key", "e.key") == 0
    monkeypatch.setenv("MODELWARD_KEY_PASSWORD", "wrong")
    assert done("sign", "model", "--output", "f.sig", "--key", "e.key") == 2
    monkeypatch.delenv("MODELWARD_KEY_PASSWORD")
    assert done("sign", "model", "--output", "f.sig", "--key", "e.key") == 2


# -- usage

USAGE = [
    ("verify", "model"),
    ("verify", "model", "--manifest", "m.json", "--signature", "model.sig"),
    ("verify", "model", "--signature", "model.sig"),
    ("verify", "model", "--signature", "model.sig", "--pub", "gone.pub"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.key"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.pub", "--identity", "a@b.org"),
    ("verify", "model", "--manifest", "model.sig", "--pub", "k.pub"),
    ("verify", "gone", "--signature", "model.sig", "--pub", "k.pub"),
    ("verify", "model", "--signature", "model.sig", "--pub", "k.pub", "--trust-stat"),
    ("sign", "model", "--output", "x.sig", "--key", "k.pub"),
    ("sign", "model", "--output", "x.sig", "--key", "gone.key"),
    ("sign", "gone", "--output", "x.sig", "--key", "k.key"),
    ("sign", "model", "--output", "no/x.sig", "--key", "k.key"),
    ("sign", "model", "--output", "x.sig", "--key", "k.key", "--chain", "k.pub"),
    ("keygen", "--out", "no/k"),
]


@pytest.mark.parametrize("args", USAGE, ids=" ".join)
def test_a_wrong_command_line_is_told_in_one_line(here: Path, args: tuple[str, ...]) -> None:
    with pytest.raises(UsageError) as caught:
        run(args)
    assert "\n" not in str(caught.value)
    assert not (here / "x.sig").exists()


def test_an_empty_model_is_not_signed(here: Path) -> None:
    (here / "nothing").mkdir()
    with pytest.raises(Malformed, match="no file"):
        run(["sign", "nothing", "--output", "x.sig", "--key", "k.key"])


def test_a_signature_without_end_is_not_read(here: Path) -> None:
    with pytest.raises(ReadError, match="bytes"):
        run(["verify", "model", "--signature", "/dev/zero", "--pub", "k.pub"])


# -- unchanged files


def test_unchanged_files_are_not_read_again_where_that_was_asked_for(here: Path) -> None:
    weights = here / "model/a.bin"
    old = 1_700_000_000
    for path in (here / "model").rglob("*"):
        os.utime(path, (old, old))
    done("manifest", "model", "--output", "m.json")
    cached = ("verify", "model", "--manifest", "m.json", "--cache", "cache", "--trust-stat")
    assert done(*cached) == 0
    weights.write_text("onE")
    assert done(*cached) == 1
