"""A Hugging Face hub on this machine, as its clients see it, that misbehaves where it is told to.

`Hub` serves `Repository` objects: commits, branches, listings in pages, files behind redirects to another
server. `lies` has what a hub can do wrong: every one of them changes a hub, so that a test reads as a sentence.

https://huggingface.co/docs/hub/api
"""

from tests.hub.repository import COMMIT, File, Repository, git_blob
from tests.hub.serving import REPO, Hub, hub_at, serving

__all__ = ["COMMIT", "REPO", "File", "Hub", "Repository", "git_blob", "hub_at", "serving"]
