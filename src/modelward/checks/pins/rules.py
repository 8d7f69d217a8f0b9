"""The rules about names: code that loads by name without a pin, and names that pass for others."""

from __future__ import annotations

from collections.abc import Mapping

from modelward.core.finding import Rule, Severity

_MODELS = "https://huggingface.co/docs/transformers/main_classes/model#transformers.PreTrainedModel.from_pretrained"
_CUSTOM_CODE = "https://huggingface.co/docs/transformers/custom_models"
_SUPPLY = "AML.T0010"

UNPINNED_LOAD = Rule(
    "unpinned-hub-load",
    Severity.MEDIUM,
    "the code loads by a name, and gets what the name means that day",
    "Whoever holds the repository, or registers its name after it was deleted, decides what is loaded. Only a full "
    "commit always means the same files.",
    "Pass the commit as the revision: modelward pin finds it, and pins audit --lock then proposes it.",
    ("CWE-829", "CWE-494", _SUPPLY, _MODELS),
)
UNKNOWN_LOAD = Rule(
    "unknown-hub-load",
    Severity.LOW,
    "the code loads by a name or at a revision that is not known here",
    "What is loaded is decided where the code runs: by an argument, a variable or another module. Nothing here shows "
    "that it is pinned.",
    "See to it that a full commit reaches the call, or that the name is that of a folder that modelward fetch made.",
    ("CWE-829", _SUPPLY, _MODELS),
)
UNPINNED_CODE = Rule(
    "unpinned-remote-code",
    Severity.HIGH,
    "the code runs Python of a repository that can change at any time",
    "Whoever can write to the repository tomorrow runs code here: no scan of today's files helps.",
    "Pass a full commit as the revision, and read the code at that commit; better, use a model that needs none.",
    ("CWE-829", "CWE-494", "CWE-94", _SUPPLY, "AML.T0011.000", _CUSTOM_CODE),
)
TRUSTED_CODE = Rule(
    "trusted-remote-code",
    Severity.MEDIUM,
    "the code trusts Python that comes with a model or a dataset",
    "Loading runs it. At a commit it stays what it is, unless auto_map names another repository, whose revision is "
    "that of code_revision.",
    "Read the code at that commit, pass code_revision, and set trust_remote_code only where it is needed.",
    ("CWE-829", "CWE-94", "AML.T0011.000", _CUSTOM_CODE),
)
UNKNOWN_TRUST = Rule(
    "unknown-remote-code",
    Severity.LOW,
    "whether remote code is trusted is decided elsewhere",
    "The value of trust_remote_code is not known here; whoever sets it to true lets a repository run code.",
    "Write False, or make sure that whoever sets it knows what it means.",
    ("CWE-829", "CWE-94", "AML.T0011.000", _CUSTOM_CODE),
)
UNPINNED_DOWNLOAD = Rule(
    "unpinned-download",
    Severity.MEDIUM,
    "the code downloads a file whose content nothing fixes",
    "Neither a commit in the address nor a hash is given, so that other bytes under the same address are taken, too.",
    "Pass the hash of the file, or put the commit into the address; modelward pin writes both down.",
    ("CWE-494", _SUPPLY, "https://pytorch.org/docs/stable/hub.html#torch.hub.load_state_dict_from_url"),
)
MOVING_VERSION = Rule(
    "moving-model-version",
    Severity.MEDIUM,
    "the code loads whatever version a registry calls so that day",
    "An alias, a stage and the latest version move; who may move them decides what is loaded.",
    "Name the version by its number.",
    ("CWE-829", _SUPPLY, "https://mlflow.org/docs/latest/ml/model-registry/"),
)
LOOK_ALIKE = Rule(
    "hub-name-look-alike",
    Severity.MEDIUM,
    "the name of a repository is almost a well-known one",
    "Organisations are registered one letter or separator away from known ones, and hold files that only look alike.",
    "Compare it with the name that you mean, on the page of its maker.",
    ("CWE-1007", _SUPPLY, "AML.T0058"),
)
HOMOGLYPH = Rule(
    "hub-name-homoglyph",
    Severity.HIGH,
    "the name of a repository has characters that no hub allows",
    "Hub names are ASCII. A letter of another alphabet that looks like one of them is there to be taken for it, "
    "and a mirror or a tool may resolve it to something else.",
    "Write the name anew, by hand, from the page of its maker.",
    ("CWE-1007", "CWE-176", _SUPPLY, "https://www.unicode.org/reports/tr39/"),
)
ADDED_WORD = Rule(
    "hub-name-added-word",
    Severity.LOW,
    "the organisation is a well-known name with a word more or less",
    "Anybody can register a known name with -official or -hf behind it, or without its -ai. Some such organisations "
    "are honest; the name says nothing about it.",
    "Look on the page of the maker whether it is theirs.",
    ("CWE-1007", _SUPPLY, "AML.T0058"),
)
BORROWED_NAME = Rule(
    "hub-name-borrowed",
    Severity.LOW,
    "the repository bears a well-known name, under another organisation",
    "It may be an honest copy or conversion. Nothing but the name says that the files are those of the maker.",
    "Load it from its maker, or compare the digests of the files with those there.",
    ("CWE-1007", _SUPPLY, "AML.T0058"),
)

RULES: Mapping[str, Rule] = {
    rule.id: rule
    for rule in (
        UNPINNED_LOAD,
        UNKNOWN_LOAD,
        UNPINNED_CODE,
        TRUSTED_CODE,
        UNKNOWN_TRUST,
        UNPINNED_DOWNLOAD,
        MOVING_VERSION,
        LOOK_ALIKE,
        HOMOGLYPH,
        ADDED_WORD,
        BORROWED_NAME,
    )
}
