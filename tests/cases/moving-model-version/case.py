"""https://mlflow.org/docs/latest/ml/model-registry/"""

from __future__ import annotations


def fires() -> bytes:
    return b"import mlflow.pyfunc\nmlflow.pyfunc.load_model('models:/spam/latest')\n"


def quiet() -> bytes:
    return b"import mlflow.pyfunc\nmlflow.pyfunc.load_model('models:/spam/3')\n"
