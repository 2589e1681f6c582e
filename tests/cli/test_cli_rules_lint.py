"""`riskreg rules lint` as a rule author types it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from riskreg.cli import main

SETTINGS = (
    "format: 1\ntitle: Small\nclient: northwind\ncurrency: EUR\ntime_zone: UTC\nas_of: 2026-11-21T06:00:00Z\nshipped_rules: false\n"
)
ROLES = "roles: [{id: vendor-manager, title: Vendor manager, holder: Robin Vale}]\n"
RULE = """\
id: leaving
version: 1
title: People leave
owner: vendor-manager
category: talent-attrition
severity: high
when: {as: spike, signal: attrition_spike, where: {strength: {gte: 2}}}   # a lone 1 is watched
join: [site]
keep_open_for: 5w
then: {raise: {likelihood: 4, impact: 3}}
explain: "{{ spike.site }}"
tests:
  - {name: fires, given: [{signal: attrition_spike, site: MNL, at: "2026-11-16", strength: 3}],
     expect: [{rule: leaving, site: MNL}]}
  - {name: silent, given: [{signal: attrition_spike, site: MNL, strength: 1}], expect: []}
"""
EXCEPTION = 'exceptions: [{where: {strength: 2}, until: "2026-12-01", reason: Ramp-down, approved_by: vendor-manager}]\n'


def root(folder: Path, rule: str = RULE) -> Path:
    for name, text in (("riskreg.yaml", SETTINGS), ("people/people.yaml", ROLES), ("rules/leaving.yaml", rule)):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def lint(folder: Path, *arguments: str, status: int = 0) -> Result:
    result = CliRunner().invoke(main, ["rules", "lint", "-w", str(folder), *arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def test_rules_in_order(tmp_path: Path) -> None:
    assert lint(root(tmp_path), "--strict").output == "1 rule: 0 errors, 0 warnings.\n"


def test_an_error_fails_and_says_what_to_do(tmp_path: Path) -> None:
    said = lint(root(tmp_path, RULE.replace("gte: 2", "gte: 6")), status=1).output
    assert (
        "rules/leaving.yaml:7:62: error [rule-never] rule leaving: strength can never be at least 6: it is a whole number" in said
    )
    assert "for example: strength: {gte: 3}" in said
    assert said.endswith("1 rule: 1 error, 0 warnings.\n")


def test_a_warning_fails_only_when_it_is_asked_to(tmp_path: Path) -> None:
    folder = root(tmp_path, RULE + EXCEPTION)
    assert "ends in 10 days, on 2026-12-01" in lint(folder).output
    lint(folder, "--strict", status=1)
    lint(folder, "--strict", "--as-of", "2026-10-01T00:00:00Z")


def test_fix_shows_the_difference_and_writes_it(tmp_path: Path) -> None:
    folder = root(tmp_path, RULE.replace("strength: {gte: 2}", "strenght: {gte: 2}"))
    shown = lint(folder, "--fix", "--dry-run", status=1).output
    assert "+when: {as: spike, signal: attrition_spike, where: {strength: {gte: 2}}}   # a lone 1 is watched" in shown
    assert "strenght" in (folder / "rules/leaving.yaml").read_text()
    assert lint(folder, "--fix").output.endswith("1 rule: 0 errors, 0 warnings; 1 mended.\n")
    assert (folder / "rules/leaving.yaml").read_text() == RULE


def test_json_holds_faults_and_what_was_mended(tmp_path: Path) -> None:
    folder = root(tmp_path, RULE.replace("gte: 2", "gte: 2, lte: 5"))
    told = json.loads(lint(folder, "--format", "json").stdout)
    assert [(one["code"], one["severity"], one["span"]["line"]) for one in told["faults"]] == [("rule-always", "warning", 7)]
    done = json.loads(lint(folder, "--fix", "--format", "json").stdout)
    assert done["faults"] == []
    assert [(one["path"], len(one["changes"])) for one in done["mended"]] == [("rules/leaving.yaml", 1)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(("nobody",), "there is no rule 'nobody'"), (("--dry-run",), "--dry-run shows what --fix would do")],
)
def test_a_mistake_in_the_command_itself(tmp_path: Path, arguments: tuple[str, ...], said: str) -> None:
    assert said in lint(root(tmp_path), *arguments, status=2).output


@pytest.mark.parametrize("arguments", [(), ("--fix",)])
def test_no_workspace(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    assert "holds no riskreg.yaml" in lint(tmp_path, *arguments, status=1).output
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_read_yet_is_said_and_faults_are_the_answer(tmp_path: Path) -> None:
    result = lint(root(tmp_path, RULE.replace("gte: 2", 'gte: "2"')), status=1)
    assert "rules/leaving.yaml:7:68: error [wrong-type]" in result.stdout and "wait until the rules can be read" in result.stdout
    assert lint(root(tmp_path, RULE.replace("gte: 2", 'gte: "2"')), "--fix").stdout.endswith("0 errors, 0 warnings; 1 mended.\n")
