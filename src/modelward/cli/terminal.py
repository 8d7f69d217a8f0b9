"""Report lines on a terminal: wrapped to its width, and in colour unless NO_COLOR asks for none.

The only user of rich, imported only when a terminal shows something.
"""

from __future__ import annotations

import io
import os
import shutil
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from modelward.report.line import Line

_STYLES = {
    "critical": "bold red",
    "high": "red",
    "medium": "yellow",
    "low": "cyan",
    "info": "cyan",
    "unmet": "red",
    "gap": "magenta",
    "title": "bold",
    "good": "bold green",
    "bad": "bold red",
    "open": "bold yellow",
}


def paint(lines: Sequence[Line]) -> str:
    """The lines as this terminal shows them. Wrapped text hangs under where it began."""
    width = max(shutil.get_terminal_size().columns, 20)
    console = Console(
        file=io.StringIO(),
        force_terminal=True,
        width=width,
        color_system="standard" if _colourful() else None,
        legacy_windows=False,
    )
    with console.capture() as captured:
        for line in lines:
            _print(console, line, width)
    return captured.get()


def _print(console: Console, line: Line, width: int) -> None:
    hanging = len(line.head) or 2
    body = Text(line.text, style=_STYLES.get(line.tone, ""))
    pieces = body.wrap(console, width - hanging, overflow="fold", justify="left") if line.text else [Text()]
    for number, piece in enumerate(pieces):
        piece.rstrip()
        head = (line.head, "dim") if number == 0 else " " * hanging
        console.print(Text.assemble(head, piece), soft_wrap=True, highlight=False)


def _colourful() -> bool:
    """https://no-color.org: any value but the empty one turns colour off."""
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and sys.stdout.isatty()
