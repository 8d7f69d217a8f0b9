"""What went to a registry, or came from one: lines for people, canonical JSON for machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modelward.core import canonical
from modelward.core.exchange import Model, Pulled, Pushed
from modelward.core.store import Kept
from modelward.report.escape import sound, visible
from modelward.report.line import Line, count
from modelward.report.store import entry


def pushed(done: Pushed) -> Iterator[Line]:
    """The last line holds the answer."""
    yield from _statements(done.new)
    what = _counted(done.new, done.there)
    if done.model:
        what = f"{_model(done.model)}, and {what}"
    yield Line("", f"pushed {what}", "good")


def pulled(done: Pulled) -> Iterator[Line]:
    """The last line holds the answer."""
    yield from _statements(done.new)
    what = _counted(done.new, done.there)
    if done.others:
        what += f"; {count(done.others, 'other artifact')} left in the registry"
    if done.models and not done.brought:
        what += f"; {count(done.models, 'model')} listed too, which --output DIR brings"
    if done.brought:
        what = f"{_model(done.brought.model)} to {visible(repr(done.brought.place))}, and {what}"
    sign = f" (exit {done.exit_code})" if done.exit_code else ""
    yield Line("", f"pulled {what}{sign}", "bad" if done.exit_code else "good")


def _statements(new: Sequence[Kept]) -> Iterator[Line]:
    for kept in new:
        yield Line("", f"{entry(kept)}  about {kept.about}")


def _counted(new: Sequence[Kept], there: int) -> str:
    return count(len(new), "statement") + (f", {there:,} {'was' if there == 1 else 'were'} there" if there else "")


def _model(model: Model) -> str:
    return f"the model {model.about}, {count(model.files, 'file')} of {count(model.size, 'byte')}"


def machine_pushed(done: Pushed) -> bytes:
    """Canonical JSON, ends with a line break."""
    body = {"schema": "modelward/push/1", "to": sound(done.to), **_kept(done.new, done.there)}
    body["model"] = _model_json(done.model) if done.model else None
    return canonical.encode(body) + b"\n"


def machine_pulled(done: Pulled) -> bytes:
    body = {"schema": "modelward/pull/1", "from": sound(done.source), **_kept(done.new, done.there)}
    body |= {
        "others": done.others,
        "models": done.models,
        "not_understood": [sound(each) for each in done.unread],
        "model": None,
    }
    if done.brought:
        body["model"] = _model_json(done.brought.model) | {"output": sound(done.brought.place)}
    return canonical.encode(body) + b"\n"


def _kept(new: Sequence[Kept], there: int) -> dict[str, Any]:
    return {"statements": [_statement(kept) for kept in new], "there": there}


def _statement(kept: Kept) -> dict[str, Any]:
    return {
        "about": kept.about.to_json(),
        "digest": kept.statement.to_json(),
        "media_type": sound(kept.media_type),
        "predicate_type": sound(kept.predicate_type),
        "size": kept.size,
    }


def _model_json(model: Model) -> dict[str, Any]:
    return {
        "digest": model.about.to_json(),
        "manifest": model.manifest.to_json(),
        "files": model.files,
        "size": canonical.integer(model.size),
    }
