"""https://mlflow.org/docs/latest/ml/model/"""

from __future__ import annotations


def fires() -> bytes:
    return b"flavors:\n  python_function:\n    loader_module: my_loader\n    code: code\n    data: model\n"


def quiet() -> bytes:
    return b"flavors:\n  python_function:\n    loader_module: mlflow.sklearn\n    model_path: model.pkl\n"
