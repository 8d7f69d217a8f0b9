"""The one door. `ATTACKS` has for each step of it an input that this step alone refuses: with the step
taken out, the rest lets it through."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.x509.oid import ObjectIdentifier
from hypothesis import example, given
from hypothesis import strategies as st
from tests.attest import authority
from tests.attest.authority import NOW
from tests.attest.instance import Instance
from tests.attest.steps import without

from modelward.attest import bundle, dsse, verify
from modelward.attest.bundle import Bare, Bundle, Chain, KeyHint, LegacyKey
from modelward.attest.certificates import parse_der
from modelward.attest.dsse import PAYLOAD_TYPE, Envelope, Signature
from modelward.attest.errors import Untrusted
from modelward.attest.keys import KEY_TYPES, KeyType, PrivateKey, PublicKey, generate
from modelward.attest.sigstore import Sigstore
from modelward.attest.verify import Signer, Trust
from modelward.core.errors import Malformed, UsageError

VECTORS = Path(__file__).parent / "vectors"
KEY = generate("ecdsa-p256")
STRANGER = generate("ecdsa-p256")
ED = generate("ed25519")
PAYLOAD = b'{"_type":"https://in-toto.io/Statement/v1"}'
MODEL = b'{"_type":"https://in-toto.io/Statement/v1","predicateType":"https://model_signing/signature/v1.0"}'
TRUST = Trust(keys=(KEY.public,))


def envelope(*keys: PrivateKey, payload: bytes = PAYLOAD, payload_type: str = PAYLOAD_TYPE) -> Envelope:
    message = dsse.pae(payload_type, payload)
    return Envelope(payload_type, payload, tuple(Signature(key.sign(message)) for key in keys))


def signed(material: bundle.Material, *keys: PrivateKey) -> Bundle:
    return Bundle(None, material, envelope(*keys), b"")


def vector(name: str) -> Bundle:
    return bundle.parse((VECTORS / f"{name}.json").read_bytes())


# --- certificates ---

GITHUB = "https://token.actions.githubusercontent.com"
ISSUER = x509.UnrecognizedExtension(
    ObjectIdentifier("1.3.6.1.4.1.57264.1.8"), b"\x0c" + bytes([len(GITHUB)]) + GITHUB.encode()
)
ROOT = authority.root()
LEAF = authority.issue(
    "signer", "root", names=[x509.RFC822Name("a@example.com"), x509.DNSName("example.com")], more=[(ISSUER, False)]
)
HOLDER = authority.private("signer")
CHAIN = signed(Chain(authority.der(LEAF)), HOLDER)
ROOTS = Trust(roots=authority.read(ROOT))
SIGSTORE = Sigstore.parse(Instance().trusted_root(), "a@example.com", GITHUB)


# --- attacks ---


@dataclass(frozen=True)
class Attack:
    given: Bundle
    why: str
    step: str  # of the source
    instead: str
    trust: Trust = TRUST


HINT = KeyHint(KEY.public.fingerprint)
ATTACKS = {
    "1. a signature that was made for another protocol": Attack(
        Bundle(None, HINT, envelope(KEY, payload_type="application/vnd.tuf+json"), b""),
        "the payload type is application/vnd.tuf",
        "if envelope.payload_type not in payload_types:",
        "if False:",
    ),
    "2. a certificate without the log that says when it was used": Attack(
        bundle.parse(bundle.sign(PAYLOAD, HOLDER, Chain(authority.der(LEAF)))),
        "the keyless signature does not verify",
        "if trust.sigstore is not None and isinstance(bundle.material, Keyless | Chain):",
        "if False:",
        replace(ROOTS, sigstore=SIGSTORE),
    ),
    "3a. a key taken for another": Attack(
        signed(KeyHint(STRANGER.public.fingerprint), KEY),
        "which is not trusted",
        "tuple(key for key in trust.keys if hint in key.hints)",
        "trust.keys",
    ),
    "3b. a forger's key in the bundle": Attack(
        signed(LegacyKey(STRANGER.public.pem), STRANGER),
        "which is not trusted",
        "tuple(key for key in trust.keys if key == theirs)",
        "(theirs,)",
    ),
    "3c. a certificate of an authority that nobody trusts": Attack(
        CHAIN,
        "no valid chain leads",
        "certificates.verify_chain(leaf, tuple(intermediates), trust.roots, now)",
        "pass",
        Trust(roots=authority.read(authority.root("else"))),
    ),
    "3d. another customer of the authority": Attack(
        CHAIN,
        "signed by a@example.com, example.com; expected b@example.com",
        "elif not leaf.names(identity):",
        "elif False:",
        replace(ROOTS, identity="b@example.com"),
    ),
    "3e. the same name at another provider": Attack(
        CHAIN,
        f"the identity was confirmed by {GITHUB}; expected https://accounts.google.com",
        "if trust.issuer is not None and leaf.oidc_issuer != trust.issuer:",
        "if False:",
        replace(ROOTS, identity="a@example.com", issuer="https://accounts.google.com"),
    ),
    "4. a payload exchanged": Attack(
        Bundle(None, HINT, replace(envelope(KEY), payload=PAYLOAD + b" "), b""),
        "no signature verifies",
        "if key.verify(signature.sig, message)",
        "",
    ),
    "4. a type exchanged": Attack(
        Bundle(None, HINT, replace(envelope(KEY, payload_type="text/plain"), payload_type=PAYLOAD_TYPE), b""),
        "no signature verifies",
        "dsse.pae(envelope.payload_type, envelope.payload)",
        'dsse.pae("text/plain", envelope.payload)',
    ),
    "5. a model signature with a key that its format does not know": Attack(
        Bundle(None, KeyHint(ED.public.fingerprint), envelope(ED, payload=MODEL), b""),
        "a model signature by a key of type ed25519: its format knows ECDSA keys alone",
        "if others and is_model_signature(envelope.payload):",
        "if False:",
        Trust(keys=(ED.public,)),
    ),
    "6. signed by strangers alone": Attack(
        signed(Bare(), STRANGER),
        "no signature verifies with the trusted key",
        "if not found:",
        "if False:",
    ),
}
attacks = pytest.mark.parametrize("attack", ATTACKS.values(), ids=ATTACKS)


@attacks
def test_every_attack_fails(attack: Attack) -> None:
    with pytest.raises(Untrusted, match=attack.why) as caught:
        verify.verify(attack.given, attack.trust, NOW)
    assert caught.value.exit_code == 1


@attacks
def test_every_step_is_needed(attack: Attack) -> None:
    with without(verify, attack.step, attack.instead) as lax:
        lax.verify(attack.given, attack.trust, NOW)


def test_no_step_is_without_an_attack() -> None:
    written = Path(verify.__file__).read_text(encoding="utf-8")
    steps = {
        line.split()[1]
        for line in written.splitlines()
        if line.strip().startswith("# ") and line.split()[1][0].isdigit()
    }
    assert steps - {"3."} == {name.split()[0] for name in ATTACKS}  # 3. is its letters


# --- what verifies ---


@pytest.mark.parametrize("kind", KEY_TYPES)
def test_a_bundle_of_ours(kind: KeyType) -> None:
    key = generate(kind)
    verified = verify.verify(bundle.parse(bundle.sign(PAYLOAD, key)), Trust(keys=(KEY.public, key.public)), NOW)
    assert verified == verify.Verified(PAYLOAD, PAYLOAD_TYPE, (Signer(key.public.fingerprint),))


@pytest.mark.parametrize("name", ["oms-1.0.0-key", "oms-1.1.0-key", "oms-go-key"])
def test_signatures_of_model_signing(name: str) -> None:
    material = vector("oms-1.0.0-key").material
    assert isinstance(material, LegacyKey)
    key = PublicKey.parse(material.raw)
    verified = verify.verify(vector(name), Trust(keys=(KEY.public, key)), NOW)
    assert verified.signers == (Signer("e8450dec4eb99dae995da9af1bc2cc9f76ed669ee2e744f57abba763df3e3f8e"),)
    assert json.loads(verified.payload)["_type"] == "https://in-toto.io/Statement/v1"
    with pytest.raises(Untrusted):
        verify.verify(vector(name), TRUST, NOW)


def test_a_signature_of_model_signing_with_certificates() -> None:
    found = vector("oms-1.1.0-certificate")
    assert isinstance(found.material, Chain)
    root = parse_der(found.material.certificates[1])
    assert verify.verify(found, Trust(roots=(root,)), NOW).signers[0].identity is None
    with pytest.raises(Untrusted, match="CN=intermediate-ca expired on 2035-04-30"):
        verify.verify(found, Trust(roots=(root,)), NOW.replace(year=2036))
    with pytest.raises(Untrusted, match="no valid chain leads"):
        verify.verify(found, ROOTS, NOW)


def test_a_hint_as_cosign_writes_it() -> None:
    """https://github.com/sigstore/sigstore-go/blob/v1.1.0/pkg/sign/keys.go: SHA-256 of the DER, in base64"""
    key = PublicKey.parse(
        b"-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE7pBlkILi/WN1X8FiQTlZBK2/GlQD\n"
        b"Ol9bn1iDaSE8B5Eu+uccNndQid2Nmgp8mrTWhT2XhZbshUGMDSDx/6jwvw==\n-----END PUBLIC KEY-----\n"
    )
    assert verify.verify(vector("cosign-key-with-log-entry"), Trust(keys=(key,)), NOW)


