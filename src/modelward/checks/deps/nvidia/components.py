"""What NVIDIA's bulletins are about, as far as hosts are asked for it: components, and the branches of drivers.

Windows drivers of one branch have several first numbers. The table is taken from the platforms and versions that the
bulletins themselves put side by side ("Windows(R535)" and 537.70); branches that no bulletin names stand in it so that
their drivers are not taken for those of another.
"""

from __future__ import annotations

import re
from typing import Literal

from modelward.checks.deps.nvidia.csaf import Product
from modelward.checks.deps.nvidia.version_text import Condition, Version

System = Literal["linux", "windows"]
SYSTEMS: tuple[System, ...] = ("linux", "windows")

COMPONENTS = {
    "driver": "NVIDIA driver",
    "cuda": "CUDA Toolkit",
    "container-toolkit": "NVIDIA Container Toolkit",
    "gpu-operator": "NVIDIA GPU Operator",
    "device-plugin": "NVIDIA Kubernetes Device Plugin",
    "mig-manager": "NVIDIA MIG Manager",
    "dcgm-exporter": "DCGM Exporter",
    "dcgm": "DCGM",
    "triton": "Triton Inference Server",
    "tensorrt-llm": "TensorRT-LLM",
    "tensorrt": "TensorRT",
}
"""By the word that an inventory uses; the name is what is looked for in those of the products, the longer before the
shorter that it begins with."""

_WINDOWS = {
    390: 399, 418: 427, 430: 432, 435: 436, 440: 445, 450: 454, 455: 457, 460: 463, 465: 466, 470: 475, 495: 497,
    510: 514, 515: 518, 520: 522, 525: 529, 530: 532, 535: 539, 545: 546, 550: 553, 555: 556, 560: 561, 565: 566,
    570: 573, 575: 577, 580: 582, 590: 591, 595: 596,
}  # fmt: skip
"""Branch and the last of the first numbers that its versions have."""
_LEAST = 300
"""Of the first numbers of drivers that a bulletin can be about."""
_BRANCH = re.compile(r"\([^()]*\bR([0-9]{3})\b[^()]*\)")
_DRIVER = re.compile(r"\((?:R[0-9]{3}\b|vGPU|Cloud Gaming|Gaming)[^()]*\)", re.IGNORECASE)
_NAMED_SO = re.compile(r"\bdriver\b", re.IGNORECASE)
_WINDOWS_HOSTS = re.compile(r"windows|azure", re.IGNORECASE)
_OTHERS = re.compile(r"linux|citrix|xenserver|vmware|red hat|kvm|ubuntu|rhel", re.IGNORECASE)


def component_of(product: Product) -> str | None:
    """The word for it; None for what no host is asked for."""
    if _DRIVER.search(product.platform) or _NAMED_SO.search(product.name):
        return "driver"
    name = product.name.casefold().replace("nvidia ", "")
    wanted = ((word, full.casefold().replace("nvidia ", "")) for word, full in COMPONENTS.items())
    return next((word for word, full in wanted if full in name), None)


def systems_of(platform: str) -> frozenset[System]:
    """All where it names none."""
    found: set[System] = set()
    if _WINDOWS_HOSTS.search(platform):
        found.add("windows")
    if _OTHERS.search(platform):
        found.add("linux")
    return frozenset(found or SYSTEMS)


def branch_of(version: Version, system: System) -> int | None:
    """The branch of a driver: the first number on Linux. None for what is in no branch that is known."""
    first = version.numbers[0] if version.numbers else 0
    if system == "linux":
        return first if first >= _LEAST else None
    found = max((branch for branch in _WINDOWS if branch <= first), default=None)
    return found if found is not None and first <= _WINDOWS[found] else None


def system_of(version: Version) -> System | None:
    """The one whose drivers have such numbers: three of them on Linux, and a first one that begins no branch on
    Windows. None where both may."""
    if len(version.numbers) > 2:
        return "linux"
    return "windows" if version.numbers and version.numbers[0] not in _WINDOWS else None


def branches_said(product: Product, condition: Condition | None, system: System) -> frozenset[int]:
    """The branches that a row about a driver is about. More than one: it says one thing and its version another, so
    that it can be relied on for neither; none: that is not known."""
    stated = _BRANCH.search(product.platform)
    said = {int(stated[1])} if stated else set[int]()
    ends = [span.high for span in condition.spans if span.high] if condition else []
    return frozenset(said.union(branch_of(end, system) or 0 for end in ends))
