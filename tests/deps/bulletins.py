"""Bulletins in the shape of NVIDIA's CSAF files, assembled from facts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from modelward.checks.deps.nvidia import judge

FOLDER = Path(__file__).parents[1] / "data" / "deps" / "nvidia"
GEFORCE = "GeForce|Linux(R535)"
TESLA = "Tesla|Linux(R535)"
CUDA = "NVIDIA CUDA Toolkit|Windows, Linux"
TOOLKIT = "NVIDIA Container Toolkit|Linux"


def flaw(
    cve: str, affected: Iterable[str], fixed: Iterable[str] = (), cvss: str = "", word: str = "HIGH"
) -> dict[str, Any]:
    """*affected* and *fixed* are texts of the form product|platform|version text."""
    return {"cve": cve, "affected": list(affected), "fixed": list(fixed), "cvss": cvss, "word": word}


def bulletin(id_: str, *flaws: Mapping[str, Any], **head: Any) -> dict[str, Any]:
    """https://docs.oasis-open.org/csaf/csaf/v2.0/os/csaf-v2.0-os.html"""
    platforms: dict[str, dict[str, dict[str, Any]]] = {}
    for each in flaws:
        for text in (*each["affected"], *each["fixed"]):
            name, platform, version = text.split("|")
            product = {"name": version, "product_id": text}
            version_of = {"category": "product_version", "name": name, "product": product}
            platforms.setdefault(platform, {})[text] = version_of
    family = {"category": "product_family", "name": "NVIDIA Product Family", "branches": []}
    architectures = [
        {"category": "architecture", "name": platform, "branches": list(versions.values())}
        for platform, versions in platforms.items()
    ]
    publisher = {"category": "vendor", "name": "NVIDIA Product Security", "namespace": "https://vendor.example"}
    tracking = {"id": id_, "current_release_date": "2026-08-12T00:00:00Z", "status": "final", "version": "1.0.0"}
    return {
        "document": {
            "category": "csaf_security_advisory",
            "csaf_version": "2.0",
            "publisher": publisher,
            "title": f"Security Bulletin {id_}",
            "tracking": tracking,
        }
        | head,
        "product_tree": {
            "branches": [{"category": "vendor", "name": "NVIDIA", "branches": [family, *architectures]}],
        },
        "vulnerabilities": [_vulnerability(each) for each in flaws],
    }


def _vulnerability(each: Mapping[str, Any]) -> dict[str, Any]:
    score = {
        "vectorString": each["cvss"] or "CVSS:3.1/AV:L",
        "baseSeverity": each.get("word", "HIGH"),
        "baseScore": 7.8,
    }
    return {
        "cve": each["cve"],
        "notes": [{"category": "summary", "text": "It may lead to code execution.", "title": "Description"}],
        "product_status": {"known_affected": each["affected"], "fixed": each["fixed"]},
        "scores": [{"cvss_v3": score, "products": each["affected"]}],
    }


def raw(body: Any) -> bytes:
    return json.dumps(body).encode()


def known(*bodies: Mapping[str, Any]) -> judge.Bulletins:
    return judge.bulletins((str(number), raw(body)) for number, body in enumerate(bodies))


def excerpt() -> list[dict[str, Any]]:
    """The real facts, as bulletins."""
    by_id: dict[str, list[dict[str, Any]]] = {}
    for row in json.loads((FOLDER / "rows.json").read_text()):
        by_id.setdefault(row["bulletin"], []).append(row)
    return [bulletin(id_, *rows) for id_, rows in by_id.items()]
