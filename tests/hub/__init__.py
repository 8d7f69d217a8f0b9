"""A Hugging Face hub on this machine, as its clients see it, that misbehaves where it is told to.

`Hub` serves `Repository` objects: commits, branches, listings in pages, files behind redirects to another
server. `lies` has what a hub can do wrong: every one of them changes a hub, so that a test reads as a sentence.

    hub = pytest.fixture(serving)

    def test_tampered_bytes_are_refused(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("HF_ENDPOINT", hub.server.url)
        hub.add("model.safetensors", WEIGHTS, large=True)
        assert run(["pin", f"hf://{REPO}"]) == 0
        lies.tamper(hub, "model.safetensors")
        assert run(["fetch", "--output", "out"]) == 1

What is no lie yet is `hub.server.lie`, through which every answer goes, and `hub.server.log` has what was asked.
`test_lies` has every lie with every verb.

https://huggingface.co/docs/hub/api
"""

from tests.hub.repository import COMMIT, File, Repository, git_blob
from tests.hub.serving import REPO, Hub, hub_at, serving

__all__ = ["COMMIT", "REPO", "File", "Hub", "Repository", "git_blob", "hub_at", "serving"]
