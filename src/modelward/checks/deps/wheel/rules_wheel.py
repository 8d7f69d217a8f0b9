"""What is wrong with a wheel by its structure alone. What its code does is for the scan to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from modelward.checks.deps.known import launchers
from modelward.checks.deps.wheel.startup import why_run
from modelward.checks.deps.wheel.structure import Wheel, is_signature
from modelward.core.dependency import canonical_name
from modelward.core.finding import Finding, Location, Rule, Severity

_FORMAT = "https://packaging.python.org/en/latest/specifications/binary-distribution-format/"
_SITE = "https://docs.python.org/3/library/site.html"
_SUPPLY = "AML.T0010.001"

STARTUP = Rule(
    "wheel-startup-code",
    Severity.HIGH,
    "a package runs code whenever Python starts",
    "Lines of a .pth file that begin with import, sitecustomize and usercustomize are run by every Python of that "
    "environment, whether or not the package is imported. Taken-over releases have hidden there.",
    "Read what it runs. If the package does not need it, do not install it.",
    ("CWE-506", _SUPPLY, _SITE),
)
MISNAMED = Rule(
    "wheel-name-mismatch",
    Severity.HIGH,
    "a wheel is called otherwise than it says inside",
    "Installers go by the file name, tools and people by the metadata. One of them is deceived.",
    "Fetch it anew from where it should come from, and compare its hash.",
    ("CWE-345", _SUPPLY, _FORMAT),
)
UNRECORDED = Rule(
    "wheel-unrecorded-file",
    Severity.MEDIUM,
    "a wheel holds files that its own list does not name",
    "RECORD names every file of a wheel with its hash. What is not in it was added after the wheel was built, or "
    "should not be noticed.",
    "Build or fetch the wheel anew, and compare its hash.",
    ("CWE-345", _SUPPLY, _FORMAT),
)
CHANGED = Rule(
    "wheel-record-mismatch",
    Severity.HIGH,
    "files of a wheel are not those that its own list names",
    "The wheel was changed after it was built, or is damaged.",
    "Fetch it anew, and compare its hash.",
    ("CWE-345", "CWE-353", _SUPPLY, _FORMAT),
)
NATIVE = Rule(
    "wheel-native-code",
    Severity.MEDIUM,
    "a wheel that says to be pure Python holds native code",
    "py3-none-any stands for every platform, so nobody expects a program or library of one of them in it.",
    "Find out what it is for before it is run.",
    ("CWE-506", _SUPPLY, _FORMAT),
)
SHADOWING = Rule(
    "wheel-shadowing",
    Severity.MEDIUM,
    "a wheel puts something in the place of what others rely on",
    "A command or a module of that name is run where another is meant.",
    "Find out why it needs that name.",
    ("CWE-427", _SUPPLY, "https://packaging.python.org/en/latest/specifications/entry-points/"),
)
AMBIGUOUS = Rule(
    "wheel-ambiguous-archive",
    Severity.HIGH,
    "a wheel can be read as two different ones",
    "Two readers of the archive see other files, so that what was looked at need not be what is installed.",
    "Do not install it; build it anew.",
    ("CWE-436", _SUPPLY, "CVE-2025-54368"),
)

RULES = (STARTUP, MISNAMED, UNRECORDED, CHANGED, NATIVE, SHADOWING, AMBIGUOUS)

_SHOWN = 5
_COMMANDS = frozenset(
    "sh bash zsh dash env sudo su ssh scp curl wget git ls cat cp mv rm chmod chown ps kill make gcc cc python python3 "
    "pip pip3 uv conda poetry docker kubectl node npm aws gcloud az nvidia-smi nvcc gpg openssl tar apt crontab".split()
)
"""Commands that people and scripts type without thinking of a Python package; their own packages aside."""
_OWN: Mapping[str, frozenset[str]] = {
    "pip": frozenset({"pip", "pip3"}), "uv": frozenset({"uv"}), "poetry": frozenset({"poetry"}),
    "conda": frozenset({"conda"}), "awscli": frozenset({"aws"}), "azure-cli": frozenset({"az"}),
}  # fmt: skip


def judge(wheel: Wheel) -> Iterator[Finding]:
    yield from _startup(wheel)
    yield from _names(wheel)
    yield from _recorded(wheel)
    yield from _native(wheel)
    yield from _shadowing(wheel)
    for anomaly in wheel.anomalies:
        yield _finding(AMBIGUOUS, f"{anomaly.kind}: {anomaly.detail}", anomaly.member)


def startup_files(wheel: Wheel) -> frozenset[str]:
    """Paths inside that Python would execute whenever it starts."""
    return frozenset(finding.at.inside[0] for finding in _startup(wheel))


def _startup(wheel: Wheel) -> Iterator[Finding]:
    for path in wheel.files:
        place = wheel.installed(path)
        if why := why_run(place, wheel.texts.get(path, "")):
            yield _finding(STARTUP, f"{place} {why}", path)


def _names(wheel: Wheel) -> Iterator[Finding]:
    outer, inside = wheel.file_name, wheel.metadata
    if outer is None:
        yield _finding(MISNAMED, "its file name is not that of a wheel: name-version-python-abi-platform.whl")
        return
    if len(wheel.dist_infos) != 1:
        found = ", ".join(wheel.dist_infos) or "none"
        yield _finding(MISNAMED, f"a wheel has one dist-info folder; there are {len(wheel.dist_infos):,} ({found})")
    for folder in wheel.dist_infos:
        name, _, version = folder.removesuffix(".dist-info").partition("-")
        if canonical_name(name) != outer.name or not _same(version, outer.version):
            yield _finding(MISNAMED, f"it is called {outer.name} {outer.version}, its folder {folder}", folder)
    for key, expected in (("name", outer.name), ("version", outer.version)):
        said = inside.get(key, ())
        holds = len(said) == 1 and (canonical_name(said[0]) == expected if key == "name" else _same(said[0], expected))
        if wheel.dist_infos and not holds:
            yield _finding(
                MISNAMED, f"its file name says {key} {expected}, its metadata {', '.join(said) or 'nothing'}"
            )


def _same(one: str, other: str) -> bool:
    """As file names spell versions: a local part with underscores, and what PEP 440 takes for one."""
    from modelward.checks.deps.versions import parsed

    if one.replace("_", "-") == other.replace("_", "-"):
        return True
    first, second = (parsed(text.replace("_", "+", 1)) or parsed(text) for text in (one, other))
    return first is not None and first == second


def _recorded(wheel: Wheel) -> Iterator[Finding]:
    if not wheel.dist_infos:
        return
    dist_info = wheel.dist_infos[0]
    listed = {path for path in wheel.files if not is_signature(path, dist_info)}
    extra = sorted(listed - set(wheel.record))
    if extra:
        yield _finding(UNRECORDED, f"RECORD does not name {len(extra):,} of its files: {_few(extra)}", extra[0])
    for path, said in wheel.record.items():
        there = wheel.files.get(path)
        if there is None:
            if not path.endswith("/") and not is_signature(path, dist_info):
                yield _finding(CHANGED, f"RECORD names {path!r}, which is not there", path)
        elif is_signature(path, dist_info):
            continue
        elif not said.digest:
            yield _finding(CHANGED, f"RECORD gives no sha256 of {path!r}", path)
        elif said.digest != there.digest or said.size not in (None, there.size):
            yield _finding(CHANGED, f"{path!r} has other bytes than RECORD says", path)


def _native(wheel: Wheel) -> Iterator[Finding]:
    if wheel.file_name is None or not wheel.file_name.is_pure:
        return
    native = {path: content for path, content in wheel.files.items() if content.is_native}
    found = sorted(path for path, content in native.items() if content.digest not in launchers())
    if found:
        yield _finding(NATIVE, f"{len(found):,} native programs or libraries: {_few(found)}", found[0])


def _shadowing(wheel: Wheel) -> Iterator[Finding]:
    name = wheel.file_name.name if wheel.file_name else ""
    taken = sorted((_COMMANDS & commands(wheel)) - _OWN.get(name, frozenset()))
    if taken:
        yield _finding(SHADOWING, f"it installs commands called {_few(taken)}")


def commands(wheel: Wheel) -> frozenset[str]:
    """Commands that installing it makes: entry points, and scripts as they are."""
    section, found = "", set()
    text = wheel.texts.get(f"{wheel.dist_infos[0]}/entry_points.txt", "") if wheel.dist_infos else ""
    for line in text.splitlines():
        line = line.strip()
        if line.startswith("["):
            section = line.strip("[] \t")
        elif section in ("console_scripts", "gui_scripts") and "=" in line:
            found.add(line.partition("=")[0].strip())
    scripts = (wheel.installed(path) for path in wheel.files)
    return frozenset(found | {place.removeprefix("scripts:") for place in scripts if place.startswith("scripts:")})


def _few(names: list[str]) -> str:
    return ", ".join(names[:_SHOWN]) + (", …" if len(names) > _SHOWN else "")


def _finding(rule: Rule, message: str, inside: str = "") -> Finding:
    return Finding(rule, Location(None, (inside,) if inside else ()), message)
