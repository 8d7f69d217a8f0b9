"""The routes that the clients ask for."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qs, quote

from tests.hub.repository import File, Repository
from tests.stores.server import Asked, Content, Page, Reply, Server, json_reply

REPO = "org/model"
_KINDS = ("models", "datasets", "spaces")


def error(status: int, code: str, message: str = "") -> Reply:
    return Reply(status).having(x_error_code=code, x_error_message=message or code)


_NO_REPOSITORY = error(404, "RepoNotFound", "Repository not found")
_NO_REVISION = error(404, "RevisionNotFound", "Invalid rev id")
_NO_FILE = error(404, "EntryNotFound", "Entry not found")


@dataclass
class Hub:
    """*server* is the hub; *store* is the other host, on which large files lie."""

    server: Server
    store: Server
    repositories: dict[tuple[str, str], Repository] = field(default_factory=dict)
    per_page: int = 1000
    entries: list[object] = field(default_factory=list)
    """More that every listing has."""
    dress: Callable[[File, Reply], Reply] = lambda file, reply: reply
    """What becomes of the answer for a file."""

    def __post_init__(self) -> None:
        self.server.otherwise = self._route
        self.make("models", REPO)

    @property
    def repository(self) -> Repository:
        return self.repositories["models", REPO]

    @property
    def files(self) -> dict[str, File]:
        return self.repository.files

    @property
    def commit(self) -> str:
        return self.repository.refs["main"]

    def make(self, kind: str, name: str) -> Repository:
        made = self.repositories[kind, name] = Repository(kind, name)
        return made

    def add(self, path: str, content: bytes | Content, digest: str = "", *, large: bool = False) -> File:
        """To what the default repository holds, as if it had been there from the first."""
        file = self.files[path] = File.of(content, digest, large=large)
        return file

    # -- routes

    def _route(self, asked: Asked) -> Reply:
        path, _, query = asked.path.partition("?")
        parts = path.strip("/").split("/")
        is_api = parts[0] == "api"
        parts = parts[is_api:]
        if is_api and parts[0] == "whoami-v2":
            return json_reply({"name": "somebody", "type": "user"})
        kind = parts.pop(0) if parts[0] in _KINDS else "models"
        repository = self._repository(kind, parts)
        if repository is None:
            return _NO_REPOSITORY
        if not parts:
            return self._about(repository, repository.refs["main"])
        verb = parts.pop(0)
        revision = _revision(repository, parts)
        commit = repository.commit_at(revision)
        if commit is None and verb != "refs":
            return _NO_REVISION
        assert commit is not None or verb == "refs"
        if not is_api and verb == "resolve":
            return self._file(repository, commit or "", "/".join(parts), asked)
        return self._api(repository, verb, commit or "", parts, parse_qs(query), asked)

    def _repository(self, kind: str, parts: list[str]) -> Repository | None:
        """Takes the name off *parts*, which has one or two segments."""
        for length in (2, 1):
            found = self.repositories.get((kind, "/".join(parts[:length])))
            if found:
                del parts[:length]
                return found
        return None

    def _api(
        self,
        repository: Repository,
        verb: str,
        commit: str,
        parts: Sequence[str],
        query: dict[str, list[str]],
        asked: Asked,
    ) -> Reply:
        url = f"{self.server.url}{asked.path.partition('?')[0]}"
        match verb:
            case "revision":
                return self._about(repository, commit)
            case "tree":
                return self._paged(_listing(repository, commit, "/".join(parts), query) + self.entries, url, query)
            case "commits":
                about = {"title": "", "message": "", "authors": [{"user": "somebody"}], "date": repository.created}
                history = [{"id": one} | about for one in repository.history(commit)]
                return self._paged(history, url, query)
            case "paths-info":
                wanted = parse_qs(asked.body.decode())["paths"]
                files = repository.commits[commit]
                return json_reply([files[path].entry(path) for path in wanted if path in files])
            case "refs":
                branches = [
                    {"name": name, "ref": f"refs/heads/{name}", "targetCommit": at}
                    for name, at in repository.refs.items()
                ]
                return json_reply({"branches": branches, "tags": [], "converts": []})
        return _NO_FILE

    def _about(self, repository: Repository, commit: str) -> Reply:
        siblings = [{"rfilename": path} for path in sorted(repository.commits[commit])]
        about = {"_id": repository.identity, "id": repository.name, "createdAt": repository.created}
        return json_reply({**about, "sha": commit, "private": False, "tags": [], "siblings": siblings})

    def _paged(self, entries: Sequence[object], url: str, query: dict[str, list[str]]) -> Reply:
        start = int(query.get("cursor", ["0"])[0])
        page = json_reply(entries[start : start + self.per_page])
        if start + self.per_page >= len(entries):
            return page
        return page.having(link=f'<{url}?cursor={start + self.per_page}>; rel="next"')

    def _file(self, repository: Repository, commit: str, path: str, asked: Asked) -> Reply:
        about = {"X-Repo-Commit": commit}
        if repository.gate:
            return error(403, "GatedRepo", repository.gate)
        file = repository.commits[commit].get(path)
        if file is None:
            return _NO_FILE.having(x_repo_commit=commit)
        about |= {"X-Linked-Size": str(file.content.size)}
        if not file.is_large:
            return self.dress(file, Page(file.content, f'"{file.digest}"', about).reply(asked))
        self.store.pages[f"/{path}"] = Page(file.content, etag=f'"store-{file.digest[:8]}"')
        about |= {"X-Linked-Etag": f'"{file.digest}"', "Location": f"{self.store.url}/{quote(path)}?Signature=secret"}
        return self.dress(file, Reply(302, about))


def _revision(repository: Repository, parts: list[str]) -> str:
    """Takes it off *parts*: a name may have several segments."""
    for length in (3, 2, 1):
        name = "/".join(parts[:length])
        if length <= len(parts) and (length == 1 or repository.commit_at(name)):
            del parts[:length]
            return name
    return ""


def _listing(repository: Repository, commit: str, folder: str, query: dict[str, list[str]]) -> list[object]:
    files = {path: file for path, file in sorted(repository.commits[commit].items()) if _is_in(path, folder)}
    below = {path: path[len(folder) + bool(folder) :] for path in files}
    if query.get("recursive") == ["false"]:
        files = {path: file for path, file in files.items() if "/" not in below[path]}
    folders = {path.rpartition("/")[0] for path in below if "/" in path}
    entries: list[object] = [file.entry(path) for path, file in files.items()]
    return entries + [{"type": "directory", "path": path, "oid": "0" * 40, "size": 0} for path in sorted(folders)]


def _is_in(path: str, folder: str) -> bool:
    return not folder or path.startswith(f"{folder}/")


@contextmanager
def hub_at() -> Iterator[Hub]:
    with Server() as server, Server() as store:
        yield Hub(server, store)


def serving() -> Iterator[Hub]:
    """As a fixture."""
    with hub_at() as hub:
        yield hub
