"""The configuration of a virtual environment: https://docs.python.org/3/library/venv.html"""

from __future__ import annotations


def takes_system_packages(raw: bytes) -> bool:
    """Whether those of the Python that it was made from are imported, too: as site.py reads it, where the last line
    decides, and none means that they are."""
    found = True
    for line in raw.decode("utf-8", "replace").splitlines():
        key, equals, value = line.partition("=")
        if equals and key.strip().lower() == "include-system-site-packages":
            found = value.strip().lower() == "true"
    return found
