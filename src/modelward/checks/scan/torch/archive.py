"""The zip archives of torch.save and TorchScript.

https://docs.pytorch.org/docs/stable/notes/serialization.html
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from modelward.checks.scan.archives.members import ZipView
from modelward.checks.scan.here import Here, Nested, Said, as_far_as_fetched
from modelward.checks.scan.pickle.examine import Streams, rest
from modelward.checks.scan.pickle.rules_pickle import CODE_FORMAT
from modelward.checks.scan.torch.rules_torch import STORAGE_MISSING, STORAGE_SIZE, Storages
from modelward.checks.scan.torch.script import examine_script
from modelward.core.artifact import Source
from modelward.formats.pickle.render import render
from modelward.formats.zip import Member, ZipFacts, open_member


def examine_torch_archive(view: ZipView) -> Iterator[Said]:
    """An archive with data.pkl in its root folder: <name>.pkl there is judged together with the
    storages in <name>/, which are raw numbers."""
    facts, here = view.facts, view.here
    view.readers.append(partial(_code, tuple(f"{root}code/".casefold() for root in _roots(facts)), here))
    root = torch_root(facts)
    if root is None:
        return
    yield here.finding(CODE_FORMAT, "a torch archive is loaded through pickle")
    sizes = {member.name: member.size for member in facts.members}
    for member in facts.members:
        stem = _stem(member.name, root)
        if stem is None:
            continue
        storages = Storages(here)
        yield from as_far_as_fetched(_examine_pickle(view.source, member, here, storages), here.into(member.name))
        folder = f"{root}{stem}/"
        yield from _check_sizes(sizes, folder, storages)
        view.raw.update(folder + key for key in storages.sizes)
        view.judged.add(member.name)


def _roots(facts: ZipFacts) -> set[str]:
    """Every folder that torch.jit.load may take for the root. It finds members whatever the case of their names."""
    names = (member.name.casefold() for member in facts.members)
    return {name.removesuffix("data.pkl") for name in names if name.endswith("/data.pkl")}


def _code(folders: tuple[str, ...], here: Here, member: Nested) -> Iterator[Said]:
    name = member.name.casefold()
    if name.startswith(folders) and name.endswith(".py"):
        yield from as_far_as_fetched(examine_script(member, here), here.into(member.name))


def torch_root(facts: ZipFacts) -> str | None:
    """The folder of data.pkl, with its slash; torch takes the one that the first member is in."""
    roots = [name.removesuffix("data.pkl") for name in (m.name for m in facts.members) if name.endswith("/data.pkl")]
    return min(roots, key=len, default=None)


def storage_names(facts: ZipFacts) -> Callable[[str], bool]:
    """Whether a member lies where storages do: in a folder for each pickle in the root."""
    root = torch_root(facts)
    stems = set() if root is None else {_stem(member.name, root) for member in facts.members}

    def is_storage(name: str) -> bool:
        folder, slash, _ = name.removeprefix(root or "").partition("/")
        return bool(slash) and folder in stems and name.startswith(root or "")

    return is_storage


def _stem(name: str, root: str) -> str | None:
    stem = name.removeprefix(root).removesuffix(".pkl")
    return stem if name == f"{root}{stem}.pkl" and "/" not in stem else None


def _examine_pickle(source: Source, member: Member, here: Here, storages: Storages) -> Iterator[Said]:
    opened = open_member(source, member, here.limits, here.budget)
    if isinstance(opened, str):
        return  # nested_members says so
    inner = storages.here = here.into(member.name)
    streams = Streams(opened, inner, storages.persistent)
    yield from streams.run()
    yield from rest(streams)


def _check_sizes(sizes: Mapping[str, int], folder: str, storages: Storages) -> Iterator[Said]:
    for key, size in storages.sizes.items():
        found = sizes.get(folder + key)
        if found is None:
            yield storages.here.finding(STORAGE_MISSING, f"the storage {render(key)} is not in the archive")
        elif size is not None and found != size and (found or not folder.endswith("/traced_inputs/")):
            message = f"the storage {render(key)} has {found:,} bytes, the pickle says {size:,}"
            yield storages.here.finding(STORAGE_SIZE, message)
