from __future__ import annotations

import pytest
from cryptography.hazmat.primitives.asymmetric import ed25519
from hypothesis import given
from hypothesis import strategies as st

from modelward.attest.encoding import encode_base64
from modelward.attest.errors import BadKey, Untrusted
from modelward.attest.keys import PrivateKey, PublicKey, generate
from modelward.attest.merkle import EMPTY
from modelward.attest.note import LARGEST, WITNESS, Checkpoint, Note, Verifier, sign
from modelward.core.errors import Malformed

# The example of https://c2sp.org/signed-note (BSD-1-Clause)
SPEC_KEY = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
SPEC_NOTE = """This is an example message.

— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=
""".encode()

# The keys and notes of golang.org/x/mod/sumdb/note (BSD-3-Clause)
GO_SECRET = "AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
GO_KEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
GO_OTHER = "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop"
GO_TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
GO_SIGNED = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
GO_SIGNED_TOO = (
    "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n"
)
GO_NOTE = f"{GO_TEXT}\n{GO_SIGNED}{GO_SIGNED_TOO}".encode()

# What https://sum.golang.org/latest said on 2024-09-23
SUM_KEY = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
SUM_NOTE = """go.sum database tree
30055305
mXfgRcJ0bG0j3CPdKwgGWtUzBUbX67saZGRmFuJGGsM=

— sum.golang.org Az3grpgEild5qw7+5dtV13Kf1C2Xurm8q4fhdxvcsDHnqNTaxL2AFjBY+2TyGKevucFcAAlWFJJYle3EJlDCrQ+y3A8=
""".encode()

# A checkpoint of a Certificate Transparency log with all sorts of signatures: two of its own, of which one is of
# type 05, and those of four witnesses
CT_KEY = "arche2025h1.staging.ct.transparency.dev+ba2f06c0+AU0vHmlGCS/PdN8b2OaGmKprLI8HKM+dJ472xgFYh15f"
CT_WITNESS = "remora.n621.de+da77ade7+BOvN63jn/bLvkieywe8R6UYAtVtNbZpXh34x7onlmtw2"
CT_NOTE = """arche2025h1.staging.ct.transparency.dev
1432088532
U7WM79jrzyhGZ5/GUBTpM7NzwdyfFx61t3RovgcC4Ro=

— arche2025h1.staging.ct.transparency.dev zTM8sQAAAZ5W0WdjBAMARjBEAiBjW5IQf9pvsYLfQFX6hoGREPMHbdQ3urbllzalApkptQIgIpwtEroeW2BXaHAI4kJXFbon5Ch9MNL5zRNZ55lvGt0=
— arche2025h1.staging.ct.transparency.dev ui8GwCF1+kWqZrxGdhj4aX3gcw7XUlXQQabg/27lefwhUkzbC3NygNI75MdhL1bfTW9g8Ei59RA23oHP7Ry1k3ZFWwQ=
— transparency.dev/DEV:witness-little-garden 2AQqhwAAAABqEiEgzgFIqqhbUoDwjMWE6UP8nd8/KYTzwZ2rhIgcqoXHAwVkjZr4AscylP3v7sEodkRAErumC2q44vdgJY096st5BQ==
— witness1.smartit.nu/witness1 pIyCDwAAAABqEiEghIp82KWebrw7/oHQwlTAm3g2RKS4+eebl8eO0WH+/iEcxZ75W3u5hNI7TOQtmJbqmNWVuE0tgh0XwzdZsDsUAQ==
— remora.n621.de 2net5wAAAABqEiEgPlfF3V06o0Y+fHM+J5J9s27wgxxcOVSpZ/2g/KSiXCg9DEZI+aVCIobWX9sXTynk5XeU/zZ0WBxtqB0DrAWfBw==
— witness.stagemole.eu Z/euoAAAAABqEiEgw0i+7g2ENfDAWHmtRzCfKTHSDwYDJA2NmKeGi9Y8FtEyOUvVr+AJmIY/2TUFucgKi7lI7cUiOvKFYe/TmN9DAg==
""".encode()  # noqa: E501

