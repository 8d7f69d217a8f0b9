"""A policy file is what it was meant to be, or an error of one line that names the place."""

from __future__ import annotations

import hashlib
import re
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.core.dependency_policy import DependencyPolicy, Ignore, IndexRule
from modelward.core.digest import Digest
from modelward.core.errors import UsageError
from modelward.core.finding import Severity
from modelward.core.verdict import UNEXAMINED, Need, Policy, Signer, Waiver
from modelward.policy.schema import SHIPPED, parse, shipped

RULES = ("pickle-dangerous-call", "python-file")
HEX = "0f" * 32

GOOD = f"""\
schema = "modelward/policy/1"
name = "team"
description = "What we load."

[deny]
severity = "high"
rules = ["python-file"]

[[need]]
id = "manifest"
predicate = "urn:m"
why = "Names."

[[need]]
id = "scan"
predicate = "urn:s"
covers = "every-file"
why = "All of it."

[[waiver]]
rule = "pickle-dangerous-call"
digest = "sha256:{HEX}"
expires = 2027-01-31
reason = "reviewed"

[[waiver]]
rule = "unexamined"
digest = "sha3_256:{HEX}"
expires = 2027-02-28
reason = "known"
file = "link"
"""


def error(text: str | bytes) -> str:
    """The one line, without the name of the file."""
    raw = text.encode() if isinstance(text, str) else text
    with pytest.raises(UsageError) as raised:
        parse(raw, "dir/team.toml", RULES)
    line = str(raised.value)
    assert line.isprintable()
    assert raised.value.exit_code == 2
    assert re.match(r"dir/team\.toml, line \d+: ", line)
    return line.removeprefix("dir/team.toml, ")


def changed(old: str, new: str) -> str:
    assert GOOD.count(old) == 1
    return GOOD.replace(old, new)


# What is right


def test_a_policy_is_read_as_it_is_written() -> None:
    assert parse(GOOD.encode(), "", RULES) == Policy(
        "team",
        Digest("sha256", hashlib.sha256(GOOD.encode()).hexdigest()),
        "What we load.",
        (Need("manifest", "urn:m", False, "Names."), Need("scan", "urn:s", True, "All of it.")),
        Severity.HIGH,
        frozenset({"python-file"}),
        (
            Waiver("pickle-dangerous-call", Digest("sha256", HEX), date(2027, 1, 31), "reviewed"),
            Waiver(UNEXAMINED, Digest("sha3_256", HEX), date(2027, 2, 28), "known", "link"),
        ),
    )


def test_what_may_be_left_out() -> None:
    text = 'schema="modelward/policy/1"\nname="n"\ndeny.severity="low"\nneed=[{id="a", predicate="p", why="w"}]'
    policy = parse(text.encode(), "", RULES)
    assert (policy.description, policy.deny_rules, policy.waivers) == ("", frozenset(), ())


def test_line_ends_of_windows() -> None:
    raw = GOOD.replace("\n", "\r\n").encode()
    assert parse(raw, "", RULES).needs == parse(GOOD.encode(), "", RULES).needs
    assert error(raw.replace(b"reviewed", b"")).startswith("line 24: ")


@pytest.mark.parametrize("name", SHIPPED)
def test_a_shipped_policy_has_the_name_it_goes_by(name: str) -> None:
    policy = parse(shipped(name), name, (*RULES, "code-capable-format", "named-python-code"))
    assert policy.name == name
    assert policy.digest.value == hashlib.sha256(shipped(name)).hexdigest()
    assert policy.waivers == ()
    assert any(need.covers_files for need in policy.needs)


def test_signed_is_baseline_and_a_signature() -> None:
    baseline, signed = (parse(shipped(name), name, RULES) for name in ("baseline", "signed"))
    assert (signed.deny_severity, signed.deny_rules) == (baseline.deny_severity, baseline.deny_rules)
    assert set(signed.needs) > set(baseline.needs)
    (more,) = set(signed.needs) - set(baseline.needs)
    assert more.signatures == 1
    assert more.covers_files