def test_a_certificate_of_ours() -> None:
    for trust in (ROOTS, replace(ROOTS, identity="a@example.com"), replace(ROOTS, issuer=GITHUB)):
        signer = Signer(HOLDER.public.fingerprint, "a@example.com", GITHUB)
        assert verify.verify(CHAIN, trust, NOW).signers == (signer,)
    (signer,) = verify.verify(CHAIN, replace(ROOTS, identity="example.com", issuer=GITHUB), NOW).signers
    assert signer.identity == "example.com"


def test_a_certificate_is_judged_at_now() -> None:
    for when in (NOW.replace(year=2020), NOW.replace(year=2030)):
        with pytest.raises(Untrusted, match=r"is not valid before|expired on"):
            verify.verify(CHAIN, ROOTS, when)


def test_other_types_when_asked_for() -> None:
    given = Bundle(None, HINT, envelope(KEY, payload_type="text/plain"), b"")
    assert verify.verify(given, TRUST, NOW, frozenset({"text/plain"})).payload_type == "text/plain"


# --- signers are keys ---


@pytest.mark.parametrize("kind", ["ed25519", "rsa-pss"])
def test_model_signatures_are_by_ecdsa_keys(kind: KeyType) -> None:
    """OpenSSF Model Signing v1.0 knows no other, also where a certificate stands for the key; beside a signature
    by one that it knows such a key is nobody."""
    key = generate(kind)
    both = Trust(keys=(KEY.public, key.public))
    given = Bundle(None, Bare(), envelope(key, KEY, payload=MODEL), b"")
    assert [signer.key for signer in verify.verify(given, both, NOW).signers] == [KEY.public.fingerprint]
    leaf = authority.issue("odd", "root", subject_key=key._key)  # type: ignore[arg-type]
    chain = Bundle(None, Chain(authority.der(leaf)), envelope(key, payload=MODEL), b"")
    with pytest.raises(Untrusted, match=f"a model signature by a key of type {kind}"):
        verify.verify(chain, ROOTS, NOW)
    older = MODEL.replace(b"signature/v1.0", b"Digests/v0.1")
    for payload, is_fine in ((older, False), (PAYLOAD, True), (b"[]", True), (b"\xff", True)):
        given = Bundle(None, KeyHint(key.public.fingerprint), envelope(key, payload=payload), b"")
        if is_fine:
            assert verify.verify(given, both, NOW)
        else:
            with pytest.raises(Untrusted, match="ECDSA"):
                verify.verify(given, both, NOW)


