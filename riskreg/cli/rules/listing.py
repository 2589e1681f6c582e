"""`riskreg rules list` and `riskreg rules show`."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import click

from riskreg.cli.rules.testing import known_rules
from riskreg.cli.say import emit, format_option, now, speaking_faults, table, workspace_option
from riskreg.model.rule import Category, Rule, RuleTest

if TYPE_CHECKING:
    from riskreg.inference.words.sentences import Line
    from riskreg.workspace import Outcome, RuleFiles

Status = Literal["draft", "test", "stable", "deprecated"]


@click.command("list")
@workspace_option
@click.option("--status", type=click.Choice(get_args(Status)), help="Only rules of this status.")
@click.option("--category", type=click.Choice(get_args(Category)), help="Only rules that speak of this risk.")
@format_option
def list_(root: Path, status: str | None, category: str | None, form: str) -> None:
    """Every rule with its status, severity, category, owner and how many tests it has.

    A number of tests such as 2+3 is two that fire and three that stay silent.
    """
    from riskreg.workspace import RuleFiles

    with speaking_faults(form):
        files = RuleFiles(root)
        read = files.read()
        files.keep()
    shown = [one for one in read.rules if status in (None, one.status) and category in (None, one.category)]
    if form == "json":
        emit([_data(one) | _counted(one, read.tests[one.id]) | {"file": str(read.spans[one.id])} for one in shown])
        return
    table(
        ("Rule", "Version", "Status", "Severity", "Category", "Owner", "Tests", "Title"),
        [
            (
                one.id,
                str(one.version),
                one.status,
                one.severity,
                one.category,
                one.owner,
                _sides(one, read.tests[one.id]),
                one.title,
            )
            for one in shown
        ],
    )
    if not shown:
        click.echo("No rule is so. Without --status and --category all are shown.")


@click.command()
@workspace_option
@click.argument("ident", metavar="RULE")
@format_option
def show(root: Path, ident: str, form: str) -> None:
    """All about one rule: its logic in plain words, its tests and how they went, exceptions in force, and its lock."""
    from riskreg.inference.words.sentences import logic_lines, rule_sentence
    from riskreg.workspace import RuleFiles, run_kept

    with speaking_faults(form):
        files = RuleFiles(root)
        known_rules(files, [ident])
        read = files.read([ident])
        (rule,) = (one for one in read.rules if one.id == ident)
        outcomes = run_kept(root, [ident], files=files)
        held = _lock_state(root, rule, files)
    lines, today = logic_lines(rule, thresholds=read.thresholds), now().date()
    if form == "json":
        tests = [one.result.model_dump(mode="json") | {"cached": one.cached} for one in outcomes]
        exceptions = [one.model_dump(mode="json") | {"in_force": one.until >= today} for one in rule.exceptions]
        logic = {"sentence": rule_sentence(rule), "lines": [_line(line) for line in lines]}
        more = {"file": str(files.span(ident)), "lock": held, "logic": logic, "exceptions": exceptions, "results": tests}
        emit(_data(rule) | _counted(rule, read.tests[ident]) | more)
        return
    click.secho(f"{rule.id}, version {rule.version}: {rule.title}", bold=True)
    click.echo(f"{rule.status}, {rule.severity}, {rule.category}; owner {rule.owner}; {files.span(ident)}")
    if rule.replaced_by:
        click.echo(f"Replaced by {rule.replaced_by}.")
    if rule.description:
        click.echo(f"\n{rule.description}")
    click.echo(f"\n{rule_sentence(rule)}")
    for line in lines:
        _say(line, 0)
    _listed("Exceptions", _exceptions(rule, today))
    _listed("What else it may be", rule.false_positives)
    _listed("References", rule.references)
    _listed("Tests", [*_tests(outcomes), "none yet; add some beside it" if not outcomes else ""])
    click.echo(f"\nLock: {held}.")


def _tests(outcomes: Sequence[Outcome]) -> list[str]:
    said = {(True, True): "ok, stays silent", (True, False): "ok, fires", (False, True): "FAILS", (False, False): "FAILS"}
    return [f"{one.result.name}: {said[one.result.passed, one.result.negative]}" for one in outcomes]


def _exceptions(rule: Rule, today: date) -> list[str]:
    return [
        f"{'until' if one.until >= today else 'no longer in force since'} {one.until}: {one.reason} (approved by {one.approved_by})"
        for one in rule.exceptions
    ]


def _lock_state(root: Path, rule: Rule, files: RuleFiles) -> str:
    """How the rule stands to the lock beside it, in words."""
    from riskreg.inference.proving.lock import check_lock
    from riskreg.resources import shipped
    from riskreg.workspace import read_lock

    own = not files.span(rule.id).path.startswith("shipped/")
    held = read_lock(root / "rules" if own else shipped("rules"))
    if held is None:
        return "there is none; riskreg rules lock writes it"
    faults = check_lock([rule], {rule.id: files.span(rule.id)}, held, partial=True)
    return faults[0].message if faults else f"version {rule.version} is as it was locked"


def _data(rule: Rule) -> dict[str, Any]:
    return rule.model_dump(mode="json", by_alias=True, exclude={"tests"})


def _counted(rule: Rule, tests: Sequence[RuleTest]) -> dict[str, Any]:
    firing = sum(any(one.rule == rule.id for one in test.expect) for test in tests)
    return {"tests": {"fires": firing, "silent": len(tests) - firing}}


def _sides(rule: Rule, tests: Sequence[RuleTest]) -> str:
    counted = _counted(rule, tests)["tests"]
    return f"{counted['fires']}+{counted['silent']}"


def _line(line: Line) -> dict[str, Any]:
    return {"label": line.label, "text": line.text, "below": [_line(below) for below in line.below]}


def _say(line: Line, depth: int) -> None:
    label = f"{line.label}: " if line.label else "- " if depth else ""
    click.echo(f"{'  ' * depth}{label}{line.text}".rstrip())
    for below in line.below:
        _say(below, depth + 1)


def _listed(title: str, lines: Sequence[str]) -> None:
    if any(lines):
        click.echo(f"\n{title}:")
        for line in filter(None, lines):
            click.echo(f"  - {line}")
