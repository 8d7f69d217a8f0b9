"""Rules that need names: code that a configuration names, and code that merely lies there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.scan import CHECK, Seen
from modelward.checks.scan.model import FileScan, TreeFinding
from modelward.checks.scan.trees.naming import code_named_in
from modelward.checks.scan.trees.notes import TOO_MANY, Naming, Notes
from modelward.checks.scan.trees.rules_tree import NAMED_CODE, PYTHON_FILE, SCRIPT_FILE
from modelward.checks.scan.trees.tree import Tree, examine_tree
from modelward.core.artifact import Blob, tree_artifact
from modelward.core.canonical import encode
from modelward.core.digest import Digest
from modelward.core.finding import Finding, Unexamined
from modelward.core.limits import Limits
from modelward.formats.json_tree import LARGEST
from modelward.formats.source import BytesSource

WINDOW = 1 << 18


def scanned(*formats: str) -> FileScan:
    return FileScan(formats or ("text",), (), (), 1, 1)


def naming(text: str | bytes) -> Naming | None:
    return code_named_in(BytesSource(text.encode() if isinstance(text, str) else text))


def named(text: str | bytes) -> tuple[str, ...]:
    found = naming(text)
    assert found is not None
    assert not found.problem
    return found.names


def problem(text: str | bytes) -> str:
    found = naming(text)
    assert found is not None
    assert not found.names
    return found.problem


def examine(files: Mapping[str, FileScan | bytes]) -> list[TreeFinding]:
    """*files* with content are configurations."""
    scans = {path: file if isinstance(file, FileScan) else scanned("json") for path, file in files.items()}
    found = {path: naming(file) for path, file in files.items() if isinstance(file, bytes)}
    return list(examine_tree(Tree(scans, {path: Notes(said) for path, said in found.items() if said}, {})))


def rules(files: Mapping[str, FileScan | bytes]) -> dict[str, str]:
    said = examine(files)
    assert len({entry.path for entry in said}) == len(said)
    return {entry.path: entry.said.rule.id if isinstance(entry.said, Finding) else entry.said.why for entry in said}


def config(**values: Any) -> bytes:
    return json.dumps(values).encode()


# What a configuration names


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ('{"auto_map": {"AutoModel": "modeling_x.XModel"}}', ("modeling_x.XModel",)),
        ('{"auto_map": {"AutoTokenizer": ["slow.X", "fast.X", null]}}', ("fast.X", "slow.X")),
        ('{"a": [{"b": {"auto_map": "x.Y"}}]}', ("x.Y",)),
        ('{"custom_pipelines": {"task": {"impl": "pipe.P", "pt": ["AutoModel"]}}}', ("AutoModel", "pipe.P")),
        ('{"custom_pipeline": "pipe.P"}', ("pipe.P",)),
        # what Python's json module reads, and RFC 8259 does not know
        ('{"eps": NaN, "max": -Infinity, "auto_map": "x.Y"}', ("x.Y",)),
        (b'\xef\xbb\xbf{"auto_map": "x.Y"}', ("x.Y",)),
        ('{"auto_map": "x.Y", "deep": ' + "[" * 100 + "]" * 100 + "}", ("x.Y",)),
        ('{"auto_map": "x.Y", "n": ' + "9" * 5000 + "}", ("x.Y",)),
        # of a repeated key, readers choose differently
        ('{"auto_map": "x.Y", "auto_map": {}}', ("x.Y",)),
        ('{"auto_map": {}, "auto_map": "x.Y"}', ("x.Y",)),
        # the same key, written otherwise
        ('{"auto\\u005fmap": "x.Y"}', ("x.Y",)),
        ('{"\\u0061\\u0075\\u0074\\u006F\\u005F\\u006d\\u0061\\u0070": "x.Y"}', ("x.Y",)),
        ('{"custom\\u005fpipelines": "x.Y"}', ("x.Y",)),
        # names that no file system takes as they are
        ('{"auto_map": "\\ud800\\u0000.Y"}', ("\\xed\\xa0\\x80\0.Y",)),
        ('{"auto_map": "a\\\\b.Y"}', ("a\\\\b.Y",)),
    ],
)
def test_names_are_found(text: str | bytes, names: tuple[str, ...]) -> None:
    assert tuple(sorted(named(text))) == names


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        '{"automap": "x.Y", "AUTO_MAP": "x.Y"}',
        '{"text": "auto_map"}',
        '{"auto_map": null}',
        '{"auto_map": {"AutoModel": [1, true, {}]}}',
        '{"auto\\\\u005fmap": "x.Y"}',
        "no JSON, and no word of it",
        "[" * 100_000,
    ],
)
def test_nothing_is_named(text: str) -> None:
    assert naming(text) is None


@pytest.mark.parametrize(
    "text",
    [
        '{"auto_map": "x.Y"',
        '{"auto_map": "x.Y"} // comment',
        "{'auto_map': 'x.Y'}",
        '{"auto_map": "x.Y", "deep": ' + "[" * 1_000 + "]" * 1_000 + "}",
        b'{"auto_map": "\xff"}',
    ],
)
def test_what_cannot_be_read_is_a_problem(text: str | bytes) -> None:
    assert problem(text) == "it can name code, and is no JSON that can be read here"


@pytest.mark.parametrize("key", ['"auto_map"', '"auto\\u005fmap"', '"custom_pipeline"'])
@pytest.mark.parametrize("at", [0, WINDOW - 40, WINDOW - 7, WINDOW - 1, WINDOW, (1 << 20) + 5])
def test_a_name_in_a_large_file_is_never_overlooked(key: str, at: int) -> None:
    """Four MiB are parsed at most; padding a configuration must not hide what it names."""
    padded = "{" + " " * at + key + ': "x.Y"' + " " * LARGEST + "}"
    assert "too large" in problem(padded)
    assert problem(padded) == problem(padded[:-1])


def test_a_large_vocabulary_names_nothing() -> None:
    assert naming(json.dumps({"vocab": {f"tok\u0120{n}\x01\u007f": n for n in range(60_000)}})) is None


@pytest.mark.parametrize("names", [[f"m{n}.X" for n in range(101)], ["m" * 600 + ".X"]])
def test_more_code_than_any_model_needs_is_a_problem(names: list[str]) -> None:
    assert "more code than any model needs" in problem(config(auto_map=names))


@given(st.dictionaries(st.sampled_from(["auto_map", "x"]), st.text(max_size=4) | st.lists(st.text(max_size=4))))
def test_any_names_go_into_a_statement(body: dict[str, Any]) -> None:
    found = naming(json.dumps(body))
    if found is not None:
        encode([list(found.names), found.paths("a/config.json")])


@pytest.mark.parametrize(
    ("where", "name", "path"),
    [
        ("config.json", "modeling_x.XModel", "modeling_x.py"),
        ("sub/folder/config.json", "modeling_x.XModel", "sub/folder/modeling_x.py"),
        ("config.json", "package.modeling_x.XModel", "package/modeling_x.py"),
        ("sub/config.json", "org/repo--modeling_x.XModel", "org/repo--modeling_x"),
    ],
)
def test_a_name_leads_to_a_file(where: str, name: str, path: str) -> None:
    assert Naming((name,)).paths(where) == [path]


def test_a_class_alone_leads_nowhere() -> None:
    assert Naming(("BertModel", "", ".X")).paths("config.json") == []


# What a tree holds


def test_named_code_is_graver_than_code() -> None:
    files: dict[str, FileScan | bytes] = {"modeling.py": scanned(), "other.py": scanned()}
    files["config.json"] = config(auto_map={"M": "modeling.M"})
    assert rules(files) == {"modeling.py": NAMED_CODE.id, "other.py": PYTHON_FILE.id}
    (first, _) = examine(files)
    assert isinstance(first.said, Finding)
    assert first.said.message == "modeling.py is run when the model is loaded: config.json names it"


def test_a_configuration_names_code_beside_itself() -> None:
    body = config(auto_map="modeling.M")
    assert rules({"sub/config.json": body, "sub/modeling.py": scanned(), "modeling.py": scanned()}) == {
        "sub/modeling.py": NAMED_CODE.id,
        "modeling.py": PYTHON_FILE.id,
    }


@pytest.mark.parametrize("name", ["gone.M", "org/repository--modeling.M", "../modeling.M", "a.b.c.M"])
def test_named_code_that_is_elsewhere_is_a_finding_of_the_configuration(name: str) -> None:
    assert rules({"config.json": config(auto_map=name), "modeling.py": scanned()}) == {
        "config.json": NAMED_CODE.id,
        "modeling.py": PYTHON_FILE.id,
    }


def test_much_that_is_elsewhere_is_one_finding() -> None:
    (only,) = examine({"config.json": config(auto_map=[f"m{n:02}.X" for n in range(50)])})
    assert isinstance(only.said, Finding)
    assert only.said.message.endswith(" (and 49 more), which is not in this tree")


def test_two_configurations_name_one_file() -> None:
    body = config(auto_map="modeling.M")
    (only,) = examine({"b.json": body, "a.json": body, "modeling.py": scanned()})
    assert isinstance(only.said, Finding)
    assert only.said.message.endswith("a.json names it")


@pytest.mark.parametrize("path", ["handler.py", "code/inference.py", "Handler.py"])
def test_a_handler_is_code_that_a_server_runs(path: str) -> None:
    assert rules({path: scanned()}) == {path: NAMED_CODE.id}


@pytest.mark.parametrize(
    ("path", "formats", "rule"),
    [
        ("x.py", ("text",), PYTHON_FILE.id),
        ("x.PY", ("unknown",), PYTHON_FILE.id),
        ("a/x.pyc", ("unknown",), PYTHON_FILE.id),
        ("x.pyw", ("text",), PYTHON_FILE.id),
        ("run", ("shell-script", "text"), SCRIPT_FILE.id),
        ("sub/handler.py", ("text",), PYTHON_FILE.id),
        ("run.py", ("shell-script", "text"), PYTHON_FILE.id),
    ],
)
def test_code_that_merely_lies_there_is_an_info(path: str, formats: tuple[str, ...], rule: str) -> None:
    assert rules({path: scanned(*formats)}) == {path: rule}


def test_what_is_no_code_is_nothing() -> None:
    assert (
        rules({"x.bin": scanned("pickle"), "py": scanned(), "x.pyx.txt": scanned(), "config.json": config(a=1)}) == {}
    )


def test_what_cannot_be_told_is_unexamined_beside_what_was_found() -> None:
    broken = config(auto_map="modeling.M")[:-1]
    assert rules({"config.json": broken, "modeling.py": scanned()}) == {
        "config.json": "it can name code, and is no JSON that can be read here",
        "modeling.py": PYTHON_FILE.id,
    }
    (only,) = examine_tree(Tree({"z.json": scanned("json")}, {"z.json": TOO_MANY}, {}))
    assert isinstance(only.said, Unexamined)


def test_a_tree_without_files_is_unexamined() -> None:
    (only,) = examine({})
    assert (only.path, isinstance(only.said, Unexamined)) == ("", True)


def test_a_lone_file_has_no_name_to_judge_by() -> None:
    blob = Blob(Digest("sha256", "0" * 64), 1)
    tree = tree_artifact({"handler.py": blob}, "")
    seen = Seen({blob.digest: scanned()}, {}, Limits())
    assert len(CHECK.examine(tree, seen).tree) == 1
    lone = type(tree)(blob.digest, {"": blob}, "handler.py")
    assert CHECK.examine(lone, seen).tree == ()


# Other loaders


def test_a_pipeline_of_diffusers_names_its_own_module() -> None:
    """https://huggingface.co/docs/diffusers/using-diffusers/custom_pipeline_overview"""
    body = config(_class_name=["my_pipeline", "Pipe"], unet=["my_unet", "Net"], vae=["diffusers", "AutoencoderKL"])
    files: dict[str, FileScan | bytes] = {"model_index.json": body}
    files |= {"my_pipeline.py": scanned(), "unet/my_unet.py": scanned(), "other/my_unet.py": scanned()}
    assert rules(files) == {
        "my_pipeline.py": NAMED_CODE.id,
        "unet/my_unet.py": NAMED_CODE.id,
        "other/my_unet.py": PYTHON_FILE.id,
    }


