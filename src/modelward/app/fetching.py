"""Files by the lock: fetched into a folder, or into a cache; and a cache compared with the lock."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from contextlib import closing
from dataclasses import replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from modelward.app.counting import Count
from modelward.app.locking import LockFile
from modelward.app.threads import begun
from modelward.checks.pins.lock import Entry, HubSource, WebSource
from modelward.core.content import Content
from modelward.core.errors import ReadError, UsageError
from modelward.core.pinning import Fate, Fates, State, files
from modelward.stores import hf_cache, hf_modules, hub
from modelward.stores.fetch import PARTS, Refused, Wanted, alone_in, check_inside, holds, tidy
from modelward.stores.fetch import fetch as fetch_file
from modelward.stores.files import reason
from modelward.stores.tree import LEFT_OUT
from modelward.stores.web import Web, check_url

if TYPE_CHECKING:
    from modelward.app.reading import Progress

Layout = Literal["plain", "hf-cache"]

_CONNECTIONS = 4
_PATIENCE = 8
_SHOWN = 20


def fetch(
    path: str,
    names: Sequence[str],
    output: str,
    layout: Layout,
    progress: Progress | None,
    waiting: Callable[[], None],
) -> Fates:
    """Fetches the entries *names* of the lock, or all, into the folder *output*. What is there already, and is what
    it must be, stays. Raises ModelwardError where nothing could be begun."""
    file = LockFile.read(path)
    entries = file.chosen(names)
    folder = Path(output)
    wanted = {entry.name: list(_wanted(entry, layout)) for entry in entries}
    with alone_in(folder, waiting):
        _check_places(path, folder, wanted.values())
        failures, replaced = _fetch_all(_once(chain(*wanted.values())), folder, progress)
        fates = []
        for entry in entries:
            places = [one.path for one in wanted[entry.name]]
            failed = [failures[place] for place in places if place in failures]
            fate = _settle(entry, failed, folder, layout, file.lock.at_commit_of(entry))
            told = [f"{place!r} was not what is pinned, and is now" for place in places if place in replaced]
            fates.append(fate._replace(details=(*_shortened(told), *fate.details)))
        tidy(folder, not failures)
    return Fates("fetch", tuple(fates))


def _wanted(entry: Entry, layout: Layout) -> Iterator[Wanted]:
    """Every place that is to be filled. Raises UsageError."""
    match entry.source:
        case WebSource(url=url):
            if layout == "hf-cache":
                raise UsageError(f"{entry.name!r} is no repository of a hub: name those that go into its cache")
            yield Wanted(str(check_url(url)), entry.files[""], entry.name)
        case HubSource(pinned=pinned, commit=commit):
            endpoint = hub.endpoint()
            for path, content in entry.files.items():
                place = hf_cache.blob(pinned, content) if layout == "hf-cache" else f"{entry.name}/{path}"
                yield Wanted(replace(pinned, path=path).url(endpoint), content, place, commit)


def _check_places(lock: str, folder: Path, wanted: Iterable[Sequence[Wanted]]) -> None:
    """Raises UsageError for the lock itself, ReadError for what lies behind a link."""
    places = {one.path for each in wanted for one in each}
    itself, root = Path(os.path.realpath(lock)), Path(os.path.realpath(folder))
    if itself.is_relative_to(root) and itself.relative_to(root).as_posix() in places:
        raise UsageError(f"{lock!r} would be replaced by what is fetched: name another --output")
    check_inside(folder, [f"{PARTS}/any", *places])


def _once(wanted: Iterable[Wanted]) -> list[Wanted]:
    """A cache keeps equal contents in one place. Raises UsageError where two would be there."""
    places: dict[str, Wanted] = {}
    for one in wanted:
        if places.setdefault(one.path, one).content != one.content:
            raise UsageError(f"{one.path!r} would be {one.content.name} and {places[one.path].content.name}")
    return list(places.values())


def _fetch_all(
    wanted: Sequence[Wanted], folder: Path, progress: Progress | None
) -> tuple[Mapping[str, ReadError], Set[str]]:
    """What went wrong, by place; and the places where something else was. Raises ReadError where nothing could be
    fetched at all."""
    count = Count(len(wanted), sum(one.content.size for one in wanted), progress)
    missing = _missing(wanted, folder, count)
    others = {one.path for one in missing if os.path.lexists(folder / one.path)}
    _check_room(missing, folder)
    with closing(hub.connect()) as web:
        failures = dict(_failing(web, missing, folder, count))
    tidy(folder, not failures)
    errors = list(failures.values())
    if errors and len(errors) == len(missing) and not any(isinstance(error, Refused) for error in errors):
        raise errors[0]
    return failures, others - failures.keys()


def _missing(wanted: Sequence[Wanted], folder: Path, count: Count) -> list[Wanted]:
    missing = []
    for one in wanted:
        if holds(folder / one.path, one.content):
            count.took(one.content.size)
            count.finished()
        else:
            missing.append(one)
    return missing


def _failing(web: Web, wanted: Sequence[Wanted], folder: Path, count: Count) -> Iterator[tuple[str, ReadError]]:
    """Fetches all of it, as long as somebody answers."""
    in_a_row = 0

    def work(one: Wanted) -> None:
        if in_a_row >= _PATIENCE:
            raise ReadError(f"{one.path!r}: not asked for, after {_PATIENCE} failures in a row")
        fetch_file(web, one, folder, count.took)
        count.finished()

    with begun(wanted, work, _CONNECTIONS) as results:
        for one, result in zip(wanted, results, strict=True):
            try:
                result()
                in_a_row = 0
            except ReadError as error:
                in_a_row += not isinstance(error, Refused)
                yield one.path, error


def _check_room(wanted: Sequence[Wanted], folder: Path) -> None:
    """Raises ReadError now rather than after an hour."""
    try:
        have = sum(part.lstat().st_size for part in (folder / PARTS).glob("*"))
        free = shutil.disk_usage(folder).free
    except OSError as error:
        raise ReadError(f"{str(folder)!r}: {reason(error)}") from error
    needed = sum(one.content.size for one in wanted) - have
    if needed > free:
        raise ReadError(f"there is no room for {needed:,} bytes in {str(folder)!r}, only for {free:,}")


# -- what becomes of it


def _settle(
    entry: Entry, failures: Sequence[ReadError], folder: Path, layout: Layout, pinned: Mapping[str, Content]
) -> Fate:
    """*pinned* is all that the lock has of the same commit."""
    if failures:
        state: State = "refused" if all(isinstance(error, Refused) for error in failures) else "failed"
        details = [str(error) for error in failures]
    elif layout == "hf-cache":
        state, details = _hand_over(entry, folder, pinned)
    else:
        state, details = _beside(entry, folder)
    return Fate(entry.name, str(entry.source), state, tuple(_shortened(details)))


def _shortened(details: list[str]) -> list[str]:
    return details if len(details) <= _SHOWN else [*details[:_SHOWN], f"and {len(details) - _SHOWN:,} more"]


def _hand_over(entry: Entry, cache: Path, pinned: Mapping[str, Content]) -> tuple[State, list[str]]:
    """Only a whole snapshot: clients take what they find for all there is."""
    assert isinstance(entry.source, HubSource)
    place = hf_cache.snapshot(cache, entry.source.pinned)
    root = place.relative_to(cache)
    check_inside(cache, [f"{PARTS}/any", *((root / path).as_posix() for path in entry.files)])
    hf_cache.hand_over(cache, entry.source.pinned, entry.files, cache / PARTS)
    hf_cache.point(cache, entry.source.ref, entry.source.commit, cache / PARTS)
    others = _others(place, pinned)
    return ("changed" if others else "fetched"), [*others, _summary(entry, place)]


def _beside(entry: Entry, folder: Path) -> tuple[State, list[str]]:
    """What else lies there would be loaded too, or executed."""
    place = folder / entry.name
    if "" in entry.files:
        return "fetched", [_summary(entry, place)]
    others = _others(place, entry.files)
    return ("changed" if others else "fetched"), [*others, _summary(entry, place)]


def _others(place: Path, pinned: Mapping[str, Content]) -> list[str]:
    others = (path for path in hf_cache.walk(place) if path not in pinned and not _is_left_out(path))
    return [f"{path!r} is there too, and is not in the lock" for path in sorted(others)]


def _is_left_out(path: str) -> bool:
    return any(path.startswith(f"{folder}/") for folder in LEFT_OUT)


def _summary(entry: Entry, place: Path) -> str:
    digest = f", {entry.digest}" if entry.digest else ""
    size = sum(file.size for file in entry.files.values())
    return f"{files(len(entry.files))}, {size:,} bytes{digest}, in {str(place)!r}"


# -- a cache


def verify_cache(path: str, names: Sequence[str], folder: str | None, progress: Progress | None) -> Fates:
    """Compares what a Hugging Face cache has of the entries *names* of the lock, or of all that are of a hub, with
    the lock: *folder*, or where clients look for it. Raises ModelwardError."""
    cache = Path(folder) if folder is not None else hf_cache.default()
    if not cache.is_dir():
        raise UsageError(f"there is no cache {str(cache)!r}: name it with --cache DIR")
    file = LockFile.read(path)
    entries = [entry for entry in file.chosen(names) if isinstance(entry.source, HubSource)]
    fates = []
    for done, entry in enumerate(entries):
        if progress:
            progress(done, len(entries), entry.name)
        fates.append(_compare(entry, cache, file.lock.at_commit_of(entry)))
    return Fates("verify-cache", tuple(fates))


def _compare(entry: Entry, cache: Path, pinned: Mapping[str, Content]) -> Fate:
    """*pinned* is all that the lock has of the same commit."""
    assert isinstance(entry.source, HubSource)
    source, root = entry.source, hf_cache.snapshot(cache, entry.source.pinned)
    words = list(_named_otherwise(cache, source))
    there = sorted(hf_cache.walk(root)) if root.is_dir() else []
    words += [f"{path!r} {why}" for path in there if (why := _wrong(cache, source, path, pinned.get(path)))]
    absent = [path for path in sorted(entry.files) if os.path.lexists(hf_cache.absence(cache, source.pinned, path))]
    words += [f"{path!r} is said not to exist, by .no_exist: clients pass it over" for path in absent]
    words += _run_otherwise(pinned, source)
    compiled = list(_compiled(source))
    state: State = "changed" if words else "unexamined" if compiled else "same" if there else "absent"
    words += compiled
    if len(words) > _SHOWN:
        words[_SHOWN:] = [f"and {len(words) - _SHOWN:,} more"]
    held = sum(path in entry.files for path in there)
    words.append(f"{held:,} of {files(len(entry.files))} there, in {str(root)!r}")
    return Fate(entry.name, str(source), state, tuple(words))


def _named_otherwise(cache: Path, source: HubSource) -> Iterator[str]:
    commit = hf_cache.commit_of(cache, source.ref)
    if commit not in ("", source.commit):
        yield f"whoever asks this cache for {source.ref.revision} gets {commit}, not the pinned {source.commit}"


def _run_otherwise(pinned: Mapping[str, Content], source: HubSource) -> Iterator[str]:
    """The copies of code that `transformers` runs in the place of what is in the cache."""
    for place, path in hf_modules.copies(hf_modules.default(), source.pinned):
        content = pinned.get(path)
        if not (_is_compiled(path) or (content and holds(place, content))):
            yield f"{str(place)!r} is what would be run, and is not what is pinned: remove it"


def _compiled(source: HubSource) -> Iterator[str]:
    for place, path in hf_modules.copies(hf_modules.default(), source.pinned):
        if _is_compiled(path):
            yield f"{str(place)!r} would be run, and cannot be compared with what is pinned: remove it"


def _is_compiled(path: str) -> bool:
    return "__pycache__" in path.split("/")


def _wrong(cache: Path, source: HubSource, path: str, content: Content | None) -> str:
    if content is None:
        return "is there, and is not in the lock"
    real = Path(os.path.realpath(hf_cache.snapshot(cache, source.pinned) / path))
    if not real.is_relative_to(os.path.realpath(cache / hf_cache.folder(source.ref))):
        return "leads out of the cache of its repository"
    try:
        return "" if holds(real, content) else f"is not what is pinned, {content.name}"
    except ReadError as error:
        return f"cannot be read: {error}"
