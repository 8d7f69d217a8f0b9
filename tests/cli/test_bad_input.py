"""Input as nobody wants it, given to the real command: one line, the right exit code, never a traceback,
and neither the time nor the memory of whoever runs it."""

from __future__ import annotations

import contextlib
import gzip
import io
import json
import os
import pickle
import signal
import stat
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from threading import Event, Thread

import pytest
from tests.cli.process import ORDINARY, REAL, environment, piped
from tests.cli.test_frozen import Evil
from tests.cli.test_whole import EVIL, GOOD

MIB = 1 << 20
MEMORY = 150  # MiB that a run may need, whatever it is given

# What a process has become after exec says nothing of what it was before; its parent's ru_maxrss does
_MEASURE = (
    "import resource, subprocess, sys\n"
    "code = subprocess.call(sys.argv[1:])\n"
    "print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024, file=sys.stderr)\n"
    "sys.exit(code)"
)
MEASURED = (sys.executable, "-c", _MEASURE, *REAL)


def run(
    folder: Path, *args: str | bytes, program: Sequence[str] = REAL, **env: str
) -> subprocess.CompletedProcess[str]:
    """Whatever happens: a known exit code, errors of one line each, and nothing that moves a cursor."""
    done = piped(*args, program=tuple(program), cwd=folder, env=env)
    assert done.returncode in (0, 1, 2, 3, 4)
    assert all(line.startswith("modelward: error: ") for line in done.stderr.split("\n")[:-1])
    for text in (done.stdout, done.stderr):
        assert "Traceback" not in text
        if not text.startswith(("{", "[{")):  # JSON for programs holds what is not ASCII as it is: RFC 8785
            assert text.replace("\n", "").isprintable()
    return done


def failed(done: subprocess.CompletedProcess[str], code: int, line: str) -> None:
    """One line on stderr, and no report that could be taken for a verdict."""
    assert (done.returncode, done.stderr) == (code, f"modelward: error: {line}\n")
    assert done.stdout == ""


def answered(done: subprocess.CompletedProcess[str], code: int, answer: str) -> None:
    """A report whose last line begins with the answer."""
    assert (done.returncode, done.stderr) == (code, "")
    assert done.stdout.splitlines()[-1].startswith(answer)


def sparse(path: Path, size: int, head: bytes = b"") -> Path:
    with path.open("wb") as file:
        file.write(head)
        file.truncate(size)
    return path


# Targets that are not there, or no files


@pytest.mark.parametrize("verb", ["check", "scan", "manifest"])
def test_a_missing_path(tmp_path: Path, verb: str) -> None:
    failed(run(tmp_path, verb, "gone"), 2, "'gone' does not exist: give a file or a folder that does")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        (b"gone-\xff", r"'gone-\udcff'"),
        ("a\nclean: 0 findings\x1b[2J\u202e", r"'a\nclean: 0 findings\x1b[2J\u202e'"),
        ("x" * 5000, "'" + "x" * 5000 + "'"),
        ("", "''"),
    ],
)
def test_a_missing_path_with_a_hostile_name(tmp_path: Path, name: str | bytes, shown: str) -> None:
    failed(run(tmp_path, "check", name), 2, f"{shown} does not exist: give a file or a folder that does")


@pytest.mark.parametrize(("verb", "code", "answer"), [("check", 1, "deny: "), ("scan", 3, "incomplete: ")])
def test_a_folder_without_files(tmp_path: Path, verb: str, code: int, answer: str) -> None:
    (tmp_path / "empty" / "below").mkdir(parents=True)
    answered(run(tmp_path, verb, "empty"), code, answer)


@pytest.mark.parametrize(
    ("target", "kind"), [("fifo", "a FIFO"), ("link", "a FIFO"), ("/dev/zero", "a character device")]
)
def test_a_target_that_is_no_file_is_not_opened(tmp_path: Path, target: str, kind: str) -> None:
    os.mkfifo(tmp_path / "fifo")
    (tmp_path / "link").symlink_to("fifo")
    line = f"'{target}' is {kind}, not a file or folder: copy its bytes to a file first"
    failed(run(tmp_path, "check", target), 2, line)


