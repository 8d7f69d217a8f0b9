"""Names of files against each other, against their content, and against the eye of whoever reads them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping

from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.pickle.callables import is_stdlib
from modelward.checks.scan.trees.tree import Tree, finding
from modelward.core.finding import Rule, Severity

CONTENT_MISMATCH = Rule(
    "name-content-mismatch",
    Severity.MEDIUM,
    "a file is something else than its name says",
    "Policies, scanners and people go by the ending; a loader that looks at the content runs what it finds. A name "
    "of a format without code on a file that can carry code is how the two are played against each other.",
    "Do not load it; ask its publisher what it is.",
    ("CWE-646", "CWE-434", "CVE-2025-1889"),
)
COLLIDING_NAMES = Rule(
    "colliding-names",
    Severity.MEDIUM,
    "two files have one name for some file systems",
    "Where upper and lower case, or two ways to write one letter, are the same, one of them overwrites the other: "
    "what was checked here is not what is there.",
    "Ask its publisher for names that differ by more than case.",
    ("CWE-178", "CWE-176"),
)
DECEPTIVE_NAME = Rule(
    "deceptive-name",
    Severity.MEDIUM,
    "a name reads as another one",
    "Letters of other alphabets that look alike, characters without width and marks that turn the direction make a "
    "name pass for one that people trust.",
    "Do not load it; tell whoever published it.",
    ("CWE-1007", "CWE-451", "https://www.unicode.org/reports/tr39/"),
)
SHADOWING_MODULE = Rule(
    "shadowing-module",
    Severity.MEDIUM,
    "a Python file has the name of a library that loaders import",
    "Python looks in the current folder first: whoever loads the model from inside this folder runs this file in "
    "place of the library.",
    "Remove it, and never start Python inside a folder of a model.",
    ("CWE-427", "AML.T0011.000"),
)

# What may stand behind an ending; only endings that promise a format without code
_PROMISED: Mapping[str, frozenset[str]] = {
    ending: frozenset(formats.split())
    for endings, formats in (
        (".safetensors", "safetensors"),
        (".gguf", "gguf"),
        (".onnx", "onnx"),
        (".tflite", "tflite zip"),
        (".npy", "npy"),
        (".json .jsonl .txt .md .csv .tsv .yaml .yml .toml .jinja .j2", "json text"),
        (".png .jpg .jpeg .gif .webp .bmp .ico", "image"),
        (".wav .flac .ogg .mp3", "audio"),
        (".parquet", "parquet"),
    )
    for ending in endings.split()
}
_CAN_CARRY_CODE = frozenset({"pickle", "zip", "tar", "hdf5", "elf", "pe", "macho", "java-class", "wasm", "7z", "rar"})
_CAN_CARRY_CODE |= {"gzip", "bz2", "xz", "lzma", "zlib", "zfile", "zstd", "lz4", "tensorflow"}

# What loaders of models import first
_LIBRARIES = frozenset(
    "torch numpy transformers tokenizers safetensors huggingface_hub accelerate diffusers tensorflow keras sklearn "
    "joblib scipy pandas onnx onnxruntime sentencepiece peft jax flax pickle json zipfile struct sitecustomize "
    "usercustomize".split()
)

# In the standard library, and imported by nobody who loads a model
_NOT_IMPORTED = frozenset("test this antigravity turtle turtledemo idlelib this lib2to3 site".split())

# Letters of other alphabets for Latin ones, beyond those that NFKC makes equal
_LATIN = str.maketrans(
    "аеорсухіјѕԁԛԝһӏвкмнтАВЕКМНОРСТУХІЈЅαορνικτυχΑΒΕΖΗΙΚΜΝΟΡΤΥΧıɡɑℓ⁄∕․ꓸ‐‑‒–—−",
    "aeopcyxijsdqwhlbkmhtABEKMHOPCTYXIJSaopviktuxABEZHIKMNOPTYXigal//..------",
)
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f"
    "\u3164\ufeff\uffa0\U000e0000-\U000e007f]"
)
_TRUSTED = re.compile(r"[\w.-]*\.(?:safetensors|json|txt|md|bin|pt|pth|onnx|gguf|h5|keras|npy|npz|py|model|yaml)")


def examine_names(tree: Tree) -> Iterator[TreeFinding]:
    yield from _collisions(tree.files)
    for path, file in sorted(tree.files.items()):
        name = path.rpartition("/")[2]
        if reason := _deception(name) or next(filter(None, map(_mixed, path.split("/")[:-1])), ""):
            yield finding(path, DECEPTIVE_NAME, f"{_ascii(path)} {reason}")
        ending, promised = _promise(name)
        if promised and not promised & set(file.formats) and _CAN_CARRY_CODE & set(file.formats):
            message = f"{path} is {' and '.join(file.formats)}, its name says {ending[1:]}"
            yield finding(path, CONTENT_MISMATCH, message)
        if _shadows(path):
            yield finding(path, SHADOWING_MODULE, f"{path} is imported in place of the library of this name")


def _shadows(path: str) -> bool:
    """A module or package of the current folder; what Python imports when it starts, in any folder."""
    module, _, inside = path.partition("/")
    name = path.rpartition("/")[2]
    if name.lower() in ("sitecustomize.py", "usercustomize.py"):
        return True
    if inside:
        return inside.lower() in ("__init__.py", "__init__.pyc") and _is_library(module)
    return name.lower().endswith((".py", ".pyc", ".pyd", ".so")) and _is_library(name.partition(".")[0])


def _is_library(name: str) -> bool:
    return name in _LIBRARIES or (is_stdlib(name) and name not in _NOT_IMPORTED)


def _promise(name: str) -> tuple[str, frozenset[str]]:
    ending = "." + name.lower().rstrip(" .").rpartition(".")[2]
    return ending, _PROMISED.get(ending, frozenset())


def _collisions(files: Mapping[str, FileScan]) -> Iterator[TreeFinding]:
    seen: dict[str, str] = {}
    for path in sorted(files):
        # HFS+ and APFS, NTFS and many network shares
        folded = unicodedata.normalize("NFC", unicodedata.normalize("NFKD", path).casefold())
        trimmed = "/".join(part.rstrip(" .") or part for part in folded.split("/"))
        other = seen.setdefault(trimmed, path)
        if other != path:
            yield finding(
                path,
                COLLIDING_NAMES,
                f"{_ascii(path)} and {_ascii(other)} are one name for some file systems",
            )


def _deception(name: str) -> str:
    """Why *name* is not what it looks like, or an empty text."""
    if _INVISIBLE.search(name):
        return "holds characters that cannot be seen"
    if name.isascii():
        return "ends in a blank or a full stop that some systems drop" if name != name.rstrip(" ") else ""
    skeleton = unicodedata.normalize("NFKC", name).translate(_LATIN)
    if skeleton != name and skeleton.isascii() and _TRUSTED.fullmatch(skeleton):
        return f"looks like {skeleton}"
    return ""


def _mixed(folder: str) -> str:
    """Why the name of a folder is not what it looks like: Latin letters, and others that look like them."""
    skeleton = unicodedata.normalize("NFKC", folder).translate(_LATIN)
    if folder.isascii() or not re.fullmatch(r"[\w.-]+", skeleton, re.ASCII):
        return ""
    letters = [letter for letter in folder if letter.isalpha()]
    return f"looks like {skeleton}" if any(map(str.isascii, letters)) and not all(map(str.isascii, letters)) else ""


def _ascii(path: str) -> str:
    """With every letter that could deceive written as its number."""
    return path.encode("ascii", "backslashreplace").decode()


RULES: tuple[Rule, ...] = (CONTENT_MISMATCH, COLLIDING_NAMES, DECEPTIVE_NAME, SHADOWING_MODULE)
