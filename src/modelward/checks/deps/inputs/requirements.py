"""Requirements files, as pip reads them: https://pip.pypa.io/en/stable/reference/requirements-file-format/

Every line is a package, an option that is known, or a Gap. No variable is expanded and no marker evaluated.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import NamedTuple

from modelward.checks.deps.inputs import addresses, options, requirement_text
from modelward.checks.deps.inputs.conflicts import conflicts
from modelward.checks.deps.inputs.constraints import constrain
from modelward.checks.deps.inputs.lines import Line, decode, logical
from modelward.checks.deps.inputs.said import gap
from modelward.core.dependency import Gap, Graph, Origin, Package
from modelward.core.errors import Malformed
from modelward.core.finding import Unexamined
from modelward.core.source_audit import Spot

_DEEPEST = 32
_MOST_FILES = 1_000
_NO_END = "the last line has no end, as if the file was cut off there: what stood behind it is not known"
_DROPPED = "pip drops a word that stands between its options: it is a part of nothing"
_DO = "write it as name==version, or see what pip makes of it"


class Included(NamedTuple):
    """Another requirements file. *file* names it, in the same way wherever it is included."""

    file: str
    raw: bytes


Include = Callable[[str, Spot], Included | Unexamined]
"""The file behind `-r` or `-c` at a place, whose path counts from the folder of the file at that place."""


def read(raw: bytes, file: str, include: Include) -> Graph:
    """All that *raw* and the files that it includes ask for. Constraints pin what is asked for, and ask for nothing.
    Never raises what *include* does not."""
    reader = _Reader(include)
    reader.file(Included(file, raw), False, ())
    return reader.graph()


def _unread(line: Line, file: str) -> Iterator[Package]:
    """What pip may install in spite of what is wrong with the rest of *line*."""
    if line.text.startswith("-"):
        return
    try:
        asked = requirement_text.parse(line.text.partition(" -")[0].rstrip(" "))
    except Malformed:
        return
    at = Spot(file, line.number, 1)
    yield Package(asked.name, asked.version, at, Origin("unread"), asked.specifier, marker=asked.marker)


class _Reader:
    def __init__(self, include: Include) -> None:
        self._include = include
        self._read: set[tuple[str, bool]] = set()
        self._asked: list[Package] = []
        self._constraints: list[Package] = []
        self._gaps: list[Gap] = []
        self._indexes: list[tuple[Spot, str]] = []
        self._main_index = ""
        self._trusted: list[Spot] = []

    def graph(self) -> Graph:
        found = list(constrain(self._asked, self._constraints))
        self._gaps += [one for one in found if isinstance(one, Gap)]
        packages = [self._located(one) for one in found if isinstance(one, Package)]
        self._gaps += conflicts(packages)
        if not all(package.is_hashed for package in packages):
            why = "--trusted-host switches off the check of who a server is, and not every package has a hash"
            self._gaps += [
                gap(at.file, at.line, why, "give hashes, or the server's certificate") for at in self._trusted
            ]
        gaps = dict.fromkeys(sorted(self._gaps, key=lambda one: one.at.order))
        return Graph(tuple(packages), tuple(gaps), tuple(self._indexes_of({one.at.file for one in packages})))

    def _indexes_of(self, files: Collection[str]) -> Iterator[tuple[Spot, str]]:
        """pip takes every package from every index, whichever of the files names it."""
        for file in sorted(files):
            yield from ((at if at.file == file else Spot(file, 1, 1), url) for at, url in self._indexes)

    def _located(self, package: Package) -> Package:
        """A package has one index only where the file names one and no others besides."""
        if package.origin.kind == "unstated" and self._main_index and len({url for _, url in self._indexes}) == 1:
            return package._replace(origin=Origin("index", self._main_index))
        return package

    def file(self, one: Included, is_constraint: bool, above: tuple[str, ...]) -> None:
        if (one.file, is_constraint) in self._read:
            return  # by another way: it says nothing new
        self._read.add((one.file, is_constraint))
        text, line_of_trouble, why = decode(one.raw)
        if why:
            self._gap(one.file, line_of_trouble, why, "save the file as UTF-8")
        if "--hash" in text and not text.endswith(("\n", "\r")):  # tools write such files, and end each line
            self._gap(one.file, text.count("\n") + 1, _NO_END, "restore it; if it is whole, end its last line")
        for line in logical(text):
            try:
                self._line(line, one.file, is_constraint, (*above, one.file))
            except Malformed as error:
                self._gap(one.file, line.number, str(error), _DO)
                if not is_constraint:
                    self._asked += _unread(line, one.file)

    def _line(self, line: Line, file: str, is_constraint: bool, above: tuple[str, ...]) -> None:
        if line.is_open:
            self._gap(
                file, line.number, "the file ends in the middle of this line: its last part is missing", "restore it"
            )
        said = options.split(line.text)
        if said.asked and said.dropped:
            raise Malformed(_DROPPED)
        self._said(said, Spot(file, line.number, 1), is_constraint, above)
        if said.dropped:
            raise Malformed(_DROPPED)

    def _said(self, said: options.Split, at: Spot, is_constraint: bool, above: tuple[str, ...]) -> None:
        given = dict(said.options)
        given.pop("config-settings", None)
        editables = given.pop("editable", []) if not said.asked else []
        if said.asked or editables:
            if given:
                raise Malformed("pip ignores an option that stands behind a requirement and is none for it")
            if said.asked:
                asked = requirement_text.parse(self._literal(said.asked))
            else:
                asked = requirement_text.parse_editable(self._literal(editables[0]))
            self._take(asked, said, at, is_constraint, bool(editables))
            if len(editables) > 1:
                raise Malformed("pip takes the first of several --editable of one line, and drops the others")
            return
        if said.has_hash:
            raise Malformed("a hash of nothing: pip ignores it")
        nested = "requirement" if "requirement" in given else "constraint"
        if nested in given:
            self._nested(given[nested][0], at, nested == "constraint", above)
            if len(given) > 1 or len(given[nested]) > 1:
                raise Malformed("pip takes the first file of such a line, and drops the rest of the line")
            return
        self._set(given, at)

    def _literal(self, text: str) -> str:
        """*text*, unless a variable is in what is kept of it."""
        if len(text) > requirement_text.LONGEST:
            raise Malformed(f"a line of more than {requirement_text.LONGEST:,} characters is not read")
        if "${" in text and addresses.VARIABLE.search(addresses.without_secrets(text)):
            raise Malformed("it depends on a variable of the environment: what it stands for is not known")
        return text

    def _take(
        self, asked: requirement_text.Requirement, said: options.Split, at: Spot, is_constraint: bool, is_editable: bool
    ) -> None:
        name, version, specifier, marker, origin, hashes = asked
        package = Package(name, version, at, origin, specifier, addresses.union(said.hashes, hashes), marker=marker)
        if not is_constraint:
            self._asked.append(package)
        elif is_editable:
            raise Malformed("pip takes no editable package for a constraint")
        else:
            self._constraints.append(package)

    def _nested(self, path: str, at: Spot, is_constraint: bool, above: tuple[str, ...]) -> None:
        path = self._literal(path)
        if addresses.scheme_of(path) in ("http", "https", "file"):
            raise Malformed("it includes a file of another machine, which is not fetched: keep a copy beside this one")
        if len(above) >= _DEEPEST or len(self._read) >= _MOST_FILES:
            raise Malformed("more files than are followed include each other")
        found = self._include(path, at)
        if isinstance(found, Unexamined):
            self._gaps.append(Gap(at, found))
        elif found.file in above:
            raise Malformed("it includes a file that includes it: pip refuses that")
        else:
            self.file(found, is_constraint, above)

    def _set(self, given: Mapping[str, Sequence[str]], at: Spot) -> None:
        for url in given.get("index-url", ()):
            self._main_index = self._index(url, at)
        for option in ("extra-index-url", "find-links"):
            for url in given.get(option, ()):
                self._index(url, at)
        self._trusted += [at] * len(given.get("trusted-host", ()))

    def _index(self, url: str, at: Spot) -> str:
        clean = addresses.without_secrets(self._literal(url))
        self._indexes.append((at, clean))
        return clean

    def _gap(self, file: str, line: int, why: str, do: str) -> None:
        self._gaps.append(gap(file, line, why, do))
