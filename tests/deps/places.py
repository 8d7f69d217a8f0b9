"""Environments and wheels, assembled file by file."""

from __future__ import annotations

import base64
import hashlib
import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

SITE = "lib/python3.11/site-packages"


def metadata(name: str, version: str, more: str = "") -> str:
    return f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\nText: Name: other\n"


def record_of(files: Mapping[str, bytes], info: str) -> str:
    def value(data: bytes) -> str:
        return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=").decode()

    rows = [f"{path},sha256={value(data)},{len(data)}" for path, data in files.items()]
    return "\n".join((*rows, f"{info}/RECORD,,", ""))


def install(
    root: Path,
    name: str,
    version: str,
    files: Mapping[str, bytes],
    *,
    site: str = SITE,
    more: Mapping[str, bytes] | None = None,
) -> Path:
    """As an installer leaves it; *more* goes into the .dist-info folder. Returns that folder."""
    info = f"{name}-{version}.dist-info"
    inside = {f"{info}/{path}": data for path, data in (more or {}).items()}
    files = {**files, f"{info}/METADATA": metadata(name, version).encode(), **inside}
    for path, data in files.items():
        file = root / SITE / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    (root / SITE / info / "RECORD").write_text(record_of(files, info))
    return root / SITE / info


def wheel(name: str, version: str, files: Mapping[str, bytes] | None = None, *, more: str = "") -> bytes:
    info = f"{name}-{version}.dist-info"
    files = {f"{name}/__init__.py": b"", **(files or {}), f"{info}/METADATA": metadata(name, version, more).encode()}
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for path, data in (*files.items(), (f"{info}/RECORD", record_of(files, info).encode())):
            archive.writestr(zipfile.ZipInfo(path), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()
