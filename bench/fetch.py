"""Pinning and fetching beside what they cannot do without: a bare download that is hashed and written; and beside
huggingface_hub, which is what people use, and hashes nothing.

.venv/bin/python bench/fetch.py [MEGABYTES]
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.util import find_spec
from pathlib import Path

OURS = (sys.executable, "-m", "modelward")
RUNS = 5
COMMIT = "c0ffee" * 6 + "c0de"
_PAGE = 1000
_SMALL = b'{"number": 1}\n'
_BARE = """
import hashlib, http.client, os, sys
from urllib.parse import urlsplit
for number, url in enumerate(sys.argv[2:]):
    at = urlsplit(url)
    connection = http.client.HTTPConnection(at.hostname, at.port)
    connection.request("GET", at.path)
    answer, digest, buffer = connection.getresponse(), hashlib.sha256(), memoryview(bytearray(1 << 20))
    with open(os.path.join(sys.argv[1], str(number)), "wb", buffering=0) as file:
        while count := answer.readinto(buffer):
            digest.update(buffer[:count])
            file.write(buffer[:count])
"""
_CLIENT = """
import sys
from huggingface_hub import snapshot_download
snapshot_download("org/name", local_dir=sys.argv[1])
"""


def main() -> None:
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    with tempfile.TemporaryDirectory() as home:
        folder = Path(home)
        print("| input | tool | wall s | CPU s | MB/s | of the floor's speed |")
        print("|-|-|-:|-:|-:|-:|")
        for files in (1, 4):
            _downloads(folder, files, megabytes // files)
        _listings(folder)


def _downloads(folder: Path, files: int, megabytes: int) -> None:
    with _serving(files, megabytes, is_large=True) as url:
        pinned = folder / "lock"
        _run([*OURS, "pin", "hf://org/name", "--lock", str(pinned)], url)
        urls = [f"{url}/org/name/resolve/{COMMIT}/{n:05}.bin" for n in range(files)]
        out = folder / "out"
        tools = {
            "download, sha256, write (floor)": [sys.executable, "-c", _BARE, str(out), *urls],
            "modelward fetch": [*OURS, "fetch", "--lock", str(pinned), "--output", str(out), "--quiet"],
        }
        if find_spec("huggingface_hub"):
            tools["huggingface_hub"] = [sys.executable, "-c", _CLIENT, str(out)]
        times: dict[str, list[tuple[float, float]]] = {tool: [] for tool in tools}
        for _ in range(RUNS):  # in turns, so that a busy moment hits all
            for tool, command in tools.items():
                times[tool].append(_timed(command, url, out))
        medians = {
            tool: [statistics.median(column) for column in zip(*rows, strict=True)] for tool, rows in times.items()
        }
        floor = next(iter(medians.values()))[0]
        for tool, (wall, cpu) in medians.items():
            speed = files * megabytes / wall
            print(f"| {files} x {megabytes} MB | {tool} | {wall:.2f} | {cpu:.2f} | {speed:.0f} | {floor / wall:.0%} |")


def _listings(folder: Path) -> None:
    for what, is_large in (("sha256 in the listing", True), ("fetched for their sha256", False)):
        with _serving(5000, 0, is_large=is_large) as url:
            pinned, out = folder / f"lock-{is_large}", folder / "out"
            command = [*OURS, "pin", "hf://org/name", "--lock", str(pinned), "--quiet"]
            for state in ("first", "again"):
                wall, cpu = _timed(command, url, out)
                print(f"| 5,000 files, {what}, {state} | modelward pin | {wall:.2f} | {cpu:.2f} | | |")
            wall, cpu = _timed([*OURS, "fetch", "--lock", str(pinned), "--output", str(out), "--quiet"], url, out)
            print(f"| 5,000 files of {len(_SMALL)} bytes | modelward fetch | {wall:.2f} | {cpu:.2f} | | |")


def _timed(command: Sequence[str], url: str, out: Path) -> tuple[float, float]:
    shutil.rmtree(out, ignore_errors=True)
    out.mkdir()
    os.sync()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    _run(command, url)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _run(command: Sequence[str], url: str) -> None:
    quiet = {"HF_HUB_DISABLE_PROGRESS_BARS": "1", "HF_HUB_DISABLE_XET": "1", "HF_HUB_DISABLE_TELEMETRY": "1"}
    subprocess.run(command, env=os.environ | quiet | {"HF_ENDPOINT": url}, stdout=subprocess.DEVNULL, check=True)


# -- the other side, in a process of its own


@contextmanager
def _serving(files: int, megabytes: int, *, is_large: bool) -> Iterator[str]:
    command = [sys.executable, __file__, "serve", str(files), str(megabytes), str(int(is_large))]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        yield server.stdout.readline().strip()
        server.kill()


def _serve(files: int, megabytes: int, is_large: bool) -> None:
    with tempfile.TemporaryFile() as content:
        digest, size = hashlib.sha256(), 0
        for block in [os.urandom(1_000_000) for _ in range(megabytes)] or [_SMALL]:
            content.write(block)
            digest.update(block)
            size += len(block)
        content.flush()
        sha1 = hashlib.sha1(b"blob %d\0" % size + (_SMALL if not megabytes else b""), usedforsecurity=False).hexdigest()
        about = {"oid": sha1, "size": size}
        about |= {"lfs": {"oid": digest.hexdigest(), "size": size, "pointerSize": 134}} if is_large else {}
        entries = [{"type": "file", "path": f"{n:05}.bin", **about} for n in range(files)]

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def do_GET(self) -> None:
                if self.path.startswith("/api/"):
                    self._api()
                    return
                self._head(size)
                at = 0 if self.command == "GET" else size
                while at < size:
                    at += os.sendfile(self.connection.fileno(), content.fileno(), at, size - at)

            do_HEAD = do_GET

            def _api(self) -> None:
                start = int(self.path.partition("cursor=")[2] or 0)
                listing = json.dumps(entries[start : start + _PAGE])
                body = json.dumps({"id": "org/name", "sha": COMMIT}) if "/revision/" in self.path else listing
                there = f"{self.headers['host']}{self.path.partition('?')[0]}?cursor={start + _PAGE}"
                self._head(len(body), f'<http://{there}>; rel="next"' if start + _PAGE < files else "")
                self.wfile.write(body.encode())

            def _head(self, length: int, following: str = "") -> None:
                self.send_response_only(200)
                headers = {"Content-Length": str(length), "ETag": f'"{sha1}"', "X-Repo-Commit": COMMIT}
                for name, value in (headers | ({"Link": following} if following else {})).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.flush()

            def log_message(self, format: str, *args: object) -> None:
                pass

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            print(f"http://127.0.0.1:{server.server_port}", flush=True)
            server.serve_forever()


if __name__ == "__main__":
    if sys.argv[1:2] == ["serve"]:
        _serve(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4] == "1")
    else:
        main()
