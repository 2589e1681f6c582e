"""`riskreg init`, `check` and `schema`: the files of a workspace."""

from __future__ import annotations

from pathlib import Path

import click

from riskreg.cli.say import FOUND_FAULTS, emit, format_option, now, show_faults, speaking_faults, workspace_argument
from riskreg.model.faults import errors


@click.command()
@click.argument("target", type=click.Path(path_type=Path, file_okay=False))
@click.option("--example", help="Copy an example instead of starting empty: meridian or bank-calls.")
def init(target: Path, example: str | None) -> None:
    """Start a workspace in a new or empty folder."""
    from riskreg.workspace import init as start

    with speaking_faults():
        written = start(target, example)
    click.echo(f"Wrote {len(written)} files to {target}. Next: riskreg run {target}")


@click.command()
@workspace_argument
@format_option
def check(root: Path, form: str) -> None:
    """Check every file, rule test and template; change nothing."""
    from riskreg.pipeline import check as examine

    with speaking_faults(form):
        faults, more = examine(root, now=now())
    if form == "json":
        emit({"faults": [fault.model_dump(mode="json") for fault in faults], "more": more})
    else:
        show_faults(faults, more)
        bad = len(errors(faults)) + more
        mend = f"{bad} {'fault' if bad == 1 else 'faults'} to mend."
        click.echo(mend if bad else f"No faults, {len(faults)} warnings. Next: riskreg run {root}")
    if errors(faults):
        raise SystemExit(FOUND_FAULTS)


@click.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False), default=".riskreg/schemas")
@format_option
def schema(folder: Path, form: str) -> None:
    """Write the JSON Schema of each YAML file, so that an editor completes and checks it."""
    from riskreg.workspace import schemas, write_schemas

    if form == "json":
        emit(schemas())
        return
    with speaking_faults():
        for path in write_schemas(folder):
            click.echo(path)
