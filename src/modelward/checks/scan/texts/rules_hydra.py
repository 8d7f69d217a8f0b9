"""Configurations whose keys name a callable that a loader imports and calls: Hydra's `_target_` and its kin.

hydra.utils.instantiate calls whatever the dotted path leads to. NeMo, uni2ts and others call it on the
configuration that comes inside a model.
https://unit42.paloaltonetworks.com/rce-vulnerabilities-in-ai-python-libraries/
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from modelward.checks.scan.here import Here, Said
from modelward.checks.scan.pickle.callables import is_stdlib
from modelward.checks.scan.pickle.dotted_names import danger, is_unlisted_stdlib
from modelward.checks.scan.python.names import EXECUTES, PROCESS
from modelward.checks.scan.texts.rules_yaml import LARGEST, OLD_BREAKS
from modelward.core.artifact import Source
from modelward.core.finding import Rule, Severity
from modelward.formats.decoded import Decoded
from modelward.formats.json_tree import Object, Value, values
from modelward.formats.yaml_nodes import Node, TooManyNodes, read_yaml
from modelward.formats.yaml_tokens import NotYaml

_HYDRA = "https://hydra.cc/docs/advanced/instantiate_objects/overview/"
_UNIT42 = "https://unit42.paloaltonetworks.com/rce-vulnerabilities-in-ai-python-libraries/"

DANGEROUS_TARGET = Rule(
    "hydra-dangerous-target",
    Severity.HIGH,
    "a configuration names a dangerous function to be called",
    "Loaders that build a model from its configuration import what this key names and call it with what stands "
    "beside it.",
    "Do not load the model that this configuration belongs to; tell whoever published it.",
    ("CWE-94", "CVE-2025-23304", "CVE-2026-22584", _HYDRA, _UNIT42),
)
COMPUTED_TARGET = Rule(
    "hydra-computed-target",
    Severity.MEDIUM,
    "what a configuration makes the loader call is put together when it is read",
    "An interpolation that cannot be followed here can become any dotted name, that of a dangerous function too.",
    "Find out what the interpolation becomes before you load the model.",
    ("CWE-94", _HYDRA),
)
UNKNOWN_TARGET = Rule(
    "hydra-unknown-target",
    Severity.LOW,
    "a configuration names a callable that is not known here",
    "Loaders that build a model from its configuration import its module and call it.",
    "Check that the name belongs to the library the model was made with.",
    ("CWE-829", _HYDRA),
)
CODE_RESOLVER = Rule(
    "hydra-code-resolver",
    Severity.LOW,
    "a configuration hands a text to a resolver that evaluates it",
    "OmegaConf has no such resolver of its own: an application that adds one usually calls Python's eval.",
    "Read the expression before you load the configuration.",
    ("CWE-95", "https://omegaconf.readthedocs.io/en/latest/custom_resolvers.html"),
)

_KEY = "_target_"
_LENIENT_KEYS = frozenset({"target", "class_path", "__target__"})
"""Also used for other things than names of callables: only what is surely dangerous counts."""

_PATH = re.compile(r"[^\W\d]\w*(?:\.[^\W\d]\w*)*")
_KNOWN_ROOTS = frozenset(
    "nemo nemo_run megatron torch torchvision torchaudio torchmetrics pytorch_lightning lightning omegaconf hydra numpy"
    " scipy sklearn transformers diffusers timm speechbrain monai einops tokenizers datasets flax jax optax".split()
)
_ORDINARY = re.compile(
    r"os\.path\.\w+|os\.getenv|os\.environ\.get|pathlib\.\w+|logging\.(?:getLogger|\w*Handler|Formatter)"
    r"|math\.\w+|datetime\.\w+(?:\.\w+)?|time\.(?:time|strftime)|uuid\.uuid\w|collections\.\w+|random\.\w+|operator\.\w+"
)
# What third-party code offers for loading a model is what configurations of models name
_LOADS = re.compile(r".*\.(?:from_pretrained|restore_from|load_from_checkpoint|load_dataset|from_config)")
_GRAVE = re.compile(
    r"runs|starts|installs|compiles|calls|imports|replaces|builds|loads (?:a pickle|native|Python)|reaches"
)
_IMPORTS_NAMED = re.compile(r"imports a module by name|reaches any attribute")
_INTERPOLATION = re.compile(r"\$\{([^${}]*)\}")
_EVALUATION = re.compile(r"\$\{\s*(?:eval|exec|python|py|lambda)\s*:")
_SHOWN = 200
_MOST_STEPS = 10
_MOST_BESIDE = 20


@dataclass(frozen=True, slots=True)
class Setting:
    """A text that stands under a key."""

    path: str
    folder: str
    key: str
    value: str
    start: int | None = None
    end: int | None = None


def examine_hydra(source: Source, here: Here) -> Iterator[Said]:
    """YAML with keys that name callables."""
    raw = source.read(0, LARGEST + 1)
    decoded = Decoded(raw[:LARGEST])
    for old_breaks in (True, False) if OLD_BREAKS.search(decoded.text) else (True,):
        settings, problem = _settings(decoded, old_breaks=old_breaks)
        yield from _judge(settings, here)
        if problem or (len(raw) > LARGEST and settings):
            why = problem or f"more than {LARGEST:,} bytes"
            yield here.unexamined(f"a configuration that can name callables: {why}")


def judge_document(body: Value, here: Here) -> Iterator[Said]:
    """The same for JSON, as which such configurations are stored too."""
    yield from _judge(list(_json_settings(body)), here)


def _judge(settings: list[Setting], here: Here) -> Iterator[Said]:
    """Everything that the settings name to be called."""
    texts = {setting.path: setting.value for setting in settings}
    folders: dict[str, list[Setting]] = {}
    for setting in settings:
        folders.setdefault(setting.folder, []).append(setting)
    for setting in settings:
        if _EVALUATION.search(setting.value):
            message = f"{setting.path} is {setting.value[:_SHOWN]}"
            yield here.finding(CODE_RESOLVER, message, setting.start, setting.end)
        if setting.key == _KEY or setting.key in _LENIENT_KEYS:
            beside = [other for other in folders[setting.folder][:_MOST_BESIDE] if other is not setting]
            yield from _target(setting, _interpolated(setting.value, texts).strip(), beside, here)
        elif (name := setting.value.strip()) in PROCESS or name in EXECUTES:
            message = f"{setting.path} names {name}, which {danger(name)}"
            yield here.finding(DANGEROUS_TARGET, message, setting.start, setting.end)


def _target(setting: Setting, name: str, beside: list[Setting], here: Here) -> Iterator[Said]:
    strict, shown = setting.key == _KEY, name[:_SHOWN]
    rule, what = judge_target(name)
    does = f"{shown}({', '.join(f'{other.key}={other.value[:_SHOWN]!r}' for other in beside[:3])})"
    if rule is DANGEROUS_TARGET or (rule is not None and strict):
        message = f"{setting.path} names {shown}{what and ', which '}{what}"
        yield here.finding(rule, message, setting.start, setting.end, does=does)
    if strict and _IMPORTS_NAMED.fullmatch(what):
        for other in beside:
            if judge_target(other.value.strip())[0] is DANGEROUS_TARGET:
                message = f"{other.path} names {other.value[:_SHOWN]} for {shown}"
                yield here.finding(DANGEROUS_TARGET, message, other.start, other.end, does=does)


def judge_target(name: str) -> tuple[Rule | None, str]:
    """What is wrong with calling what the dotted path *name* leads to, and what it does."""
    if "${" in name:
        return COMPUTED_TARGET, ""
    if not _PATH.fullmatch(name) or "." not in name:
        return None, ""  # Hydra wants a dot
    what, root = danger(name), name.partition(".")[0]
    if _ORDINARY.fullmatch(name) and what in ("", danger("os.getenv")):
        return None, ""
    if what and root == "hydra":
        return UNKNOWN_TARGET, what  # it calls what its own arguments name
    if what and (_stdlib(name) or (_GRAVE.match(what) and not _LOADS.fullmatch(name))):
        return DANGEROUS_TARGET, what
    if is_unlisted_stdlib(name):
        return DANGEROUS_TARGET, "is a function of the standard library that no configuration needs"
    if root in _KNOWN_ROOTS or _stdlib(name):
        return None, ""
    return UNKNOWN_TARGET, ""


def _stdlib(name: str) -> bool:
    return is_stdlib(name.partition(".")[0])


def _interpolated(value: str, texts: dict[str, str]) -> str:
    """With ${a.b} replaced by what stands there; what names a resolver or leads nowhere is kept."""
    for _ in range(_MOST_STEPS):
        replaced = _INTERPOLATION.sub(lambda found: texts.get(found[1].strip(), found[0])[:_SHOWN], value)
        if replaced == value or len(replaced) > 10 * _SHOWN:
            break
        value = replaced
    return value


def _settings(decoded: Decoded, *, old_breaks: bool) -> tuple[list[Setting], str]:
    """And why there may be more of them; a text that no scanner reads to its end is no configuration."""
    found: list[Setting] = []
    try:
        for node in read_yaml(decoded.text, old_breaks=old_breaks):
            if isinstance(node, Node) and node.value and node.key:
                place = decoded.byte(node.at), decoded.byte(node.end)
                found.append(Setting(node.path, node.folder, node.key, node.value, *place))
    except TooManyNodes as error:
        return found, str(error)
    except NotYaml:
        pass
    return found, ""


def _json_settings(body: Value) -> Iterator[Setting]:
    for path, value in values(body):
        if isinstance(value, Object):
            for key, item in value:
                if isinstance(item, str):
                    yield Setting(f"{path}.{key}".removeprefix("$."), path, key, item)


RULES: tuple[Rule, ...] = (DANGEROUS_TARGET, COMPUTED_TARGET, UNKNOWN_TARGET, CODE_RESOLVER)
