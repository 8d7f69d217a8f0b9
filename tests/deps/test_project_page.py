"""Pages of projects: what an index says of releases, read and kept."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from modelward.app.advisories import sync
from modelward.checks.deps.osv import Unreadable
from modelward.checks.deps.project_page import is_page, read
from modelward.core.project import Project, Release
from modelward.stores.advisories import Database


def page(**more: Any) -> dict[str, Any]:
    files = [
        {"filename": "demo_pkg-1.0-py3-none-any.whl", "upload-time": "2026-01-02T03:04:05.678Z", "yanked": "broken"},
        {"filename": "demo_pkg-1.0.tar.gz", "upload-time": "2026-02-02T03:04:05Z", "yanked": True},
        {"filename": "demo_pkg-1.1-py3-none-any.whl", "upload-time": "2026-03-02T03:04:05Z"},
        {"filename": "demo_pkg-1.1.tar.gz", "yanked": "source alone"},
        {"filename": "other-9.tar.gz"},
        {"filename": "demo_pkg-1.0.exe"},
    ]
    return {"meta": {"api-version": "1.4"}, "name": "Demo.Pkg", "files": files} | more


def test_a_release_is_yanked_if_all_its_files_are() -> None:
    assert read(page()) == Project(
        "demo-pkg",
        "",
        "",
        (Release("1.0", "2026-02-02T03:04:05Z", "broken"), Release("1.1", "", None)),
    )
    quarantined = page(**{"project-status": {"status": "quarantined", "reason": "a report"}})
    assert read(quarantined)[1:3] == ("quarantined", "a report")


@pytest.mark.parametrize(
    "body",
    [
        page(meta={"api-version": "2.0"}),
        page(meta={"api-version": 1}),
        page(name=""),
        page(files={}),
        page(files=[{"yanked": True}]),
        page(files=["demo_pkg-1.0.tar.gz"]),
    ],
)
def test_what_is_no_page_is_unreadable(body: dict[str, Any]) -> None:
    with pytest.raises(Unreadable):
        read(body)


def test_what_is_said_oddly_is_not_taken_for_more_than_it_is() -> None:
    assert not is_page({"name": "x", "files": []})
    odd = read(page(**{"project-status": "archived"}))
    assert odd.status == ""
    assert read(page(files=[{"filename": "demo-pkg-1.0.tar.gz", "yanked": [], "upload-time": 5}])).releases == (
        Release("1.0", "", None),
    )


def test_pages_are_kept_beside_advisories(tmp_path: Path) -> None:
    feed = tmp_path / "pages"
    feed.mkdir()
    (feed / "demo-pkg.json").write_text(json.dumps(page()))
    database = str(tmp_path / "a.db")
    done = sync([str(feed)], database)
    assert (done.held.facts.records, done.held.facts.unread) == (0, 0)
    with Database.open(database) as opened:
        assert opened.projects(["demo-pkg", "other"]) == {"demo-pkg": read(page())}
        assert dict(opened.records("page"))["demo-pkg"] == json.dumps(page()).encode()
