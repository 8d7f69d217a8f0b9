"""The table of callables is well formed, and says one thing of each name."""

from __future__ import annotations

import re
from importlib.resources import files

import pytest

from modelward.checks.scan.pickle.callables import (
    Condition,
    Entry,
    dangerous_alias,
    find,
    is_stdlib,
    real_name,
    state_keys,
)
from modelward.formats.pickle.values import Global

SECTIONS = ("safe", "safe-with", "types", "reference", "state", "dangerous")
_ARGUMENT = {
    "plain": r"\d+|\*", "literal": r"\d+", "pairs": r"\d+", "args": r"\d+", "oneof": r"\d+:[\w,.-]+",
    "makes": r"\d+(:\d+)?", "news": r"\d+", "calls": r"\d+(:\d+)?", "binds": r"\d+", "builds": r"\d+",
    "names": r"\d+:\d+", "returns": r"\d+", "loads": r"\d+", "attr": r"\d+:\d+",
    "flags": r"\*",
}  # fmt: skip


def table() -> list[tuple[str, str]]:
    """Every line with its section, without comments."""
    lines = files("modelward.checks.scan").joinpath("data", "callables.txt").read_text("utf-8").splitlines()
    section, found = "", []
    for raw in lines:
        line = raw.partition("#")[0].strip()
        if line.startswith("["):
            section = line.strip("[]")
        elif line:
            found.append((section, line))
    return found


TABLE = table()


def listed() -> dict[tuple[str, str], list[str]]:
    """Which sections mention a name, once for each mention."""
    names: dict[tuple[str, str], list[str]] = {}
    for section, line in TABLE:
        module, *words = line.partition(" = ")[0].split()
        for word in words[:1] if section == "safe-with" else words:
            names.setdefault((module, word), []).append(section)
    return names


def entry(module: str, name: str, legacy: bool = False) -> Entry:
    found = find(Global(module, name, legacy))
    assert found is not None
    return found


def test_the_sections_are_those_that_the_header_explains() -> None:
    assert tuple(dict.fromkeys(section for section, _ in TABLE)) == SECTIONS


def test_a_line_is_a_module_and_names_in_it() -> None:
    for section, line in TABLE:
        left, equals, what = line.partition(" = ")
        assert bool(what) == bool(equals) == (section in ("dangerous", "state")), line
        if section in ("state", "safe-with"):
            continue
        module, *words = left.split()
        assert words, line
        for word in words:
            assert all(part.isidentifier() for part in f"{module}.{word}".split(".")), line


@pytest.mark.parametrize("line", [line for section, line in TABLE if section == "safe-with"])
def test_a_condition_is_a_verb_and_its_operands(line: str) -> None:
    module, name, *conditions = line.split()
    assert conditions
    for condition in conditions:
        verb, _, operand = condition.partition("=")
        assert re.fullmatch(_ARGUMENT[verb], operand), condition
    assert len(entry(module, name).conditions) == len(conditions)


def test_a_dangerous_call_ends_the_sentence_that_begins_with_loading_this_file() -> None:
    for section, line in TABLE:
        if section in ("dangerous", "state"):
            assert re.fullmatch(r"[a-z]+( [\w,']+)*", line.partition(" = ")[2]), line


def test_no_section_says_a_thing_twice() -> None:
    assert {name: said for name, said in listed().items() if len(set(said)) != len(said)} == {}


def test_no_two_sections_contradict_each_other() -> None:
    """What is harmless on conditions may be dangerous where one fails; nothing else may be both."""
    for name, said in listed().items():
        sections = set(said)
        if "dangerous" in sections:
            assert sections <= {"dangerous", "safe-with"}, name
        assert not {"safe", "safe-with"} <= sections, name
        assert not {"types", "reference"} <= sections, name


def test_every_line_is_read() -> None:
    for (module, name), said in listed().items():
        found = find(Global(module, name, False))
        assert found is not None
        read = {
            "safe": found.safe,
            "safe-with": bool(found.conditions),
            "types": found.is_type,
            "reference": found.reference,
            "dangerous": bool(found.dangerous),
        }
        assert {section for section, holds in read.items() if holds} == set(said)
    assert set(state_keys()) == {line.partition(" = ")[0] for section, line in TABLE if section == "state"}


def test_conditions_are_read() -> None:
    assert entry("builtins", "getattr").conditions == (Condition("args", 2), Condition("attr", 0, 1))
    assert entry("builtins", "zip").conditions == (Condition("plain", None),)
    codecs = entry("_codecs", "encode").conditions[-1]
    assert (codecs.verb, codecs.index) == ("oneof", 1)
    assert "latin1" in codecs.choices


def test_names_are_exact() -> None:
    for module, name in (("os", "System"), ("os ", "system"), ("posixpath", "os.system"), ("os.system", ""), ("", "")):
        assert find(Global(module, name, False)) is None


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (("__builtin__", "eval"), ("builtins", "eval")),
        (("__builtin__", "reduce"), ("functools", "reduce")),
        (("copy_reg", "_reconstructor"), ("copyreg", "_reconstructor")),
        (("urllib", "urlopen"), ("urllib.request", "urlopen")),
        (("commands", "getoutput"), ("subprocess", "getoutput")),
        (("acme", "eval"), ("acme", "eval")),
    ],
)
def test_python_2_names_are_mapped_as_the_unpickler_maps_them(old: tuple[str, str], new: tuple[str, str]) -> None:
    import _compat_pickle

    assert real_name(Global(*old, True)) == new
    assert real_name(Global(*old, False)) == old
    by_name = _compat_pickle.NAME_MAPPING.get(old)
    assert new == (by_name or (_compat_pickle.IMPORT_MAPPING.get(old[0], old[0]), old[1]))


def test_the_standard_library_is_known_whole() -> None:
    import sys

    assert [module for module in sys.stdlib_module_names if not is_stdlib(module)] == []
    assert is_stdlib("os.path")
    assert not is_stdlib("acme.os")


def test_classes_that_others_import() -> None:
    assert dangerous_alias(Global("acme.tools", "Popen", False), made=False).startswith("starts a pro")
    assert not dangerous_alias(Global("acme.tools", "Popen", False), made=True)
    assert not dangerous_alias(Global("acme.tools", "Config", False), made=False)


def test_dangerous_classes_of_a_package_under_another_module_of_it() -> None:
    assert dangerous_alias(Global("numpy.lib.io", "DataSource", False), made=True)
    assert not dangerous_alias(Global("acme.lib", "DataSource", False), made=False)
