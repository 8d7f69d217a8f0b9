"""What `verify` and `manifest` say of folders as people have them, and of those who would like another answer."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from modelward.app import verifying
from modelward.cli.commands import run
from modelward.core.errors import ModelwardError, ReadError, UsageError
from modelward.core.verification import Verification
from modelward.stores import tree


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "m").mkdir()
    (tmp_path / "m/a").write_bytes(b"a")
    (tmp_path / "m/b").write_bytes(b"b")
    assert run(["keygen", "--out", "k"]) == 0
    return tmp_path


def against(path: str, target: str = "m") -> Verification:
    return verifying.verify_manifest(verifying.Question(target, path, "manifest"))


def signed(path: str, target: str = "m") -> Verification:
    from modelward.app.trust import trust

    return verifying.verify_signature(
        verifying.Question(target, path, "signature"), trust(["k.pub"], [], None, None, None)
    )


def kinds(done: Verification) -> list[tuple[str, str]]:
    return [(each.kind, each.path) for each in done.differences]


def test_a_manifest_in_its_folder_is_made_again_the_same(here: Path) -> None:
    for _ in range(2):
        assert run(["manifest", "m", "--output", "m/manifest.json"]) == 0
        assert against("m/manifest.json").answer == "verified"
    first = (here / "m/manifest.json").read_bytes()
    assert run(["manifest", "m", "--output", "m/manifest.json"]) == 0
    assert (here / "m/manifest.json").read_bytes() == first


def test_a_manifest_may_lie_beside_its_signature(here: Path) -> None:
    run(["manifest", "m", "--output", "m/manifest.json"])
    assert run(["sign", "m/manifest.json", "--output", "m/manifest.sig", "--key", "k.key"]) == 0
    assert signed("m/manifest.sig").answer == "verified"
    (here / "m/manifest.json").write_bytes(b"{}")
    assert kinds(signed("m/manifest.sig")) == [("added", "manifest.json")]


def test_what_a_manifest_cannot_list_is_told(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    os.mkfifo(here / "m/pipe")
    assert run(["manifest", "m", "--output", "manifest.json"]) == 3
    assert "not listed: pipe: a FIFO, not a file" in capsys.readouterr().err
    assert against("manifest.json").answer == "uncovered"
    (here / "m/pipe").unlink()
    assert kinds(against("manifest.json")) == [("missing", "pipe")]


def test_a_manifest_takes_the_place_of_a_manifest_alone(here: Path) -> None:
    with pytest.raises(UsageError, match="no manifest"):
        run(["manifest", "m/a", "--output", "m/a"])
    assert (here / "m/a").read_bytes() == b"a"


def test_a_folder_of_more_names_than_are_looked_at_is_not_compared(here: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(["manifest", "m", "--output", "manifest.json"])
    monkeypatch.setattr(tree.open_target, "__defaults__", ((), 1, tree.LEFT_OUT))
    with pytest.raises(ReadError, match="more than 1 names"):
        against("manifest.json")


def test_nothing_is_not_verified(here: Path) -> None:
    (here / "empty").mkdir()
    run(["manifest", "empty", "--output", "manifest.json"])
    done = against("manifest.json", "empty")
    assert done.exit_code == 1
    assert "nothing is verified" in done.differences[0].why


@pytest.mark.parametrize("verb", [against, signed])
def test_a_fifo_is_no_target(here: Path, verb: object) -> None:
    run(["sign", "m", "--output", "m.sig", "--key", "k.key"])
    run(["manifest", "m", "--output", "manifest.json"])
    os.mkfifo(here / "pipe")
    with pytest.raises(UsageError, match="FIFO"):
        signed("m.sig", "pipe")
    with pytest.raises(UsageError, match="FIFO"):
        against("manifest.json", "pipe")


@pytest.mark.parametrize(
    "change",
    [{}, {"_type": "https://in-toto.io/Statement/v0.1"}, {"predicate": None}],
    ids=["v1", "v0.1", "no predicate"],
)
def test_a_statement_of_another_tool_may_name_several(here: Path, change: dict[str, object]) -> None:
    run(["manifest", "m/a", "--output", "manifest.json"])
    digest = json.loads((here / "manifest.json").read_bytes())["subject"][0]["digest"]
    body = {
        "_type": "https://in-toto.io/Statement/v1",
        "subject": [{"name": "other", "digest": {"sha512": "00"}}, {"name": "a", "digest": digest | {"sha512": "11"}}],
        "predicateType": "https://example.org/audit/v1",
        "predicate": {},
    } | change
    (here / "s.json").write_text(json.dumps({key: value for key, value in body.items() if value is not None}))
    assert run(["sign", "s.json", "--output", "s.sig", "--key", "k.key"]) == 0
    assert signed("s.sig", "m/a").answer == "verified"
    assert kinds(signed("s.sig", "m/b")) == [("changed", "")]


def test_a_link_to_a_folder_is_nothing_that_the_format_can_say(here: Path) -> None:
    """model-signing 1.1.1 lists nothing behind it, so what it signs has to verify here, and says nothing of that."""
    assert run(["sign", "m", "--output", "m.sig", "--key", "k.key", "--allow-symlinks"]) == 0
    (here / "m/folder").mkdir()
    (here / "m/folder/c").write_bytes(b"c")
    (here / "m/link").symlink_to("folder")
    with pytest.raises(ModelwardError, match="a link to a folder"):
        run(["sign", "m", "--output", "m.sig", "--key", "k.key", "--allow-symlinks"])
    assert run(["sign", "m", "--output", "m.sig", "--key", "k.key", "--allow-symlinks", "--ignore", "link"]) == 0
    assert signed("m.sig").uncovered == ("link",)
    (here / "m/link").unlink()
    assert run(["sign", "m", "--output", "m.sig", "--key", "k.key", "--allow-symlinks"]) == 0
    (here / "m/link").symlink_to("folder")
    assert (signed("m.sig").answer, signed("m.sig").uncovered) == ("uncovered", ("link",))


def test_errors_name_the_file_and_the_other_option(here: Path) -> None:
    run(["sign", "m", "--output", "m.sig", "--key", "k.key"])
    run(["manifest", "m", "--output", "manifest.json"])
    with pytest.raises(ModelwardError, match=r"the manifest 'm\.sig': .*goes to --signature"):
        against("m.sig")
    with pytest.raises(ModelwardError, match=r"the signature 'manifest\.json': .*goes to --manifest"):
        signed("manifest.json")
