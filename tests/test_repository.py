"""The repository itself: documents say what is there, requirements are pinned, nothing names a machine."""

from __future__ import annotations

import ast
import re
import shlex
from pathlib import Path

import click
import pytest

from modelward import app
from modelward.checks import foreign
from modelward.cli.commands import modelward
from modelward.policy import schema

ROOT = Path(__file__).parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("src/**/*.md")])
CODE = sorted(path for folder in ("src", "tests", "tools", "bench") for path in ROOT.glob(f"{folder}/**/*.py"))
REQUIREMENTS = sorted(ROOT.glob("requirements/*.txt"))
OTHERS = [ROOT / "Makefile", ROOT / ".ci/run", ROOT / "pyproject.toml", *ROOT.glob("requirements/*")]


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


documents = pytest.mark.parametrize("document", DOCUMENTS, ids=named)


# --- documents ---

FENCE = re.compile(r"^```.*?^```$", re.DOTALL | re.MULTILINE)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def headings(document: Path) -> set[str]:
    """The anchors that a reader of Markdown makes from the headings."""
    prose = FENCE.sub("", document.read_text())
    found = re.findall(r"^#+ (.+)$", prose, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in found}


@documents
def test_relative_links_resolve(document: Path) -> None:
    for link in LINK.findall(FENCE.sub("", document.read_text())):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.exists(), link
        assert target.is_relative_to(ROOT), link
        if anchor:
            assert anchor in headings(target), link


def command_lines(document: Path) -> list[str]:
    """What a reader would type: lines of code blocks, and short pieces of code in sentences."""
    text = document.read_text()
    blocks = [line for block in FENCE.findall(text) for line in block.splitlines()[1:-1]]
    typed = [line.removeprefix("$ ") for line in blocks] + re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    return [line for line in typed if re.match(r"(make|modelward) [a-z-]", line)]


@documents
def test_commands_in_documents_exist(document: Path) -> None:
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for line in command_lines(document):
        program, *words = shlex.split(line.partition(" #")[0].replace("…", "").partition(" (")[0])
        if program == "make":
            assert words[0] in targets, line
        else:
            check_command(words, line)


def check_command(words: list[str], line: str) -> None:
    words = words[: words.index("--")] if "--" in words else words  # what follows is another program's
    command: click.Command = modelward
    for word in words:
        if word.startswith("-") or not isinstance(command, click.Group):
            break
        assert word in command.commands, line
        command = command.commands[word]
    known = {option for parameter in command.params for option in parameter.opts} | {"--help"}
    assert {word for word in words if word.startswith("--")} <= known, line
    if words[0] == "explain" and len(words) > 1 and not words[1].startswith("-") and words[1].islower():
        assert words[1] in app.rules(), line


def test_readme_opens_with_the_two_commands() -> None:
    first = FENCE.search((ROOT / "README.md").read_text())
    assert first is not None
    assert first[0].splitlines()[1:-1] == ["make demo", "make test"]


def test_readme_shows_an_allow_and_a_deny() -> None:
    shown = re.search(
        r"<!-- transcript: begin.*?-->(.*)<!-- transcript: end -->", (ROOT / "README.md").read_text(), re.S
    )
    assert shown is not None
    assert re.search(r"^allow: .*\(exit 0\)$", shown[1], re.MULTILINE)
    assert re.search(r"^deny: .*\(exit 1\)$", shown[1], re.MULTILINE)


def test_policy_in_the_readme_is_valid() -> None:
    example = re.search(r"^```toml\n(.*?)^```$", (ROOT / "README.md").read_text(), re.DOTALL | re.MULTILINE)
    assert example is not None
    assert schema.parse(example[1].encode(), "README.md", app.rules()).waivers


def test_decisions_are_numbered_without_gaps_and_listed() -> None:
    pages = sorted((ROOT / "docs/adr").glob("*.md"))
    assert [page.name[:4] for page in pages] == [f"{number:04}" for number in range(1, len(pages) + 1)]
    architecture = (ROOT / "docs/architecture.md").read_text()
    for page in pages:
        assert page.read_text().startswith(f"# {page.name[:4]}. ")
        assert "**Status:**" in page.read_text()
        assert f"adr/{page.name}" in architecture


# --- what must not be said ---

FORBIDDEN = (
    # folders that exist on one machine: absolute paths below a home, a work or a temporary folder
    re.compile(r"(?<![\w.~})\]*-])/(?:home|root|work|tmp|opt|Users)/\w"),
    # hosts of package registries: which one is used is the user's choice
    re.compile(r"https?://[^/\s]*(?:pypi|pythonh|npmj|crates|registry)", re.IGNORECASE),
)


@pytest.mark.parametrize("path", [*DOCUMENTS, *OTHERS], ids=named)
def test_no_document_names_a_machine(path: Path) -> None:
    text = path.read_text()
    for pattern in FORBIDDEN:
        found = pattern.search(text)
        assert found is None, found


# --- requirements ---


@pytest.mark.parametrize("path", REQUIREMENTS, ids=named)
def test_requirements_are_pinned_and_hashed(path: Path) -> None:
    lines = [line for line in path.read_text().splitlines() if line and not line.lstrip().startswith("#")]
    entries = [line for line in lines if not line.startswith(" ")]
    assert entries
    for entry in entries:
        assert re.fullmatch(r"[a-z0-9-]+==[\w.]+ \\", entry), entry
        following = lines[lines.index(entry) + 1]
        assert re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", following), entry
    assert not any(entry.startswith(("torch==", "nvidia-")) for entry in entries)


# --- rules ---

CASES = ROOT / "tests/cases"


def test_every_rule_has_a_case_and_every_case_a_rule() -> None:
    cased = {case.parent.name for case in CASES.glob("*/case.py")}
    assert cased == app.rules().keys() - foreign.RULES.keys()  # no file makes those fire: tests/foreign


def rule_ids(path: Path) -> set[str]:
    """The ids of the rules that a file makes: the first argument of each call of Rule."""
    calls = [node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Call)]
    makes = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Rule"]
    firsts = [[*call.args, *(word.value for word in call.keywords if word.arg == "id")][0] for call in makes]
    return {first.value for first in firsts if isinstance(first, ast.Constant) and isinstance(first.value, str)}


def test_every_rule_in_the_code_is_registered() -> None:
    written = {rule for path in ROOT.glob("src/modelward/checks/**/*.py") for rule in rule_ids(path)}
    assert written
    assert written - set(app.rules()) == set(), "not in the RULES tuple of its file"


@pytest.mark.parametrize("rule", sorted(app.rules()))
def test_rule_is_well_formed(rule: str) -> None:
    body = app.rules()[rule]
    assert body.id == rule
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", rule)
    assert body.title and not body.title.endswith(".")
    assert body.why.endswith(".") and body.do.endswith(".")


# --- code ---

# split, so that this file is not a hit itself
LEFT_OPEN = re.compile(r"\bTO" r"DO\b|\bFIX" r"ME\b|mark\.sk" r"ip|mark\.xf" r"ail")
SWALLOWED = re.compile(r"except Exception")
# of the process, and of one file: they turn a defect into exit code 4
OUTERMOST = ["src/modelward/app/one_file.py", "src/modelward/cli/main.py"]


def test_nothing_is_left_open_or_skipped() -> None:
    assert [named(path) for path in CODE if LEFT_OPEN.search(path.read_text())] == []


def test_no_error_is_swallowed() -> None:
    sources = [path for path in CODE if path.is_relative_to(ROOT / "src")]
    assert [named(path) for path in sources if SWALLOWED.search(path.read_text())] == OUTERMOST
