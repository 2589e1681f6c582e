"""Building: only when something changed, the same bytes each time, and never at the cost of the publication that stands."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from publishing_fixture import content, playbooks

from riskreg.publishing import BuildFailed, Published, publish
from riskreg.publishing.build import restore


def bytes_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_an_unchanged_content_is_not_built_again(built: Published, tree: Path, public: Path) -> None:
    before = (public / "index.html").stat().st_mtime_ns
    again = publish(content(), tree, public)
    assert (again.built, again.written, again.pages) == (False, 0, built.pages)
    assert (public / "index.html").stat().st_mtime_ns == before


def test_two_builds_are_the_same_bytes_wherever_they_stand(public: Path, tmp_path: Path) -> None:
    other = publish(content(), tmp_path / "deeper/tree", tmp_path / "public")
    assert other.built
    assert bytes_of(tmp_path / "public") == {**bytes_of(public), ".riskreg-build": bytes_of(tmp_path / "public")[".riskreg-build"]}


def test_what_went_leaves_and_a_failing_build_leaves_the_old_publication(tmp_path: Path) -> None:
    tree, public = tmp_path / "tree", tmp_path / "public"
    told: list[float] = []
    first = publish(content(risks=content().risks[:1]), tree, public, progress=told.append)
    assert first.built
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert not (public / "register/R-002.html").exists()
    before = bytes_of(public)

    bad = playbooks()[0].model_copy(update={"text": "# A title\n\n[gone](no-such-page.md)\n"})
    with pytest.raises(BuildFailed, match=r"no-such-page\.md") as refused:
        publish(content(playbooks=(bad,)), tree, public)
    assert [fault.span.path for fault in refused.value.faults] == ["tree/docs/playbooks/site-lost--site-CEB.md"]
    assert bytes_of(public) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public", "tree"]

    # Killed between taking the old one away and putting the new one in its place:
    public.rename(tmp_path / ".public.old")
    (tmp_path / ".public.new").mkdir()
    restore(public)
    assert bytes_of(public) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public", "tree"]


def test_a_folder_that_holds_something_else_is_not_replaced(tmp_path: Path) -> None:
    (tmp_path / "public").mkdir()
    (tmp_path / "public/thesis.txt").write_text("ten years")
    with pytest.raises(FileExistsError, match="did not build"):
        publish(content(), tmp_path / "tree", tmp_path / "public")
    with pytest.raises(ValueError, match="inside the publication"):
        publish(content(), tmp_path / "site/tree", tmp_path / "site")
    assert (tmp_path / "public/thesis.txt").read_text() == "ten years"


def test_two_pages_never_share_an_address(tmp_path: Path) -> None:
    twice = (*playbooks(), playbooks()[0].model_copy(update={"valid_until": date(2027, 1, 1)}))
    with pytest.raises(ValueError, match="two pages want the address"):
        publish(content(playbooks=twice), tmp_path / "tree", tmp_path / "public")
