"""https://jupyter-notebook.readthedocs.io/en/stable/security.html"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [
                {"cell_type": "code", "source": [], "outputs": [{"data": {"text/html": ["<script>draw()</script>"]}}]}
            ],
        }
    ).encode()


def quiet() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [{"cell_type": "code", "source": [], "outputs": [{"data": {"text/plain": ["<script>"]}}]}],
        }
    ).encode()