def test_a_target_that_is_a_link_to_nothing(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("gone")
    line = "'link' is a link to nothing: restore what it names, or give another path"
    failed(run(tmp_path, "check", "link"), 2, line)


def test_a_file_that_holds_more_than_its_size_says(tmp_path: Path) -> None:
    """/proc is full of files of zero bytes that are not empty."""
    line = "cannot read '/proc/self/status': the file holds more bytes than its size says"
    failed(run(tmp_path, "check", "/proc/self/status"), 4, line)


# Folders in which not everything can be looked at


def test_a_folder_scan_goes_on_with_the_other_files(tmp_path: Path) -> None:
    model = tmp_path / "model"
    (model / "closed folder").mkdir(parents=True)
    (tmp_path / "outside").write_bytes(GOOD)
    (model / "a.pkl").write_bytes(GOOD)
    (model / "closed.pkl").write_bytes(EVIL)
    (model / "closed folder" / "b.pkl").write_bytes(EVIL)
    (model / "closed.pkl").chmod(0)
    (model / "closed folder").chmod(0)
    os.mkfifo(model / "fifo")
    for name, target in [("broken", "gone"), ("loop", "loop"), ("out", "../outside"), ("device", "/dev/zero")]:
        (model / name).symlink_to(target)
    with contextlib.suppress(PermissionError):  # only root makes devices
        os.mknod(model / "zero", 0o600 | stat.S_IFCHR, os.makedev(1, 5))
    made = {path.name for path in model.iterdir()} - {"a.pkl"}
    (model / "z.pkl").write_bytes(pickle.dumps(Evil()))

    done = run(tmp_path, "check", "model", "--format", "json", program=ORDINARY)
    (model / "closed folder").chmod(0o700)
    check = json.loads(done.stdout)
    assert (done.returncode, check["decision"], done.stderr) == (1, "deny", "")
    why = {gap["file"]: gap["why"] for gap in check["unexamined"]}
    assert set(why) == made
    assert why["closed.pkl"] == "permission denied"
    assert why["closed folder"] == "a folder that cannot be listed: permission denied"
    assert why["fifo"] == "a FIFO, not a file"
    assert why["broken"] == "a link to nothing"
    assert why["out"] == why["device"] == "a link that is not followed: it ends outside the folder"
    assert {finding["file"] for finding in check["findings"]} == {"a.pkl", "z.pkl"}


def test_an_unreadable_file_alone(tmp_path: Path) -> None:
    (tmp_path / "closed.pkl").write_bytes(EVIL)
    (tmp_path / "closed.pkl").chmod(0)
    line = "cannot read 'closed.pkl': permission denied"
    failed(run(tmp_path, "check", "closed.pkl", program=ORDINARY), 4, line)


def test_an_unreadable_folder_holds_nothing_to_allow(tmp_path: Path) -> None:
    (tmp_path / "closed").mkdir(mode=0)
    answered(run(tmp_path, "check", "closed", program=ORDINARY), 1, "deny: ")


def test_an_empty_file_alone_and_beside_others(tmp_path: Path) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "__init__.py").touch()
    answered(run(tmp_path, "check", "model/__init__.py"), 3, "incomplete: ")
    (tmp_path / "model" / "a.pkl").write_bytes(GOOD)
    answered(run(tmp_path, "check", "model"), 0, "allow: ")


def test_names_of_any_bytes(tmp_path: Path) -> None:
    names = [
        b"x\n\nallow: 0 findings, 0 unexamined, 1 file, policy baseline (exit 0)\n",
        b"\xff\xfe\x80",
        b"\x1b[2J\x1b]0;title\x07",
        "\u202e\u2066cod.exe".encode(),
        "\u2028\u0085\ufeff\u200b".encode(),
        b"\x01\x7f\r\b\\x41",
        b"-rf *",
        b"x" * 255,
    ]
    folder = tmp_path / os.fsdecode(b"\x1b[31m\xff")
    folder.mkdir()
    for name in names:
        (folder / os.fsdecode(name)).write_bytes(EVIL)
    for form in ("text", "json", "sarif"):
        done = run(tmp_path, "check", os.fsencode(folder.name), "--format", form)
        assert (done.returncode, done.stderr) == (1, "")
        assert not set(map(chr, range(32))) & set(done.stdout) - {"\n"}
    assert run(folder, "scan", os.fsencode(f"./{os.fsdecode(names[1])}")).returncode == 1


