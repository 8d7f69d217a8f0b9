from __future__ import annotations

import ipaddress
from collections.abc import Callable
from datetime import timedelta, timezone
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier
from tests.attest.authority import (
    CODE_SIGNING,
    DAY,
    ISSUES,
    NOW,
    SIGNS,
    WEB_SERVER,
    der,
    intermediate,
    issue,
    key,
    private,
    read,
    root,
)
from tests.attest.steps import without

from modelward.attest import certificates
from modelward.attest.certificates import Certificate, check_signer, parse_der, parse_pem, verify_chain
from modelward.attest.errors import BadKey, Untrusted
from modelward.core.errors import Malformed

ROOT = root()
BETWEEN = intermediate()
LEAF = issue("signer", "between")
PAST: Any = {"start": NOW - 9 * DAY, "end": NOW - DAY}
FUTURE: Any = {"start": NOW + DAY, "end": NOW + 9 * DAY}


def check(leaf: x509.Certificate, between: list[x509.Certificate], roots: list[x509.Certificate]) -> None:
    first, *others = read(leaf, *between)
    verify_chain(first, tuple(others), read(*roots), NOW)


Given = tuple[x509.Certificate, list[x509.Certificate], list[x509.Certificate]]

OWN = issue("own", "own", ca=True)
HOLD: dict[str, Given] = {
    "three": (LEAF, [BETWEEN], [ROOT]),
    "two": (issue("signer", "root"), [], [ROOT]),
    "the right root of several": (LEAF, [BETWEEN], [root("else"), ROOT]),
    "in any order": (issue("signer", "lower"), [BETWEEN, intermediate("lower", "between")], [ROOT]),
    "the intermediate as root": (LEAF, [], [BETWEEN]),
    "a root as OpenSSL makes it, without usage": (LEAF, [BETWEEN], [root(usage=None)]),
    "useless certificates beside": (LEAF, [root("else"), BETWEEN, ROOT], [ROOT]),
    "an issuer that would fail beside one that does not": (LEAF, [intermediate(usage=None), BETWEEN], [ROOT]),
    "an issuer confined to code signing": (LEAF, [intermediate(purposes=CODE_SIGNING)], [ROOT]),
    "more purposes": (issue("signer", "root", purposes=[*WEB_SERVER, *CODE_SIGNING]), [], [ROOT]),
    "the leaf as root": (LEAF, [], [LEAF]),
    "a certificate that signed itself, as root": (OWN, [], [OWN]),
    "CA:TRUE without keyCertSign": (issue("signer", "between", ca=True), [intermediate(length=0)], [ROOT]),
}


@pytest.mark.parametrize("given", HOLD.values(), ids=HOLD)
def test_chains_that_hold(given: Given) -> None:
    check(*given)


def constrained(*names: x509.GeneralName) -> x509.Certificate:
    return intermediate(more=[(x509.NameConstraints(names, None), True)])


def mailbox(address: str) -> x509.Certificate:
    return issue("signer", "between", names=[x509.RFC822Name(address)])


def website(address: str) -> x509.Certificate:
    return issue("signer", "between", names=[x509.UniformResourceIdentifier(address)])


ANY_PURPOSE = [ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE]
ENCRYPTS = ["key_encipherment"]
UNKNOWN = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"?")
NO_CHAIN = "no valid chain leads"


