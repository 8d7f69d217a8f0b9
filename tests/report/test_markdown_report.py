"""The Markdown report as a CommonMark parser with tables reads it, and within the room of a comment."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token
from tests.report.hostile import checks, dangerous, hostile_text, scans
from tests.report.samples import CALL, CLASS, NAME, checked, found, gap, scanned

from modelward.core.result import Failure, Reason, Report, Waived
from modelward.report.markdown import LARGEST, code, render
from modelward.report.view import Asked

PARSER = MarkdownIt("commonmark", {"linkify": False}).enable("table").enable("strikethrough")


def shown(*reports: Report) -> str:
    return render(reports, Asked())


def tokens(text: str) -> list[Token]:
    """All of them, those inside of others included."""
    return [each for token in PARSER.parse(text) for each in (token, *(token.children or ()))]


def prose(text: str) -> str:
    """What is outside code spans."""
    return "\n".join(token.content for token in tokens(text) if token.type == "text")


def spans(text: str) -> list[str]:
    return [token.content for token in tokens(text) if token.type == "code_inline"]


def test_a_deny() -> None:
    text = shown(checked(scanned(found(does="os.system('id')"), gap(do="get it"))))
    assert text.startswith(
        """\
### modelward: `minilm`

**deny**: `1 critical, 1 unexamined, 4 files, policy baseline`

| severity | rule | what | where |
|-|-|-|-|
| critical | pickle-dangerous-call | `loading this file runs a shell command` | `optimizer.pkl`, byte 68 |

Not examined, and never a pass:

- `big.safetensors`: `Git LFS pointer; the 123,456 bytes it names are not here`; do: `get it`

<details><summary>What this rests on</summary>
"""
    )
    for words in ("- `does`: `os.system('id')`", "- why: pickle.load makes", "[CWE-502](https://cwe.mitre.org/"):
        assert words in text


def test_what_else_there_is_to_say() -> None:
    call, other = found(), found(NAME, message="two `names`")
    need = Reason("manifest", "need", "x.bin", "there is none")
    scan = replace(scanned(call, other, found(CLASS)), baselined=(other,))
    text = shown(checked(scan, need, waived=(Waived(call, "2027-01-01", "read"),)))
    assert "- unmet `manifest`: `there is none` (`x.bin`)\n" in text
    assert "- waived: `pickle-dangerous-call in optimizer.pkl until 2027-01-01: read`\n" in text
    assert "- baselined: `zip-name-mismatch in optimizer.pkl`\n" in text
    assert "<details><summary>1 minor</summary>" in text
    assert "| severity |" not in text


def test_several_targets_and_one_that_failed() -> None:
    text = shown(scanned(label="a"), Failure("b", "'b' is not there", 2))
    assert text.startswith("## modelward: `failed: 2 targets, 1 failed, 1 clean`\n\n### modelward: `a`\n\n**clean**: ")
    assert "### modelward: `b`\n\n**failed**: `'b' is not there`\n" in text


@pytest.mark.parametrize("number", [1, 30, 3000])
def test_it_fits_into_a_comment(number: int) -> None:
    places = [found(CALL, f"{n}/" + "ü" * 100, message="m" * 500, does="d" * 5000) for n in range(number)]
    gaps = [gap(f"{n}/" + "x" * 300, f"why {n}" * 99) for n in range(number)]
    text = shown(scanned(*places, *gaps, *(found(CLASS, f"{n}.pkl", message=f"{n}") for n in range(number))))
    assert len(text.encode()) <= LARGEST
    assert text.count("<details>") == text.count("</details>")
    left_out = re.search(r"\n[\d,]+ more parts do not fit here: `--format html` shows all of them.\n$", text)
    assert bool(left_out) == (number > 1)


@pytest.mark.parametrize(
    "text",
    ["", " ", "`", "``", "a`b``c", "`a`", " a ", "|", "\\|", "\\", "a\nb", "@octocat", "https://evil.example", "#1"],
)
def test_a_code_span_holds_what_it_is_given(text: str) -> None:
    made = code(text)
    found_spans = spans(f"before {made} after")
    expected = text.replace("\n", "\\n").replace("|", "\\x7c").strip() or ""
    assert [span.strip() for span in found_spans] == [expected]
    assert len(spans(f"| a | b |\n|-|-|\n| {made} | {made} |\n")) == 2


@given(hostile_text | st.text("`|\\ a<@\n", max_size=12))
def test_no_text_leaves_its_code_span(text: str) -> None:
    table = f"| a | b |\n|-|-|\n| {code(text)} | x |\n\nend\n"
    parsed = tokens(table)
    assert [token.content for token in parsed if token.type == "text"] == ["a", "b", "x", "end"]
    assert not any(token.type in ("html_inline", "link_open", "html_block", "fence") for token in parsed)


MARKUP = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</details>",
        "[ok](https://evil.example)",
        "![x](https://evil.example/x.png)",
        "@octocat",
        "#1",
        "`</code>`",
        "``` ```",
        "| a | b |",
        "\\|",
        "\n\n# clean",
        "<!--",
        "https://evil.example",
        "**bold**",
    ]
)


@given(MARKUP, MARKUP, MARKUP)
def test_no_name_becomes_markup(file: str, words: str, label: str) -> None:
    scan = scanned(found(NAME, file, message=words, inside=(file,), does=words), gap(file, words, words), label=label)
    report = checked(replace(scan, excluded=(file,)), Reason(words, "need", file, words), policy=label)
    text = shown(report)
    blocks = "".join(token.content for token in tokens(text) if token.type in ("html_block", "html_inline"))
    assert re.sub(r"</?details>|</?summary>|[\w :,-]|\n", "", blocks) == ""
    assert [token for token in tokens(text) if token.type in ("image", "heading_open")][1:] == []
    outside = prose(text) + blocks
    for part in ("@", "#", "evil.example", "script", "bold"):
        assert part not in outside


@given(scans | checks)
def test_any_report_is_sound_and_closed(report: Report) -> None:
    text = shown(report)
    assert dangerous(text.replace("\n", "")) == []
    outside = prose(text) + "".join(token.content for token in tokens(text) if token.type == "html_block")
    assert outside.count("<details>") == outside.count("</details>")
    assert text == shown(report)
    assert len(text.encode()) <= LARGEST
