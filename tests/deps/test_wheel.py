"""Wheels by their structure: an ordinary one is quiet, and each way to hide something is told."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping

import pytest

from modelward.checks.deps.known import launchers
from modelward.checks.deps.wheel.difference import compare
from modelward.checks.deps.wheel.rules_wheel import judge
from modelward.checks.deps.wheel.structure import Wheel, file_name, read_wheel
from modelward.core.limits import Limits
from modelward.formats.source import BytesSource

NAME = "demo_pkg-1.2-py3-none-any.whl"
INFO = "demo_pkg-1.2.dist-info"
METADATA = "Metadata-Version: 2.1\nName: demo.pkg\nVersion: 1.2\nRequires-Dist: numpy>=1\n"


def record(files: Mapping[str, bytes]) -> bytes:
    rows = []
    for path, data in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()
        rows.append(f'"{path}",sha256={digest},{len(data)}\n')
    return "".join([*rows, f"{INFO}/RECORD,,\n"]).encode()


def wheel(
    more: Mapping[str, bytes] | None = None,
    *,
    name: str = NAME,
    metadata: str = METADATA,
    unrecorded: Mapping[str, bytes] | None = None,
    listed: bytes | None = None,
) -> Wheel:
    files = {
        "demo_pkg/__init__.py": b"",
        f"{INFO}/METADATA": metadata.encode(),
        f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n",
    }
    files |= more or {}
    files[f"{INFO}/RECORD"] = record(files) if listed is None else listed
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, content in (files | (dict(unrecorded) if unrecorded else {})).items():
            archive.writestr(path, content)
    return read_wheel(BytesSource(data.getvalue()), name, Limits())


def rules(made: Wheel) -> list[str]:
    return sorted({finding.rule.id for finding in judge(made)})


def test_an_ordinary_wheel_is_quiet() -> None:
    made = wheel(
        {"demo_pkg/data.pth": b"import os", f"{INFO}/entry_points.txt": b"[console_scripts]\ndemo = demo_pkg:main\n"}
    )
    assert (rules(made), made.gaps) == ([], ())


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("litellm_init.pth", b"import os; exec('')"),  # litellm 1.82.8
        ("a.pth", b"some/folder\nimport\tos"),
        ("a.PTH", b"\xef\xbb\xbfimport os"),
        ("a.pth", b"x\x0cimport os"),
        ("demo_pkg-1.2.data/purelib/a.pth", b"import os"),
        ("demo_pkg-1.2.data/platlib/a.pth", b"import os"),
        ("demo_pkg-1.2.data/data/lib/python3.11/site-packages/a.pth", b"import os"),
        ("demo_pkg-1.2.data/data/Lib/site-packages/a.pth", b"import os"),
        ("demo_pkg-1.2.data/data/lib/./python3.11//site-packages/a.pth", b"import os"),
        ("demo_pkg-1.2.data/purelib/./a.pth", b"import os"),
        ("./a.pth", b"import os"),
        ("demo.start", b"demo_pkg:main"),  # https://peps.python.org/pep-0829/
        ("sitecustomize.py", b""),
        ("usercustomize/__init__.py", b""),
        ("sitecustomize.cpython-311-x86_64-linux-gnu.so", b""),
    ],
)
def test_code_that_runs_when_python_starts(path: str, content: bytes) -> None:
    assert rules(wheel({path: content})) == ["wheel-startup-code"]


@pytest.mark.parametrize(
    "content",
    [
        b"some/folder\n# import os\n",
        b"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; enabled = os.environ.get(var, 'local') == 'local'; "
        b"enabled and __import__('_distutils_hack').add_shim(); ",
    ],
)
def test_a_pth_that_only_names_folders_or_is_that_of_setuptools_is_quiet(content: bytes) -> None:
    assert rules(wheel({"a.pth": content})) == []


@pytest.mark.parametrize(
    "made",
    [
        wheel(name="other-1.2-py3-none-any.whl"),
        wheel(name="demo_pkg-1.3-py3-none-any.whl"),
        wheel(name="demo.whl"),
        wheel(metadata=METADATA + "Name: other\n"),
        wheel(metadata="Metadata-Version: 2.1\nVersion: 1.2\n"),
        wheel({"other-1.2.dist-info/METADATA": METADATA.encode()}),
    ],
)
def test_a_wheel_that_is_called_otherwise_than_it_says(made: Wheel) -> None:
    assert "wheel-name-mismatch" in rules(made)


@pytest.mark.parametrize(
    ("outer", "inner"), [("2.5.1+cu121", "2.5.1+cu121"), ("2.5.1_cu121", "2.5.1+cu121"), ("1.0", "1.0.0")]
)
def test_versions_may_be_spelt_in_two_ways(outer: str, inner: str) -> None:
    made = wheel(name=f"demo_pkg-{outer}-py3-none-any.whl", metadata=f"Name: demo-pkg\nVersion: {inner}\n")
    assert "metadata" not in "".join(finding.message for finding in judge(made))


def test_files_that_record_does_not_name_or_names_otherwise() -> None:
    assert rules(wheel(unrecorded={"demo_pkg/extra.py": b""})) == ["wheel-unrecorded-file"]
    files = {"demo_pkg/__init__.py": b"x = 1\n", f"{INFO}/METADATA": METADATA.encode()}
    listed = record({**files, f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n"})
    assert rules(wheel(listed=listed)) == ["wheel-record-mismatch"]
    gone = record(
        {"demo_pkg/__init__.py": b"", "demo_pkg/gone.py": b"", **files, f"{INFO}/WHEEL": b"Wheel-Version: 1.0\n"}
    )
    assert "wheel-record-mismatch" in rules(wheel(listed=gone))
    assert "wheel-record-mismatch" in rules(wheel(listed=b"demo_pkg/__init__.py,md5=aa,0\n"))


def test_native_code_in_pure_python() -> None:
    assert rules(wheel({"demo_pkg/data.bin": b"\x7fELF\x02\x01\x01"})) == ["wheel-native-code"]
    linux = "demo_pkg-1.2-cp311-cp311-linux_x86_64.whl"
    assert rules(wheel({"demo_pkg/_core.so": b"\x7fELF\x02\x01\x01"}, name=linux)) == []
    assert rules(wheel({"demo_pkg/A.class": b"\xca\xfe\xba\xbe\x00\x00\x00\x41"})) == []
    assert rules(wheel({"demo_pkg/fat.bin": b"\xca\xfe\xba\xbe\x00\x00\x00\x02"})) == ["wheel-native-code"]
    assert len(launchers()) > 30 and all(len(one) == 64 for one in launchers())


def test_commands_in_the_place_of_others() -> None:
    points = b"[console_scripts]\ncurl = demo_pkg:main\n"
    assert rules(wheel({f"{INFO}/entry_points.txt": points})) == ["wheel-shadowing"]
    assert rules(wheel({"demo_pkg-1.2.data/scripts/sudo": b"#!python\n"})) == ["wheel-shadowing"]


def test_an_archive_that_can_be_read_in_two_ways() -> None:
    """CVE-2025-54368"""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive, pytest.warns(UserWarning, match="Duplicate"):
        archive.writestr("demo_pkg/__init__.py", b"a = 1")
        archive.writestr("demo_pkg/__init__.py", b"a = 2")
    made = read_wheel(BytesSource(data.getvalue()), NAME, Limits())
    assert "wheel-ambiguous-archive" in rules(made)


def test_members_that_cannot_be_read_are_gaps() -> None:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("demo_pkg/__init__.py", b"a" * 1000)
    broken = bytearray(data.getvalue())
    broken[60] ^= 0xFF
    assert read_wheel(BytesSource(bytes(broken)), NAME, Limits()).gaps or rules(
        read_wheel(BytesSource(bytes(broken)), NAME, Limits())
    )
    assert read_wheel(BytesSource(b"no archive"), NAME, Limits()).gaps


def test_what_a_release_adds_to_the_approved_one() -> None:
    old = wheel()
    assert list(compare(old, wheel())) == []
    new = wheel(
        {
            "a.pth": b"import demo_pkg",
            "demo_pkg/_runtime/start.js": b"",  # lightning 2.6.2
            "demo_pkg/tool.bin": b"\x7fELF",
            "second/__init__.py": b"",
            f"{INFO}/entry_points.txt": b"[console_scripts]\ndemo = demo_pkg:main\n",
        },
        metadata=METADATA + "Requires-Dist: evil ; python_version > '3'\nRequires-Dist: extra_only ; extra == 'x'\n",
    )
    said = {finding.rule.id: finding.message for finding in compare(old, new)}
    assert set(said) == {
        "wheel-new-startup-code",
        "wheel-new-native-code",
        "wheel-new-place",
        "wheel-new-command",
        "wheel-new-dependency",
    }
    assert "demo_pkg/_runtime" in said["wheel-new-place"] and "second" in said["wheel-new-place"]
    assert said["wheel-new-dependency"].endswith("evil")
    other = wheel(name="other-1.2-py3-none-any.whl", metadata="Name: other\nVersion: 1.2\n")
    assert [finding.rule.id for finding in compare(other, new)] == ["wheel-other-package"]


def test_names_of_wheels() -> None:
    parsed = file_name("torch-2.5.1+cu121-1-cp311-cp311-linux_x86_64.whl")
    assert parsed is not None and (parsed.name, parsed.version, parsed.is_pure) == ("torch", "2.5.1+cu121", False)
    assert file_name("torch-2.5.1.whl") is None


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_bytes_that_are_not_those_of_the_checksum_are_a_gap(method: int) -> None:
    """Where RECORD has no word on them: its own bytes, and those of what it does not name."""
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", method) as archive:
        archive.writestr(f"{INFO}/RECORD", b"", zipfile.ZIP_STORED)
        archive.writestr("a.py", bytes(range(256)))
    at = data.getvalue().index(bytes(range(256))[:4]) if method == zipfile.ZIP_STORED else -1
    broken = bytearray(data.getvalue())
    if method == zipfile.ZIP_STORED:
        broken[at + 7] ^= 1
    else:
        crc = zipfile.ZipFile(data).getinfo("a.py").CRC.to_bytes(4, "little")
        broken = bytearray(bytes(broken).replace(crc, bytes(4)))
    (gap,) = read_wheel(BytesSource(bytes(broken)), NAME, Limits()).gaps
    assert "checksum" in gap.why


def test_what_is_too_long_to_be_read_is_a_gap() -> None:
    """A line that runs code can stand behind any number of others."""
    made = wheel({"a.pth": b"#" * (8 << 20) + b"\nimport os\n"})
    assert [(gap.at.inside, "are read" in gap.why) for gap in made.gaps] == [(("a.pth",), True)]
