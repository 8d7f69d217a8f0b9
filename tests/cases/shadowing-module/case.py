from __future__ import annotations


def fires() -> dict[str, bytes]:
    return {"torch.py": b"x = 1\n"}


def quiet() -> dict[str, bytes]:
    return {"modeling_torch.py": b"x = 1\n", "package/torch.py": b"x = 1\n"}
