"""`riskreg serve`: the site and the form, on this machine only."""

from __future__ import annotations

from pathlib import Path

import click

from riskreg.cli.say import speaking_faults, workspace_argument


@click.command()
@workspace_argument
@click.option("--port", type=click.IntRange(1, 65535), default=8765, show_default=True, help="Port on this machine.")
def serve(root: Path, port: int) -> None:
    """Show the site, with a form in which an owner re-assesses a risk. Only this machine can reach it."""
    import uvicorn

    from riskreg.web import create_app

    with speaking_faults():
        app = create_app(root)
    click.echo(f"http://localhost:{port}/ shows the site, http://127.0.0.1:{port}/app/ the register to edit. Ctrl+C ends.")
    uvicorn.run(app, host="127.0.0.1", port=port, log_level="warning", server_header=False)
