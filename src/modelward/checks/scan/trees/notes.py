"""What a file says about other files, kept while it is read: for the rules of the whole tree."""

from __future__ import annotations

from dataclasses import dataclass, field

from modelward.core.artifact import Source


@dataclass(frozen=True, slots=True)
class Naming:
    """What a configuration names as code: texts like "modeling_x.XModel", or
    "org/repository--modeling_x.XModel" for code of another repository. *problem* says why
    there may be more of it."""

    names: tuple[str, ...] = ()
    problem: str = ""
    perhaps: tuple[str, ...] = ()
    """Names that mean code beside the configuration only if it is there."""

    def paths(self, where: str) -> list[str]:
        """The escaped paths of the code, as the configuration at the path *where* means them."""
        return _paths(self.names, where)

    def paths_if_there(self, where: str) -> list[str]:
        """Those of the names that mean code only if it is there."""
        return _paths(self.perhaps, where)


def _paths(names: tuple[str, ...], where: str) -> list[str]:
    folder = where.rpartition("/")[0]
    found = []
    for name in names:
        module = name.rpartition(".")[0]
        if "--" in module:
            found.append(module)
        elif module:
            path = module.replace(".", "/") + ".py"
            found.append(f"{folder}/{path}" if folder else path)
    return list(dict.fromkeys(found))


@dataclass(frozen=True, slots=True)
class Shards:
    names: tuple[str, ...] = ()
    """Sorted, escaped, as the index spells them."""
    problem: str = ""
    """Why there may be more."""


@dataclass(frozen=True, slots=True)
class Notes:
    code: Naming = field(default_factory=Naming)
    shards: Shards = field(default_factory=Shards)


TOO_MANY = Notes(Naming(problem="more configurations that name other files than the limit; this one was not read"))


def notes_of(source: Source) -> Notes | None:
    """*source* is JSON, or something that a loader takes for it. None: it says nothing about other files."""
    from modelward.checks.scan.trees.naming import code_named_in
    from modelward.checks.scan.trees.shards import shards_named_in

    found = Notes(code_named_in(source) or Naming(), shards_named_in(source))
    return found if found != Notes() else None
