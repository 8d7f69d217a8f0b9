"""tar archives, compressed streams, and archives that only others can open."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.scan.archives.members import judge_member
from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.compressed import Compressed
from modelward.formats.source import Slice
from modelward.formats.tar import Oddity, TarAnomaly, TarGap, TarMember, read_tar

_SPEC = "https://pubs.opengroup.org/onlinepubs/9699919799/utilities/pax.html#tag_20_92_13"
_FILTERS = "https://docs.python.org/3/library/tarfile.html#extraction-filters"
_REPACK = "Do not unpack this file; ask its publisher for one that was made with an ordinary tool."
_SHOWN = 200  # characters of a name inside a message

TAR_RULES: Mapping[Oddity, Rule] = {
    "path-escape": Rule(
        "tar-path-escape",
        Severity.HIGH,
        "unpacking writes outside the folder that was chosen",
        "A member with an absolute path, or with enough '..' in it, overwrites any file of the user who unpacks "
        "the archive. Loaders that unpack models have done so.",
        _REPACK,
        ("CWE-22", "CVE-2007-4559", "CVE-2025-23250", _FILTERS),
    ),
    "link-escape": Rule(
        "tar-link-escape",
        Severity.MEDIUM,
        "unpacking makes a link to a place outside the folder",
        "Whoever reads or writes through the link later reaches a file that the archive did not bring.",
        _REPACK,
        ("CWE-59", "CVE-2025-4330", _FILTERS),
    ),
    "planted-link": Rule(
        "tar-planted-link",
        Severity.HIGH,
        "a member is written through a link that the archive brought along",
        "The link decides where the bytes go, so checks of the member's own path see nothing wrong.",
        _REPACK,
        ("CWE-61", "CWE-22", "CVE-2025-4330", _FILTERS),
    ),
    "duplicate-name": Rule(
        "tar-duplicate-name",
        Severity.MEDIUM,
        "two members of a tar have one name",
        "One reader takes the first and another the last, so what was looked at need not be what is loaded.",
        _REPACK,
        ("CWE-694", "CWE-436", _SPEC),
    ),
    "special-file": Rule(
        "tar-special-file",
        Severity.MEDIUM,
        "unpacking makes a device or a FIFO",
        "No model needs one; a reader that opens it can hang, or reach the hardware behind it.",
        _REPACK,
        ("CWE-20", _FILTERS),
    ),
    "ambiguous-header": Rule(
        "tar-ambiguous-header",
        Severity.MEDIUM,
        "tools read different members from this archive",
        "Where they disagree on a name or a size, one of them takes file content for headers, and a scanner can "
        "be shown other members than the loader.",
        _REPACK,
        ("CWE-436", "CVE-2025-62518", _SPEC),
    ),
    "data-after-end": Rule(
        "tar-data-after-end",
        Severity.LOW,
        "data follows the end of the archive",
        "Most tools stop at the end mark, some can be told to go on: what follows is seen by few.",
        "Find out why it is there; it was examined as a file of its own.",
        ("CWE-436", _SPEC),
    ),
}

UNREADABLE_ARCHIVE = Rule(
    "unreadable-archive",
    Severity.MEDIUM,
    "an archive that scanners cannot look into",
    "No common loader reads models from 7z or RAR. Hostile models were published that way because scanners "
    "skip what they cannot open.",
    "Unpack it in an isolated place and check what comes out, or ask for a zip or tar.",
    (
        "CWE-693",
        "AML.T0010",
        "https://www.reversinglabs.com/blog/rl-identifies-malware-ml-model-hosted-on-hugging-face",
    ),
)


def examine_tar(source: Source, here: Here) -> Iterator[Said]:
    """What is odd about the archive, and every member that has content as a file of its own."""
    for part in read_tar(source, here.limits):
        match part:
            case TarMember(kind="file" | "other"):
                yield (member := Nested(part.name, Slice(source, part.at, part.size)))
                yield from judge_member(member, here)
            case TarAnomaly():
                message = f"{part.name[:_SHOWN]}: {part.detail}" if part.name else part.detail
                yield here.finding(TAR_RULES[part.oddity], message, part.at)
                if part.oddity == "data-after-end":
                    yield _rest(source, part.at)
            case TarGap():
                yield here.unexamined(part.why, part.start, part.end)


def examine_compressed(kind: str, source: Source, here: Here) -> Iterator[Said]:
    """The content, and what follows it. The caller must be done with a Nested before it takes
    the next value."""
    content = Compressed(kind, source, here.limits, here.budget)
    yield Nested(f"<{kind} content>", content)
    size = content.size  # whatever was read of it so far: its end is where problems come to light
    content.release()
    if content.problem:
        yield here.unexamined(f"{content.problem} (after {size} bytes of {kind} content)")
    elif content.trailing is not None:
        yield _rest(source, content.trailing)


def examine_unreadable_archive(kind: str, source: Source, here: Here) -> Iterator[Said]:
    """7z and RAR are also a finding: they hide whole trees, where lz4 and zstd hide one file."""
    if kind in ("7z", "rar"):
        yield here.finding(UNREADABLE_ARCHIVE, f"a {kind} archive")
    yield here.unexamined(f"{kind} cannot be opened by this version", do="unpack it and check what comes out")


def _rest(source: Source, start: int) -> Nested:
    return Nested(f"<bytes {start}-{source.size}>", Slice(source, start, source.size - start))


RULES: tuple[Rule, ...] = (*TAR_RULES.values(), UNREADABLE_ARCHIVE)
