"""What a verdict rests on: how much was examined, what was waived, which digest it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelward.core.finding import Finding
from modelward.core.result import CheckResult, ScanResult, Waived
from modelward.report.blocks import where
from modelward.report.escape import visible
from modelward.report.line import Line, count
from modelward.report.remote import remote_lines

_FORMATS = 6
_PATHS = 10


def footer(scan: ScanResult, check: CheckResult | None, statements: str | None) -> Iterator[Line]:
    yield Line("examined  ", _examined(scan))
    if scan.excluded:
        yield Line("excluded  ", _paths(scan.excluded))
    if scan.left_out:
        yield Line("left out  ", _paths(scan.left_out))
    yield from _baselined(scan)
    if check:
        yield from (Line("waived    ", _waived(waiver, scan.label)) for waiver in check.waived)
        if not check.waived:
            yield Line("waived    ", "none")
        refused = check.refused
        yield from (Line("refused   ", f"{visible(each.file)}: {visible(each.why)}") for each in refused[:_PATHS])
        if refused[_PATHS:]:
            yield Line(
                "refused   ", f"{count(len(refused) - _PATHS, 'more file')} of evidence; --format json names them"
            )
    yield from remote_lines(scan)
    yield Line("digest    ", str(scan.digest or "not known: not all of it was read"))
    if check and statements is not None:
        yield Line("evidence  ", f"{count(len(check.statements), 'statement')} in {visible(statements)}")
    if check and check.not_asked:
        yield Line("", f"not asked by {visible(check.policy_name)}: {', '.join(map(visible, check.not_asked))}")


def _examined(scan: ScanResult) -> str:
    """Counts of files whose bytes were looked at to the end, in part, and not at all; they add up to all files."""
    total = len(scan.paths)
    gaps = {place.file for place in scan.unexamined}
    whole = {place.file for place in scan.unexamined if not place.said.at.inside and place.said.at.span is None}
    read = scan.sizes.keys()
    fully, partly = len(read - gaps), len((gaps - whole) & read)
    parts = [f"{fully:,} of {count(total, 'file')}"]
    if fully < total:
        parts[0] += " fully"
        parts += [f"{partly:,} partly"] if partly else []
        parts += [f"{total - fully - partly:,} not at all"] if total > fully + partly else []
    others = len(read - gaps - {place.file for place in scan.findings})
    text = f"{', '.join(parts)}, {_amount(scan)}{_formats(scan.coverage.formats)}"
    if scan.findings and others:
        text += f"; {others:,} other{'s have' if others > 1 else ' has'} no findings"
    return text


def _amount(scan: ScanResult) -> str:
    coverage = scan.coverage
    if coverage.examined_bytes < coverage.bytes:
        return f"{_size(coverage.examined_bytes)} of {_size(coverage.bytes)}"
    return _size(coverage.bytes)


def _formats(formats: Sequence[tuple[str, int]]) -> str:
    shown = [f"{number:,} {visible(name)}" for name, number in formats[:_FORMATS]]
    if formats[_FORMATS:]:
        shown.append(f"{sum(number for _, number in formats[_FORMATS:]):,} of other kinds")
    return f" ({', '.join(shown)})" if shown else ""


def _baselined(scan: ScanResult) -> Iterator[Line]:
    for place in scan.baselined[:_PATHS]:
        if isinstance(place.said, Finding):
            yield Line("baselined ", f"{place.said.rule.id} in {where(place.file, place.said.at, scan.label)}")
    if scan.baselined[_PATHS:]:
        yield Line("baselined ", f"and {len(scan.baselined) - _PATHS:,} more: use --format json")


def _waived(waived: Waived, label: str) -> str:
    said = waived.place.said
    what = said.rule.id if isinstance(said, Finding) else said.why
    place = where(waived.place.file, said.at, label)
    return f"{visible(what)} in {place} until {visible(waived.until)}: {visible(waived.reason)}"


def _paths(paths: Sequence[str]) -> str:
    more = f" and {len(paths) - _PATHS:,} more" if len(paths) > _PATHS else ""
    return ", ".join(map(visible, paths[:_PATHS])) + more


def _size(amount: int) -> str:
    """Decimal units, as disks and download pages use them."""
    if amount < 1000:
        return f"{amount} B"
    value = float(amount)
    for unit in ("kB", "MB", "GB"):
        value /= 1000
        if value < 999.95:
            return f"{value:.1f} {unit}"
    return f"{value / 1000:,.1f} TB"