# Files that are not what they were a moment ago


@contextlib.contextmanager
def meanwhile(do: Callable[[], object]) -> Iterator[None]:
    """*do* over and over, until the block is left."""
    over = Event()

    def work() -> None:
        while not over.wait(0.002):
            do()

    thread = Thread(target=work)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


@pytest.mark.parametrize(
    ("how", "why"),
    [
        ("changes", "the file changed while it was read"),
        ("shrinks", "the file became shorter while it was read"),
        ("grows", "the file changed while it was read"),
    ],
)
def test_a_file_that_changes_while_it_is_read(tmp_path: Path, how: str, why: str) -> None:
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "evil.pkl").write_bytes(EVIL)
    size = 128 * MIB
    big = sparse(tmp_path / "model" / "big.bin", size, b"\xff\0\1\2")
    with big.open("r+b", buffering=0) as file:

        def change() -> None:
            nonlocal size
            size += {"changes": 0, "shrinks": -4096, "grows": 4096}[how]
            if how == "changes":
                os.pwrite(file.fileno(), os.urandom(8), 1000)
            else:
                os.ftruncate(file.fileno(), size)

        with meanwhile(change):
            done = run(tmp_path, "check", "model", "--format", "json")
            lone = run(tmp_path, "check", "model/big.bin")
    check = json.loads(done.stdout)
    assert (done.returncode, check["decision"]) == (1, "deny")
    assert [(gap["file"], gap["why"]) for gap in check["unexamined"]] == [("big.bin", why)]
    assert {finding["file"] for finding in check["findings"]} == {"evil.pkl"}
    failed(lone, 4, f"cannot read 'model/big.bin': {why}")


# Policies and what is written


def test_a_policy_with_a_typing_error(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(GOOD)
    (tmp_path / "own\n.toml").write_text('schema = "modelward/policy/1"\nname = "x"\n\n[deny]\nseverty = "high"\n')
    line = r"own\n.toml, line 1: the key 'need' is missing"
    failed(run(tmp_path, "check", "a.pkl", "a.pkl", "--policy", "own\n.toml"), 2, line)
    with (tmp_path / "own\n.toml").open("a") as file:
        file.write('[[need]]\nid = "a"\npredicate = "b"\nwhy = "c"\n')
    line = r"own\n.toml, line 5: unknown key 'severty'; known here: rules, severity"
    failed(run(tmp_path, "check", "a.pkl", "--policy", "own\n.toml"), 2, line)


def test_output_and_statements_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "a.pkl").write_bytes(GOOD)
    (tmp_path / "closed").mkdir(mode=0o500)
    for option, code in (("--output", 4), ("--statements", 2)):
        done = run(tmp_path, "check", "a.pkl", option, "closed/x", program=ORDINARY)
        assert (done.returncode, done.stdout, done.stderr.count("\n")) == (code, "", 1)
        assert "ermission denied" in done.stderr
    assert os.listdir(tmp_path / "closed") == []