def test_safe_formats_is_stricter_than_baseline() -> None:
    rules = (*RULES, "code-capable-format", "named-python-code")
    baseline, safe = (parse(shipped(name), name, rules) for name in ("baseline", "safe-formats"))
    assert baseline.deny_severity is Severity.MEDIUM
    assert safe.deny_severity <= baseline.deny_severity
    assert safe.deny_rules > baseline.deny_rules
    assert set(safe.needs) >= set(baseline.needs)


SIGNERS = (
    GOOD.replace('id = "scan"', 'signatures = 2\nsigners = ["ann", "ci"]\nid = "scan"')
    + """
[[signer]]
name = "ann"
key = "pem"
predicates = ["urn:s"]
since = 2026-01-01
until = 2027-01-01

[[signer]]
name = "ci"
root = "pem"
identity = "ci@example.org"
issuer = "https://issuer.example.org"
predicates = ["urn:s", "urn:m"]
"""
)


def test_signers_are_read_as_they_are_written() -> None:
    policy = parse(SIGNERS.encode(), "", RULES)
    assert policy.needs[1] == Need("scan", "urn:s", True, "All of it.", 2, frozenset({"ann", "ci"}))
    assert policy.signers == (
        Signer("ann", frozenset({"urn:s"}), key="pem", since=date(2026, 1, 1), until=date(2027, 1, 1)),
        Signer(
            "ci",
            frozenset({"urn:s", "urn:m"}),
            root="pem",
            identity="ci@example.org",
            issuer="https://issuer.example.org",
        ),
    )


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("signatures = 2", "signatures = 0", "signatures must be a whole number of keys, 1 or more; got 0"),
        ("signatures = 2", "signatures = true", "signatures must be a whole number of keys, 1 or more; got True"),
        ("signatures = 2", "signatures = 3", "there are only 2 signers who can sign; got 3"),
        ("signatures = 2\n", "", "signers need the number of signatures beside them"),
        ('["ann", "ci"]', '["ann", "bob"]', "expected the name of a [[signer]]; got 'bob'"),
        ('name = "ci"', 'name = "ann"', "expected each signer once"),
        ('key = "pem"', 'keey = "pem"', "unknown key 'keey'"),
        ('root = "pem"\n', "", "the key 'root' is missing"),
        ('identity = "ci@example.org"\n', "", "the key 'identity' is missing"),
        ('key = "pem"', 'key = "pem"\nroot = "pem"', "unknown key 'root'"),
        ('key = "pem"', 'key = "pem"\nissuer = "x"', "unknown key 'issuer'"),
        ('root = "pem"', 'root = "pem"\ntrusted-root = "{}"', "unknown key 'root'"),
        ('root = "pem"', 'root = "pem"\ntrusted_root = "{}"', "unknown key 'trusted_root'"),
        ('root = "pem"', 'trusted-root = ""', "trusted-root must be a text that is not empty"),
        ('key = "pem"', 'key = ""', "key must be a text that is not empty"),
        ('predicates = ["urn:s"]', "predicates = []", "predicates must name what this signer may sign"),
        ('predicates = ["urn:s"]\n', "", "the key 'predicates' is missing"),
        ("since = 2026-01-01", 'since = "2026"', "since must be a day"),
        ("since = 2026-01-01", "since = 2028-01-01", "until must not be before since, 2028-01-01; got '2027-01-01'"),
        ('["ann", "ci"]', '["ann", "ann"]', "expected each signer once; got 'ann'"),
        ('root = "pem"', 'root = " "', "root must be a text that is not empty"),
        ('identity = "ci@example.org"', 'identity = ""', "identity must be a text that is not empty"),
        ('issuer = "https://issuer.example.org"', 'issuer = ""', "issuer must be a text that is not empty"),
    ],
)
def test_a_mistake_about_signers_is_one_line(old: str, new: str, message: str) -> None:
    assert SIGNERS.count(old) == 1
    assert message in error(SIGNERS.replace(old, new))


def test_a_signer_of_sigstore_needs_identity_and_issuer() -> None:
    keyless = SIGNERS.replace('root = "pem"', "trusted-root = '''{\n}'''")
    assert parse(keyless.encode(), "", RULES).signers[1].trusted_root == "{\n}"
    for key in ("identity", "issuer"):
        lines = [line for line in keyless.splitlines(keepends=True) if not line.startswith(f"{key} = ")]
        assert f"the key {key!r} is missing" in error("".join(lines))


