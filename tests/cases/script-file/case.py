from __future__ import annotations


def fires() -> dict[str, bytes]:
    return {"run": b"#!/bin/sh\n"}


def quiet() -> dict[str, bytes]:
    return {"run": b"# !/bin/sh\n"}
