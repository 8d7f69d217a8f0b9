"""Names that Python code calls, by what a call does: the vocabulary of judge.py."""

from __future__ import annotations

import re


def _names(text: str) -> frozenset[str]:
    """ "module a b" on a line stands for module.a and module.b."""
    lines = (line.split() for line in text.strip().splitlines())
    return frozenset(f"{module}.{name}" for module, *names in lines for name in names)


PROCESS = _names("""
os system popen popen2 popen3 popen4 startfile posix_spawn posix_spawnp
os execl execle execlp execlpe execv execve execvp execvpe
os spawnl spawnle spawnlp spawnlpe spawnv spawnve spawnvp spawnvpe
posix system popen execv execve posix_spawn posix_spawnp
nt system popen startfile execv execve spawnv spawnve
subprocess Popen call check_call check_output run getoutput getstatusoutput
_posixsubprocess fork_exec
commands getoutput getstatusoutput
popen2 popen2 popen3 popen4 Popen3
pty spawn
asyncio create_subprocess_exec create_subprocess_shell
asyncio.subprocess create_subprocess_exec create_subprocess_shell
pexpect spawn run
""")
EXECUTES = _names("""
builtins exec eval compile execfile
code interact InteractiveInterpreter InteractiveConsole
marshal loads load
types CodeType FunctionType
runpy run_path run_module
imp load_source load_compiled load_dynamic
""")
UNPICKLES = _names("""
pickle loads load Unpickler
_pickle loads load Unpickler
cPickle loads load
cloudpickle loads load
dill loads load
joblib load
torch load
""")
NATIVE = _names("""
ctypes CDLL WinDLL OleDLL PyDLL cdll.LoadLibrary windll.LoadLibrary
torch.utils.cpp_extension load load_inline
torch.ops load_library
cffi FFI
""")
FILE_LOADERS = _names("""
zipimport zipimporter
importlib.machinery SourceFileLoader SourcelessFileLoader ExtensionFileLoader
importlib.util spec_from_file_location
imp load_source load_compiled load_dynamic
sys path.insert path.append
""")
DECODES = _names("""
base64 b64decode urlsafe_b64decode standard_b64decode b32decode b16decode b85decode a85decode decodebytes decodestring
binascii unhexlify a2b_hex a2b_base64 a2b_uu
zlib decompress
gzip decompress
bz2 decompress
lzma decompress
codecs decode
marshal loads
builtins chr bytes.fromhex bytearray.fromhex
""")
DOWNLOADS = _names("""
urllib.request urlopen urlretrieve URLopener
urllib urlopen urlretrieve
urllib2 urlopen
requests get post request
httpx get post request stream
wget download
huggingface_hub hf_hub_download cached_download snapshot_download
torch.hub download_url_to_file
""")
NETWORK = re.compile(
    r"(?:requests|httpx|aiohttp|urllib3|smtplib|ftplib|paramiko|websocket|websockets|telnetlib)\."
    r"|urllib2?\.(?:request\.)?(?:urlopen|urlretrieve|Request)|http\.client\.|httplib\."
    r"|socket\.(?:socket|create_connection)"
)
SENDS = re.compile(NETWORK.pattern + r"|socket\.socket\(\)\.send")

HOOKS = frozenset(
    "__init__ __new__ __reduce__ __reduce_ex__ __setstate__ __getstate__ __del__ __call__ __init_subclass__ "
    "__getattr__ __getattribute__ __set_name__ __post_init__ __enter__ "
    "initialize handle preprocess inference postprocess forward "
    "model_fn input_fn predict_fn output_fn transform_fn from_pretrained load_model".split()
)
"""Methods that a loader, a server or the use of a model calls."""

SECRETS = re.compile(
    r"\.ssh/(?:id_|identity|authorized_keys)|\.aws/credentials|/etc/shadow|\.kube/config|\.git-credentials|\.netrc"
    r"|\.config/gcloud|\.azure/|\.docker/config\.json|\.huggingface/token|\.cache/huggingface/token|\.bash_history"
    r"|Login Data|\.mozilla/firefox|wallet\.dat|\.gnupg/"
)

STARTUP = re.compile(
    r"\.(?:bashrc|bash_profile|bash_login|profile|zshrc|zprofile|zshenv|xinitrc)$|config\.fish$|authorized_keys$|etc/cron|etc/rc\.local$"
    r"|etc/profile|etc/ld\.so\.preload$|\.pth$|(?:site|user)customize\.py$|systemd/(?:system|user)|LaunchAgents|LaunchDaemons"
    r"|Start Menu.Programs.Startup|\.config/autostart|\.git/hooks/|\.ipython/profile_default/startup"
)
"""Files that something runs by itself."""

_GIT = frozenset("rev-parse describe log status diff show rev-list ls-files branch tag remote --version".split())
_PROGRAMS = frozenset(
    """
    nvidia-smi nvcc rocm-smi rocminfo hipcc hipconfig uname lscpu sysctl ldconfig ldd which where ffmpeg ffprobe sox
    clear cls stty tput gcc g++ cc c++ clang clang++ cl getconf system_profiler wmic xcrun xcode-select sw_vers locale
    ninja cmake fc-list pkg-config llvm-config dot tar unzip espeak espeak-ng
    """.split()
)
"""Programs that tell about the machine, compile, or turn one medium into another."""
_VERSION = frozenset({"--version", "-version", "-V", "-v", "version"})
_INSTALLERS = frozenset({"pip", "ensurepip", "easy_install", "http.server", "code"})
# Arguments that make such a program run another one
_RUNS_OTHERS = re.compile(
    r"\s(?:-c|-e|-P|-E|-B\S*|@\S+|--?wrapper\S*|--?f?plugin\S*|--?specs\S*|--checkpoint-action\S*|--to-command\S*"
    r"|--use-compress-program\S*|-I|--exec-path\S*|--ext-diff|--upload-pack\S*)(?=\s|$)"
)


def is_ordinary_command(text: str) -> bool:
    """A single call of a program that asks or converts something."""
    words = text.split()
    if not words or re.search(r"[;|&`<\n]|\$\(", text) or _RUNS_OTHERS.search(text):
        return False
    program = words[0].rpartition("/")[2].removesuffix(".exe")
    if len(words) == 2 and words[1] in _VERSION:
        return True
    if program == "python" and words[1:2] == ["-m"]:
        return not _INSTALLERS.intersection(words[2:3])
    if program == "git":
        return any(word in _GIT for word in words[1:4])
    return program in _PROGRAMS
