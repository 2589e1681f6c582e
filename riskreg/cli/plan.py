"""`riskreg plan`: what if we lose this?"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

import click

from riskreg.cli.say import Moment, as_of_option, emit, format_option, now, speaking_faults, table, workspace_option
from riskreg.model.disruption import Loss, parse_loss


class LossType(click.ParamType[Loss]):
    """`site:MNL`, `pool:ceb-voice=40%`, `site:CEB/people=15%`."""

    name = "loss"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Loss:
        try:
            return value if isinstance(value, Loss) else parse_loss(value)
        except ValueError as error:
            self.fail(str(error), param, ctx)


lose_option = click.option(
    "--lose", "losses", type=LossType(), multiple=True, required=True,
    help="What is lost: site:ID, system:ID, vendor:ID, pool:ID=40%, site:ID/people=15%. May be repeated.",
)  # fmt: skip


@click.command()
@lose_option
@workspace_option
@as_of_option
@click.option("--onset", type=Moment(), help="When the loss begins; default: the moment of --as-of.")
@format_option
def plan(losses: tuple[Loss, ...], root: Path, as_of: datetime | None, onset: datetime | None, form: str) -> None:
    """The failover plan for a loss, and whether it holds."""
    from riskreg.pipeline import ask, open_workspace, summary

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        moment = as_of or workspace.settings.as_of or now()
        made = ask(workspace, losses, as_of=moment, onset=onset)
    if form == "json":
        emit(made)
        return
    for block in summary.plan_as_text(made, workspace):
        if isinstance(block, str):
            click.echo(block)
        else:
            table(block[0], block[1:])
