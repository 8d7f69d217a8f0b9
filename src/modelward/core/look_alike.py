"""Names that look like others. Strings are compared, nothing is looked up, and nothing is said to be good or bad.

What is noticed: other case or separators, letters of other alphabets, ASCII that is read for other ASCII, words in
another order, one letter edited, and words put around a name. What is not: names that resemble no name of the index,
two letters edited (which finds hardly more, and many honest names), and edits of digits, by which versions and sizes
differ.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Set
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import TypeVar

K = TypeVar("K")

# Letters of other alphabets for Latin ones, beyond those that NFKC makes equal: https://www.unicode.org/reports/tr39/
_LATIN = str.maketrans(
    "аеорсухіјѕԁԛԝһӏвкмнтгАВЕКМНОРСТУХІЈЅԌԚԜαβορνικτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɑℓⅼօսոհցաԍƖɩǀ‐‑‒–—−﹣․",
    "aeopcyxijsdqwhlbkmhtrABEKMHOPCTYXIJSGQWaboprikTuxwABEZHIKMNOPTYXigallounhgwglll-------.",
)
_PAIRS = (("rn", "m"), ("vv", "w"))
_READ = str.maketrans("01345i|", "oleasll")
"""ASCII that is read for other ASCII, in lower case."""
_SEPARATOR = re.compile(r"[-_.\s]+")


class Edit(Enum):
    """How a name comes of a known one, the most telling first. The value says it: NAME <value> KNOWN."""

    SEPARATORS = "differs by case or separators alone from"
    READING = "reads like"
    ORDER = "has the words of"
    SWAPPED = "has two letters swapped, compared with"
    DOUBLED = "has a letter doubled, or no longer doubled, compared with"
    REPLACED = "differs by one letter from"
    ADDED = "has one letter more than"
    LEFT_OUT = "has one letter less than"


_RANKS = {edit: rank for rank, edit in enumerate(Edit)}


@dataclass(frozen=True, slots=True)
class Near:
    known: str
    """As it was given to the index."""
    edit: Edit


@dataclass(frozen=True, slots=True)
class Within:
    known: str
    rest: tuple[str, ...]
    """The words around it, in lower case."""


def normal(name: str) -> str:
    """Without case and separators."""
    return _SEPARATOR.sub("", name).casefold()


def words(name: str) -> list[str]:
    """Between separators, in lower case."""
    return [word for word in _SEPARATOR.split(name.casefold()) if word]


def skeleton(name: str) -> str:
    """What the eye reads: equal for names that look alike. https://www.unicode.org/reports/tr39/#Confusable_Detection"""
    return _read(normal(name if name.isascii() else _latin(name)))


def _read(form: str) -> str:
    for seen, meant in _PAIRS:
        form = form.replace(seen, meant)
    return form.translate(_READ)


def _latin(name: str) -> str:
    plain = "".join(char for char in name if unicodedata.category(char) != "Cf")
    text = unicodedata.normalize("NFKC", plain.translate(_LATIN)).translate(_LATIN).casefold()
    return "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))


