"""Every lie, told to every verb that asks a hub: none is believed, and the exit code says what became of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from safetensors.numpy import save
from tests.hub import COMMIT, REPO, Hub, lies, serving

from modelward.cli.commands import run
from modelward.core.errors import ModelwardError

hub = pytest.fixture(serving)

CONFIG, WEIGHTS = b'{"a": 1}', save({"w": np.zeros(1000, dtype="f4")})
SMALL, LARGE = "config.json", "sub/model.safetensors"
PINNED = {f"{REPO}/{SMALL}": CONFIG, f"{REPO}/{LARGE}": WEIGHTS}


class Codes(NamedTuple):
    pin: int
    """Once more, into another lock."""
    check: int
    fetch: int
    scan: int
    """Of the commit."""


def cut(hub: Hub) -> None:
    hub.server.lie = hub.store.lie = lies.cut(5)


def force_push_and_collect(hub: Hub) -> None:
    lies.force_push(hub, SMALL, b"[]")
    lies.collect_garbage(hub)


LIES: dict[str, tuple[Callable[[Hub], object], Codes]] = {
    "none": (lambda hub: None, Codes(0, 0, 0, 0)),
    "other bytes": (lambda hub: lies.tamper(hub, SMALL), Codes(4, 0, 1, 3)),
    "other bytes of a large file": (
        lambda hub: lies.tamper(hub, LARGE),
        Codes(0, 0, 1, 3),
    ),  # `pin` fetches no large ones
    "another size": (lies.announce_another_size, Codes(4, 0, 1, 3)),
    "another ETag": (lies.give_another_etag, Codes(4, 0, 0, 3)),  # `fetch` knows better than a header
    "another commit": (lies.say_another_commit, Codes(4, 0, 1, 3)),
    "swapped between ranges": (lambda hub: lies.swap_between_ranges(hub, LARGE), Codes(0, 0, 0, 0)),  # told once
    "no ranges": (lies.ignore_ranges, Codes(0, 0, 0, 0)),
    "cut": (cut, Codes(4, 3, 4, 4)),
    "compressed": (lies.compress, Codes(4, 0, 4, 3)),
    "Xet": (lies.speak_of_xet, Codes(0, 0, 0, 0)),
    "elsewhere": (lambda hub: lies.lead_elsewhere(hub, LARGE, WEIGHTS), Codes(0, 0, 0, 3)),
    "elsewhere, other bytes": (lambda hub: lies.lead_elsewhere(hub, LARGE, WEIGHTS[:-1] + b"x"), Codes(0, 0, 1, 3)),
    "all of it elsewhere": (lies.send_away, Codes(4, 0, 0, 3)),
    "moved": (lambda hub: lies.move(hub, SMALL, b"[]"), Codes(0, 1, 0, 0)),
    "force-pushed": (lambda hub: lies.force_push(hub, SMALL, b"[]"), Codes(0, 1, 0, 0)),
    "force-pushed, and gone": (force_push_and_collect, Codes(0, 1, 4, 4)),
    "deleted": (lies.delete, Codes(4, 1, 4, 4)),
    "registered anew": (lambda hub: lies.register_anew(hub, SMALL, b"[]"), Codes(0, 1, 4, 4)),
    "renamed": (lambda hub: lies.rename(hub, "neworg/model"), Codes(4, 1, 0, 0)),
    "an escape in a name": (lambda hub: lies.name(hub, "\x1b[31mred"), Codes(4, 1, 0, 3)),
    "a line in a name": (lambda hub: lies.name(hub, "a\nclean: 0 findings"), Codes(4, 1, 0, 3)),
    "a name turned around": (lambda hub: lies.name(hub, "a\u202etxt.py"), Codes(4, 1, 0, 3)),
    "a name that leads out": (lambda hub: lies.name(hub, "../evil"), Codes(4, 3, 0, 4)),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie(
    hub: Hub, lie: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.delenv("HF_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    hub.add(SMALL, CONFIG)
    hub.add(LARGE, WEIGHTS, large=True)
    assert code("pin", f"hf://{REPO}") == 0
    act, expected = LIES[lie]
    act(hub)
    done = Codes(
        code("pin", f"hf://{REPO}", "--lock", "new.lock"),
        code("pin", "--check"),
        code("fetch", "--output", "out"),
        code("scan", f"hf://{REPO}@{COMMIT}"),
    )
    assert done == expected
    assert Path("new.lock").exists() == (done.pin == 0)
    there = {
        str(path.relative_to("out")): path.read_bytes() for path in Path("out").glob("[!.]*/**/*") if path.is_file()
    }
    assert there.items() <= PINNED.items()
    assert (there == PINNED) or done.fetch
    said = capsys.readouterr().out
    assert not {"\x1b", "\u202e"} & set(said)
    assert "\nclean: 0 findings\n" not in said


def test_a_scan_of_what_is_swapped_on_the_way(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    hub.add(LARGE, WEIGHTS, large=True)
    lies.swap_between_ranges(hub, LARGE)
    assert code("scan", f"hf://{REPO}") == 3
    assert code("scan", f"hf://{REPO}") == 0


def code(*args: str) -> int:
    try:
        return run([*args])
    except ModelwardError as error:
        return error.exit_code


def test_names_that_have_to_be_escaped(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
    monkeypatch.chdir(tmp_path)
    files = {"a b#c%20é+&.json": CONFIG, "d/%2e%2e%2f;=.safetensors": WEIGHTS}
    for path, data in files.items():
        hub.add(path, data, large=data is WEIGHTS)
    assert run(["pin", f"hf://{REPO}"]) == run(["pin", "--check"]) == run(["fetch", "--output", "out"]) == 0
    assert run(["scan", f"hf://{REPO}"]) == 0
    assert {path: Path("out", REPO, path).read_bytes() for path in files} == files
