"""`riskreg drill`: make the packs of a tabletop exercise."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import click

from riskreg.cli.plan import lose_option
from riskreg.cli.say import IdType, as_of_option, emit, format_option, now, speaking_faults, workspace_option
from riskreg.model.disruption import Loss


@click.group()
def drill() -> None:
    """Tabletop exercises: make the packs."""


@drill.command()
@lose_option
@workspace_option
@as_of_option
@click.option("--id", "ident", type=IdType(), help="Name of the drill; default: made of what is lost.")
@click.option("--title", help="Title of the drill; default: made of what is lost.")
@click.option("--minutes", type=click.IntRange(15, 480), default=90, show_default=True, help="Length of the exercise.")
@format_option
def new(
    losses: tuple[Loss, ...], root: Path, as_of: datetime | None, ident: str | None, title: str | None, minutes: int, form: str
) -> None:
    """Write a facilitator pack and a player pack for losing something, from the plan as it is."""
    from riskreg.pipeline import new_drill, open_workspace

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        moment = as_of or workspace.settings.as_of or now()
        made, written = new_drill(root, workspace, losses, as_of=moment, ident=ident, title=title, minutes=minutes)
    if form == "json":
        emit({"drill": made.model_dump(mode="json"), "written": [str(path) for path in written]})
        return
    for path in written:
        click.echo(path)
    click.echo(f"{len(made.injects)} injects in {made.minutes} minutes. The next `riskreg run` publishes both packs.")
