"""`riskreg rules test` and `riskreg rules coverage`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from riskreg.cli.say import FOUND_FAULTS, emit, engine_option, format_option, many, printable, speaking_faults, workspace_option

if TYPE_CHECKING:
    from riskreg.inference.proving.coverage import RuleCoverage
    from riskreg.workspace import RuleFiles
    from riskreg.workspace.kepttests import Outcome

Engine = Literal["both", "durable", "reference"]


def installed(engine: Engine) -> None:
    """A mistake of the command where durable_rules is to decide alone and is not there."""
    if engine == "durable":
        from riskreg.inference.engines.durable import durable_available

        if not durable_available():
            raise click.UsageError("durable_rules is not installed here; ask --engine both or --engine reference")


def known_rules(files: RuleFiles, only: Sequence[str]) -> None:
    """A mistake of the command where a rule is named that is not there."""
    if unknown := sorted(set(only) - set(files.rules)):
        from riskreg.workspace.codes import did_you_mean

        hint = did_you_mean(unknown[0], files.rules) or "`riskreg rules list` shows them all."
        raise click.UsageError(f"there is no rule '{unknown[0]}'. {hint}")


@click.command()
@workspace_option
@engine_option
@click.argument("only", metavar="[RULE]...", nargs=-1)
@click.option(
    "--format", "form", type=click.Choice(["text", "json", "junit"]), default="text", show_default=True,
    help="Text for people, JSON for programs, or JUnit XML for a build server.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path, dir_okay=False), help="Write to this file instead of the terminal.")
@click.option("--fresh", is_flag=True, help="Run every test, whatever an earlier run kept in .riskreg; for build servers.")
def test(root: Path, engine: Engine, only: tuple[str, ...], form: str, output: Path | None, fresh: bool) -> None:
    """Run the tests that stand beside the rules; with names, only those rules.

    What passed before on the very same files is not run again, except with --fresh. Drafts are run here, and only here.
    """
    from riskreg.workspace import RuleFiles, run_kept

    installed(engine)
    with speaking_faults("json" if form == "json" else "text"):
        files = RuleFiles(root, fresh=fresh)
        known_rules(files, only)
        made = run_kept(root, only, engine=engine, files=files, fresh=fresh)
        text = {"text": _as_text, "json": _as_json, "junit": _as_junit}[form](made)
        if output is None:
            click.echo(text, nl=False)
        else:
            from riskreg.workspace import write_atomic

            write_atomic(output, click.unstyle(text).encode())
            click.echo(f"{_summary(made)} Written to {output}.")
    if not all(one.result.passed for one in made):
        raise SystemExit(FOUND_FAULTS)


def _as_text(made: Sequence[Outcome]) -> str:
    lines = []
    for one in made:
        result = one.result
        line = f"{'ok  ' if result.passed else 'FAIL'}  {result.rule}: {result.name}"
        lines.append(line if result.passed else click.style(line, fg="red"))
        if not result.passed:
            lines += [f"      at        {result.span}"] if result.span else []
            lines += [f"      expected  {_rows(result.expected)}", f"      got       {_rows(result.got)}"]
            lines += [f"      why       {printable(text)}" for text in result.near]
    return "\n".join([*lines, _summary(made)]) + "\n"


def _summary(made: Sequence[Outcome]) -> str:
    passed, negative = sum(one.result.passed for one in made), sum(one.result.negative for one in made)
    cached = sum(one.cached for one in made)
    known = f"; {cached} are known from before" if cached else ""
    return f"{passed} of {len(made)} rule tests pass; {negative} of them say that a rule must stay silent{known}."


def _rows(rows: Sequence[dict[str, str]]) -> str:
    return "; ".join(", ".join(f"{name} {value}" for name, value in row.items()) for row in rows) or "nothing"


def _as_json(made: Sequence[Outcome]) -> str:
    return json.dumps([_data(one) for one in made], indent=2, sort_keys=True, ensure_ascii=False) + "\n"


def _data(one: Outcome) -> dict[str, Any]:
    return one.result.model_dump(mode="json") | {"cached": one.cached}


def _as_junit(made: Sequence[Outcome]) -> str:
    """One suite for each rule, one case for each test, as build servers read it."""
    from itertools import groupby
    from xml.etree import ElementTree

    root = ElementTree.Element("testsuites", {"name": "riskreg rules", **_counts(made)})
    for rule, group in groupby(made, key=lambda one: one.result.rule):
        some = list(group)
        suite = ElementTree.SubElement(root, "testsuite", {"name": rule, **_counts(some)})
        for one in some:
            case = ElementTree.SubElement(suite, "testcase", classname=rule, name=_xml(one.result.name))
            if span := one.result.span:
                case.attrib |= {"file": span.path, "line": str(span.line)}
            if not one.result.passed:
                expected, got = _rows(one.result.expected), _rows(one.result.got)
                failure = ElementTree.SubElement(case, "failure", type="rule-test", message=_xml(f"expected {expected}; got {got}"))
                why = "".join(f"\nwhy:      {text}" for text in one.result.near)
                place = f"{one.result.span}\n" if one.result.span else ""
                failure.text = _xml(f"{place}expected: {expected}\ngot:      {got}{why}")
    ElementTree.indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ElementTree.tostring(root, encoding="unicode")}\n'


def _counts(made: Sequence[Outcome]) -> dict[str, str]:
    failures = sum(not one.result.passed for one in made)
    return {"tests": str(len(made)), "failures": str(failures), "errors": "0", "skipped": "0"}


def _xml(text: str) -> str:
    # XML 1.0 has no way to write these at all.
    return "".join(char if char in "\t\n" or (ord(char) >= 32 and char not in "\ufffe\uffff") else "\ufffd" for char in text)


@click.command()
@workspace_option
@click.argument("only", metavar="[RULE]...", nargs=-1)
@click.option("--fail-under", type=click.IntRange(0, 100), help="Exit with 1 where less than this percentage is covered.")
@format_option
def coverage(root: Path, only: tuple[str, ...], fail_under: int | None, form: str) -> None:
    """Which conditions and branches of the rules no test holds; with names, only of those rules.

    A condition is covered when taking it out changes what one of the rule's tests finds; a branch when a finding of a test uses it.
    """
    from riskreg.inference.proving.coverage import coverage as measure
    from riskreg.workspace import RuleFiles

    with speaking_faults(form):
        files = RuleFiles(root)
        known_rules(files, only)
        read = files.read(only or None)
        files.keep()
        made = measure(read.rules, read.tests, thresholds=read.thresholds)
    share = percent(made)
    if form == "json":
        emit({"percent": share, "rules": [one.model_dump(mode="json") | {"percent": percent([one])} for one in made]})
    else:
        for one in made:
            for point in one.points:
                if not point.covered:
                    click.echo(f"{files.span(one.rule)}: {one.rule}: {point.text}\n    {point.hint}")
        open_ = sum(not point.covered for one in made for point in one.points)
        total = sum(len(one.points) for one in made)
        click.echo(f"{share} % covered: {total - open_} of {total} conditions and branches of {many(len(made), 'rule')}.")
    if fail_under is not None and share < fail_under:
        click.echo(f"This is under {fail_under} %. Add the tests that are named above, then run this again.", err=True)
        raise SystemExit(FOUND_FAULTS)


def percent(made: Sequence[RuleCoverage]) -> int:
    """Covered points of all, rounded down, so that 100 means every one."""
    points = [point.covered for one in made for point in one.points]
    return 100 * sum(points) // len(points) if points else 100
