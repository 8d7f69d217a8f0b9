"""Small locks, feeds, environments and wheels for the cases about packages. Nothing in them does anything."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping

from tests.deps.places import SITE, metadata, record_of
from tests.deps.records import raw, record

INDEX = "https://index.example/simple"
WHEEL = "demo-1.0-py3-none-any.whl"
INFO = "demo-1.0.dist-info"
ENV = f"env/{SITE}"
_HEAD = """
schema = "modelward/policy/1"
name = "case"
deny.severity = "medium"
need = [{ id = "scan", predicate = "urn:modelward:predicate:scan:1", why = "A policy needs something." }]
"""


def policy(dependencies: str) -> dict[str, bytes]:
    return {"policy.toml": f"{_HEAD}\n[dependencies]\n{dependencies}\n".encode()}


def feed(id_: str = "PYSEC-2026-1", *affected: Mapping[str, object], **more: object) -> dict[str, bytes]:
    """A feed of one record: without *affected* about all releases of torch before 2.6.0."""
    return {f"osv/{id_}.json": raw(record(id_, *affected, **more))}


def page(name: str, *files: str, yanked: str = "", status: str = "active") -> dict[str, bytes]:
    """A feed of one page of an index: its *files*, and which of them is *yanked*."""
    said = [{"filename": file, "hashes": {}, "url": file, "yanked": file == yanked} for file in files]
    body = {"meta": {"api-version": "1.4"}, "name": name, "project-status": {"status": status}, "files": said}
    return {f"osv/{name}.json": json.dumps(body).encode()}


def bulletin(product: str, affected: str, fixed: str) -> dict[str, bytes]:
    """A feed of one bulletin of NVIDIA."""
    versions = [
        {"category": "product_version", "name": product, "product": {"product_id": text, "name": text}}
        for text in (affected, fixed)
    ]
    body = {
        "document": {
            "csaf_version": "2.0",
            "publisher": {"name": "NVIDIA PSIRT", "namespace": "https://vendor.example"},
            "tracking": {"id": "5599", "current_release_date": "2026-01-01T00:00:00Z"},
        },
        "product_tree": {"branches": [{"category": "architecture", "name": "Linux", "branches": versions}]},
        "vulnerabilities": [
            {"cve": "CVE-2026-1000", "product_status": {"known_affected": [affected], "fixed": [fixed]}}
        ],
    }
    return {"osv/5599.json": json.dumps(body).encode()}


def host(text: str) -> dict[str, bytes]:
    """What a tool said of a host, beside a lock in which nothing is wrong."""
    return {"host/said.txt": text.encode()} | requirements(hashed("torch==2.6.0"))


def requirements(*lines: str) -> dict[str, bytes]:
    return {"requirements.txt": "".join(f"{line}\n" for line in lines).encode()}


def hashed(pin: str, content: bytes = b"") -> str:
    return f"{pin} --hash=sha256:{hashlib.sha256(content).hexdigest()}"


def pylock(name: str, version: str, uploaded: str = "2026-01-01T00:00:00Z", index: str = INDEX) -> dict[str, bytes]:
    """One package, of one wheel."""
    wheel = "-".join((name.replace("-", "_"), version, "py3-none-any.whl"))
    said = f'url = "https://files.example/{wheel}", upload-time = {uploaded}, hashes = {{ sha256 = "{"a" * 64}" }}'
    text = f'[[packages]]\nname = "{name}"\nversion = "{version}"\nindex = "{index}"\nwheels = [{{ {said} }}]\n'
    return {"pylock.toml": f'lock-version = "1.0"\ncreated-by = "case"\n\n{text}'.encode()}


def environment(more: Mapping[str, bytes] | None = None, *, without: str = "") -> dict[str, bytes]:
    """One package is installed; *more* is what somebody put there afterwards."""
    files = {"demo/__init__.py": b"x = 1\n", f"{INFO}/METADATA": metadata("demo", "1.0").encode()}
    files[f"{INFO}/RECORD"] = record_of(files, INFO).encode()
    files |= more or {}
    return {"env/pyvenv.cfg": b"include-system-site-packages = false\n"} | {
        f"{ENV}/{path}": data for path, data in files.items() if path != without
    }


def wheel(
    more: Mapping[str, bytes] | None = None,
    *,
    said: str = metadata("demo", "1.0"),
    late: Mapping[str, bytes] | None = None,
    info: str = INFO,
) -> bytes:
    """*said* is METADATA; *late* is put into it after RECORD was written."""
    files = {"demo/__init__.py": b"", **(more or {}), f"{info}/METADATA": said.encode()}
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    files[f"{info}/RECORD"] = record_of(files, info).encode()
    return zipped(files | dict(late or {}))


def zipped(files: Mapping[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in files.items():
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def alone(data: bytes, name: str = WHEEL) -> dict[str, bytes]:
    return {name: data}


def approved(data: bytes, new: bytes, name: str = "demo-1.1-py3-none-any.whl") -> dict[str, bytes]:
    """The release that was approved, and the *new* one."""
    return {f"approved/{WHEEL}": data, name: new}


def released(more: Mapping[str, bytes] | None = None, requires: str = "") -> bytes:
    """The wheel of the release after the approved one."""
    return wheel(more, said=metadata("demo", "1.1", requires), info="demo-1.1.dist-info")
