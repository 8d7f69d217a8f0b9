"""What a wheel consists of: every member hashed, and what its own metadata says of them.

https://packaging.python.org/en/latest/specifications/binary-distribution-format/
"""

from __future__ import annotations

import base64
import binascii
import csv
import hashlib
import io
import posixpath
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from modelward.core.artifact import Source
from modelward.core.dependency import canonical_name
from modelward.core.finding import Location, Unexamined
from modelward.core.limits import Limits
from modelward.formats.source import BLOCK, Budget
from modelward.formats.zip import Anomaly, Member, open_member, read_zip

_FILE_NAME = re.compile(
    r"(?P<name>[^-]+)-(?P<version>[^-]+)(?:-(?P<build>\d[^-]*))?-(?P<python>[^-]+)-(?P<abi>[^-]+)-(?P<platform>[^-]+)\.whl"
)
_TEXTS = 8 << 20
"""Bytes of a metadata file, of a .pth and of an entry point list; the longest have some hundred thousand."""
_RECORD = 64 << 20
_SBOM = 16 << 20
_NATIVE = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xfe\xed\xfa\xce", b"\xfe\xed\xfa\xcf")
_FAT = b"\xca\xfe\xba\xbe"  # Mach-O for several processors, and Java classes
_PACKAGES = re.compile(r"(?:local/)?lib(?:64)?/(?:python[\d.]+t?/)?(?:site|dist)-packages/", re.IGNORECASE)
"""Below the prefix of an environment, which NAME.data/data is unpacked into."""
_SIGNATURES = ("RECORD", "RECORD.jws", "RECORD.p7s")
"""In the dist-info folder: what RECORD does not vouch for."""


class FileName(NamedTuple):
    name: str
    """Canonical."""
    version: str
    python: str
    abi: str
    platform: str

    @property
    def is_pure(self) -> bool:
        return self.abi == "none" and self.platform == "any"


class Recorded(NamedTuple):
    digest: str
    """sha256 in hexadecimal; empty where RECORD gives none that is read here."""
    size: int | None


@dataclass(frozen=True, slots=True)
class Content:
    digest: str
    """sha256 in hexadecimal."""
    size: int
    is_native: bool
    """Whether it begins like a native program or library."""


@dataclass(frozen=True, slots=True)
class Wheel:
    file_name: FileName | None
    """None where the name is none that a wheel has."""
    files: Mapping[str, Content]
    """By the path inside, folders left out."""
    texts: Mapping[str, str]
    """What decides: metadata, entry points and what Python reads when it starts."""
    sboms: Mapping[str, bytes]
    """What says which libraries were built into it: https://peps.python.org/pep-0770/"""
    dist_infos: tuple[str, ...]
    """Folders whose name ends in .dist-info, at the top."""
    record: Mapping[str, Recorded]
    anomalies: tuple[Anomaly, ...]
    gaps: tuple[Unexamined, ...]

    @property
    def metadata(self) -> Mapping[str, tuple[str, ...]]:
        """Headers of METADATA by their lower-case names."""
        return headers(self.texts.get(f"{self.dist_infos[0]}/METADATA", "")) if self.dist_infos else {}

    def installed(self, path: str) -> str:
        """Where *path* ends up, relative to the folder of packages: what lies in NAME.data/purelib is moved there."""
        path = posixpath.normpath(path)
        top, slash, rest = path.partition("/")
        if not (slash and top.endswith(".data")):
            return path
        kind, _, inner = rest.partition("/")
        if kind == "data" and (found := _PACKAGES.match(inner)):
            kind, inner = "purelib", inner[found.end() :]
        return inner if kind in ("purelib", "platlib") else f"{kind}:{inner}"


def file_name(name: str) -> FileName | None:
    found = _FILE_NAME.fullmatch(name)
    if found is None:
        return None
    return FileName(canonical_name(found["name"]), found["version"], found["python"], found["abi"], found["platform"])


def headers(text: str) -> Mapping[str, tuple[str, ...]]:
    """https://packaging.python.org/en/latest/specifications/core-metadata/"""
    from email.parser import HeaderParser

    found: dict[str, list[str]] = {}
    for key, value in HeaderParser().parsestr(text, headersonly=True).items():
        found.setdefault(key.lower(), []).append(str(value))
    return {key: tuple(values) for key, values in found.items()}


