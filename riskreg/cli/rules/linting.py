"""`riskreg rules lint`: what is wrong or doubtful in the rules, and mending what is plain."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from riskreg.cli.say import (
    FOUND_FAULTS,
    as_of_option,
    emit,
    format_option,
    many,
    now,
    show_faults,
    speaking_faults,
    workspace_option,
)


@click.command()
@workspace_option
@click.argument("only", metavar="[RULE]...", nargs=-1)
@click.option("--fix", "mend", is_flag=True, help="Mend what is certain in the workspace's own rule files, comments kept.")
@click.option("--dry-run", is_flag=True, help="With --fix: show the changes and write nothing.")
@click.option("--strict", is_flag=True, help="Warnings are failures too.")
@as_of_option
@format_option
def lint(root: Path, only: tuple[str, ...], mend: bool, dry_run: bool, strict: bool, as_of: datetime | None, form: str) -> None:
    """What is wrong or doubtful in the rules; with names, in those rules only. Errors end with status 1."""
    from riskreg.workspace import rulelint
    from riskreg.workspace.rulefix import fix

    if dry_run and not mend:
        raise click.UsageError("--dry-run shows what --fix would do; give both")
    moment = now()
    with speaking_faults(form):
        mended = fix(root, now=moment, as_of=as_of, only=only, dry_run=dry_run) if mend else ()
        linted = rulelint.lint(root, now=moment, as_of=as_of, only=only)
    if unknown := sorted(set(only) - set(linted.rules)):
        raise click.UsageError(f"there is no rule '{unknown[0]}'; `riskreg rules list` shows them all")
    if form == "json":
        emit(
            {
                "faults": [fault.model_dump(mode="json") for fault in linted.faults],
                "mended": [{"path": one.path, "changes": one.changes, "diff": one.diff} for one in mended],
            }
        )
    else:
        for one in mended:
            click.echo(one.diff, nl=False)
        show_faults(linted.faults, err=False)
        if linted.waits:
            click.echo("Other checks of these rules wait until the rules can be read: mend the errors, then run this again.")
        changes = sum(len(one.changes) for one in mended)
        done = f"; {changes} {'would be ' if dry_run else ''}mended" if mend else ""
        wrong = sum(fault.severity == "error" for fault in linted.faults)
        count = many(len(only) or len(linted.rules), "rule")
        click.echo(f"{count}: {many(wrong, 'error')}, {many(len(linted.faults) - wrong, 'warning')}{done}.")
    if any(strict or fault.severity == "error" for fault in linted.faults):
        raise SystemExit(FOUND_FAULTS)
