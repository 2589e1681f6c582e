"""`riskreg rules list` and `riskreg rules show`."""

from __future__ import annotations

from pathlib import Path

import click

from riskreg.cli.say import emit, format_option, speaking_faults, table, workspace_option


@click.command("list")
@workspace_option
@format_option
def list_(root: Path, form: str) -> None:
    """Every rule with its category, severity and owner."""
    from riskreg.pipeline import open_workspace

    with speaking_faults(form):
        workspace, _ = open_workspace(root, readings=False)
    if form == "json":
        emit([rule.model_dump(mode="json", by_alias=True, exclude={"tests"}) for rule in workspace.rules])
        return
    table(
        ("Rule", "Version", "Severity", "Category", "Owner", "Title"),
        [(r.id, str(r.version), r.severity, r.category, r.owner, r.title) for r in workspace.rules],
    )