def read_wheel(source: Source, name: str, limits: Limits) -> Wheel:
    """*name* is that of the file, without folders. Every member is read, hashed and held against the archive's own
    checksum, within *limits*. Raises what *source* raises."""
    archive, budget = read_zip(source, limits), Budget(limits.expanded_bytes)
    gaps = [Unexamined(Location(None, (gap.member,) if gap.member else ()), gap.why) for gap in archive.gaps]
    files: dict[str, Content] = {}
    kept: dict[str, bytes] = {}
    for member in archive.members:
        if member.is_directory:
            continue
        opened = open_member(source, member, limits, budget)
        if isinstance(opened, str):
            problem = opened
        else:
            files[member.name], text, problem = _read(opened, member)
            if text is not None:
                kept[member.name] = text
        if problem:
            gaps.append(Unexamined(Location(None, (member.name,)), problem))
    texts = {path: raw.decode("utf-8-sig", "replace") for path, raw in kept.items() if not is_sbom(path)}
    sboms = {path: raw for path, raw in kept.items() if is_sbom(path)}
    dist_infos = sorted({path.partition("/")[0] for path in files if ".dist-info/" in path})
    dist_infos = [folder for folder in dist_infos if folder.endswith(".dist-info")]
    record: dict[str, Recorded] = {}
    if dist_infos and f"{dist_infos[0]}/RECORD" in texts:
        record = dict(_record(texts[f"{dist_infos[0]}/RECORD"]))
    return Wheel(file_name(name), files, texts, sboms, tuple(dist_infos), record, archive.anomalies, tuple(gaps))


def is_signature(path: str, dist_info: str) -> bool:
    return path in {f"{dist_info}/{name}" for name in _SIGNATURES}


def is_sbom(path: str) -> bool:
    parts = path.split("/")
    return len(parts) > 2 and parts[0].endswith(".dist-info") and parts[1] == "sboms"


def _read(source: Source, member: Member) -> tuple[Content, bytes | None, str]:
    """The content, as much of it as decides something, and what is wrong with it."""
    digest, checksum, at, first, kept = hashlib.sha256(), 0, 0, b"", bytearray()
    most = _kept(member.name)
    while block := source.read(at, BLOCK):
        first = first or block[:8]
        digest.update(block)
        checksum = zlib.crc32(block, checksum)
        if len(kept) < most:
            kept += block[: most - len(kept)]
        at += len(block)
    problem = getattr(source, "problem", None) or ""
    if not problem and (at, checksum) != (member.size, member.crc):
        problem = "it is damaged: its size or its checksum is another than the archive says"
    elif most and at > most:
        problem = f"it has {at:,} bytes, of which {most:,} are read"
    is_native = first.startswith(_NATIVE) or (first[:4] == _FAT and first[7:8] < b"\x20")
    return Content(digest.hexdigest(), at, is_native), bytes(kept) if most else None, problem


def _kept(path: str) -> int:
    """How much of a member is needed to judge it."""
    last = path.rpartition("/")[2]
    if path.count("/") == 1 and ".dist-info/" in path and last in ("METADATA", "WHEEL", "entry_points.txt", "RECORD"):
        return _RECORD if last == "RECORD" else _TEXTS
    if is_sbom(path):
        return _SBOM
    return _TEXTS if last.lower().endswith((".pth", ".start")) else 0


def _record(text: str) -> Iterator[tuple[str, Recorded]]:
    """https://packaging.python.org/en/latest/specifications/recording-installed-packages/#the-record-file"""
    try:
        for row in csv.reader(io.StringIO(text)):
            if len(row) >= 3 and row[0]:
                yield (
                    row[0],
                    Recorded(_digest(row[1]), int(row[2]) if row[2].isdecimal() and len(row[2]) < 19 else None),
                )
    except csv.Error:
        return  # what it lists up to there counts; the rest is then unrecorded


def _digest(text: str) -> str:
    algorithm, _, value = text.partition("=")
    if algorithm != "sha256":
        return ""
    try:
        return base64.b64decode(value + "=" * (-len(value) % 4), altchars=b"-_", validate=True).hex()
    except (binascii.Error, ValueError):
        return ""