# each with the step that refuses it, and the reason given
FALL: dict[str, tuple[str, str, Given]] = {
    "a web server": ("1b", "not for code signing", (issue("signer", "root", purposes=WEB_SERVER), [], [ROOT])),
    "any purpose": ("1b", "not for code signing", (issue("signer", "root", purposes=ANY_PURPOSE), [], [ROOT])),
    "no purpose": ("1b", "not for code signing", (issue("signer", "root", purposes=None), [], [ROOT])),
    "a key for encryption": ("1a", "not for digital", (issue("signer", "root", usage=ENCRYPTS), [], [ROOT])),
    "a key for nothing named": ("1a", "not for digital", (issue("signer", "root", usage=None), [], [ROOT])),
    "an authority": ("2", "that of an authority", (issue("signer", "root", ca=True, usage=SIGNS + ISSUES), [], [ROOT])),
    # https://github.com/sigstore/model-transparency/blob/v1.1.1/src/model_signing/_signing/sign_certificate.py
    # sets the clock to the leaf's first second
    "an expired leaf": ("3", "CN=signer expired on 2026-10-31 12:00:00", (issue("signer", "root", **PAST), [], [ROOT])),
    "a leaf of the future": ("3", "CN=signer is not valid before", (issue("signer", "root", **FUTURE), [], [ROOT])),
    "an expired issuer": ("3", "CN=between expired on", (LEAF, [intermediate(**PAST)], [ROOT])),
    "an issuer of the future": ("3", "CN=between is not valid before", (LEAF, [intermediate(**FUTURE)], [ROOT])),
    "an expired root": ("3", "CN=root expired on", (LEAF, [BETWEEN], [root(**PAST)])),
    "another root": ("3", NO_CHAIN, (LEAF, [BETWEEN], [root("else")])),
    "a root of the same name": ("3", NO_CHAIN, (LEAF, [BETWEEN], [root(subject_key=key("x"), issuer_key=key("x"))])),
    "a link missing": ("3", NO_CHAIN, (LEAF, [], [ROOT])),
    "the root brought along": ("3", NO_CHAIN, (LEAF, [BETWEEN, ROOT], [root("else")])),
    "signed by itself": ("3", NO_CHAIN, (OWN, [OWN], [ROOT])),
    "signed by somebody else": ("3", NO_CHAIN, (issue("signer", "between", issuer_key=key("x")), [BETWEEN], [ROOT])),
    "an issuer that is none": ("3", NO_CHAIN, (LEAF, [intermediate(ca=False)], [ROOT])),
    "an issuer that does not say": ("3", NO_CHAIN, (LEAF, [intermediate(ca=None)], [ROOT])),
    "a path too long": (
        "3",
        "path length",
        (issue("signer", "lower"), [intermediate("lower", "between"), intermediate(length=0)], [ROOT]),
    ),
    "an unknown critical extension": ("3", "critical", (issue("signer", "root", more=[(UNKNOWN, True)]), [], [ROOT])),
    "a name outside": (
        "3",
        "constraint",
        (mailbox("a@evil.com"), [constrained(x509.RFC822Name("example.com"))], [ROOT]),
    ),
    "a constraint that is not known": (
        "3",
        "unsupported name constraint",
        (website("https://evil.com/x"), [constrained(x509.UniformResourceIdentifier("example.com"))], [ROOT]),
    ),
    "an issuer without usage": ("3a", "not allowed to issue", (LEAF, [intermediate(usage=None)], [ROOT])),
    "an issuer that signs files": ("3a", "not allowed to issue", (LEAF, [intermediate(usage=SIGNS)], [ROOT])),
    "a root that signs lists": ("3a", "not allowed to issue", (LEAF, [BETWEEN], [root(usage=["crl_sign"])])),
    "an issuer for web servers": ("3b", "confined to other", (LEAF, [intermediate(purposes=WEB_SERVER)], [ROOT])),
}

STEPS = {
    "1a": ("if usage is None or not usage.digital_signature:", "if usage is None:\n        return\n    if False:"),
    "1b": ("if purposes is None or ExtendedKeyUsageOID.CODE_SIGNING not in purposes:", "if False:"),
    "2": ("if usage.key_cert_sign:", "if False:"),
    "3": ("verifier.verify(leaf._x509, [each._x509 for each in intermediates])", "pass"),
    "3a": (".may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, _may_issue(trusted))", ""),
    "3b": (".may_be_present(x509.ExtendedKeyUsage, Criticality.AGNOSTIC, _may_issue_signers)", ""),
}


@pytest.mark.parametrize(("step", "why", "given"), FALL.values(), ids=FALL)
def test_chains_that_do_not(step: str, why: str, given: Given) -> None:
    with pytest.raises(Untrusted, match=why):
        check(*given)


@pytest.mark.parametrize(("step", "why", "given"), FALL.values(), ids=FALL)
def test_every_step_is_needed(step: str, why: str, given: Given) -> None:
    leaf, *between = read(given[0], *given[1])
    with without(certificates, *STEPS[step]) as lax:
        lax.verify_chain(leaf, tuple(between), read(*given[2]), NOW)


def test_no_step_is_without_a_case() -> None:
    assert {step for step, _, _ in FALL.values()} == set(STEPS)


def test_no_roots_trust_nobody() -> None:
    with pytest.raises(Untrusted, match="no root is trusted"):
        check(LEAF, [BETWEEN], [])


def test_other_curves_are_not_even_read() -> None:
    odd = key("odd", "secp256k1")
    with pytest.raises(BadKey, match="secp256k1 is not used"):
        read(root("odd", subject_key=odd, issuer_key=odd))


def test_a_constraint_that_is_met() -> None:
    check(mailbox("a@example.com"), [constrained(x509.RFC822Name("example.com"))], [ROOT])


