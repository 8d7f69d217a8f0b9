"""HDF5: references out of the file, filters that are programs, and attributes that hold models or pickles."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator

from modelward.checks.scan.here import Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.finding import Finding, Rule, Severity
from modelward.formats.hdf5.facts import Extent, ExternalLink, ExternalStorage, Filter, Gap, Reference, Text
from modelward.formats.hdf5.walk import read_hdf5
from modelward.formats.source import BytesSource, Slice

_SPEC = "https://support.hdfgroup.org/documentation/hdf5/latest/_f_m_t3.html"
_DO = "Do not load this file; have it saved again with all of its content inside."


EXTERNAL_LINK = Rule(
    "hdf5-external-link",
    Severity.MEDIUM,
    "a name in the file leads into another file",
    "Reading that name opens whatever file the link tells, with the rights of whoever loads the model.",
    _DO,
    ("CWE-73", "CVE-2026-1669", _SPEC),
)
EXTERNAL_STORAGE = Rule(
    "hdf5-external-storage",
    Severity.HIGH,
    "the numbers of a dataset are the bytes of other files",
    "Loading reads those files, whatever they are, into the weights, and saving the dataset overwrites them.",
    _DO,
    ("CWE-73", "CWE-200", "CVE-2026-1669", _SPEC),
)
VIRTUAL_DATASET = Rule(
    "hdf5-virtual-dataset",
    Severity.MEDIUM,
    "a dataset is put together from other datasets, which may be in other files",
    "Reading it opens those files, with the rights of whoever loads the model.",
    _DO,
    ("CWE-73", "CVE-2026-1669", _SPEC),
)

FOREIGN_FILTER = Rule(
    "hdf5-foreign-filter",
    Severity.MEDIUM,
    "a dataset is decoded by a filter that is not registered",
    "HDF5 loads a native library for it, which can do what it likes: HDF5-UDF runs programs that are kept in the file.",
    "Ask its publisher for a file with ordinary compression.",
    ("CWE-829", "CWE-94", "https://hdfgroup.org/services/contributions.html", "https://github.com/lucasvr/hdf5-udf"),
)

DECLARED_SIZE = Rule(
    "hdf5-declared-size",
    Severity.MEDIUM,
    "the datasets take vastly more memory than the file has bytes",
    "Whatever was never stored reads as zeros: a few bytes make a loader ask for all memory that there is, and more.",
    "Do not load this file; have it saved again with the shapes that the model has.",
    ("CWE-789", "CWE-770", "CVE-2026-0897", "GHSA-mgx6-5cf9-rr43", _SPEC),
)

_FILTERS = frozenset((1, 2, 3, 4, 5, 6, 257, 258, 305, 307, *range(32000, 32033)))
"""HDF5's own, and those of its register, which compress."""
_PROSE = re.compile(r"[^\0-\x08\x0e-\x1f\x7f-\x9f\n{}\[\]\"\\]{0,200}")
"""What names, units, versions and dates look like, and no pickle, JSON or code does."""
_MOST_IN_MEMORY = 4 << 20
_MOST_DECLARED = 16 << 30
_LARGEST_RATIO = 1_000  # about what zeros are compressed to
_MOST_TEXTS = 10_000


def examine_hdf5(source: Source, here: Here) -> Iterator[Said]:
    """Says every reference out of the file and every gap, and hands on the texts of attributes."""
    texts: list[Text] = []
    extents: list[Extent] = []
    for part in read_hdf5(source, here.limits):
        if isinstance(part, Text):
            texts.append(part)
        elif isinstance(part, Filter):
            if part.number not in _FILTERS:
                message = f"{part.where} is decoded by the filter {part.number} {ascii(part.name[:100])[1:-1]}".rstrip()
                yield here.finding(FOREIGN_FILTER, message, part.start, filter=str(part.number))
        elif isinstance(part, Extent):
            extents.append(part)
        elif isinstance(part, Gap):
            do = "Download it again and compare its sha256." if part.cut_short else ""
            yield here.unexamined(part.why, part.start, do=do)
        else:
            yield _reference(part, here)
    yield from _declared(extents, source, here)
    # in the order of the file, which may be a stream
    texts.sort(key=lambda text: (text.start, text.end))
    yield from _different(texts, source, here)


def _declared(extents: list[Extent], source: Source, here: Here) -> Iterator[Said]:
    declared = sum(extent.size for extent in extents)
    if declared > _MOST_DECLARED and declared > _LARGEST_RATIO * source.size:
        largest = max(extents, key=lambda extent: extent.size)
        message = f"{declared:,} bytes, most of them in {largest.where}; the file has {source.size:,}"
        yield here.finding(DECLARED_SIZE, message, largest.start)


def _different(texts: list[Text], source: Source, here: Here) -> Iterator[Said]:
    """Each text once: PyTables writes the same few with every node."""
    seen: set[bytes | tuple[int, int]] = set()
    for part in texts:
        for text in _readings(source, part):
            size = text.source.size
            small = size <= _MOST_IN_MEMORY
            content = hashlib.sha256(text.source.read(0, size)).digest() if small else (part.start, size)
            if content not in seen:
                seen.add(content)
                yield text
        if len(seen) > _MOST_TEXTS:
            yield here.unexamined(f"more than {_MOST_TEXTS:,} different texts and objects", part.start)
            return


def _reference(part: Reference, here: Here) -> Finding:
    if isinstance(part, ExternalLink):
        message = f"{part.where} leads to {part.path[:200]} in the file {part.file[:200]}"
        return here.finding(EXTERNAL_LINK, message, part.start)
    if isinstance(part, ExternalStorage):
        more = f" and {len(part.files) - 1:,} more" if part.files[1:] else ""
        message = f"the numbers of {part.where} are in {part.files[0][:200] if part.files else 'no file'}{more}"
        return here.finding(EXTERNAL_STORAGE, message, part.start)
    message = f"{part.where} is put together from other datasets, the first in the file {part.file[:200]}"
    return here.finding(VIRTUAL_DATASET, message, part.start)


def _readings(source: Source, part: Text) -> Iterator[Nested]:
    size = part.end - part.start
    raw = source.read(part.start, size) if size <= _MOST_IN_MEMORY else b""
    if raw and part.whole:
        size = len(raw.rstrip(b"\0"))
        if not size or _is_prose(raw[:size]):
            return
    yield Nested(_name(part), Slice(source, part.start, size), raw=not part.whole)
    if part.whole and raw and not _is_utf8(raw):  # h5py hands on bytes that are no UTF-8 as surrogates
        yield Nested(_name(part), BytesSource(raw[:size].decode("latin-1").encode()), raw=True)
    first = raw.find(b"\0", 0, size)
    if part.whole and first > 0:  # where other readers end the text
        yield Nested(_name(part), Slice(source, part.start, first), raw=True)


def _name(part: Text) -> str:
    if part.attribute is None:
        return f"<values of {part.where}>"
    return f"<attribute {part.attribute}>" if part.where == "/" else f"<attribute {part.attribute} of {part.where}>"


def _is_utf8(raw: bytes) -> bool:
    try:
        raw.decode()
    except UnicodeDecodeError:
        return False
    return True


def _is_prose(raw: bytes) -> bool:
    text = raw.decode("utf-8" if _is_utf8(raw) else "latin-1")
    return _PROSE.fullmatch(text) is not None


RULES: tuple[Rule, ...] = (EXTERNAL_LINK, EXTERNAL_STORAGE, VIRTUAL_DATASET, FOREIGN_FILTER, DECLARED_SIZE)
