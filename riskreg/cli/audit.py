"""`riskreg audit`: does the journal still say what was written?"""

from __future__ import annotations

from pathlib import Path

import click

from riskreg.cli.say import FOUND_FAULTS, emit, format_option, show_faults, speaking_faults, workspace_option


@click.group()
def audit() -> None:
    """Verify the journal of the register."""


@audit.command()
@workspace_option
@click.option("--head", help="Hash of the last event, kept elsewhere: only with it is a cut tail noticed.")
@format_option
def verify(root: Path, head: str | None, form: str) -> None:
    """Replay the journal, check every hash, and compare it with the register."""
    from riskreg.pipeline import open_register, open_workspace

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
        with open_register(root, workspace) as register:
            faults, now_head, count = register.verify(head), register.head, len(register.events())
    if form == "json":
        emit({"events": count, "head": now_head, "faults": [fault.model_dump(mode="json") for fault in faults]})
    elif faults:
        show_faults(faults)
    else:
        click.echo(f"{count} events, each fits the one before. Head: {now_head}")
        if head is None:
            click.echo("Keep this head elsewhere and give it back with --head: a chain alone cannot see that its tail was cut off.")
    if faults:
        raise SystemExit(FOUND_FAULTS)
