"""Put what `make demo` prints (standard input) into the README, between its two marks."""

from __future__ import annotations

import re
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
PLACE = re.compile(r"(<!-- transcript: begin.*?-->\n).*(<!-- transcript: end -->)", re.DOTALL)


def main() -> None:
    shown = sys.stdin.read().strip("\n")
    text, places = PLACE.subn(lambda marks: f"{marks[1]}```\n{shown}\n```\n{marks[2]}", README.read_text())
    if places != 1:
        sys.exit("README.md needs one place for the transcript")
    README.write_text(text)


if __name__ == "__main__":
    main()
