"""The calls that load by name, as data: what is called, which argument names what is loaded, and which one pins it.

A callee is a pattern over the dotted name that the import gives it; `*` stands for anything, dots included, and ()
for the result of a call. The first line that fits counts, so the particular ones stand before the general. Read from
the documentation that each line names; a loader that checks a hash of its own, like whisper.load_model and clip.load,
or that loads an installed package, like spacy.load, is on purpose not here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

How = Literal["hub", "torch-hub", "address", "version", "weights", "path", "command"]
"""What the name is: a repository of a hub; one of GitHub; an address; a version of a registry; a name of weights
that the library maps to a place of its own; a path on a hub; a command of the shell."""


@dataclass(frozen=True, slots=True)
class Loader:
    callee: str
    doc: str
    how: How = "hub"
    name: str = "pretrained_model_name_or_path"
    """The argument that says what is loaded. Several, by commas: the first that is there."""
    position: int | None = 0
    """Where it stands when it is not named."""
    pin: str = "revision"
    """The argument that pins it; several, by commas: all that would. Empty: none can."""
    kind: str = "models"
    nested: str = ""
    """A dictionary among the arguments that is handed on to the loader below."""
    is_local: bool = True
    """A folder may be named as well."""
    runs_code: bool = False
    """What is loaded is code in any case."""
    prefix: str = ""
    """A regular expression: what a name starts with when it is one of the hub; nothing else is judged."""
    fixed: str = ""
    """A regular expression: a name that pins itself."""
    default: str = ""
    """What is loaded when nothing is named; empty: nothing is."""


_TRANSFORMERS = "https://huggingface.co/docs/transformers/main_classes/model"
_PIPELINE = "https://huggingface.co/docs/transformers/main_classes/pipelines"
_DATASETS = "https://huggingface.co/docs/datasets/package_reference/loading_methods"
_DIFFUSERS = "https://huggingface.co/docs/diffusers/api/pipelines/overview"
_PEFT = "https://huggingface.co/docs/peft/package_reference/peft_model"
_HUB = "https://huggingface.co/docs/huggingface_hub/package_reference/file_download"
_MIXINS = "https://huggingface.co/docs/huggingface_hub/package_reference/mixins"
_HUB_FILES = "https://huggingface.co/docs/huggingface_hub/guides/hf_file_system"
_TORCH = "https://pytorch.org/docs/stable/hub.html"
_SBERT = "https://sbert.net/docs/package_reference/sentence_transformer/SentenceTransformer.html"
_EVALUATE = "https://huggingface.co/docs/evaluate/package_reference/loading_methods"
_KERNELS = "https://github.com/huggingface/kernels"
_SMOLAGENTS = "https://huggingface.co/docs/smolagents/reference/tools"
_TIMM = "https://huggingface.co/docs/timm/models"
_OPEN_CLIP = "https://github.com/mlfoundations/open_clip"
_KERAS = "https://keras.io/keras_hub/api/base_classes/backbone/"
_GET_FILE = "https://keras.io/api/utils/python_utils/"
_TF_HUB = "https://www.tensorflow.org/hub/api_docs/python/hub/load"
_VLLM = "https://docs.vllm.ai/en/stable/api/vllm/"
_MLFLOW = "https://mlflow.org/docs/latest/ml/model-registry/"
_WANDB = "https://docs.wandb.ai/ref/python/"
_KAGGLE = "https://github.com/Kaggle/kagglehub"
_LANGCHAIN = "https://python.langchain.com/docs/integrations/text_embedding/huggingfacehub/"
_MODELSCOPE = "https://modelscope.cn/docs/models/download"
_GENSIM = "https://radimrehurek.com/gensim/downloader.html"
_POOCH = "https://www.fatiando.org/pooch/latest/api/generated/pooch.retrieve.html"
_IPYTHON = "https://ipython.readthedocs.io/en/stable/api/generated/IPython.core.interactiveshell.html"
_GITPYTHON = "https://gitpython.readthedocs.io/en/stable/reference.html"
_SUBPROCESS = "https://docs.python.org/3/library/subprocess.html"

_MODEL_VERSION = r"models:/(?:m-[0-9a-f]{32}|[^/@]+/\d+)(?:/.*)?"
_TFHUB_VERSION = r"https?://(?:tfhub\.dev|(?:www\.)?kaggle\.com/models)/.*?/\d+/?(?:\?.*)?"

LOADERS: tuple[Loader, ...] = (
    # Hugging Face
    Loader("transformers*.pipeline", _PIPELINE, name="model", position=1, nested="model_kwargs",
           default="the default model of the task"),
    Loader("transformers*.load_tool", _SMOLAGENTS, name="repo_id,task_or_repo_id", kind="spaces", runs_code=True),
    Loader("transformers*.from_pretrained", _TRANSFORMERS,
           name="pretrained_model_name_or_path,pretrained_model_name,repo_id_or_path"),
    Loader("transformers*).load_adapter", _TRANSFORMERS, name="peft_model_id"),
    Loader("transformers*.get_class_from_dynamic_module", _TRANSFORMERS, position=1, runs_code=True),
    Loader("transformers*.cached_file", _TRANSFORMERS, name="path_or_repo_id"),
    Loader("datasets.*load_dataset", _DATASETS, name="path", kind="datasets"),
    Loader("datasets.*load_dataset_builder", _DATASETS, name="path", kind="datasets"),
    Loader("datasets.get_dataset_*", _DATASETS, name="path", kind="datasets"),
    Loader("datasets.load_metric", _DATASETS, name="path", kind="spaces", runs_code=True),
    Loader("diffusers*.load_lora_weights", _DIFFUSERS, name="pretrained_model_name_or_path_or_dict"),
    Loader("diffusers*.load_textual_inversion", _DIFFUSERS),
    Loader("diffusers*.load_ip_adapter", _DIFFUSERS, name="pretrained_model_name_or_path_or_dict"),
    Loader("diffusers*.from_single_file", _DIFFUSERS, "address", name="pretrained_model_link_or_path", pin=""),
    Loader("diffusers*.from_pretrained", _DIFFUSERS, name="pretrained_model_name_or_path,pretrained_model_name"),
    Loader("peft*AutoPeft*.from_pretrained", _PEFT),
    Loader("peft*Config.from_pretrained", _PEFT),
    Loader("peft*.from_pretrained", _PEFT, name="model_id", position=1),
    Loader("peft*.load_adapter", _PEFT, name="model_id"),
    Loader("tokenizers.*from_pretrained", "https://huggingface.co/docs/tokenizers/api/tokenizer", name="identifier",
           is_local=False),
    Loader("huggingface_hub.*hf_hub_download", _HUB, name="repo_id", is_local=False),
    Loader("huggingface_hub.*snapshot_download", _HUB, name="repo_id", is_local=False),
    Loader("huggingface_hub.*hf_hub_url", _HUB, name="repo_id", is_local=False),
    Loader("huggingface_hub.*cached_download", _HUB, "address", name="url", pin=""),
    Loader("huggingface_hub.*Repository", _HUB, name="clone_from", position=1, is_local=False),
    Loader("huggingface_hub.*from_pretrained_keras", _MIXINS),
    Loader("huggingface_hub.*from_pretrained_fastai", _MIXINS, name="repo_id"),
    Loader("huggingface_hub.*.from_pretrained", _MIXINS),
    *(Loader(f"huggingface_hub.HfFileSystem().{method}", _HUB_FILES, "path", name="path,rpath,lpath")
      for method in "open cat cat_file get get_file download read_text read_bytes read_block".split()),
    Loader("evaluate.load", _EVALUATE, name="path", kind="spaces", runs_code=True),
    Loader("evaluate.combine", _EVALUATE, name="evaluations", kind="spaces", runs_code=True, pin=""),
    Loader("kernels.get_kernel", _KERNELS, name="repo_id", runs_code=True, is_local=False),
    Loader("kernels.has_kernel", _KERNELS, name="repo_id", is_local=False),
    Loader("smolagents*.load_tool", _SMOLAGENTS, name="repo_id", kind="spaces", runs_code=True),
    Loader("smolagents*.from_hub", _SMOLAGENTS, name="repo_id", kind="spaces", runs_code=True),
    Loader("smolagents*.from_space", _SMOLAGENTS, name="space_id", kind="spaces", pin=""),
    Loader("smolagents*.TransformersModel", _SMOLAGENTS, name="model_id"),
    # on top of it
    Loader("sentence_transformers*.SentenceTransformer", _SBERT, name="model_name_or_path", nested="model_kwargs"),
    Loader("sentence_transformers*.CrossEncoder", _SBERT, name="model_name_or_path,model_name", nested="model_kwargs"),
    Loader("sentence_transformers*.SparseEncoder", _SBERT, name="model_name_or_path", nested="model_kwargs"),
    Loader("setfit*.from_pretrained", "https://huggingface.co/docs/setfit/reference/main"),
    Loader("optimum*.from_pretrained", "https://huggingface.co/docs/optimum/index", name="model_id"),
    Loader("trl*.from_pretrained", "https://huggingface.co/docs/trl/models"),
    Loader("adapters*.load_adapter", "https://docs.adapterhub.ml/loading.html", name="adapter_name_or_path",
           pin="version,revision"),
    Loader("adapters*.from_pretrained", "https://docs.adapterhub.ml/loading.html"),
    Loader("unsloth*.from_pretrained", "https://docs.unsloth.ai/", name="model_name"),
    Loader("auto_gptq*.from_*ed", "https://github.com/AutoGPTQ/AutoGPTQ",
           name="pretrained_model_name_or_path,model_name_or_path"),
    Loader("gptqmodel*.load", "https://github.com/ModelCloud/GPTQModel", name="model_id_or_path"),
    Loader("awq*.from_*ed", "https://github.com/casper-hansen/AutoAWQ", name="model_path,quant_path"),
    Loader("gliner*.from_pretrained", "https://github.com/urchade/GLiNER",
           name="pretrained_model_name_or_path,model_id"),
    Loader("span_marker*.from_pretrained", "https://tomaarsen.github.io/SpanMarkerNER/"),
    Loader("transformer_lens*.from_pretrained", "https://transformerlensorg.github.io/TransformerLens/",
           name="model_name"),
    Loader("pyannote.audio*.from_pretrained", "https://github.com/pyannote/pyannote-audio",
           name="checkpoint_path,checkpoint"),
    Loader("speechbrain*.from_hparams", "https://speechbrain.readthedocs.io/", name="source", runs_code=True),
    Loader("faster_whisper*.WhisperModel", "https://github.com/SYSTRAN/faster-whisper", name="model_size_or_path"),
    Loader("whisperx.load_model", "https://github.com/m-bain/whisperX", name="whisper_arch", pin=""),
    Loader("ctransformers*.from_pretrained", "https://github.com/marella/ctransformers", name="model_path_or_repo_id"),
    Loader("llama_cpp*.from_pretrained", "https://llama-cpp-python.readthedocs.io/", name="repo_id", pin="",
           is_local=False),
    Loader("mlx_lm*.load", "https://github.com/ml-explore/mlx-lm", name="path_or_hf_repo"),
    Loader("vllm*.LLM", _VLLM, name="model"),
    Loader("vllm*EngineArgs", _VLLM, name="model"),
    Loader("vllm*.from_pretrained", _VLLM),
    Loader("sglang*.Engine", "https://docs.sglang.ai/", name="model_path", position=None),
    Loader("lmdeploy*.pipeline", "https://lmdeploy.readthedocs.io/", name="model_path"),
    Loader("langchain*.HuggingFace*Embeddings", _LANGCHAIN, name="model_name,model", position=None,
           nested="model_kwargs", default="sentence-transformers/all-mpnet-base-v2"),
    Loader("langchain*.from_model_id", _LANGCHAIN, name="model_id", nested="model_kwargs"),
    Loader("langchain*.HuggingFaceCrossEncoder", _LANGCHAIN, name="model_name", position=None, nested="model_kwargs"),
    Loader("llama_index*.HuggingFaceEmbedding", "https://docs.llamaindex.ai/", name="model_name",
           nested="model_kwargs"),
    Loader("llama_index*.HuggingFaceLLM", "https://docs.llamaindex.ai/", name="model_name", position=None,
           nested="model_kwargs"),
    Loader("fastembed*.*Embedding", "https://github.com/qdrant/fastembed", name="model_name", pin=""),
    Loader("flair*.load", "https://flairnlp.github.io/", name="model_path,model_name", pin=""),
    Loader("nemo*.from_pretrained", "https://docs.nvidia.com/nemo-framework/", name="model_name", pin=""),
    Loader("chronos*.from_pretrained", "https://github.com/amazon-science/chronos-forecasting"),
    Loader("trl*Trainer", "https://huggingface.co/docs/trl/index", name="model", pin=""),
    Loader("InstructorEmbedding.INSTRUCTOR", "https://github.com/xlang-ai/instructor-embedding",
           name="model_name_or_path"),
    Loader("FlagEmbedding.*Model", "https://github.com/FlagOpen/FlagEmbedding", name="model_name_or_path", pin=""),
    Loader("FlagEmbedding.*Reranker", "https://github.com/FlagOpen/FlagEmbedding", name="model_name_or_path", pin=""),
    Loader("haystack*.SentenceTransformers*", "https://docs.haystack.deepset.ai/docs/embedders", name="model"),
    Loader("bertopic.BERTopic.load", "https://maartengr.github.io/BERTopic/api/bertopic.html", name="path", pin=""),
    Loader("bertopic.BERTopic", "https://maartengr.github.io/BERTopic/api/bertopic.html", name="embedding_model",
           position=None, pin=""),
    Loader("keybert.KeyBERT", "https://maartengr.github.io/KeyBERT/api/keybert.html", name="model", pin=""),
    Loader("chromadb*.SentenceTransformerEmbeddingFunction", "https://docs.trychroma.com/docs/embeddings",
           name="model_name", pin="", default="all-MiniLM-L6-v2"),
    Loader("simpletransformers*Model", "https://simpletransformers.ai/docs/usage/", name="model_name", position=1,
           pin=""),
    Loader("audiocraft*.get_pretrained", "https://github.com/facebookresearch/audiocraft", name="name", pin=""),
    # PyTorch, TensorFlow, Keras, images
    Loader("torch.hub.load_state_dict_from_url", _TORCH, "address", name="url", pin="check_hash"),
    Loader("torch.hub.download_url_to_file", _TORCH, "address", name="url", pin="hash_prefix"),
    Loader("torch.utils.model_zoo.load_url", _TORCH, "address", name="url", pin="check_hash"),
    Loader("torchvision.*load_state_dict_from_url", _TORCH, "address", name="url", pin="check_hash"),
    Loader("torch.hub.load", _TORCH, "torch-hub", name="repo_or_dir,github", pin="", runs_code=True),
    Loader("torch.hub.help", _TORCH, "torch-hub", name="github", pin="", runs_code=True),
    Loader("torch.hub.list", _TORCH, "torch-hub", name="github", pin="", runs_code=True),
    Loader("timm*.create_model", _TIMM, "weights", name="model_name", pin="", prefix="hf[-_]hub:"),
    Loader("open_clip*.create_model*", _OPEN_CLIP, "weights", name="model_name", pin="", prefix="hf-hub:"),
    Loader("open_clip*.get_tokenizer", _OPEN_CLIP, name="model_name", pin="", prefix="hf-hub:"),
    *(Loader(f"{package}*.from_preset", _KERAS, name="preset", pin="", prefix="hf://")
      for package in ("keras_hub", "keras_nlp", "keras_cv")),
    Loader("keras*.load_model", _KERAS, name="filepath", pin="", prefix="hf://"),
    Loader("tensorflow*.get_file", _GET_FILE, "address", name="origin", position=1, pin="file_hash,md5_hash"),
    Loader("keras*.get_file", _GET_FILE, "address", name="origin", position=1, pin="file_hash,md5_hash"),
    Loader("tensorflow_hub.load", _TF_HUB, "version", name="handle", pin="", prefix="https?://",
           fixed=_TFHUB_VERSION),
    Loader("tensorflow_hub.KerasLayer", _TF_HUB, "version", name="handle", pin="", prefix="https?://",
           fixed=_TFHUB_VERSION),
    # registries and others
    Loader("mlflow*.load_model", _MLFLOW, "version", name="model_uri", pin="", prefix="models:/", fixed=_MODEL_VERSION),
    Loader("mlflow*.download_artifacts", _MLFLOW, "version", name="artifact_uri", pin="", prefix="models:/",
           fixed=_MODEL_VERSION),
    Loader("wandb*.use_artifact", _WANDB, "version", name="artifact_or_name", pin="", fixed=r".*:v\d+"),
    Loader("wandb*.artifact", _WANDB, "version", name="name", pin="", fixed=r".*:v\d+"),
    Loader("wandb*.use_model", _WANDB, "version", name="name", pin="", fixed=r".*:v\d+"),
    Loader("kagglehub.model_download", _KAGGLE, "version", name="handle", pin="", fixed=r"(?:[^/]+/){4}\d+"),
    Loader("kagglehub.dataset_download", _KAGGLE, "version", name="handle", pin="", fixed=r"[^/]+/[^/]+/versions/\d+"),
    Loader("modelscope*.snapshot_download", _MODELSCOPE, name="model_id", kind="modelscope"),
    Loader("modelscope*.from_pretrained", _MODELSCOPE, kind="modelscope",
           name="model_dir,pretrained_model_name_or_path"),
    Loader("modelscope*.pipeline", _MODELSCOPE, name="model", position=1, pin="model_revision", kind="modelscope"),
    Loader("gensim.downloader.load", _GENSIM, "weights", name="name", pin="", runs_code=True),
    Loader("pooch.retrieve", _POOCH, "address", name="url", pin="known_hash"),
    # programs
    *(Loader(f"subprocess.{name}", _SUBPROCESS, "command", name="args", pin="")
      for name in "run call check_call check_output Popen getoutput getstatusoutput".split()),
    *(Loader(f"builtins.get_ipython().{name}", _IPYTHON, "command", name="cmd", pin="")
      for name in "system getoutput".split()),
    Loader("git.Repo.clone_from", _GITPYTHON, "command", name="url", pin="", prefix="git clone"),
    Loader("os.system", _SUBPROCESS, "command", name="command", pin=""),
    Loader("os.popen", _SUBPROCESS, "command", name="cmd", pin=""),
)  # fmt: skip

_ROOTS = tuple(sorted({loader.callee.partition("*")[0].partition(".")[0] for loader in LOADERS}))
_PROGRAMS = {loader.callee.partition(".")[0] for loader in LOADERS if loader.how == "command"}
PACKAGES = tuple(root for root in _ROOTS if root not in _PROGRAMS)
"""How the names of the packages start that load by name."""


def _by_last() -> Mapping[str, list[Loader]]:
    """By the last part of the name, so that few patterns are tried; what ends with a pattern stands under ""."""
    found: dict[str, list[Loader]] = {}
    for loader in LOADERS:
        last = loader.callee.rpartition(".")[2]
        found.setdefault("" if "*" in last else last, []).append(loader)
    return found


_BY_LAST = _by_last()


def loader_of(path: str) -> Loader | None:
    """Who is called by the dotted name *path*; None: nobody who loads by name."""
    if not path.startswith(_ROOTS):
        return None
    candidates = (*_BY_LAST.get(path.rpartition(".")[2], ()), *_BY_LAST[""])
    return next((one for one in candidates if fnmatchcase(path, one.callee)), None)


_WORDS = tuple(
    sorted(
        {
            (one.callee.partition("*")[0].partition(".")[0], max(one.callee.rpartition(".")[2].split("*"), key=len))
            for one in LOADERS
            if one.how != "command"
        }
    )
)
_OTHER_WORDS = re.compile(
    r"trust[-_]remote[-_]code|from_pretrained|\bhf\b|huggingface|hf-mirror|vllm|sglang|text-(?:generation|embeddings)-|"
    r"llama-(?:server|cli)|mlx_lm"
)


def may_load(text: str) -> bool:
    """Whether *text* has the words of any loader; without them there is nothing to look for."""
    return bool(_OTHER_WORDS.search(text)) or any(root in text and last in text for root, last in _WORDS)
