"""Policies as typed TOML (schema.py) and the gate, a pure function (evaluate.py)."""
