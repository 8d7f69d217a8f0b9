"""The real command line on real bytes, word for word as in tests/frozen/cli.

After a change that is meant: `python -m tests.cli.test_frozen` writes them anew; read the difference.
"""

from __future__ import annotations

import io
import json
import os
import pickle
import tempfile
import zipfile
from pathlib import Path

import pytest
from tests.cli.process import REAL, ROOT, piped

NOW = "1793404800"  # 2026-10-31
FROZEN = ROOT / "tests" / "frozen" / "cli"

COMMANDS = {
    "allow": "check good",
    "deny": "check evil",
    "incomplete": "check partial",
    "no-files": "check empty",
    "safe-formats": "check good --policy safe-formats",
    "several": "check good evil partial",
    "one-is-missing": "scan good gone",
    "quiet": "check evil --quiet",
    "fail-on": "scan evil --fail-on critical",
    "lone-file": "scan evil/optimizer.pkl",
    "archive": "scan evil.zip",
    "names": "scan names",
    "excluded": "scan evil --exclude *.pkl",
    "missing": "check gone",
    "no-such-policy": "check good --policy gone.toml",
    "no-such-rule": "explain pickle-dangerous-cal",
    "explain": "explain pickle-dangerous-call",
    "manifest": "manifest evil",
    "verified": "verify good --manifest good.json",
    "different": "verify evil --manifest good.json",
    "uncovered": "verify repository --manifest repository.json",
    "help": "--help",
    "help-check": "check --help",
    "help-scan": "scan --help",
    "help-manifest": "manifest --help",
    "help-keygen": "keygen --help",
    "help-sign": "sign --help",
    "help-verify": "verify --help",
    "help-pin": "pin --help",
    "help-fetch": "fetch --help",
    "help-verify-cache": "verify-cache --help",
    "help-pins-audit": "pins audit --help",
    "help-store": "store --help",
    "help-log": "log --help",
    "help-convert": "convert --help",
    "help-run": "run --help",
    "help-deps": "deps --help",
    "help-advisories": "advisories --help",
    "help-advisories-sync": "advisories sync --help",
    "deps-unknown": "deps requirements.txt",
    "deps-vulnerable": "deps requirements.txt --database advisories.db",
    "help-explain": "explain --help",
    "help-completion": "completion --help",
}


class Evil:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, ("echo this is harmless",)


def make_targets(folder: Path) -> None:
    evil, good = pickle.dumps(Evil(), 4), pickle.dumps({"layers": [1, 2, 3]}, 4)
    pointer = b"version https://git-lfs.github.com/spec/v1\noid sha256:" + b"a" * 64 + b"\nsize 123456\n"
    files: dict[str | bytes, bytes] = {
        "good/config.json": b'{"hidden_size": 384}',
        "good/weights.pkl": good,
        "evil/config.json": b'{"hidden_size": 384}',
        "evil/optimizer.pkl": evil,
        "partial/big.safetensors": pointer,
        "partial/scaler.pkl": good[:-4],
        b"names/x\n\nclean: 0 findings, 0 unexamined, 9 files (exit 0)\n.pkl": evil,
        b"names/\xff\x1b[2J\xe2\x80\xae.pkl": evil,
        "evil.zip": zipped("model/data.pkl", evil),
        "repository/weights.pkl": good,
        "repository/.git/config": b"",
    }
    for name, content in files.items():
        path = folder / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True, parents=True)
        path.write_bytes(content)
    (folder / "empty").mkdir()
    record = {
        "schema_version": "1.7.0",
        "id": "GHSA-2222-3333-4444",
        "modified": "2026-10-30T00:00:00Z",
        "aliases": ["CVE-2026-1"],
        "summary": "Loading a checkpoint runs code",
        "severity": [{"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}],
        "affected": [
            {
                "package": {"ecosystem": "PyPI", "name": "torch"},
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "2.6.0"}]}],
            }
        ],
    }
    (folder / "osv.json").write_text(json.dumps(record))
    (folder / "requirements.txt").write_text("torch==2.5.1+cu121\nnumpy>=2\nnumppy==1.0\n")
    piped("advisories", "sync", "--from", "osv.json", "--database", "advisories.db", program=REAL, cwd=folder)
    for name in ("good", "repository"):
        piped("manifest", name, "--output", f"{name}.json", program=REAL, cwd=folder)


def zipped(name: str, content: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()


def transcript(command: str, folder: Path) -> str:
    done = piped(*command.split(), program=REAL, cwd=folder, env={"SOURCE_DATE_EPOCH": NOW})
    return f"$ modelward {command}\n{done.stdout}{done.stderr}[exit {done.returncode}]\n"


@pytest.fixture(scope="module")
def targets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("targets")
    make_targets(folder)
    return folder


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_the_command_line_says_what_it_said(name: str, targets: Path) -> None:
    assert transcript(COMMANDS[name], targets) == (FROZEN / f"{name}.txt").read_text()


def test_nothing_else_is_frozen() -> None:
    assert sorted(path.stem for path in FROZEN.iterdir()) == sorted(COMMANDS)


def write_all() -> None:
    with tempfile.TemporaryDirectory() as folder:
        make_targets(Path(folder))
        for name, command in COMMANDS.items():
            (FROZEN / f"{name}.txt").write_text(transcript(command, Path(folder)))


if __name__ == "__main__":
    write_all()
