"""Code that loads by name: what is found, what is proposed, and what stays quiet."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelward.checks.pins.audit import Pins, audit_notebook, audit_python, audit_script
from modelward.checks.pins.audit.commands import fetched
from modelward.checks.pins.audit.loaders import LOADERS, loader_of, may_load
from modelward.checks.pins.lock import Entry, HubSource, Lock, WebSource
from modelward.core.content import Content
from modelward.core.finding import Finding, Unexamined
from modelward.core.hub_name import Ref
from modelward.core.source_audit import Spotted

COMMIT = "0123456789abcdef0123456789abcdef01234567"
HEAD = """
import functools, importlib, os, subprocess
import evaluate, mlflow, pandas, timm, torch, transformers, wandb
import transformers as t
from datasets import load_dataset
from huggingface_hub import HfApi, HfFileSystem, PyTorchModelHubMixin, hf_hub_download, snapshot_download
from pathlib import Path
from transformers import AutoModel, AutoTokenizer as Tok, pipeline
"""


def said(source: str, pins: Pins | None = None) -> list[Spotted]:
    return list(audit_python((HEAD + source).encode(), "a.py", pins or Pins()))


def rules(source: str) -> list[str]:
    return [one.said.rule.id for one in said(source) if isinstance(one.said, Finding)]


def only(source: str, pins: Pins | None = None) -> Finding:
    [one] = said(source, pins)
    assert isinstance(one.said, Finding)
    return one.said


UNPINNED = [
    "AutoModel.from_pretrained('org/name')",
    "AutoModel.from_pretrained(pretrained_model_name_or_path='org/name')",
    "AutoModel.from_pretrained('org/name', revision=None)",
    "AutoModel.from_pretrained('org/name', revision='main')",
    "AutoModel.from_pretrained('org/name', revision='v1.0')",
    "AutoModel.from_pretrained('org/name', revision='0123456')",
    f"AutoModel.from_pretrained('org/name', revision='{COMMIT.upper()}')",
    "t.models.bert.BertModel.from_pretrained('org/name')",
    "Tok.from_pretrained('org/name')",
    "NAME = 'org/name'\nAutoModel.from_pretrained(NAME)",
    "ORG = 'org'\nAutoModel.from_pretrained(f'{ORG}/name')",
    "AutoModel.from_pretrained('org' + '/name')",
    "NAMES = {'a': 'org/name'}\nAutoModel.from_pretrained(NAMES['a'])",
    "NAMES = {'a': 'org/name'}\nAutoModel.from_pretrained(NAMES.get('a'))",
    f"class A:\n    pin = '{COMMIT}'\nA.pin = 'main'\nAutoModel.from_pretrained('org/name', revision=A.pin)",
    "for name in ('org/name',):\n    AutoModel.from_pretrained(name)",
    "class Settings:\n    name = 'org/name'\nAutoModel.from_pretrained(Settings.name)",
    "class A:\n    def __init__(self):\n        self.name = 'org/name'\n    def f(self):\n"
    "        t.AutoModel.from_pretrained(self.name)",
    "def f(name='org/name'):\n    AutoModel.from_pretrained(name)",
    "AutoModel.from_pretrained(os.environ.get('MODEL', 'org/name'))",
    "how = {'revision': 'main'}\nAutoModel.from_pretrained('org/name', **how)",
    "how = dict(revision='main')\nAutoModel.from_pretrained('org/name', **how)",
    "how = {}\nhow['revision'] = 'main'\nAutoModel.from_pretrained('org/name', **how)",
    "AutoModel.from_pretrained(*['org/name'][:0], pretrained_model_name_or_path='org/name')",
    "load = functools.partial(AutoModel.from_pretrained, revision='main')\nload('org/name')",
    "load = AutoModel.from_pretrained\nload('org/name')",
    "getattr(AutoModel, 'from_pretrained')('org/name')",
    "importlib.import_module('transformers').AutoModel.from_pretrained('org/name')",
    "__import__('transformers').AutoModel.from_pretrained('org/name')",
    "list(map(AutoModel.from_pretrained, ['org/name']))",
    "pool.submit(snapshot_download, 'org/name')",
    "class Mine(torch.nn.Module, PyTorchModelHubMixin): pass\nMine.from_pretrained('org/name')",
    "class Mine(t.BertModel):\n    @classmethod\n    def make(cls):\n        return cls.from_pretrained('org/name')",
    "if x:\n    C = t.AutoModel\nelse:\n    C = None\nC.from_pretrained('org/name')",
    "load_dataset('squad')",
    "load_dataset('org/name', 'config', split='train')",
    "hf_hub_download(repo_id='org/name', filename='x')",
    "hf_hub_download(repo, 'x')",
    "HfApi().snapshot_download('org/name')",
    "pipeline('summarization')",
    "pipeline('summarization', 'org/name')",
    "pipeline(model='org/name', model_kwargs={'revision': 'main'})",
    "timm.create_model('resnet50', pretrained=True)",
    "timm.create_model('hf-hub:org/name')",
    "import keras_hub\nkeras_hub.models.Backbone.from_preset('hf://org/name')",
    "import peft\npeft.PeftModel.from_pretrained(model, 'org/name')",
    "import vllm\nvllm.LLM('org/name')",
    "from transformers import *\nBertModel.from_pretrained('org/name')",
    "getattr(t, kind).from_pretrained('org/name')",
    "import argparse\np = argparse.ArgumentParser()\np.add_argument('-m', '--model-name', default='org/name')\n"
    "AutoModel.from_pretrained(p.parse_args().model_name)",
    "NAMES = {'a': 'org/name'}\nfor key, name in NAMES.items():\n    AutoModel.from_pretrained(name)",
    "for name in {'org/name': 1}:\n    AutoModel.from_pretrained(name)",
    "for number, name in enumerate(['org/name']):\n    AutoModel.from_pretrained(name)",
    "KINDS = {'a': (AutoModel, Tok)}\none, two = KINDS[kind]\ntwo.from_pretrained('org/name')",
    "AutoModel.from_pretrained(config.get('model', 'org/name'))",
    "from huggingface_hub import Repository\nRepository('x', clone_from='org/name')",
]
DOWNLOADS = [
    "pandas.read_parquet('hf://datasets/org/name/x.parquet')",
    "pandas.read_csv('https://huggingface.co/datasets/org/name/resolve/main/x.csv')",
    "pandas.read_csv(f'hf://datasets/org/name@main/{part}.csv')",
    "load_dataset('csv', data_files='hf://datasets/org/name/x.csv')",
    "HfFileSystem().open('datasets/org/name/x.csv')",
    "torch.hub.load_state_dict_from_url('https://example.org/x.pth')",
    "import tensorflow as tf\ntf.keras.utils.get_file('x', 'https://example.org/x')",
    "os.system('git clone https://huggingface.co/org/name')",
    "subprocess.run(['hf', 'download', 'org/name'])",
    "subprocess.run(f'huggingface-cli download org/name --local-dir {x}', shell=True)",
    "subprocess.run(f'hf download {name} --local-dir x'.split())",
    "import git\ngit.Repo.clone_from('https://huggingface.co/org/name', 'x')",
    "get_ipython().system('hf download org/name')",
    "pandas.read_parquet('hf://datasets/org/name/' + splits['train'])",
]  # fmt: skip
CODE = [
    "AutoModel.from_pretrained('org/name', trust_remote_code=True)",
    "AutoModel.from_pretrained('org/name', trust_remote_code=1)",
    "how = {'trust_remote_code': True}\nAutoModel.from_pretrained('org/name', **how)",
    "pipeline(model='org/name', model_kwargs={'trust_remote_code': True})",
    "torch.hub.load('owner/repo', 'x')",
    "torch.hub.load('owner/repo:main', 'x')",
    "evaluate.load('accuracy')",
]
QUIET = [
    f"AutoModel.from_pretrained('org/name', revision='{COMMIT}')",
    f"PIN = '{COMMIT}'\nAutoModel.from_pretrained('org/name', revision=PIN)",
    f"PINS = {{'org/name': '{COMMIT}'}}\nAutoModel.from_pretrained('org/name', revision=PINS['org/name'])",
    f"how = {{'revision': '{COMMIT}', 'trust_remote_code': False}}\nAutoModel.from_pretrained('org/name', **how)",
    f"load = functools.partial(AutoModel.from_pretrained, revision='{COMMIT}')\nload('org/name')",
    "AutoModel.from_pretrained('./name')",
    "AutoModel.from_pretrained('../name')",
    "AutoModel.from_pretrained('/models/name')",
    "AutoModel.from_pretrained('~/models/name')",
    "AutoModel.from_pretrained(r'C:\\models\\name')",
    "AutoModel.from_pretrained('a/b/c')",
    "AutoModel.from_pretrained(Path('models') / 'name')",
    "AutoModel.from_pretrained(str(Path(__file__).parent / 'name'))",
    "AutoModel.from_pretrained(os.path.join(folder, 'name'))",
    "AutoModel.from_pretrained(f'./out/{step}')",
    f"AutoModel.from_pretrained(snapshot_download('org/name', revision='{COMMIT}'))",
    "model.save_pretrained('mine')\nAutoModel.from_pretrained('mine')",
    "load_dataset('csv', data_files='x.csv')",
    "load_dataset('imagefolder', data_dir='x')",
    "pipeline('summarization', model=AutoModel.from_config(config))",
    "import mine\npipeline('summarization', model=mine.Model(config).to('cuda'))",
    "import unsloth\nmodel, other = unsloth.FastModel.from_pretrained('./x')\npipeline('summarization', model=model)",
    "timm.create_model('resnet50')",
    f"timm.create_model('hf-hub:org/name@{COMMIT}', pretrained=True)",
    f"torch.hub.load('owner/repo:{COMMIT}', 'x')",
    "torch.hub.load('folder', 'x', source='local')",
    "torch.hub.load_state_dict_from_url('https://example.org/x-12345678.pth', check_hash=True)",
    "mlflow.pyfunc.load_model('models:/x/3')",
    "mlflow.pyfunc.load_model('runs:/0123/model')",
    "wandb.init().use_artifact('x:v3')",
    f"pandas.read_parquet('hf://datasets/org/name@{COMMIT}/x.parquet')",
    "print('see https://huggingface.co/org/name/blob/main/README.md')",
    "client.show('hf://org/name')",
    "'''https://huggingface.co/org/name/resolve/main/x'''",
    "class Own:\n    @classmethod\n    def from_pretrained(cls, x): return cls()\nOwn.from_pretrained('org/name')",
    "import json\njson.load(file)\n{}.get('load')",
    "def load_dataset(x): return x\nload_dataset('org/name')",
    "from .data import load_dataset\nload_dataset('org/name')",
    "isinstance(x, AutoModel)",
    "subprocess.run(['git', 'clone', 'https://example.org/x'])",
    f"os.system('git clone https://huggingface.co/org/name && cd name && git checkout {COMMIT}')",
]
UNKNOWN = [
    "AutoModel.from_pretrained(name)",
    "AutoModel.from_pretrained('org/name', revision=revision)",
    "AutoModel.from_pretrained('org/name', **how)",
    f"how = {{'revision': '{COMMIT}'}}\nhow.pop('revision')\nAutoModel.from_pretrained('org/name', **how)",
    "AutoModel.from_pretrained('output')",
    "AutoModel.from_pretrained('checkpoint-500')",
    "from mine import NAME\nAutoModel.from_pretrained(NAME)",
    "from mine import Model\nModel.from_pretrained('org/name')",
    f"AutoModel.from_pretrained(make(), revision='{COMMIT[:39]}' + x)",
    "mlflow.pyfunc.load_model(uri)",
    "timm.create_model('resnet50', pretrained=pretrained)",
    "pandas.read_csv(f'hf://datasets/org/name@{revision}/x.csv')",
    "import argparse\nargs = argparse.ArgumentParser().parse_args()\nAutoModel.from_pretrained(args.model)",
    "import configparser\nAutoModel.from_pretrained(configparser.ConfigParser().get('a', 'b'))",
    "one, two = KINDS[kind]\ntwo.from_pretrained('bert-base-cased')",
]


@pytest.mark.parametrize("source", UNPINNED)
def test_what_is_not_pinned_is_found(source: str) -> None:
    assert rules(source) == ["unpinned-hub-load"]


@pytest.mark.parametrize("source", DOWNLOADS)
def test_an_address_without_a_commit_or_hash_is_found(source: str) -> None:
    assert rules(source) == ["unpinned-download"]


@pytest.mark.parametrize("source", CODE)
def test_code_that_can_change_is_found(source: str) -> None:
    assert rules(source) == ["unpinned-remote-code"]


@pytest.mark.parametrize("source", UNKNOWN)
def test_what_is_not_known_is_said(source: str) -> None:
    assert rules(source) == ["unknown-hub-load"]


@pytest.mark.parametrize("source", QUIET)
def test_what_is_pinned_or_local_or_ordinary_stays_quiet(source: str) -> None:
    assert said(source) == []


@pytest.mark.parametrize("source", ["wrapper(trust_remote_code=True)", "x = {'trust_remote_code': True}"])
def test_trust_is_found_wherever_it_is_set(source: str) -> None:
    assert rules(source) == ["trusted-remote-code"]


def test_a_revision_that_may_be_either_is_not_pinned() -> None:
    source = f"pin = None\nif x:\n    pin = '{COMMIT}'\nAutoModel.from_pretrained('org/name', revision=pin)"
    assert rules(source) == ["unpinned-hub-load"]


def test_the_last_assignment_counts() -> None:
    source = f"pin = 'main'\npin = '{COMMIT}'\nAutoModel.from_pretrained('org/name', revision=pin)"
    assert rules(source) == []


def test_place_counts_characters() -> None:
    [one] = said("é = 'ü'; AutoModel.from_pretrained('org/name')")
    assert (one.at.line, one.at.column) == (HEAD.count("\n") + 1, 10)


def test_a_look_alike_is_found_where_it_is_loaded() -> None:
    assert rules(f"AutoModel.from_pretrained('meta-Ilama/x', revision='{COMMIT}')") == ["hub-name-look-alike"]


# --- the table ---


def test_every_loader_is_found_by_its_name() -> None:
    for loader in LOADERS:
        path = loader.callee.replace("*", "")
        assert loader_of(path) is not None, path
        assert loader.how == "command" or may_load(path), path
        assert loader.doc.startswith("https://")


# --- the pin ---


def lock() -> Lock:
    content = Content(3, "ab" * 32)
    return Lock(
        (
            Entry("a", HubSource(Ref("models", "org/name", "v1"), COMMIT), {"x": content}),
            Entry("b", HubSource(Ref("datasets", "org/data"), COMMIT[::-1]), {"x": content}),
            Entry("c", WebSource("https://example.org/x.pth"), {"": content}),
        )
    )


@pytest.mark.parametrize(
    ("source", "pin"),
    [("AutoModel.from_pretrained('org/name')", f'revision="{COMMIT}"'),
     ("load_dataset('org/data')", f'revision="{COMMIT[::-1]}"'),
     ("AutoModel.from_pretrained('org/data')", "modelward pin hf://org/data"),
     ("AutoModel.from_pretrained('org/other', revision='v2')", "modelward pin hf://org/other@v2"),
     ("load_dataset('org/other')", "modelward pin hf://datasets/org/other"),
     ("torch.hub.download_url_to_file('https://example.org/x.pth', 'x')", f'hash_prefix="{"ab" * 32}"'),
     ("open('hf://org/name@v1/x')", f"{COMMIT} instead of v1")],
)  # fmt: skip
def test_the_pin_is_that_of_the_lock_or_the_command_for_it(source: str, pin: str) -> None:
    assert dict(only(source, Pins.of(lock())).evidence)["pin"] == pin


# --- commands ---


@pytest.mark.parametrize(
    ("command", "found"),
    [("hf download org/name", ["hf://org/name@main"]),
     ("huggingface-cli download --repo-type dataset org/name x.csv --revision v1", ["hf://datasets/org/name@v1"]),
     (f"hf download org/name --revision={COMMIT}", [f"hf://org/name@{COMMIT}"]),
     ("cd /x && sudo git lfs clone", []),
     ("git clone -b v1 https://user:token@huggingface.co/spaces/org/name.git out", ["hf://spaces/org/name@v1"]),
     ("git clone git@hf.co:org/name", ["hf://org/name@main"]),
     ("wget -q 'https://huggingface.co/org/name/resolve/main/a.bin?download=true'; ls", ["hf://org/name@main/a.bin"]),
     ("pip install -q transformers", []),
     ("echo 'unbalanced && hf download org/name", ["hf://org/name@main"]),
     ("echo 'hf download org/name && ls'", []),
     ("bash -lc 'ls && hf download org/name'", ["hf://org/name@main"]),
     ("X=$(hf download org/name)", ["hf://org/name@main"]),
     ('RUN ["hf", "download", "org/name"]', ["hf://org/name@main"]),
     ("git submodule add https://huggingface.co/org/name", ["hf://org/name@main"]),
     ("pip install git+https://huggingface.co/org/name@v1", ["hf://org/name@v1"]),
     ("ollama run hf.co/org/name:Q4", ["hf://org/name@main"]),
     ("vllm serve ./name", []),
     ("vllm serve --enable-x --model org/name", ["hf://org/name@main"]),
     (f"docker run x/vllm-openai:v1 --model org/name --revision {COMMIT}", [f"hf://org/name@{COMMIT}"]),
     ("llama-cli -hf org/name:Q4", ["hf://org/name@main"]),
     ("python -m vllm.entrypoints.openai.api_server --model $MODEL", ["hf://{}@%7B%7D"])],
)  # fmt: skip
def test_commands(command: str, found: list[str]) -> None:
    assert [str(one.ref) for one in fetched(command)] == found


# --- scripts, Dockerfiles, YAML ---


@pytest.mark.parametrize(
    ("script", "found"),
    [("A=$HOME/x\nB=$(pwd; ls)\n  hf download org/name\n", [(3, 3, "unpinned-download")]),
     ("# ls; hf download org/name\n# don't\nhf download org/name\n# won't\n", [(3, 1, "unpinned-download")]),
     ("FROM x\nRUN python -c \"from transformers import AutoModel; \\\n    AutoModel.from_pretrained('org/name')\"\n",
      [(2, 5, "unpinned-hub-load")]),
     ("run: |\n  python - <<'EOF'\n  import torch\n  torch.hub.load('owner/repo', 'x')\n  EOF\n",
      [(2, 3, "unpinned-remote-code")]),
     ('image: vllm-openai:v1\nargs:\n- "--model"\n- "org/name"\n- --trust-remote-code\nports:\n- number: 1\n',
      [(2, 1, "unpinned-remote-code")]),
     ("image: vllm-openai\ncommand: >\n  --model org/name\n  --port 1\n", [(3, 3, "unpinned-download")]),
     ("image: litellm\nargs: --model=openai/gpt-4\n", []),
     (f"vllm serve org/name --revision {COMMIT} --trust-remote-code", [(1, 1, "trusted-remote-code")]),
     ("torchrun train.py --trust_remote_code True", [(1, 1, "trusted-remote-code")]),
     ("base_model: org/name\ntrust_remote_code: true", [(2, 1, "trusted-remote-code")]),
     ("trust_remote_code: false\n", []),
     ("url: https://huggingface.co/org/name/resolve/main/x", [(1, 1, "unpinned-download")]),
     ("python -c 'import transformers; from_pretrained('", [(1, 1, "unexamined")]),
     ("\0hf download org/name", [(1, 1, "unexamined")])],
)  # fmt: skip
def test_scripts(script: str, found: list[tuple[int, int, str]]) -> None:
    said = audit_script(script.encode(), "x.sh", Pins())
    assert [
        (one.at.line, one.at.column, one.said.rule.id if isinstance(one.said, Finding) else "unexamined")
        for one in said
    ] == found


@pytest.mark.parametrize(
    "unit", ["$(", "${", '["', "`", "python <<E\n", 'python -c "', "git clone ", "\n- a", "bash -c "]
)
def test_long_scripts_end(unit: str) -> None:
    list(audit_script(("vllm\n" + unit * (20_000 // len(unit))).encode(), "x.sh", Pins()))


# --- notebooks ---


def notebook(*sources: str | list[str], **metadata: object) -> bytes:
    cells = [{"cell_type": "code", "source": source, "outputs": []} for source in sources]
    return json.dumps({"cells": [{"cell_type": "markdown", "source": "x"}, *cells], "metadata": metadata}).encode()


def in_notebook(*sources: str | list[str], **metadata: object) -> list[tuple[str, int, int, int]]:
    found = audit_notebook(notebook(*sources, **metadata), "a.ipynb", Pins())
    return [
        (one.said.rule.id if isinstance(one.said, Finding) else "unexamined", one.at.cell, one.at.line, one.at.column)
        for one in found
    ]


def test_names_of_one_cell_hold_in_the_next() -> None:
    cells = ("from transformers import AutoModel\n", ["NAME = 'org/name'\n", "x = AutoModel.from_pretrained(NAME)"])
    assert in_notebook(*cells) == [("unpinned-hub-load", 3, 2, 5)]


def test_magics_around_python_are_taken_out_in_place() -> None:
    head = "%load_ext x\nfrom transformers import AutoModel\n!pip install \\\n  x\nAutoModel?\n"
    source = head + "%time x = AutoModel.from_pretrained('org/name')\nfiles = !ls\nif x:\n    %cd y\n"
    assert in_notebook(source) == [("unpinned-hub-load", 2, 6, 11)]
    assert in_notebook("%%time\n%%capture\n" + source) == [("unpinned-hub-load", 2, 8, 11)]


def test_commands_in_cells() -> None:
    assert in_notebook("x = 1\n!hf download org/name") == [("unpinned-download", 2, 2, 2)]
    assert in_notebook("%%bash\nls\nhf download org/name") == [("unpinned-download", 2, 3, 1)]
    assert in_notebook("%%html\n<b>hf download org/name") == []
    assert in_notebook("%%writefile x.sh\nhf download org/name") == [("unpinned-download", 2, 2, 1)]
    load = "from datasets import load_dataset; load_dataset('squad')"
    assert in_notebook(f'!python -c "{load}"') == [("unpinned-hub-load", 2, 1, 2)]


def test_a_cell_that_does_not_parse_hides_no_other() -> None:
    cells = ("print 'old'", "from datasets import load_dataset\nload_dataset('squad')")
    assert in_notebook(*cells) == [("unexamined", 2, 1, 1), ("unpinned-hub-load", 3, 2, 1)]


def test_a_percent_sign_in_an_expression_is_no_magic() -> None:
    assert in_notebook("x = (5\n% 3)\ny = '''\n!hf download org/name\n'''") == []


@pytest.mark.parametrize(
    "raw",
    [b"", b"{}", b"[]", b"{", b'{"cells": 3}', b'{"cells": [{"cell_type": "code", "source": 3}]}', b"\xff\xfe",
     b"[" * 99_999,
     notebook("x", kernelspec={"language": "R"})],
)  # fmt: skip
def test_what_is_no_notebook_of_python_is_unexamined(raw: bytes) -> None:
    [one] = audit_notebook(raw, "a.ipynb", Pins())
    assert isinstance(one.said, Unexamined)


# --- what does not parse ---


@pytest.mark.parametrize(
    "raw",
    [b"def f(:", b"print 'old'", b"x = 1\0", b"\xff\xfe", b"# coding: no-such\n", b"# coding: rot13\nx",
     b"x = " + b"(" * 300,
     b"x = " + b"-" * 100_000 + b"1", b"\x80abc"],
)  # fmt: skip
def test_what_does_not_parse_is_unexamined(raw: bytes) -> None:
    [one] = audit_python(raw, "a.py", Pins())
    assert isinstance(one.said, Unexamined)
    assert one.said.why and one.said.do


@pytest.mark.parametrize(
    "source",
    ["AutoModel.from_pretrained(" + "+".join(["x"] * 3000) + ")",
     "x = 1\n" + "if x: pass\n" + "elif x: pass\n" * 2000,
     "\n".join(f"n{number} = n{number + 1}" for number in range(500)) + "\nAutoModel.from_pretrained(n0)",
     "a = b\nb = a\nAutoModel.from_pretrained(a, revision=b)"],
)  # fmt: skip
def test_deep_and_circular_code_ends(source: str) -> None:
    assert {one.said.rule.id if isinstance(one.said, Finding) else "unexamined" for one in said(source)} <= {
        "unknown-hub-load", "unexamined",
    }  # fmt: skip
    assert said(source) or "from_pretrained" not in source


@given(st.binary(max_size=300))
def test_any_bytes_are_judged(raw: bytes) -> None:
    list(audit_python(raw, "a.py", Pins()))
    list(audit_notebook(raw, "a.ipynb", Pins()))
    list(audit_script(b"hf\n" + raw, "a.sh", Pins()))


@given(st.sampled_from([*UNPINNED, *DOWNLOADS, *CODE]), st.integers(0), st.characters())
def test_any_edit_is_judged(source: str, at: int, char: str) -> None:
    text = HEAD + source
    place = at % len(text)
    raw = (text[:place] + char + text[place:]).encode("utf-8", "surrogatepass")
    list(audit_python(raw, "a.py", Pins()))
    list(audit_notebook(notebook(text[:place] + char + text[place:]), "a.ipynb", Pins()))


def test_nothing_of_it_is_run(tmp_path: Path) -> None:
    mark = tmp_path / "mark"
    source = f"open({str(mark)!r}, 'w')\nAutoModel.from_pretrained(open({str(mark)!r}, 'w').name)"
    assert said(source)
    assert not mark.exists()