def test_the_first_and_last_second_count() -> None:
    leaf, between = read(issue("signer", "between", start=NOW, end=NOW), BETWEEN)
    verify_chain(leaf, (between,), read(ROOT), NOW)
    verify_chain(leaf, (between,), read(ROOT), NOW.astimezone(timezone(timedelta(hours=14))))
    for late in (NOW + timedelta(seconds=1), NOW - timedelta(seconds=1)):
        with pytest.raises(Untrusted):
            verify_chain(leaf, (between,), read(ROOT), late)
    with pytest.raises(ValueError, match="time zone"):
        verify_chain(leaf, (between,), read(ROOT), NOW.replace(tzinfo=None))


def test_a_missing_issuer_is_named() -> None:
    for given, missing in (([], "CN=between issued the certificate of CN=signer"), ([BETWEEN], "CN=root issued")):
        with pytest.raises(Untrusted, match=rf"{missing}.* is neither in the signature nor trusted"):
            check(LEAF, given, [root("else")])


def test_whose_signatures_would_be_taken() -> None:
    """By somebody who trusts where the certificates end that are given."""
    for good in ((LEAF,), (LEAF, BETWEEN), (LEAF, BETWEEN, ROOT), (LEAF, ROOT, BETWEEN), (LEAF, BETWEEN, BETWEEN)):
        check_signer(read(*good), NOW)
    old = intermediate(start=NOW - 2 * DAY, end=NOW - DAY)
    for bad in ((issue("x", "root", purposes=WEB_SERVER),), (LEAF, ROOT), (LEAF, old), (LEAF, root("else"))):
        with pytest.raises(Untrusted):
            check_signer(read(*bad), NOW)


def test_parsers_do_not_show_their_insides() -> None:
    for raw in (b"\x30", b"", der(LEAF)[0][:-1], der(LEAF)[0] + b"\0", b"\x2d" + der(LEAF)[0][1:]):
        with pytest.raises(Malformed) as caught:
            parse_der(raw)
        assert not {"{", "<"} & set(str(caught.value))
    critical = x509.UnrecognizedExtension(ObjectIdentifier("1.2.3.4"), b"x")
    with pytest.raises(Untrusted, match=r"unaccounted-for critical extensions$"):
        check(issue("signer", "root", more=[(critical, True)]), [], [ROOT])


def test_a_thicket_of_issuers_ends() -> None:
    """Every issuer fits every other: cryptography counts the signatures it checks."""
    thicket = [intermediate("between", "between") for _ in range(15)]
    with pytest.raises(Untrusted, match="maximum"):
        check(LEAF, thicket, [ROOT])


# --- names ---

USERNAME = ObjectIdentifier("1.3.6.1.4.1.57264.1.7")
NAMES: list[tuple[x509.GeneralName, str]] = [
    (x509.RFC822Name("a@example.com"), "a@example.com"),
    (x509.UniformResourceIdentifier("https://github.com/o/r/x.yml@refs/heads/main"), ""),
    (x509.UniformResourceIdentifier("urn:uuid:1"), ""),
    (x509.DNSName("example.com"), "example.com"),
    (x509.OtherName(USERNAME, b"\x0c\x04a!ex"), "a!ex"),
]


@pytest.mark.parametrize(("name", "identity"), NAMES)
def test_who_a_certificate_names(name: x509.GeneralName, identity: str) -> None:
    identity = identity or str(name.value)
    (found,) = read(issue("signer", "root", names=[name, x509.IPAddress(ipaddress.ip_address("::1"))]))
    assert [each for _, each in found.identities] == [identity]
    assert found.names(identity)
    assert not found.names(identity.upper())
    assert not found.names(identity[:-1])


def test_a_name_of_another_kind_is_another_name() -> None:
    """An authority confined to addresses may issue any URI, also one that reads like an address."""
    (found,) = read(issue("signer", "root", names=[x509.UniformResourceIdentifier("boss@evil.com")]))
    assert found.identities == (("uri", "boss@evil.com"),)
    assert not found.names("boss@evil.com")
    (found,) = read(issue("signer", "root", names=[x509.DNSName("https://evil.com/")]))
    assert not found.names("https://evil.com/")


@pytest.mark.parametrize("kind", [0x81, 0x82, 0x86])
def test_a_name_that_looks_like_another_is_none(kind: int) -> None:
    """RFC 5280 has ASCII names alone; a Cyrillic a looks like ours."""
    name = "\N{CYRILLIC SMALL LETTER A}@example.com".encode()
    names = b"\x30" + bytes([len(name) + 2, kind, len(name)]) + name
    forged = issue("signer", "root", more=[(x509.UnrecognizedExtension(ObjectIdentifier("2.5.29.17"), names), False)])
    with pytest.raises(Malformed, match="not a certificate that can be read"):
        parse_der(der(forged)[0])