# What is wrong

ROOT_KEYS = "deny, dependencies, description, name, need, schema, signer, waiver"
SEVERITIES = "severity must be one of info, low, medium, high, critical"
DAY = "expires must be a day, like 2027-01-31 (without quotes)"
GAP = 'file must name the gap that is accepted in a folder, "." for the folder itself, there alone'
DIGEST = "digest must be sha256: or sha3_256: and 64 lower-case hex digits"
RULE = 'expected the id of a rule, as "modelward explain" lists them'


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        # unknown keys, at every level
        ("name = ", "nmae = ", f"line 2: unknown key 'nmae'; known here: {ROOT_KEYS}"),
        ("[deny]", "[dney]", f"line 5: unknown key 'dney'; known here: {ROOT_KEYS}"),
        ("severity = ", "severty = ", "line 6: unknown key 'severty'; known here: rules, severity"),
        (
            "covers = ",
            "cover = ",
            "line 17: unknown key 'cover'; known here: covers, id, predicate, signatures, signers, why",
        ),
        (
            "reason = \"known\"",
            "reasons = \"known\"",
            "line 30: unknown key 'reasons'; known here: digest, expires, file, reason, rule",
        ),
        ('r]]\nrule = "unex', 'rs]]\nrule = "unex', f"line 26: unknown key 'waivers'; known here: {ROOT_KEYS}"),
        ('description = "What', '[[extra]]\n[extra.deeper]\nx = "What', "line 3: unknown key 'extra'"),
        # missing keys
        ('name = "team"\n', "", "line 1: the key 'name' is missing"),
        ('severity = "high"\n', "", "line 5: the key 'severity' is missing in deny"),
        ('why = "All of it."\n', "", "line 14: the key 'why' is missing in need"),
        ("expires = 2027-02-28\n", "", "line 26: the key 'expires' is missing in waiver"),
        # wrong types and values
        ("policy/1", "policy/2", "line 1: schema must be \"modelward/policy/1\"; got 'modelward/policy/2'"),
        ('"modelward/policy/1"', "1", 'line 1: schema must be "modelward/policy/1"; got 1'),
        ('"team"', "7", "line 2: name must be a text that is not empty; got 7"),
        ('"team"', '" \\t"', "line 2: name must be a text that is not empty; got ' \\t'"),
        ('"What we load."', "[]", "line 3: description must be a text that is not empty; got []"),
        ('"high"', '"hihg"', f"line 6: {SEVERITIES}; got 'hihg'"),
        ('"high"', '"HIGH"', f"line 6: {SEVERITIES}; got 'HIGH'"),
        ('"high"', "3", f"line 6: {SEVERITIES}; got 3"),
        ('"high"', '["high"]', f"line 6: {SEVERITIES}; got ['high']"),
        ('["python-file"]', '"python-file"', "line 7: rules must be a list of texts; got 'python-file'"),
        ('["python-file"]', '["python-file", 1]', "line 7: rules must be a list of texts; got ['python-file', 1]"),
        ('["python-file"]', '["python-file", "python-fil"]', f"line 7: {RULE}; got 'python-fil'"),
        ('["python-file"]', '["unexamined"]', f"line 7: {RULE}; got 'unexamined'"),
        ('"every-file"', '"all"', "line 17: covers must be \"every-file\" where it is given; got 'all'"),
        ('"every-file"', '""', "line 17: covers must be \"every-file\" where it is given; got ''"),
        ('"every-file"', "true", 'line 17: covers must be "every-file" where it is given; got True'),
        ('"urn:s"', '""', "line 16: predicate must be a text that is not empty; got ''"),
        ('id = "scan"', 'id = "unexamined"', "line 15: this id stands for what was not looked at; choose another; got"),
        ('"pickle-dangerous-call"', '"pickle-dangerous-cal"', f"line 21: {RULE}; got 'pickle-dangerous-cal'"),
        ('"pickle-dangerous-call"', '""', "line 21: rule must be a text that is not empty; got ''"),
        ("2027-01-31", '"2027-01-31"', f"line 23: {DAY}; got '2027-01-31'"),
        ("2027-01-31", "2027-01-31T00:00:00Z", f"line 23: {DAY}; got datetime.datetime(2027"),
        ("2027-01-31", "20270131", f"line 23: {DAY}; got 20270131"),
        (f"sha256:{HEX}", HEX, f"line 22: {DIGEST}; got '{HEX[:59]}…"),
        (f"sha256:{HEX}", f"sha256:{HEX.upper()}", f"line 22: {DIGEST}; got 'sha256:0F0F"),
        (f"sha256:{HEX}", f"sha256:{HEX[2:]}", f"line 22: {DIGEST}; got 'sha256:0f0f"),
        (f"sha256:{HEX}", "sha1:0f0f", f"line 22: {DIGEST}; got 'sha1:0f0f'"),
        (f"sha3_256:{HEX}", f"sha3_256:{HEX}\\n", f"line 28: {DIGEST}; got 'sha3_256:0f0f"),
        ('reason = "reviewed"', 'reason = ""', "line 24: reason must be a text that is not empty; got ''"),
        # a gap of a folder is named, and nothing else is
        ('file = "link"', "", f"line 28: {GAP}; got None"),
        ('file = "link"', 'file = " "', "line 31: file must be a text that is not empty; got ' '"),
        (f"sha3_256:{HEX}", f"sha256:{HEX}", f"line 31: {GAP}; got 'link'"),
        ('reason = "reviewed"', 'reason = "reviewed"\nfile = "link"', f"line 25: {GAP}; got 'link'"),
        # the same thing twice
        ('id = "scan"', 'id = "manifest"', "line 15: expected each need once; got 'manifest'"),
        (
            f'"unexamined"\ndigest = "sha3_256:{HEX}"\nexpires = 2027-02-28\nreason = "known"\nfile = "link"',
            f'"pickle-dangerous-call"\ndigest = "sha256:{HEX}"\nexpires = 2027-02-28\nreason = "known"',
            f"line 28: expected each waiver once; got ('pickle-dangerous-call', 'sha256:{HEX[:25]}",
        ),
        # what is no TOML
        ('[[waiver]]\nrule = "un', '[deny]\nx = "un', "line 26: expected TOML, got: Cannot declare ('deny',) twice"),
        ('name = "team"', 'name = "team"\nname = "x"', "line 3: expected TOML, got: "),
        ('name = "team"', 'name = "team', "line 2: expected TOML, got: "),
        ('name = "team"', "name: team", "line 2: expected TOML, got: "),
        ("2027-01-31", "2027-13-31", "line 23: expected TOML, got: "),
        ('reason = "known"', 'reason = """known', "line 32: expected TOML, got: "),
    ],
)  # fmt: skip
def test_a_mistake_is_one_line_that_names_the_place(old: str, new: str, message: str) -> None:
    assert error(changed(old, new)).startswith(message)


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 3000 + "]" * 3000])
def test_a_value_that_is_too_much_for_the_parser(value: str) -> None:
    with pytest.raises(UsageError, match=r"^t\.toml(, line \d+)?: expected TOML, got: .+$"):
        parse(changed("2027-01-31", value).encode(), "t.toml", RULES)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: the key 'deny' is missing"),
        ("# nothing\n\n", "line 1: the key 'deny' is missing"),
        ("\n\nx = 1", "line 3: unknown key 'x'; known here: "),
        ("deny = 1\nname = ''\nneed = 1\nschema = 'modelward/policy/1'", "line 1: deny must be a table; got 1"),
        (
            "schema = 'modelward/policy/1'\nname = 'n'\nneed = []\n[deny]\nseverity = 'low'",
            "line 3: a policy needs at least one [[need]], or it would allow without evidence; got []",
        ),
        (
            "schema = 'modelward/policy/1'\nname = 'n'\n[deny]\nseverity = 'low'\n[need]\nid = 'x'",
            "line 5: need must be written as [[need]] tables; got {'id': 'x'}",
        ),
        (
            "schema = 'modelward/policy/1'\nname = 'n'\nneed = [1]\n[deny]\nseverity = 'low'",
            "line 3: need must be written as [[need]] tables; got [1]",
        ),
        ("'new\\nline' = 1", r"line 1: unknown key 'new\\nline'; known here: "),
        ('"\\u001b[2J\\u202e" = 1', r"line 1: unknown key '\x1b[2J\u202e'; known here: "),
    ],
)
def test_whole_files(text: str, message: str) -> None:
    assert error(text).startswith(message)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"a = 1\nb = '\xff'\n", "line 2: expected UTF-8, got the byte 0xff"),
        (b"\xff\xfes\0c\0", "line 1: expected UTF-8, got the byte 0xff"),
        (b"\n\n# caf\xe9\n", "line 3: expected UTF-8, got the byte 0xe9"),
        (b"\xef\xbb\xbfname = 1", "line 1: expected TOML, got: Invalid statement"),
        (b"name = 1\n\0", "line 2: expected TOML, got: Invalid statement"),
        (b"\x80\x04N.", "line 1: expected UTF-8, got the byte 0x80"),
    ],
)
def test_bytes_that_are_no_text(raw: bytes, message: str) -> None:
    assert error(raw).startswith(message)


