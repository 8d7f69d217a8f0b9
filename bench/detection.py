"""Which files of a generated corpus does each tool flag, pass, or leave open? One run, one table.

The hostile files are those of tests/corpus; each runs a harmless payload where it is loaded, none is
loaded here. The ordinary ones are made by the libraries themselves, or assembled. This corpus shaped
the rules of modelward, so it shows what the peers miss, and is no held-out measure of modelward.

    .venv/bin/python bench/detection.py [--tool NAME]    (after bench/run.py, which installs the peers)
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
HOME = ROOT / ".bench"
CORPUS = HOME / "corpus"
PEERS = HOME / "venv-peers/bin"
TIMEOUT = 120.0
# modelaudit sends telemetry otherwise, and waits for it
QUIET = {"DO_NOT_TRACK": "1", "PROMPTFOO_DISABLE_TELEMETRY": "1"}

Answer = Literal["flagged", "clean", "incomplete"]


@dataclass(frozen=True, slots=True)
class Tool:
    name: str
    command: tuple[str, ...]
    """The file is its last argument."""
    judge: Callable[[int, str], Answer]
    """From the exit code and the output, what a user concludes who trusts the tool."""


def by_exit(flagged: int, clean: int = 0) -> Callable[[int, str], Answer]:
    def judge(code: int, _: str) -> Answer:
        return {flagged: "flagged", clean: "clean"}.get(code, "incomplete")  # type: ignore[return-value]

    return judge


def judge_modelscan(code: int, output: str) -> Answer:
    """Exit 3 says that nothing was scanned. Its JSON is broken into lines, inside texts too."""
    if code == 1:
        return "flagged"
    try:
        body: dict[str, Any] = json.loads(output[output.index('{"summary"') :], strict=False)
    except ValueError:
        return "incomplete"
    skipped = body["summary"].get("skipped", {}).get("total_skipped", 0)
    return "clean" if code == 0 and not body.get("errors") and not skipped else "incomplete"


def judge_modelaudit(code: int, output: str) -> Answer:
    """Exit 1 covers warnings too, which its documentation calls findings."""
    if code == 1:
        return "flagged"
    try:
        body: dict[str, Any] = json.loads(output[output.index("{") :])
    except ValueError:
        return "incomplete"
    return "clean" if code == 0 and body.get("success", True) and not body.get("has_errors") else "incomplete"


def judge_hayward(code: int, output: str) -> Answer:
    if code == 1:
        return "flagged"
    return "clean" if code == 0 and "could not be" not in output else "incomplete"


TOOLS = (
    Tool("modelward", (sys.executable, "-m", "modelward", "scan", "--quiet"), by_exit(1)),
    Tool("picklescan", (str(PEERS / "picklescan"), "-p"), by_exit(1)),
    Tool("modelscan", (str(PEERS / "modelscan"), "-r", "json", "-p"), judge_modelscan),
    Tool("fickling", (str(PEERS / "fickling"), "--check-safety", "-p"), by_exit(1)),
    Tool("modelaudit", (str(PEERS / "modelaudit"), "scan", "--format", "json", "--no-cache"), judge_modelaudit),
    Tool("hayward", (str(PEERS / "hayward"), "scan"), judge_hayward),
)


def main() -> None:
    parser = argparse.ArgumentParser(description="Compare what modelward and its peers find in one corpus.")
    parser.add_argument("--tool", choices=[tool.name for tool in TOOLS])
    options = parser.parse_args()
    files = write_corpus()
    total = {side: len(paths) for side, paths in files.items()}
    print(f"{total['hostile']} hostile and {total['ordinary']} ordinary files\n")
    print("| tool | hostile flagged | clean | incomplete | recall | ordinary flagged | clean | incomplete | alarms |")
    print("|-|-:|-:|-:|-:|-:|-:|-:|-:|")
    for tool in TOOLS:
        if options.tool in (None, tool.name):
            show(tool, files)


def show(tool: Tool, files: dict[str, list[Path]]) -> None:
    cells = []
    for side in ("hostile", "ordinary"):
        with ThreadPoolExecutor(2) as pool:
            answers = list(pool.map(lambda path: ask(tool, path), files[side]))
        counts = [answers.count(answer) for answer in ("flagged", "clean", "incomplete")]
        cells += [*map(str, counts), f"{counts[0] / len(answers):.1%}"]
        keep = HOME / f"detection-{tool.name}-{side}.txt"
        keep.write_text("".join(f"{answer} {path.name}\n" for answer, path in zip(answers, files[side], strict=True)))
    print(f"| {tool.name} | {' | '.join(cells)} |", flush=True)


def ask(tool: Tool, path: Path) -> Answer:
    try:
        done = subprocess.run(
            [*tool.command, str(path)],
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT,
            check=False,
            cwd=HOME,  # fickling leaves a file where it runs
            env=os.environ | QUIET,
        )
    except subprocess.TimeoutExpired:
        return "incomplete"
    return tool.judge(done.returncode, done.stdout + done.stderr)


# --- the corpus ---


def write_corpus() -> dict[str, list[Path]]:
    """By side. Files have the ending that the peers go by, where tests/corpus gives one."""
    warnings.simplefilter("ignore")
    made: dict[str, list[Path]] = {}
    for side, files in (("hostile", hostile()), ("ordinary", ordinary())):
        folder = CORPUS / side
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.iterdir():
            old.unlink()
        made[side] = []
        for name, data in files:
            path = folder / name
            path.write_bytes(data)
            made[side].append(path)
    return made


def hostile() -> Iterator[tuple[str, bytes]]:
    from tests.corpus import every_format
    from tests.corpus.hostile import samples

    for sample in samples():
        yield f"{sample.name}{ending(sample.data)}", sample.data
    for (kind, name), data in every_format.hostile().items():
        yield f"{kind}-{name}{ending(data)}", data


def ordinary() -> Iterator[tuple[str, bytes]]:
    from tests.corpus import every_format
    from tests.corpus.ordinary_models import MODELS

    for name, make in MODELS.items():
        data = make()
        yield f"{name}{ending(data)}", data
    for (kind, label), data in every_format.ordinary().items():
        yield f"{kind}-{label}{ending(data)}", data


ENDINGS = {
    "pickle": ".pkl", "zip": ".pt", "tar": ".nemo", "npy": ".npy", "safetensors": ".safetensors", "onnx": ".onnx",
    "hdf5": ".h5", "gguf": ".gguf", "tensorflow": ".pb", "tflite": ".tflite", "json": ".json", "text": ".txt",
    "gzip": ".joblib", "zlib": ".joblib", "lzma": ".joblib", "xz": ".joblib", "bz2": ".joblib",
}  # fmt: skip


def ending(data: bytes) -> str:
    """The name that a publisher would give: the peers choose their reader by it."""
    from modelward.formats.sniff import sniff
    from modelward.formats.source import BytesSource

    if b"config.json" in data and b"metadata.json" in data:
        return ".keras"
    if b"schema.json" in data[:4000] and data[:2] == b"PK":
        return ".skops"
    return next((ENDINGS[name] for name in sniff(BytesSource(data)) if name in ENDINGS), ".bin")


if __name__ == "__main__":
    sys.path.insert(0, str(ROOT))
    main()