KEY = generate("ed25519")
LOG = Verifier("example.com/log", KEY.public)
CHECKPOINT = Checkpoint("example.com/log", 20852163, EMPTY)
SIGNED = sign(CHECKPOINT.text, LOG.name, KEY)


@pytest.mark.parametrize(
    ("raw", "keys"),
    [
        (SPEC_NOTE, [SPEC_KEY]),
        (GO_NOTE, [GO_KEY]),
        (GO_NOTE, [GO_KEY, GO_OTHER]),
        (SUM_NOTE, [SUM_KEY]),
        (CT_NOTE, [CT_KEY, CT_WITNESS]),
    ],
)
def test_notes_of_others(raw: bytes, keys: list[str]) -> None:
    verifiers = [Verifier.parse(key) for key in keys]
    assert [str(each) for each in verifiers] == keys
    assert Note.parse(raw).signers(verifiers) == verifiers
    with pytest.raises(Untrusted):
        Note.parse(raw.replace(b"e", b"f", 1)).signers(verifiers)


def test_the_go_tools_would_have_signed_the_same() -> None:
    import base64

    secret = ed25519.Ed25519PrivateKey.from_private_bytes(base64.b64decode(GO_SECRET)[1:])
    assert sign(GO_TEXT, "PeterNeumann", PrivateKey.of(secret)) == f"{GO_TEXT}\n{GO_SIGNED}".encode()


def test_checkpoints_of_others() -> None:
    found = Checkpoint.parse(Note.parse(SUM_NOTE).text)
    assert (found.origin, found.size) == ("go.sum database tree", 30055305)
    assert found.text == Note.parse(SUM_NOTE).text
    assert Checkpoint.parse(found.text + "an extension\n") == found


def test_a_note_without_a_signature_of_the_key_has_no_signer() -> None:
    assert Note.parse(GO_NOTE).signers([LOG]) == []
    namesake = Verifier("PeterNeumann", KEY.public)  # the name of a signature, and another id
    assert Note.parse(GO_NOTE).signers([namesake]) == []


def test_one_signature_of_a_known_key_that_fails_rejects_the_note() -> None:
    forged = f"— {LOG.name} {encode_base64(LOG.id + bytes(64))}\n".encode()
    for raw in (SIGNED + forged, SIGNED.replace("— ".encode(), forged + "— ".encode())):
        assert len(Note.parse(raw).signatures) == 2
        with pytest.raises(Untrusted, match=r"example\.com/log"):
            Note.parse(raw).signers([LOG])


def cosigned(time: int, text: str = CHECKPOINT.text, key: PrivateKey = KEY) -> bytes:
    """The line that a witness adds: https://c2sp.org/tlog-cosignature"""
    witness = Verifier("witness.example", key.public, WITNESS)
    signature = time.to_bytes(8) + key.sign(f"cosignature/v1\ntime {time}\n{text}".encode())
    return SIGNED + f"— witness.example {encode_base64(witness.id + signature)}\n".encode()


def test_witnesses() -> None:
    witness = Verifier("witness.example", KEY.public, WITNESS)
    assert Verifier.parse(str(witness)) == witness
    assert Note.parse(cosigned(1679315147)).signers([LOG, witness]) == [LOG, witness]
    assert Note.parse(SIGNED).signers([LOG, witness]) == [LOG]
    for raw in (cosigned(LARGEST + 1), cosigned(5, CHECKPOINT.text + "x\n")):
        with pytest.raises(Untrusted, match="witness"):
            Note.parse(raw).signers([witness])
        assert Note.parse(raw).signers([LOG]) == [LOG]  # who does not know the witness leaves it alone


