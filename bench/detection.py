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
    ask: Callable[[list[Path]], list[Answer]]
    """What a user concludes who trusts the tool, of each of the files of one folder."""


def each_by_itself(
    command: tuple[str, ...], judge: Callable[[int, str], Answer]
) -> Callable[[list[Path]], list[Answer]]:
    """The file is the last argument of the command; *judge* reads its exit code and its output."""

    def ask(path: Path) -> Answer:
        try:
            done = run([*command, str(path)], TIMEOUT)
        except subprocess.TimeoutExpired:
            return "incomplete"
        return judge(done.returncode, done.stdout + done.stderr)

    def ask_all(files: list[Path]) -> list[Answer]:
        with ThreadPoolExecutor(2) as pool:
            return list(pool.map(ask, files))

    return ask_all


def run(command: list[str], timeout: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=timeout,
        check=False,
        cwd=HOME,  # fickling leaves a file where it runs
        env=os.environ | QUIET,
    )


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


def ask_modelaudit(files: list[Path]) -> list[Answer]:
    """The whole folder at once: it takes seconds to start. Warnings count, which its documentation calls findings."""
    command = [str(PEERS / "modelaudit"), "scan", "--format", "json", "--no-cache", str(files[0].parent)]
    done = run(command, 60 * TIMEOUT)
    body: dict[str, Any] = json.loads(done.stdout[done.stdout.index("{") :])
    places = [issue["location"] for issue in body["issues"] if issue["severity"] in ("warning", "critical")]
    known: dict[str, dict[str, Any]] = body["file_metadata"]

    def answer(path: Path) -> Answer:
        if any(place == str(path) or place.startswith((f"{path} ", f"{path}:")) for place in places):
            return "flagged"
        return "incomplete" if known.get(str(path), {"scan_outcome": ""}).get("scan_outcome") is not None else "clean"

    return [answer(path) for path in files]


def judge_hayward(code: int, output: str) -> Answer:
    if code == 1:
        return "flagged"
    return "clean" if code == 0 and "could not be" not in output else "incomplete"


TOOLS = (
    Tool("modelward", each_by_itself((sys.executable, "-m", "modelward", "scan", "--quiet"), by_exit(1))),
    Tool("picklescan", each_by_itself((str(PEERS / "picklescan"), "-p"), by_exit(1))),
    Tool("modelscan", each_by_itself((str(PEERS / "modelscan"), "-r", "json", "-p"), judge_modelscan)),
    Tool("fickling", each_by_itself((str(PEERS / "fickling"), "--check-safety", "-p"), by_exit(1))),
    Tool("modelaudit", ask_modelaudit),
    Tool("hayward", each_by_itself((str(PEERS / "hayward"), "scan"), judge_hayward)),
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
        answers = tool.ask(files[side])
        counts = [answers.count(answer) for answer in ("flagged", "clean", "incomplete")]
        cells += [*map(str, counts), f"{counts[0] / len(answers):.1%}"]
        keep = HOME / f"detection-{tool.name}-{side}.txt"
        keep.write_text("".join(f"{answer} {path.name}\n" for answer, path in zip(answers, files[side], strict=True)))
    print(f"| {tool.name} | {' | '.join(cells)} |", flush=True)


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
