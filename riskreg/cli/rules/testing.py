"""`riskreg rules test`."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from riskreg.cli.say import FOUND_FAULTS, emit, engine_option, format_option, speaking_faults, workspace_option


@click.command()
@workspace_option
@engine_option
@click.argument("only", metavar="[RULE]...", nargs=-1)
@format_option
def test(root: Path, engine: Literal["both", "durable", "reference"], only: tuple[str, ...], form: str) -> None:
    """Run the tests that stand beside the rules; with names, only those rules."""
    from riskreg.inference import run_tests
    from riskreg.pipeline import open_workspace

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        if unknown := sorted(set(only) - {rule.id for rule in workspace.rules}):
            raise click.UsageError(f"there is no rule '{unknown[0]}'; `riskreg rules list` shows them all")
        wanted = {ident: tests for ident, tests in workspace.tests.items() if not only or ident in only}
        results = run_tests(workspace.rules, wanted, engine=engine)
    failed = [result for result in results if not result.passed]
    if form == "json":
        emit([result.model_dump(mode="json") for result in results])
    else:
        for result in results:
            click.secho(f"{'ok  ' if result.passed else 'FAIL'}  {result.rule}: {result.name}", fg=None if result.passed else "red")
            if not result.passed:
                click.echo(f"      expected {list(result.expected)}\n      got      {list(result.got)}")
        negative = sum(result.negative for result in results)
        click.echo(
            f"{len(results) - len(failed)} of {len(results)} rule tests pass; {negative} of them say that a rule must stay silent."
        )
    if failed:
        raise SystemExit(FOUND_FAULTS)
