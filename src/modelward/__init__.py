"""modelward: may this model, dataset or dependency go further, and on what evidence?"""

__version__ = "0.1.0"

__all__ = [
    "CheckResult",
    "Defect",
    "Digest",
    "Finding",
    "Location",
    "ModelwardError",
    "Place",
    "ReadError",
    "Rule",
    "ScanResult",
    "Severity",
    "Unexamined",
    "UsageError",
    "__version__",
    "check",
    "scan",
]


def __getattr__(name: str) -> object:
    """What docs/api.md describes is loaded when it is asked for (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module("modelward.api"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
