"""Names of repositories on a hub that pass for well-known ones.

A name is compared, never looked up: nothing here says that a repository is good because its name is known, or bad
because it is not. Known organisations may call their repositories what they like. What is not noticed: a new name that
resembles none of the list (data/known_names.txt), and a known name that somebody else holds by now.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from modelward.checks.pins.rules import ADDED_WORD, BORROWED_NAME, HOMOGLYPH, LOOK_ALIKE
from modelward.core.finding import Finding, Location, Rule

_ADDED = frozenset(
    "official hf huggingface hub ai ml nlp llm inc corp co ltd labs lab research team org group models model weights "
    "datasets data community foundation opensource oss release releases original new real the verified global dev "
    "v1 v2 v3 1 2 01".split()
)
"""Words that are put before or behind a name to get one that is still free."""
_LEFT_OUT = ("ai", "hf", "labs", "inc")
"""Words at the end of known names that people forget."""

# Letters of other alphabets for Latin ones, beyond those that NFKC makes equal: https://www.unicode.org/reports/tr39/
_LATIN = str.maketrans(
    "аеорсухіјѕԁԛԝһӏвкмнтгАВЕКМНОРСТУХІЈЅԌԚԜαβορνικτυχωΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɑℓⅼօսոհցաԍƖɩǀ‐‑‒–—−﹣․",
    "aeopcyxijsdqwhlbkmhtrABEKMHOPCTYXIJSGQWaboprikTuxwABEZHIKMNOPTYXigallounhgwglll-------.",
)
_PAIRS = (("rn", "m"), ("vv", "w"), ("0", "o"), ("1", "l"), ("i", "l"), ("|", "l"))
"""ASCII that is read for other ASCII, in lower case."""
_SEPARATOR = re.compile(r"[-_.\s]+")
_SHORTEST = 6
"""Of a name that one other letter makes a look-alike: short ones are near too many honest names."""
_SHORTEST_SWAP = 4
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
        near = None if repo in known.repos_by_name else _nearest(repo, known.repos_by_normal)
        if near:
            yield LOOK_ALIKE, f"{name!r} {near[1]} {near[0]!r}"
    elif org not in known.trusted:
        near = _nearest(org, known.orgs_by_normal)
        if near:
            yield LOOK_ALIKE, f"the organisation of {name!r} {near[1]} {near[0]!r}"
            return
        whole = _without_added(org, known.orgs_by_normal)
        if whole:
            yield ADDED_WORD, f"the organisation of {name!r} is {whole!r} with a word more or less"
        else:
            yield from _borrowed(name, repo, known)


def _meant(org: str, repo: str) -> str:
    """What a name with foreign letters is to be taken for."""
    known = _known()
    org_read = next((one for one in known.orgs if skeleton(one) == skeleton(org)), "") if org else ""
    found = org_read or next((one for one in known.repos_by_name if skeleton(one) == skeleton(repo)), "")
    return f", which is read as {found!r}" if found else ""


def _borrowed(name: str, repo: str, known: Known) -> Iterator[tuple[Rule, str]]:
    maker = known.makers.get(normal(repo))
    if maker and len(normal(repo)) >= _SHORTEST_REPO:
        yield BORROWED_NAME, f"{name!r} is called like {maker!r}"
        return
    words = _SEPARATOR.split(repo.casefold())
    starts = {"".join(words[:number]) for number in range(1, len(words))}
    mentioned = next((org for key, org in known.companies.items() if key in starts), None)
    if mentioned:
        yield BORROWED_NAME, f"{name!r} begins with the name of the organisation {mentioned!r}"


# -- the list


@dataclass(frozen=True, slots=True)
class Known:
    orgs: frozenset[str]
    uploaders: frozenset[str]
    repos_by_name: Mapping[str, str]
    """Names without their organisation."""
    repos_by_normal: Mapping[str, str]
    orgs_by_normal: Mapping[str, str]
    makers: Mapping[str, str]
    """The whole name by the normal form of the last part."""
    companies: Mapping[str, str]
    """By normal form: organisations that do not call their own repositories after themselves, so that whoever does so
    means the organisation."""

    @property
    def trusted(self) -> frozenset[str]:
        return self.orgs | self.uploaders


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
        frozenset(uploaders),
        named,
        {normal(repo): repo for repo in named},
        {normal(org): org for org in (*orgs, *uploaders)},
        {normal(repo): f"{org}/{repo}" for repo, org in named.items()},
        {normal(org): org for org in orgs if org not in families and len(normal(org)) >= _SHORTEST},
    )


# -- how names are compared


def normal(name: str) -> str:
    """Without case and separators."""
    return _SEPARATOR.sub("", name).casefold()


def skeleton(name: str) -> str:
    """What the eye reads: equal for names that look alike. https://www.unicode.org/reports/tr39/#Confusable_Detection"""
    plain = "".join(char for char in name if unicodedata.category(char) != "Cf")
    text = normal(unicodedata.normalize("NFKC", plain.translate(_LATIN)).translate(_LATIN))
    text = "".join(char for char in unicodedata.normalize("NFD", text) if not unicodedata.combining(char))
    for seen, meant in _PAIRS:
        text = text.replace(seen, meant)
    return text