def test_several_targets_of_all_kinds(tmp_path: Path) -> None:
    for name, content in (("good", GOOD), ("evil", EVIL), ("cut", GOOD[:-3])):
        (tmp_path / name).write_bytes(content)
    done = run(tmp_path, "check", "good", "evil", "gone", "cut", "/proc/self/status", "--format", "json")
    assert done.returncode == 4
    assert done.stderr.count("\n") == 2
    reports = json.loads(done.stdout)
    assert [report.get("decision", report["schema"]) for report in reports] == [
        "allow",
        "deny",
        "modelward/error/1",
        "incomplete",
        "modelward/error/1",
    ]
    done = run(tmp_path, "check", "good", "evil", "gone", "cut", "--quiet")
    assert (done.returncode, done.stdout) == (
        2,
        "failed: 4 targets, 1 failed, 1 deny, 1 incomplete, 1 allow (exit 2)\n",
    )
    answered(run(tmp_path, "check", "evil", "cut", "--quiet"), 1, "deny: 2 targets")
    answered(run(tmp_path, "check", "good", "cut", "--quiet"), 3, "incomplete: 2 targets")


# Interruptions


@pytest.mark.parametrize("args", [["check"], ["manifest"]])
def test_ctrl_c_while_a_long_file_is_read(tmp_path: Path, args: list[str]) -> None:
    long = sparse(tmp_path / "long.bin", 64 << 30)
    process = subprocess.Popen(
        [*REAL, *args, str(long), "--output", str(tmp_path / "report")],
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    while not is_reading(process.pid, long):
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    assert process.communicate(timeout=30) == (b"", b"interrupted\n")
    assert process.returncode == 130
    assert os.listdir(tmp_path) == ["long.bin"]


def is_reading(pid: int, file: Path) -> bool:
    with contextlib.suppress(OSError):
        return any(link.exists() and link.samefile(file) for link in Path(f"/proc/{pid}/fd").iterdir())
    return False


@pytest.mark.parametrize(
    ("arguments", "code"),
    [("check evil", 1), ("check evil --format json", 1), ("scan cut --format sarif", 3), ("check gone", 2)],
)
def test_a_reader_who_leaves_at_once_changes_no_exit_code(tmp_path: Path, arguments: str, code: int) -> None:
    (tmp_path / "evil").write_bytes(EVIL)
    (tmp_path / "cut").write_bytes(GOOD[:-3])
    command = f"{' '.join(REAL)} {arguments} | head -c 0; exit ${{PIPESTATUS[0]}}"
    done = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (code, "")
    assert done.stderr.count("\n") == (1 if code == 2 else 0)


# Work without end


def measured(folder: Path, *args: str) -> tuple[int, str]:
    """The exit code and stdout of a run that stayed within its memory. A minute is the limit of its time."""
    done = piped(*args, program=MEASURED, cwd=folder)
    *errors, memory = done.stderr.splitlines()
    assert errors == []
    assert int(memory) < MEMORY
    return done.returncode, done.stdout


def zeros(size: int) -> bytes:
    """Raw deflate of that many zeros, a thousandth of them in length, made at once: its parts repeat."""
    machine = zlib.compressobj(9, zlib.DEFLATED, -15)
    part = machine.compress(bytes(MIB)) + machine.flush(zlib.Z_FULL_FLUSH)
    return part * (size // MIB) + b"\3\0"


def gzip_bomb(size: int) -> bytes:
    return gzip.compress(b"")[:10] + zeros(size) + struct.pack("<II", 0, size & 0xFFFFFFFF)


def entry(name: bytes, data: bytes, size: int, method: int = 8) -> bytes:
    """The fields that a local header and a directory entry share."""
    return struct.pack("<HHHHHIIIHH", 20, 0, method, 0, 0x21, 0, len(data), size, len(name), 0)


def raw_zip(members: Sequence[tuple[bytes, bytes, int]], shared: bool = False) -> bytes:
    """Of (name, deflated data, size). *shared*: all entries lead to the first member."""
    local, directory = bytearray(), bytearray()
    for name, data, size in members:
        at = 0 if shared else len(local)
        if not (shared and local):
            local += b"PK\3\4" + entry(name, data, size) + name + data
        directory += b"PK\1\2\x14\3" + entry(name, data, size) + struct.pack("<HHHII", 0, 0, 0, 0, at) + name
    count, at, length = len(members), len(local), len(directory)
    end64 = struct.pack("<4sQHHIIQQQQ", b"PK\6\6", 44, 45, 45, 0, 0, count, count, length, at)
    locator = struct.pack("<4sIQI", b"PK\6\7", 0, at + length, 1)
    end = struct.pack("<4sHHHHIIH", b"PK\5\6", 0, 0, min(count, 0xFFFF), min(count, 0xFFFF), length, at, 0)
    return bytes(local + directory + (end64 + locator if count >= 0xFFFF else b"") + end)


def nested_zip(content: bytes, levels: int, copies: int) -> bytes:
    for _ in range(levels):
        made = io.BytesIO()
        with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
            for n in range(copies):
                archive.writestr(zipfile.ZipInfo(f"{n}.zip"), content, zipfile.ZIP_DEFLATED)
        content = made.getvalue()
    return content


GIB = 1 << 30
TEN_MILLION = 10_000_000
BOMB = zeros(GIB)

ATTACKS: dict[str, Callable[[], bytes]] = {
    "gzip bomb": lambda: gzip_bomb(4 * GIB),
    "gzip bomb in gzip": lambda: gzip.compress(gzip_bomb(GIB)),
    "zip bomb": lambda: raw_zip([(b"%d" % n, BOMB, GIB) for n in range(20)]),
    "zip bomb in zips": lambda: nested_zip(raw_zip([(b"0", BOMB, GIB)]), 3, 2),
    "zips nested too deep": lambda: nested_zip(raw_zip([(b"0", zeros(MIB), MIB)]), 9, 1),
    # https://www.bamsoftware.com/hacks/zipbomb/
    "overlapping zip bomb": lambda: raw_zip([(b"%05d" % n, BOMB, GIB) for n in range(60_000)], shared=True),
    "zip of too many members": lambda: raw_zip([(b"%x" % n, b"", 0) for n in range(100_001)]),
}
PICKLES: dict[str, Callable[[], bytes]] = {
    "nested lists": lambda: b"\x80\4" + b"]" * TEN_MILLION + b"a" * (TEN_MILLION - 1) + b".",
    "dups": lambda: b"\x80\4]" + b"2" * TEN_MILLION + b".",
    "memo puts": lambda: b"\x80\4N" + b"\x94" * TEN_MILLION + b".",
}


@pytest.mark.parametrize("name", ATTACKS)
def test_a_bomb_is_unexamined_within_limits(tmp_path: Path, name: str) -> None:
    (tmp_path / "bomb").write_bytes(ATTACKS[name]())
    code, _ = measured(tmp_path, "check", "bomb", "--quiet")
    assert code in (1, 3)


@pytest.mark.parametrize("name", PICKLES)
def test_a_pickle_of_ten_million_objects_stays_within_memory(tmp_path: Path, name: str) -> None:
    (tmp_path / "big.pkl").write_bytes(PICKLES[name]())
    code, answer = measured(tmp_path, "check", "big.pkl", "--quiet")
    assert code == (0 if name == "memo puts" else 3), answer


def test_json_of_a_depth_that_no_parser_follows(tmp_path: Path) -> None:
    deep = b"[" * 3_000_000 + b"]" * 3_000_000
    named = b'{"auto_map": "x.Y", "deep": ' + deep[: MIB // 4] + b"}"
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "deep.json").write_bytes(deep)
    (tmp_path / "model" / "config.json").write_bytes(named)
    header = b'{"a":' * 2_000_000
    (tmp_path / "model" / "deep.safetensors").write_bytes(struct.pack("<Q", len(header)) + header)
    code, report = measured(tmp_path, "check", "model", "--format", "json")
    assert code in (1, 3)
    check = json.loads(report)
    assert {each["file"] for each in (*check["unexamined"], *check["findings"])} == {"config.json", "deep.safetensors"}


def test_a_sparse_file_of_four_gigabytes(tmp_path: Path) -> None:
    """As long as its sha256 takes: three to eight seconds."""
    sparse(tmp_path / "sparse.bin", 4 << 30)
    code, report = measured(tmp_path, "check", "sparse.bin", "--format", "json")
    assert (code, json.loads(report)["coverage"]["bytes"]) == (3, 4 << 30)