def test_an_empty_name_is_nobody() -> None:
    """Not everybody: that is what an unset variable would ask for. A certificate can have an empty name."""
    for identity, issuer in (("", None), (None, ""), ("a@example.com", "")):
        with pytest.raises(UsageError, match="cannot be empty"):
            replace(ROOTS, identity=identity, issuer=issuer)


def test_names_that_look_alike_are_told_apart() -> None:
    email = "a@example.com"
    odd = x509.OtherName(ObjectIdentifier("1.3.6.1.4.1.57264.1.7"), b"\x0c\x02\xd0\xb0")
    leaf = authority.issue("signer", "root", names=[x509.UniformResourceIdentifier(email), odd])
    given = signed(Chain(authority.der(leaf)), HOLDER)
    with pytest.raises(Untrusted, match=r"signed by a@example\.com \(as uri\), \\u0430; expected a@example\.com"):
        verify.verify(given, replace(ROOTS, identity=email), NOW)


def test_a_person_with_two_certificates_is_one() -> None:
    ann, again, other = (
        Signer(key, name, issuer) for key, name, issuer in (("1", "a", "x"), ("2", "a", "y"), ("3", "b", "x"))
    )
    assert ann.holder == again.holder != other.holder
    assert Signer("1").holder == "1"


@given(st.permutations([0, 1, 2, 3]))
def test_signers_are_counted_by_key(order: list[int]) -> None:
    """One key that signs twice is one signer, and strangers beside do no harm: section Multi-signature
    Verification of https://github.com/secure-systems-lab/dsse/blob/v1.0.0/protocol.md"""
    second = HOLDER
    keys = [KEY, KEY, second, STRANGER]
    found = verify.verify(
        signed(Bare(), *(keys[at] for at in order)), Trust(keys=(KEY.public, KEY.public, second.public)), NOW
    )
    assert sorted(signer.holder for signer in found.signers) == sorted(
        [KEY.public.fingerprint, second.public.fingerprint]
    )