@cache
def _skeletons() -> Mapping[str, str]:
    """The skeleton of each normal form that is compared."""
    known = _known()
    return {
        form: skeleton(one) for table in (known.orgs_by_normal, known.repos_by_normal) for form, one in table.items()
    }


def _nearest(name: str, known: Mapping[str, str]) -> tuple[str, str] | None:
    """The known name that *name* is nearly, and how; None if there is none."""
    form, read = normal(name), skeleton(name)
    if form in known:
        return known[form], "differs by case or separators alone from"
    skeletons = _skeletons()
    words = sorted(_SEPARATOR.split(name.casefold()))
    for other, whole in known.items():
        if skeletons[other] == read:
            return whole, "reads like"
        if len(words) > 1 and words == sorted(_SEPARATOR.split(whole.casefold())):
            return whole, "has the words of"
        if how := _one_edit(form, other):
            return whole, how
    return None


def _one_edit(one: str, two: str) -> str:
    """How *one* comes of *two* by one edit: a letter added, left out, replaced, doubled, or two swapped. Digits are
    left alone, since versions and sizes differ by them. Empty: by none."""
    if abs(len(one) - len(two)) > 1:
        return ""
    start = next((at for at, (a, b) in enumerate(zip(one, two, strict=False)) if a != b), min(len(one), len(two)))
    rest_one, rest_two = one[start:], two[start:]
    if len(one) == len(two):
        if rest_one[2:] == rest_two[2:] and rest_one[:2] == rest_two[1::-1] and rest_one[:2].isalpha():
            return "has two letters swapped, compared with" if len(two) >= _SHORTEST_SWAP else ""
        if rest_one[1:] == rest_two[1:] and len(two) >= _SHORTEST and (rest_one[0] + rest_two[0]).isalpha():
            return "differs by one letter from"
        return ""
    longer, shorter, at = (one, rest_two, start) if len(one) > len(two) else (two, rest_one, start)
    if longer[at + 1 :] != shorter or not longer[at].isalpha():
        return ""
    is_doubled = at > 0 and longer[at - 1] == longer[at]
    if len(two) >= (_SHORTEST_SWAP if is_doubled else _SHORTEST):
        return "has one letter more than" if len(one) > len(two) else "has one letter less than"
    return ""


def _without_added(org: str, known: Mapping[str, str]) -> str:
    """The known name that *org* is, but for words that anybody can add."""
    words = _SEPARATOR.split(org.casefold())
    rest = "".join(word for word in words if word not in _ADDED)
    if rest in known and rest != "".join(words):
        return known[rest]
    form = normal(org)
    for other, whole in known.items():
        if len(other) >= _SHORTEST and form.startswith(other) and form[len(other) :] in _ADDED:
            return whole
    return next((known[form + word] for word in _LEFT_OUT if form + word in known), "")
