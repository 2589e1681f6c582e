"""Every command as a person types it: text for people, JSON for programs, faults that say what to do."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from click.testing import CliRunner, Result
from walked import ROOT, Walked

from riskreg.cli import main
from riskreg.model.settings import BANDS, Matrix


@pytest.fixture
def root(meridian: Walked, tmp_path: Path) -> Path:
    return meridian.copy(tmp_path / "copy")


def call(*arguments: str | Path, status: int = 0) -> Result:
    result = CliRunner().invoke(main, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def data(*arguments: str | Path) -> Any:
    return json.loads(call(*arguments, "--format", "json").stdout)


def commands(group: click.Group, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, (*path, name))
        else:
            yield (*path, name), command


ALL = dict(commands(main))


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_is_explained(path: tuple[str, ...]) -> None:
    assert ALL[path].help
    for parameter in ALL[path].params:
        if isinstance(parameter, click.Option):
            assert parameter.help, f"{' '.join(path)} {parameter.opts[0]} has no help"


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_stands_in_the_guide_or_the_readme(path: tuple[str, ...]) -> None:
    texts = [ROOT / "README.md", *sorted((ROOT / "site" / "guide").glob("*.md"))]
    assert any(f"riskreg {' '.join(path)}" in text.read_text() for text in texts)


@pytest.mark.parametrize("path", [path for path in ALL if path not in {("serve",), ("init",)}], ids=" ".join)
def test_every_command_that_prints_data_prints_json(path: tuple[str, ...]) -> None:
    assert "form" in {parameter.name for parameter in ALL[path].params}


def test_help_imports_no_engine() -> None:
    code = "import sys; from riskreg.cli import main; main(['--help'], standalone_mode=False); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"polars", "networkx", "sqlalchemy", "mkdocs", "scipy"} & set(loaded)


def test_run_tells_a_risk_owner_what_happened(root: Path) -> None:
    said = call("run", root).output
    for word in ("Read ", "Fired ", "Register ", "Failover ", "Next ", "Site ", "public/index.html"):
        assert word in said
    assert "Cebu" in said
    report = data("run", root)
    assert report["findings"] and report["plans"]["site:CEB"]["outcomes"]


def test_check_counts_and_changes_nothing(root: Path) -> None:
    assert "No faults" in call("check", root).output
    (root / "rules").mkdir(exist_ok=True)
    (root / "rules" / "bad.yaml").write_text("- id: bad\n  versoin: 1\n")
    result = call("check", root, status=1)
    assert "rules/bad.yaml:2:3" in result.stderr and "version" in result.stderr


@pytest.mark.parametrize("content", [b"hello world", b""])
def test_check_sees_a_register_that_is_not_one(root: Path, content: bytes) -> None:
    (root / "register.db").write_bytes(content)
    assert "register.db" in call("check", root, status=1).stderr
    assert (root / "register.db").read_bytes() == content


def test_plan_in_words_and_in_json(root: Path) -> None:
    said = call("plan", "--lose", "site:CEB", "-w", root).output
    assert "Decision:" in said and "RTO" in said and "MTPD" in said
    made = data("plan", "--lose", "site:CEB", "--lose", "system:" + first_system(root), "-w", root)
    assert len(made["disruption"]["losses"]) == 2 and made["verdicts"]


def first_system(root: Path) -> str:
    from riskreg.pipeline import open_workspace

    return open_workspace(root, readings=False)[0].network.systems[0].id


def test_plan_for_what_is_not_there_names_what_is(root: Path) -> None:
    result = call("plan", "--lose", "site:CBE", "-w", root, status=1)
    assert "no site 'CBE'" in result.stderr and "site:CEB" in result.stderr
    assert "not a loss" in call("plan", "--lose", "Cebu", "-w", root, status=2).stderr


def test_a_risk_from_first_sight_to_closing(root: Path) -> None:
    raised = data("risk", "list", "-w", root)
    matrix = Matrix()
    bands = [BANDS.index(matrix.band(risk["indicated"]["likelihood"], risk["indicated"]["impact"])) for risk in raised]
    assert bands == sorted(bands, reverse=True), "worst first"
    ident = raised[0]["id"]
    assessed = call(
        "risk",
        "assess",
        ident,
        "--likelihood",
        "2",
        "--impact",
        "5",
        "--reason",
        "two teams were hired",
        "--by",
        "A Tester",
        "-w",
        root,
    ).output
    assert "2 x 5" in assessed and "high" in assessed, "impact 5 is never below high"
    added = data(
        "risk", "add", "Lease ends", "--category", "site-loss", "--scope", "site:GLA", "--owner", "continuity-manager",
        "--likelihood", "3", "--impact", "3", "--reason", "the landlord wrote", "--by", "A Tester", "-w", root,
    )  # fmt: skip
    closed = data("risk", "close", added["id"], "--reason", "lease renewed", "--by", "A Tester", "-w", root)
    assert closed["state"] == "closed"
    by = ("--by", "A Tester", "-w", root)
    assert data("risk", "reopen", added["id"], "--reason", "the landlord wrote again", *by)["state"] == "reopened"
    assert data("risk", "note", added["id"], "rang the landlord", *by)["note"] == "rang the landlord"
    assert data("risk", "close", added["id"], "--reason", "lease renewed at last", *by)["state"] == "closed"
    kinds = [event["kind"] for event in data("risk", "history", added["id"], "-w", root)]
    assert kinds == ["risk.added", "risk.closed", "risk.reopened", "risk.noted", "risk.closed"]
    assert "lease renewed" in call("risk", "history", added["id"], "-w", root).output
    assert "Lease ends" not in call("risk", "list", "-w", root).output


def test_an_edit_on_an_old_version_is_refused(root: Path) -> None:
    ident = data("risk", "list", "-w", root)[0]["id"]
    words = ("--likelihood", "1", "--impact", "1", "--reason", "because", "--by", "A Tester", "-w", root)
    version = data("risk", "show", ident, "-w", root)["version"]
    call("risk", "assess", ident, "--based-on", str(version), *words)
    result = call("risk", "assess", ident, "--based-on", str(version), *words, status=1)
    assert "nothing was changed" in result.stderr


def test_rules_are_listed_and_tested(root: Path) -> None:
    listed = {rule["id"] for rule in data("rules", "list", "-w", root)}
    assert len(listed) >= 12
    results = data("rules", "test", "-w", root)
    assert all(result["passed"] for result in results)
    tested = {(result["rule"], result["negative"]) for result in results}
    assert {(rule, negative) for rule in listed for negative in (True, False)} <= tested, (
        "each rule has a positive and a negative test"
    )
    assert "rule tests pass" in call("rules", "test", "attrition-spike", "-w", root).output


def test_a_drill_is_written_and_published(root: Path) -> None:
    made = data("drill", "new", "--lose", "site:CEB", "--id", "cebu", "-w", root)
    assert {Path(path).name for path in made["written"]} == {"cebu.yaml", "cebu-facilitator.md", "cebu-player.md"}
    call("run", root)
    assert (root / "public" / "drills" / "cebu-facilitator.html").is_file()
    assert (root / "public" / "drills" / "cebu-player.html").is_file()


def test_the_journal_is_verified_and_a_cut_tail_is_seen(root: Path) -> None:
    whole = data("audit", "verify", "-w", root)
    assert whole["faults"] == [] and whole["events"] > 0
    call("audit", "verify", "--head", "0" * 63 + "1", "-w", root, status=1)


def test_init_makes_a_workspace_that_runs(tmp_path: Path) -> None:
    call("init", tmp_path / "empty")
    call("run", tmp_path / "empty", "--as-of", "2026-11-21T06:00:00+00:00")
    assert (tmp_path / "empty" / "public" / "index.html").is_file()
    result = CliRunner().invoke(main, ["init", str(tmp_path / "empty")])
    assert result.exit_code == 1 and "nothing was changed" in result.stderr


def test_schema_files_are_written(tmp_path: Path) -> None:
    call("schema", tmp_path / "schema")
    names = {path.name for path in (tmp_path / "schema").iterdir()}
    assert len(names) >= 6
    assert all(json.loads((tmp_path / "schema" / name).read_text())["$schema"].endswith("2020-12/schema") for name in names)


def test_a_folder_that_is_no_workspace(tmp_path: Path) -> None:
    result = call("run", tmp_path, status=1)
    assert "riskreg.yaml" in result.stderr and "riskreg init" in result.stderr


def test_completion_is_offered() -> None:
    script = subprocess.run(
        [sys.executable, "-c", "from riskreg.cli import main; main(prog_name='riskreg')"],
        env={"_RISKREG_COMPLETE": "bash_source", "PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "_riskreg_completion" in script.stdout