# Where it stands: the line of a mistake, however the file is written

HEAD = "schema = 'modelward/policy/1'\nname = 'n'\n"
NEED = "[[need]]\nid = 'a'\npredicate = 'p'\nwhy = 'w'\n"


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD + "[deny]\n'severity' = 'bad'\n" + NEED, 4),
        (HEAD + '["deny"]\n"severity" = "bad"\n' + NEED, 4),
        (HEAD + "[ deny ] # [deny]\nseverity='bad'\n" + NEED, 4),
        (HEAD + "deny.severity = 'bad'\n" + NEED, 3),
        (HEAD + "deny . 'severity' = 'bad'\n" + NEED, 3),
        (HEAD + "deny = { severity = 'bad' }\n" + NEED, 3),
        (HEAD + "deny = { rules = [], severity = 'bad' }\n" + NEED, 3),
        # what only looks like the place
        (HEAD + "description = '''\n[deny]\nseverity = 'low'\n'''\n[deny]\nseverity = 'bad'\n" + NEED, 8),
        (HEAD + "# [deny]\n# severity = 'bad'\n[deny]\nseverity = 'bad'\n" + NEED, 6),
        (HEAD + NEED + "[deny]\n#severity = 'low'\n  severity = 'bad'\n", 9),
        # values of several lines, by their first
        (HEAD + "[deny]\nseverity = 'low'\nrules = [\n  'python-file', # yes\n  'bad',\n]\n" + NEED, 5),
        (HEAD + NEED + "[deny]\nseverity = '''\nbad\n'''\n", 8),
        # arrays of tables
        (HEAD + "deny.severity = 'low'\n" + NEED + "[[need]]\nid = 'b'\npredicate = 'p'\nwhy = 5\n", 11),
        (HEAD + "deny.severity = 'low'\n" + NEED + "[[ 'need' ]]\nid = 'b'\npredicate = 'p'\nwhy = 5\n", 11),
        (HEAD + "deny.severity = 'low'\n" + NEED + "\n\n[[need]]\nid = 'b'\npredicate = 'p'\n", 10),
        (HEAD + "need = [ {id = 'a', predicate = 'p', why = 'w'},\n {id = 'b'} ]\ndeny.severity = 'low'\n", 3),
        (HEAD + "deny.severity = 'low'\nneed = [\n{id = 'a', predicate = 'p', why = ''},\n]\n", 4),
        (HEAD + "deny.severity = 'low'\n" + NEED + "[need.covers]\nx = 1\n", 8),
        (HEAD + "deny.severity = 'low'\n" + NEED + "covers.x = 1\n", 8),
        # at the end, with and without a line end
        (HEAD + "deny.severity = 'low'\n" + NEED + "oops = 1", 8),
        (HEAD + "deny.severity = 'low'\n" + NEED + "oops = 1\n\n\n", 8),
    ],
)
def test_the_line_is_right(text: str, line: int) -> None:
    assert error(text).startswith(f"line {line}: ")


