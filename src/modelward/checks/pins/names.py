"""Names of repositories on a hub that pass for well-known ones.

A name is compared, never looked up: nothing here says that a repository is good because its name is known, or bad
because it is not. Known organisations may call their repositories what they like. What is not noticed: a new name that
resembles none of the list (data/known_names.txt), and a known name that somebody else holds by now.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from modelward.checks.pins.rules import ADDED_WORD, BORROWED_NAME, HOMOGLYPH, LOOK_ALIKE
from modelward.core.finding import Finding, Location, Rule
from modelward.core.look_alike import Edit, Index, Near, normal, words

_ADDED = frozenset(
    "official hf huggingface hub ai ml nlp llm inc corp co ltd labs lab research team org group models model weights "
    "datasets data community foundation opensource oss release releases original new real the verified global dev "
    "v1 v2 v3 1 2 01".split()
)
"""Words that are put before or behind a name to get one that is still free."""
_LEFT_OUT = ("ai", "hf", "labs", "inc")
"""Words at the end of known names that people forget."""

_SHORTEST = 6
"""Of a name that one other letter makes a look-alike: short ones are near too many honest names."""
_SHORTEST_OF = {Edit.SEPARATORS: 0, Edit.READING: 0, Edit.ORDER: 0, Edit.SWAPPED: 4, Edit.DOUBLED: 4}
_SHORTEST_REPO = 7


def look_alikes(name: str) -> Iterator[Finding]:
    """What there is to say of the repository *name*, as org/name or datasets/org/name: nothing of well-known ones."""
    for rule, message in _judge(name):
        yield Finding(rule, Location(None), message, (("name", name),))


@lru_cache(maxsize=4096)
def _judge(name: str) -> tuple[tuple[Rule, str], ...]:
    parts = name.split("/")
    if len(parts) > 1 and parts[0] in ("datasets", "spaces", "models"):
        del parts[0]
    return tuple(_said("/".join(parts), parts[0] if len(parts) > 1 else "", parts[-1]))


def _said(name: str, org: str, repo: str) -> Iterator[tuple[Rule, str]]:
    if not name.isascii():
        yield HOMOGLYPH, f"{name!r} is {name!a}{_meant(org, repo)}"
        return
    known = _known()
    if not org:
        near = None if repo in known.makers else _nearest(repo, known.repos)
        if near:
            yield LOOK_ALIKE, f"{name!r} {near.edit.value} {near.known!r}"
    elif org not in known.trusted:
        near = _nearest(org, known.names)
        if near:
            yield LOOK_ALIKE, f"the organisation of {name!r} {near.edit.value} {near.known!r}"
            return
        whole = _without_added(org, known.names)
        if whole:
            yield ADDED_WORD, f"the organisation of {name!r} is {whole!r} with a word more or less"
        else:
            yield from _borrowed(name, repo, known)


def _nearest(name: str, known: Index) -> Near | None:
    nearest = known.near(name)
    return next((one for one in nearest if len(normal(one.known)) >= _SHORTEST_OF.get(one.edit, _SHORTEST)), None)


def _without_added(org: str, known: Index) -> str | None:
    """The known name that *org* is, but for words that anybody can add or forget."""
    forgotten = filter(None, (known.get(org + word) for word in _LEFT_OUT))
    return known.but_for(org, _ADDED, _SHORTEST) or next(forgotten, None)


def _meant(org: str, repo: str) -> str:
    """What a name with foreign letters is to be taken for."""
    known = _known()
    near = (*known.names.near(org), *known.repos.near(repo))
    found = next((one.known for one in near if one.edit in (Edit.SEPARATORS, Edit.READING)), "")
    return f", which is read as {found!r}" if found else ""


def _borrowed(name: str, repo: str, known: Known) -> Iterator[tuple[Rule, str]]:
    original = known.repos.get(repo)
    if original and len(normal(repo)) >= _SHORTEST_REPO:
        yield BORROWED_NAME, f"{name!r} is called like {f'{known.makers[original]}/{original}'!r}"
        return
    parts = words(repo)
    starts = {"".join(parts[:number]) for number in range(1, min(len(parts), 8))}
    mentioned = next((org for key, org in known.companies.items() if key in starts), None)
    if mentioned:
        yield BORROWED_NAME, f"{name!r} begins with the name of the organisation {mentioned!r}"


# -- the list


@dataclass(frozen=True, slots=True)
class Known:
    orgs: frozenset[str]
    trusted: frozenset[str]
    """Those and the known uploaders."""
    names: Index
    """Of the trusted."""
    repos: Index
    """Names without their organisation."""
    makers: Mapping[str, str]
    """The organisation of each of them."""
    companies: Mapping[str, str]
    """By normal form: organisations that do not call their own repositories after themselves, so that whoever does so
    means the organisation."""


@cache
def _known() -> Known:
    text = files("modelward.checks.pins").joinpath("data/known_names.txt").read_text("utf-8")
    section = ""
    orgs: dict[str, list[str]] = {}
    uploaders: list[str] = []
    for line in text.splitlines():
        if line.startswith("["):
            section = line.strip("[]")
        elif line and not line.startswith("#") and section == "uploaders":
            uploaders.append(line)
        elif line and not line.startswith("#"):
            org, _, repos = line.partition(":")
            orgs.setdefault(org, []).extend(repos.split())
    named = {repo: org for org, repos in orgs.items() for repo in repos}
    families = {org for org, repos in orgs.items() if sum(normal(repo).startswith(normal(org)) for repo in repos) > 1}
    return Known(
        frozenset(orgs),
        frozenset({*orgs, *uploaders}),
        Index((*orgs, *uploaders)),
        Index(named),
        named,
        {normal(org): org for org in orgs if org not in families and len(normal(org)) >= _SHORTEST},
    )