def test_a_keyid_is_never_trusted() -> None:
    forged = replace(envelope(STRANGER), signatures=(replace(envelope(STRANGER).signatures[0], keyid=HINT.hint),))
    with pytest.raises(Untrusted):
        verify.verify(Bundle(None, Bare(), forged, b""), TRUST, NOW)
    misnamed = replace(envelope(KEY), signatures=(replace(envelope(KEY).signatures[0], keyid="somebody else"),))
    assert verify.verify(Bundle(None, Bare(), misnamed, b""), TRUST, NOW)


# --- each material is verified by its own method ---


@pytest.mark.parametrize(
    ("given", "trust", "why"),
    [
        (CHAIN, TRUST, "no root is trusted"),
        (CHAIN, Trust(keys=(HOLDER.public,)), "no root is trusted"),  # its very key is trusted, but not as a holder
        (signed(HINT, KEY), ROOTS, "which is not trusted"),
        (signed(Bare(), KEY), ROOTS, "no key is trusted"),
        (signed(Bare(), KEY), Trust(), "no key is trusted"),
        (signed(LegacyKey(KEY.public.pem), KEY), ROOTS, "which is not trusted"),
        (vector("oms-1.1.0-sigstore"), TRUST, "sigstore"),
        (vector("oms-1.1.0-sigstore"), ROOTS, "sigstore"),
    ],
)
def test_material_that_does_not_fit_the_trust(given: Bundle, trust: Trust, why: str) -> None:
    """A verifier that demands certificates takes no keys, and the other way round: cases
    key-verify-as-certificate_fail, certificate-verify-as-key_fail, sigstore-verify-as-key_fail of
    https://github.com/ossf/model-signing-spec/blob/main/conformance/TEST_CASES.md"""
    with pytest.raises(Untrusted, match=why):
        verify.verify(given, trust, NOW)


def test_a_legacy_key_is_read_as_pem_and_der() -> None:
    for raw in (KEY.public.pem, parse_der(authority.der(LEAF)[0]).public_key.pem):
        with pytest.raises(Untrusted):
            verify.verify(signed(LegacyKey(raw), STRANGER), TRUST, NOW)
    for noise in (b"", b"noise", b"-----BEGIN PUBLIC KEY-----"):
        with pytest.raises(Malformed, match="rawBytes"):
            verify.verify(signed(LegacyKey(noise), KEY), TRUST, NOW)


# --- no byte of what is signed can change ---

RAW = bundle.sign(PAYLOAD, KEY)
BOTH = bundle.sign(PAYLOAD, HOLDER, Chain(authority.der(LEAF)))


@given(st.sampled_from([RAW, BOTH]), st.floats(0, 1, exclude_max=True), st.integers(1, 255))
@example(RAW, 0.0, 1)
def test_a_changed_bundle_never_says_something_else(raw: bytes, at: float, other: int) -> None:
    changed = bytearray(raw)
    changed[int(at * len(changed))] ^= other
    try:
        verified = verify.verify(bundle.parse(bytes(changed)), replace(ROOTS, keys=(KEY.public,)), NOW)
    except (Malformed, Untrusted) as error:
        assert "\n" not in str(error)
    else:
        assert verified.payload == PAYLOAD
        assert verified.payload_type == PAYLOAD_TYPE


@given(st.sampled_from([RAW, BOTH]), st.floats(0, 1, exclude_max=True))
def test_a_bundle_cut_short_is_malformed(raw: bytes, at: float) -> None:
    with pytest.raises(Malformed):
        bundle.parse(raw[: int(at * len(raw))])


ACCEPT: dict[str, Callable[[Envelope], Envelope]] = {
    "payload": lambda given: replace(given, payload=given.payload + b"\n"),
    "type": lambda given: replace(given, payload_type="application/vnd.in-toto+JSON"),
    "moved boundary": lambda given: replace(given, payload_type=PAYLOAD_TYPE[:-1], payload=b"n" + given.payload),
    "signature": lambda given: replace(given, signatures=(Signature(given.signatures[0].sig[:-1]),)),
    "no signature": lambda given: replace(given, signatures=()),
}


@pytest.mark.parametrize("change", ACCEPT.values(), ids=ACCEPT)
def test_nothing_that_is_signed_can_change(change: Callable[[Envelope], Envelope]) -> None:
    changed = change(envelope(KEY))
    with pytest.raises(Untrusted):
        verify.verify(Bundle(None, HINT, changed, b""), TRUST, NOW, frozenset({changed.payload_type}))