LINES = GOOD.split("\n")


@given(st.integers(0, len(LINES) - 1), st.text(max_size=8), st.sampled_from(["replace", "insert", "append"]))
def test_any_change_of_a_line_is_a_policy_or_one_line(at: int, text: str, how: str) -> None:
    lines = list(LINES)
    if how == "insert":
        lines.insert(at, text)
    else:
        lines[at] = text if how == "replace" else lines[at] + text
    raw = "\n".join(lines).encode("utf-8", "replace")
    try:
        parse(raw, "dir/team.toml", RULES)
    except UsageError:
        line = int(error(raw).split()[1].rstrip(":"))
        assert 1 <= line <= len(lines) + text.count("\n")


@given(st.binary(max_size=60))
def test_any_bytes_are_one_line(raw: bytes) -> None:
    error(raw)


def test_a_mistake_in_a_long_file_is_found_soon() -> None:
    waivers = "".join(
        f'[[waiver]]\nrule = "unexamined"\ndigest = "sha256:{n:064x}"\nexpires = 2027-01-01\nreason = "r"\n'
        for n in range(500)
    )
    text = GOOD + waivers.replace("2027-01-01", '"2027-01-01"', 499).replace('"2027-01-01"', "2027-01-01", 498)
    assert error(text).startswith(f"line {31 + 498 * 5 + 4}: expires must be a day")