def extension(number: int, value: bytes) -> tuple[x509.ExtensionType, bool]:
    return x509.UnrecognizedExtension(ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}"), value), False


ISSUER = b"https://token.actions.githubusercontent.com"
UTF8 = b"\x0c" + bytes([len(ISSUER)]) + ISSUER


@pytest.mark.parametrize(
    "more", [[extension(8, UTF8)], [extension(1, ISSUER)], [extension(1, ISSUER), extension(8, UTF8)]]
)
def test_the_oidc_issuer(more: list[tuple[x509.ExtensionType, bool]]) -> None:
    """https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md"""
    assert read(issue("signer", "root", more=more))[0].oidc_issuer == ISSUER.decode()


@pytest.mark.parametrize("length", [0, 127, 128, 255, 256, 5000])
def test_issuers_of_any_length(length: int) -> None:
    name = "x" * length
    head = bytes([length]) if length < 128 else bytes([0x81, length]) if length < 256 else b"\x82" + length.to_bytes(2)
    more = [extension(8, b"\x0c" + head + name.encode())]
    assert read(issue("signer", "root", more=more))[0].oidc_issuer == name


@pytest.mark.parametrize(
    "more",
    [
        [extension(1, b"https://other"), extension(8, UTF8)],
        [extension(8, ISSUER)],
        [extension(8, UTF8[:-1])],
        [extension(8, UTF8 + b"\0")],
        [extension(8, b"")],
        [extension(8, b"\x16" + UTF8[1:])],
        [extension(8, b"\x0c\x01\xff")],
        [extension(1, b"\xff")],
    ],
    ids=["two issuers", "no ASN.1", "cut short", "something after", "empty", "another type", "no UTF-8", "no UTF-8 1"],
)
def test_what_is_no_oidc_issuer(more: list[tuple[x509.ExtensionType, bool]]) -> None:
    with pytest.raises(Malformed):
        parse_der(der(issue("signer", "root", more=more))[0])


# --- what is no certificate ---


def test_what_is_no_certificate_in_a_bundle() -> None:
    good = der(LEAF)[0]
    for raw in (b"", b"\x30", good[:-1], good + b"\0", LEAF.public_bytes(Encoding.PEM)):
        with pytest.raises(Malformed, match="not a certificate"):
            parse_der(raw)
    with pytest.raises(Untrusted, match="secp256k1 is not used"):
        parse_der(der(issue("odd", "root", subject_key=key("odd", "secp256k1")))[0])


@pytest.mark.parametrize("bit", range(8))
def test_a_changed_certificate_is_not_trusted(bit: int) -> None:
    """What is not signed may change where it says nothing: how many bits of the signature are unused."""
    good = der(LEAF)[0]
    between, roots = read(BETWEEN), read(ROOT)
    for at in range(len(good)):
        changed = bytearray(good)
        changed[at] ^= 1 << bit
        try:
            leaf = parse_der(bytes(changed))
            verify_chain(leaf, between, roots, NOW)
        except (Malformed, Untrusted) as error:
            assert "\n" not in str(error)
        else:
            assert leaf._x509.tbs_certificate_bytes == LEAF.tbs_certificate_bytes
            assert leaf._x509.signature == LEAF.signature


def test_files_of_certificates() -> None:
    pem = ROOT.public_bytes(Encoding.PEM)
    found = parse_pem(b"# our root\n" + pem + b"\n# and another\n" + BETWEEN.public_bytes(Encoding.PEM))
    assert [each.der for each in found] == list(der(ROOT, BETWEEN))
    for raw in (
        b"",
        b"noise",
        private("signer").pem(None),
        pem + private("signer").pem(None),
        pem[:-30],
        pem + b"x" * 2**20,
        b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        der(ROOT)[0],
    ):
        with pytest.raises(BadKey):
            parse_pem(raw)


@pytest.mark.parametrize("make", [lambda: ec.generate_private_key(ec.SECP521R1()), ed25519.Ed25519PrivateKey.generate])
def test_leaves_with_other_keys(make: Callable[[], object]) -> None:
    leaf: Certificate = read(issue("signer", "root", subject_key=make()))[0]  # type: ignore[arg-type]
    verify_chain(leaf, (), read(ROOT), NOW)
    assert leaf.public_key.type in ("ecdsa-p521", "ed25519")