@given(st.integers(0, len(SIGNED) * 8 - 1))
def test_a_changed_bit_is_noticed(at: int) -> None:
    raw = bytearray(SIGNED)
    raw[at // 8] ^= 1 << at % 8
    try:
        found = Note.parse(bytes(raw)).signers([LOG])
    except (Malformed, Untrusted):
        return
    assert found == []  # the name or the id was changed: a signature of somebody else


@given(st.binary(max_size=300) | st.text(max_size=100).map(lambda text: f"{text}\n\n— {text}\n".encode()))
def test_noise_is_malformed(noise: bytes) -> None:
    try:
        note = Note.parse(noise)
        Checkpoint.parse(note.text)
    except Malformed:
        return
    assert note.signers([LOG]) == []


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text\n",
        b"text\n\n",
        SIGNED[:-1],
        SIGNED + b"\n",
        SIGNED.replace(b"\n\n", b"\n"),
        SIGNED.replace("—".encode(), b"-"),
        SIGNED.replace("— ".encode(), "—".encode()),
        SIGNED.replace(b"example.com/log ", b"example.com+log "),
        SIGNED.replace(b"example.com/log ", "example\u00a0log ".encode()),
        SIGNED.replace(b"=\n", b"\n"),
        SIGNED.replace(b"\n", b"\r\n"),
        SIGNED.replace(b"com", b"c\0m"),
        SIGNED.replace(b"com", b"c\xffm"),
        SUM_NOTE.replace(b"7+5", b"7-5").replace(b"Y+2", b"Y-2").replace(b"Q+y", b"Q-y"),
        SIGNED + b"".join(b"\xe2\x80\x94 n%d AAAAAAA=\n" % number for number in range(100)),
        b"x" * (1 << 20) + SIGNED,
    ],
)
def test_what_is_no_note(raw: bytes) -> None:
    with pytest.raises(Malformed):
        Note.parse(raw)


def test_sixteen_signatures_are_read_and_more() -> None:
    raw = SIGNED + b"".join(b"\xe2\x80\x94 n%d AAAAAAA=\n" % number for number in range(99))
    assert Note.parse(raw).signers([LOG]) == [LOG]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "origin\n5\n",
        "origin\n5\nAAAA\n",
        "\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n05\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n-5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n٥\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n9223372036854775808\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n5\n47DEQpj8HBSa+_TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n5\n47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU=\n",
        "origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFV=\n",
        "origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\n\nmore\n",
        "origin\n5\n47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=",
    ],
)
def test_what_is_no_checkpoint(text: str) -> None:
    with pytest.raises(Malformed):
        Checkpoint.parse(text)


@given(
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1),
    st.integers(0, LARGEST),
    st.binary(min_size=32, max_size=32),
)
def test_checkpoints_survive_writing(origin: str, size: int, root: bytes) -> None:
    made = Checkpoint(origin, size, root)
    assert Checkpoint.parse(made.text) == made


def test_every_piece_of_a_verifier_key_is_needed() -> None:
    for start in range(len(GO_KEY)):
        for end in range(start + 1, len(GO_KEY) + 1):
            if end - start < len(GO_KEY):
                with pytest.raises(BadKey):
                    Verifier.parse(GO_KEY[start:end])
    for at in range(len(GO_KEY)):
        with pytest.raises(BadKey):
            Verifier.parse(GO_KEY[:at] + chr(ord(GO_KEY[at]) + 1) + GO_KEY[at + 1 :])


def test_keys_that_are_not_used() -> None:
    with pytest.raises(BadKey, match="ecdsa-p256"):
        Verifier("name", generate("ecdsa-p256").public)
    for name in ("", "a b", "a+b", "a\u2003b"):
        with pytest.raises(BadKey, match="name"):
            sign("text\n", name, KEY)
    with pytest.raises(BadKey, match="type 01"):
        Verifier.parse("sigstore+c0d23d6a+AjBZ")
    assert isinstance(Verifier.parse(GO_KEY).key, PublicKey)
