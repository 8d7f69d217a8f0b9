"""https://github.com/advisories/GHSA-hwvq-6gjx-j797"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "source": [],
                    "outputs": [{"data": {"text/html": ["<select><iframe></select><img src=x: onerror=alert(1)>"]}}],
                }
            ],
        }
    ).encode()


def quiet() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {
                    "cell_type": "code",
                    "source": [],
                    "outputs": [{"data": {"text/html": ["<table><tr><td>1</td></tr></table>"]}}],
                }
            ],
        }
    ).encode()
