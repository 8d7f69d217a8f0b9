"""zip: archives that are two archives, members that harm whoever unpacks them, bytes that hide.

https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby

from modelward.checks.scan.here import UNREAD, Here, Nested, Said
from modelward.core.artifact import Source
from modelward.core.errors import NotFetched
from modelward.core.finding import Rule, Severity
from modelward.formats.source import Slice, Stream
from modelward.formats.zip import Kind, Member, ZipFacts, crc_matches, is_zero, open_member, read_zip

_SPEC = "https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT"
_CONFUSION = ("CWE-436", "CVE-2025-54368", "GHSA-8qf3-x8v5-2pj8", _SPEC)
_REBUILD = "Do not use this file; get it again from its publisher, or have them pack it again with an ordinary tool."
_SUM_LIMIT = 64 << 20  # nothing larger than this is parsed in practice, and the digest of the file covers it anyway
_SHOWN = 200  # characters of a name inside a message

RULE_OF: Mapping[Kind, Rule] = {
    Kind.NAME_MISMATCH: Rule(
        "zip-name-mismatch",
        Severity.MEDIUM,
        "a member has two names",
        "The local header and the central directory name it differently, so a scanner and a loader can see "
        "different files in one archive.",
        _REBUILD,
        ("CVE-2025-1944", "GHSA-7q5r-7gvp-wc82", *_CONFUSION),
    ),
    Kind.HEADER_MISMATCH: Rule(
        "zip-header-mismatch",
        Severity.MEDIUM,
        "a member is described in two ways",
        "Where its headers disagree on flags, method, size or CRC, each reader takes other bytes for its content, "
        "and scanners that stop at the contradiction miss what a loader still reads.",
        _REBUILD,
        ("CVE-2025-1945", "GHSA-w8jq-xcqf-f792", *_CONFUSION),
    ),
    Kind.UNLISTED_MEMBER: Rule(
        "zip-unlisted-member",
        Severity.MEDIUM,
        "the central directory leaves a member out",
        "Readers that go by local headers unpack it, and those that go by the directory never see it.",
        _REBUILD,
        _CONFUSION,
    ),
    Kind.MISSING_MEMBER: Rule(
        "zip-missing-member",
        Severity.MEDIUM,
        "the central directory lists a member that is not there",
        "What a reader makes of the bytes at that place differs from one to the next.",
        _REBUILD,
        _CONFUSION,
    ),
    Kind.OVERLAP: Rule(
        "zip-overlapping-members",
        Severity.MEDIUM,
        "members share bytes",
        "Ordinary tools never write this: it packs a bomb, or gives the same bytes two meanings.",
        _REBUILD,
        ("CWE-409", "CWE-436", "https://www.bamsoftware.com/hacks/zipbomb/"),
    ),
    Kind.DUPLICATE_NAME: Rule(
        "zip-duplicate-name",
        Severity.MEDIUM,
        "two members have one name",
        "Some readers take the first of them and some the last: one archive is two models.",
        _REBUILD,
        ("CWE-694", *_CONFUSION),
    ),
    Kind.CASE_DUPLICATE: Rule(
        "zip-case-duplicate",
        Severity.LOW,
        "two names differ in case alone",
        "torch and file systems that ignore case take them for one file.",
        "Rename one of the members.",
        ("CWE-178", _SPEC),
    ),
    Kind.PATH_ESCAPE: Rule(
        "zip-path-escape",
        Severity.MEDIUM,
        "unpacking writes outside the folder",
        "A tool that trusts the name overwrites files of the user who unpacks the archive.",
        "Do not unpack this file.",
        ("CWE-22", "https://security.snyk.io/research/zip-slip-vulnerability"),
    ),
    Kind.ODD_NAME: Rule(
        "zip-odd-name",
        Severity.MEDIUM,
        "a member's name hides what it is",
        "Names that are empty, hold a NUL, or call content a folder are read differently by different tools.",
        _REBUILD,
        ("CWE-158", _SPEC),
    ),
    Kind.BACKSLASH_NAME: Rule(
        "zip-backslash-name",
        Severity.LOW,
        "a member's name has a backslash",
        "It separates folders on Windows and is a letter elsewhere; the format asks for forward slashes.",
        "Pack it again with forward slashes.",
        ("CWE-41", _SPEC),
    ),
    Kind.SPECIAL_FILE: Rule(
        "zip-special-file",
        Severity.MEDIUM,
        "a member is unpacked as a link or a device",
        "A link can lead out of the folder, and later members are then written through it.",
        "Do not unpack this file.",
        ("CWE-59", "CWE-61", _SPEC),
    ),
    Kind.ENCRYPTED_MEMBER: Rule(
        "zip-encrypted-member",
        Severity.MEDIUM,
        "a member is encrypted",
        "No scanner can look into it, and a reader that ignores the flag loads it as it is.",
        "Get it from its publisher without encryption.",
        ("CVE-2025-1945", "GHSA-w8jq-xcqf-f792", "CWE-693", _SPEC),
    ),
    Kind.UNKNOWN_METHOD: Rule(
        "zip-unknown-method",
        Severity.MEDIUM,
        "a member is compressed in a way that is not read here",
        "Nothing is known of its content, while another reader may well open it.",
        "Pack it again, stored or with deflate.",
        ("CWE-693", _SPEC),
    ),
    Kind.ODD_FLAGS: Rule(
        "zip-odd-flags",
        Severity.MEDIUM,
        "a member has flags that readers treat differently",
        "Some refuse patch data, strong encryption and masked headers, others ignore the flag and load the member.",
        _REBUILD,
        ("CVE-2025-1945", "GHSA-w8jq-xcqf-f792", *_CONFUSION),
    ),
    Kind.ODD_EXTRA: Rule(
        "zip-odd-extra",
        Severity.MEDIUM,
        "a member's extra fields are malformed",
        "They decide where the data lies and how long it is, and readers repair them in different ways.",
        _REBUILD,
        _CONFUSION,
    ),
    Kind.AMBIGUOUS_END: Rule(
        "zip-ambiguous-directory",
        Severity.MEDIUM,
        "the end of the archive leads to two directories",
        "Its records contradict each other, so readers find different members in one file.",
        _REBUILD,
        ("CVE-2025-8291", *_CONFUSION),
    ),
    Kind.PREPENDED_DATA: Rule(
        "zip-prepended-data",
        Severity.MEDIUM,
        "something stands before the archive",
        "A reader that starts at the first byte sees another file than one that starts at the end: a script, a "
        "pickle, a program.",
        "Do not use this file unless it is meant to be run.",
        _CONFUSION,
    ),
    Kind.HIDDEN_DATA: Rule(
        "zip-hidden-data",
        Severity.MEDIUM,
        "bytes between the members belong to none",
        "No unpacker shows them, and they can be content for a reader that looks elsewhere.",
        _REBUILD,
        _CONFUSION,
    ),
    Kind.TRAILING_DATA: Rule(
        "zip-trailing-data",
        Severity.LOW,
        "bytes follow the archive",
        "Most readers ignore them, some refuse the file, and some take them for the archive.",
        "Remove them, or get the file again from its publisher.",
        _CONFUSION,
    ),
}

BAD_CRC = Rule(
    "zip-bad-crc",
    Severity.MEDIUM,
    "a member's content does not have its CRC",
    "It is damaged or was changed. Careful readers stop here, scanners among them, and torch loads it all the same.",
    _REBUILD,
    ("CVE-2025-10156", "GHSA-mjqp-26hc-grxg", "CWE-354", _SPEC),
)

_OUTSIDE = (Kind.PREPENDED_DATA, Kind.HIDDEN_DATA, Kind.TRAILING_DATA)


def examine_zip(source: Source, here: Here) -> Iterator[Said]:
    """What is odd about the archive, then every member as a file of its own."""
    facts = read_zip(source, here.limits)
    yield from zip_findings(facts, here)
    yield from nested_members(source, facts, here)


def zip_findings(facts: ZipFacts, here: Here) -> Iterator[Said]:
    """Findings and gaps of the archive itself. Reads nothing."""
    for anomaly in facts.anomalies:
        message = f"{anomaly.member[:_SHOWN]} {anomaly.detail}" if anomaly.member else anomaly.detail
        yield here.finding(RULE_OF[anomaly.kind], message, anomaly.at, anomaly.end)
    for gap in facts.gaps:
        why = f"{gap.member[:_SHOWN]}: {gap.why}" if gap.member else gap.why
        yield here.unexamined(why, gap.at, gap.end)


def _no_raw(member: Member) -> bool:
    return False


def nested_members(
    source: Source, facts: ZipFacts, here: Here, is_raw: Callable[[Member], bool] = _no_raw
) -> Iterator[Said]:
    """Every member that has content, every span of bytes that belongs to none, and what reading
    them brought to light. The caller must be done with a Nested before it takes the next value.

    Members for which *is_raw* holds are passed on as raw numbers, and if stored their CRC is not
    checked: it would cost a pass over data that nobody parses and the digest of the file covers.
    """
    reach = 0
    for _, group in groupby(facts.members, key=lambda member: member.header_at):
        seen = set()
        for member in group:
            content = (member.at, member.compressed, member.method, member.encrypted)
            if not member.compressed or content in seen:
                continue
            seen.add(content)
            # a few bytes shared by many members are read many times over: a bomb without compression
            if member.at < reach and not here.budget.spend(member.compressed):
                yield here.unexamined(f"{member.name[:_SHOWN]}: shares more bytes than the limit", member.at, reach)
                continue
            reach = max(reach, member.at + member.compressed)
            raw = is_raw(member)
            try:
                yield from _nested(source, member, here, raw)
            except NotFetched:
                if not raw:
                    yield here.into(member.name).unexamined(UNREAD)
    for anomaly in facts.anomalies:
        if anomaly.kind in _OUTSIDE and not is_zero(source, anomaly.at, anomaly.end):
            span = Slice(source, anomaly.at, anomaly.end - anomaly.at)
            yield Nested(f"<bytes {anomaly.at}-{anomaly.end}>", span)


def _nested(source: Source, member: Member, here: Here, raw: bool) -> Iterator[Said]:
    opened = open_member(source, member, here.limits, here.budget)
    start, end = member.at, member.at + member.compressed
    name = member.name[:_SHOWN]
    if isinstance(opened, str):
        yield here.unexamined(f"{name}: {opened}", start, end)
        return
    if opened.read(0, 1):
        yield Nested(member.name, opened, raw)
    if isinstance(opened, Stream):
        sound = crc_matches(opened, member)  # reads to the end, where problems come to light
        opened.release()
        if opened.problem:
            yield here.unexamined(f"{name}: {opened.problem}", start, end)
            return
    else:
        sound = raw or member.compressed > _SUM_LIMIT or crc_matches(opened, member)
    if not sound:
        yield here.finding(BAD_CRC, f"{name} does not have the CRC {member.crc:#010x}", start, end)


RULES: tuple[Rule, ...] = (*RULE_OF.values(), BAD_CRC)