def test_an_ordinary_pipeline_names_nothing() -> None:
    body = config(
        _class_name="StableDiffusionPipeline", safety_checker=["stable_diffusion", "Checker"], vae=[None, None]
    )
    assert rules({"model_index.json": body}) == {}


def test_modules_of_sentence_transformers() -> None:
    """https://sbert.net/docs/sentence_transformer/usage/custom_models.html"""
    own = json.dumps([{"idx": 0, "name": "0", "path": "", "type": "custom.Transformer"}]).encode()
    assert rules({"modules.json": own, "custom.py": scanned()}) == {"custom.py": NAMED_CODE.id}
    ordinary = own.replace(b"custom.", b"sentence_transformers.models.")
    assert rules({"modules.json": ordinary}) == {}
    assert rules({"modules.json": own.replace(b"custom.", b"sentence_transformers_evil.")}) == {
        "modules.json": NAMED_CODE.id
    }


def test_the_library_that_an_adapter_names() -> None:
    """peft imports auto_mapping.parent_library."""
    body = config(auto_mapping={"base_model_class": "M", "parent_library": "evil"})
    assert rules({"adapter_config.json": body, "evil.py": scanned()}) == {"evil.py": NAMED_CODE.id}
    assert rules({"adapter_config.json": body.replace(b"evil", b"transformers.models.llama.modeling_llama")}) == {}