class Index:
    """Known names, to find those that another one resembles: give the best known first. Of several that differ by case
    or separators alone, the first counts. A look-up takes time by the length of the name, and hardly by how many are
    known; the tables for it are made at the first."""

    def __init__(self, names: Iterable[str]) -> None:
        self._known: dict[str, str] = {}
        for name in names:
            self._known.setdefault(normal(name), name)
        self._places = {form: number for number, form in enumerate(self._known)}
        self._longest = max(map(len, self._known), default=0)

    def __len__(self) -> int:
        return len(self._known)

    def get(self, name: str) -> str | None:
        """The known name that *name* is, but for case and separators."""
        return self._known.get(normal(name))

    @cached_property
    def _readings(self) -> dict[str, list[str]]:
        return _gathered(
            (_read(form) if name.isascii() else skeleton(name), form) for form, name in self._known.items()
        )

    @cached_property
    def _orders(self) -> dict[str, list[str]]:
        """Of names that have several words."""
        return _gathered(
            (" ".join(sorted(parts)), form) for form, name in self._known.items() if len(parts := words(name)) > 1
        )

    @cached_property
    def _halves(self) -> dict[tuple[int, str], list[str]]:
        """Of the length of a known name and what it begins or ends with: one edit, a swap too, leaves one half alone,
        so the length of the edited name tells which names to compare with it."""
        return _gathered(
            ((len(form), half), form)
            for form in self._known
            for half in {form[: len(form) // 2], form[len(form) // 2 + 1 :]}
        )

    def _maybe_near(self, form: str) -> Iterator[str]:
        for length in range(max(len(form) - 1, 1), len(form) + 2):
            first, last = length // 2, length - length // 2 - 1
            for half in {form[:first], form[len(form) - last :] if last else ""}:
                yield from self._halves.get((length, half), ())

    def near(self, name: str) -> list[Near]:
        """The known names that *name* is nearly, the most telling edit first, then in the order of the index; not the
        one that it is itself. Names of any length: near short ones there are many honest names."""
        form = normal(name)
        found: dict[str, Edit] = {}
        if form in self._known and self._known[form] != name:
            found[form] = Edit.SEPARATORS
        for other in self._readings.get(skeleton(name), ()):
            found.setdefault(other, Edit.READING)
        parts = words(name)
        for other in self._orders.get(" ".join(sorted(parts)), ()) if len(parts) > 1 else ():
            found.setdefault(other, Edit.ORDER)
        for other in self._maybe_near(form):
            if other not in found and (edit := one_edit(form, other)):
                found[other] = edit
        nearest = sorted(found, key=lambda other: (_RANKS[found[other]], self._places[other]))
        return [Near(self._known[other], found[other]) for other in nearest if self._known[other] != name]

    def within(self, name: str) -> Iterator[Within]:
        """The known names that stand in *name* as words of their own, with what stands around them."""
        parts = words(name)
        for start in range(len(parts)):
            joined = ""
            for end in range(start + 1, len(parts) + 1):
                joined += parts[end - 1]
                if len(joined) > self._longest:
                    break
                if joined in self._known and end - start < len(parts):
                    yield Within(self._known[joined], (*parts[:start], *parts[end:]))

    def but_for(self, name: str, added: Set[str], shortest: int = 1) -> str | None:
        """The known name that *name* is, without words of *added* anywhere between its separators, or at its end
        without a separator, if the rest has *shortest* letters then."""
        parts = words(name)
        form = "".join(parts)
        rest = "".join(part for part in parts if part not in added)
        if rest in self._known and rest != form:
            return self._known[rest]
        starts = (form.removesuffix(word) for word in sorted(added) if form.endswith(word))
        return next((self._known[one] for one in starts if len(one) >= shortest and one in self._known), None)


def _gathered(pairs: Iterable[tuple[K, str]]) -> dict[K, list[str]]:
    found: dict[K, list[str]] = {}
    for key, form in pairs:
        found.setdefault(key, []).append(form)
    return found


def one_edit(form: str, known: str) -> Edit | None:
    """How *form* comes of *known* by one edit of a letter; None: it is the same, or does not, or a digit is edited."""
    if abs(len(form) - len(known)) > 1 or form == known:
        return None
    start = next((at for at, (a, b) in enumerate(zip(form, known, strict=False)) if a != b), min(len(form), len(known)))
    one, two = form[start:], known[start:]
    if len(form) == len(known):
        if one[2:] == two[2:] and one[:2] == two[1::-1]:
            return Edit.SWAPPED if one[:2].isalpha() else None
        return Edit.REPLACED if one[1:] == two[1:] and (one[0] + two[0]).isalpha() else None
    longer, rest = (one, two) if len(form) > len(known) else (two, one)
    if longer[1:] != rest or not longer[0].isalpha():
        return None
    if start and known[start - 1] == longer[0]:
        return Edit.DOUBLED
    return Edit.ADDED if len(form) > len(known) else Edit.LEFT_OUT
