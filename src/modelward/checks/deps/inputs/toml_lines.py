"""The lines on which the tables of an array of tables stand in a TOML text, for which tomllib keeps no positions."""

from __future__ import annotations

import re
from collections.abc import Iterator

_HEADER = re.compile(r"[ \t]*\[")
_NAME = re.compile(r"[ \t]*name[ \t]*=")


def table_lines(text: str, key: str, count: int) -> list[int]:
    """For each of the *count* tables `[[key]]` the line of its name, or of its header where the next lines have none.
    1 for all of them where the text is not written so that the lines are certain: with texts of several lines, in
    which a header may stand, or with tables that are written in another way."""
    if '"""' in text or "'''" in text:
        return [1] * count
    found = list(_scan(text, key))
    return found if len(found) == count else [1] * count


def _scan(text: str, key: str) -> Iterator[int]:
    header = re.compile(rf"[ \t]*\[\[[ \t]*{re.escape(key)}[ \t]*\]\]")
    at = 0  # the line of a header whose name has not come yet
    for number, line in enumerate(text.split("\n"), 1):
        if at and _NAME.match(line):
            yield number
            at = 0
        elif _HEADER.match(line):
            if at:
                yield at
            at = number if header.match(line) else 0
    if at:
        yield at
