"""Names and texts as an attacker would choose them, and results full of them."""

from __future__ import annotations

import unicodedata

from hypothesis import strategies as st
from tests.report.samples import RULES, checked, found, gap, scanned

from modelward.core.result import Reason, Waived


def dangerous(text: str) -> list[str]:
    """The characters of *text* that a terminal obeys, or that a reader cannot see, line breaks included."""
    return [char for char in text if unicodedata.category(char) in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")]


_HOSTILE = st.sampled_from(
    ["\n", "\r", "\x1b[31m", "\x1b]8;;https://evil.example\x07", "\x9b2J", "\u202e", "\u200b", "\ud800", "\x00", "\x7f"]
)
hostile_text = st.lists(_HOSTILE | st.text(max_size=8) | st.just("\nallow: 0 findings"), max_size=4).map("".join)
_inside = st.lists(hostile_text, max_size=2).map(tuple)
_spans = st.none() | st.integers(0, 2**70)

findings = st.builds(
    lambda rule, file, at, inside, message, does, other: found(
        rule, file, at, inside, message, does=does, opcode="REDUCE", other=other
    ),
    st.sampled_from(list(RULES.values())),
    hostile_text,
    _spans,
    _inside,
    hostile_text,
    hostile_text,
    hostile_text,
)
gaps = st.builds(gap, hostile_text, hostile_text, hostile_text, _spans, _inside)
scans = st.builds(
    lambda places, label: scanned(*places, label=label), st.lists(findings | gaps, max_size=8), hostile_text
)
reasons = st.builds(Reason, hostile_text, st.sampled_from(["rule", "need"]), hostile_text, hostile_text)
checks = st.builds(
    lambda scan, why, policy, waive, until: checked(
        scan, *why, waived=tuple(Waived(place, until, until) for place in scan.findings[:waive]), policy=policy
    ),
    scans,
    st.lists(reasons, max_size=3),
    hostile_text,
    st.integers(0, 2),
    hostile_text,
)