# What is asked of dependencies

DEPENDENCIES = (
    GOOD
    + """
[dependencies]
max-age = 7
cool-down = 0
mirrors = ["https://mirror.example/simple"]

[[dependencies.index]]
url = "https://wheels.example/cu121"
names = ["torch", "Torch_*"]

[[dependencies.ignore]]
advisory = "CVE-2024-1"
package = "Pillow"
expires = 2027-01-31
reason = "no images from outside"
"""
)


def test_what_is_asked_of_dependencies_is_read_as_it_is_written() -> None:
    assert parse(GOOD.encode(), "p", RULES).dependencies == DependencyPolicy()
    assert parse(DEPENDENCIES.encode(), "p", RULES).dependencies == DependencyPolicy(
        7,
        0,
        ("https://mirror.example/simple",),
        (IndexRule("https://wheels.example/cu121", ("torch", "torch-*")),),
        (Ignore("CVE-2024-1", date(2027, 1, 31), "no images from outside", "pillow"),),
    )


def test_an_index_is_kept_as_a_statement_may_name_it() -> None:
    """Locks are compared with it without their passwords, too."""
    text = DEPENDENCIES.replace("https://mirror", "https://user:secret@mirror").replace(
        "https://wheels", "https://t@wheels"
    )
    assert parse(text.encode(), "p", RULES).dependencies == parse(DEPENDENCIES.encode(), "p", RULES).dependencies


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("max-age = 7", "maxage = 7", "line 34: unknown key 'maxage'"),
        ("max-age = 7", "max-age = -7", "line 34: max-age must be a whole number of days; got -7"),
        ("max-age = 7", "max-age = true", "line 34: max-age must be a whole number of days; got True"),
        ('"https://mirror.example/simple"', '"mirror.example"', "line 36: expected the address of an index"),
        ('url = "https://wheels', 'url = "wheels', "line 39: expected the address of an index"),
        ('names = ["torch", "Torch_*"]', "names = []", "line 40: names must say which packages"),
        ("[[dependencies.index]]", "[dependencies.index]", "line 38: index must be written as [[dependencies.index]]"),
        ('advisory = "CVE-2024-1"', "", "line 42: the key 'advisory' is missing"),
        ('expires = 2027-01-31\nreason = "no', 'expires = "soon"\nreason = "no', "line 45: expires must be a day"),
        ('reason = "no images from outside"', "", "line 42: the key 'reason' is missing"),
    ],
)
def test_a_mistake_about_dependencies_is_one_line(old: str, new: str, message: str) -> None:
    assert DEPENDENCIES.count(old) == 1
    assert error(DEPENDENCIES.replace(old, new)).startswith(message)
