"""A workspace that was just started is sound, and so is every example."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from riskreg.model.faults import FaultError
from riskreg.resources import shipped
from riskreg.workspace import examples, init, load
from riskreg.workspace.starting import STARTER


def test_an_empty_workspace_loads_without_a_fault(tmp_path: Path) -> None:
    written = init(tmp_path / "new")
    assert set(written) == {
        path.relative_to(tmp_path / "new").as_posix() for path in (tmp_path / "new").rglob("*") if path.is_file()
    }
    assert (tmp_path / "new/.gitignore").read_text().splitlines()[1:] == ["public/", "register.db*", ".riskreg/"]
    loaded = load(tmp_path / "new")
    assert loaded.faults == ()
    assert loaded.workspace is not None
    assert loaded.workspace.readings.is_empty()
    assert len(loaded.workspace.rules) > 10


def test_what_stands_in_the_comments_is_sound_too(tmp_path: Path) -> None:
    """Take the # away, as the files say, and it still loads."""
    init(tmp_path)
    lists, whole = ("network/network.yaml", "people/roles.yaml"), ("rules/rules.yaml", "rules/rules.test.yaml", "drills/drill.yaml")
    for name in lists + whole:
        path = tmp_path / name
        mark = "#" if name in lists else "# "
        head, body = path.read_text().split("\n", 1)
        prose = re.compile(r"^# (Who|Take|Your|A drill|One)|^#$")
        path.write_text("\n".join([head, *(line.removeprefix(mark) for line in body.split("\n") if not prose.match(line))]))
    loaded = load(tmp_path)
    assert [str(fault) for fault in loaded.faults if fault.severity == "error"] == []
    assert loaded.workspace is not None
    assert [site.id for site in loaded.workspace.network.sites] == ["MNL"]
    assert loaded.workspace.drills[0].id == "manila-dark"
    assert "attrition-at-manila" in loaded.workspace.tests


def test_every_starter_file_names_its_schema(tmp_path: Path) -> None:
    init(tmp_path)
    named = 0
    for path in tmp_path.rglob("*.yaml"):
        found = re.match(r"# yaml-language-server: \$schema=(\S+)\n", path.read_text())
        assert found, path
        assert (path.parent / found[1]).is_file(), path
        named += 1
    assert named == len(list(STARTER.rglob("*.yaml")))


@pytest.mark.parametrize("name", examples())
def test_an_example_is_copied_without_what_a_run_made_and_loads(tmp_path: Path, name: str) -> None:
    written = init(tmp_path, name)
    assert "riskreg.yaml" in written
    assert not [path for path in written if path.startswith(("public/", "register.db", ".riskreg/plans"))]
    loaded = load(tmp_path)
    assert [str(fault) for fault in loaded.faults] == []
    assert loaded.workspace is not None
    assert loaded.workspace.readings.height > 1000


def test_there_are_examples() -> None:
    assert set(examples()) == {path.parent.name for path in shipped("examples").glob("*/riskreg.yaml")}
    assert "meridian" in examples()


def test_a_folder_with_anything_in_it_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("keep")
    for target in (tmp_path, tmp_path / "mine.txt"):
        with pytest.raises(FaultError) as raised:
            init(target)
        assert raised.value.faults[0].code == "folder-not-empty"
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_unknown_example_is_refused_with_the_nearest_name(tmp_path: Path) -> None:
    with pytest.raises(FaultError) as raised:
        init(tmp_path / "new", "meridan")
    assert raised.value.faults[0].code == "unknown-example"
    assert raised.value.faults[0].hint == "Did you mean 'meridian'?"
    assert not (tmp_path / "new").exists()
