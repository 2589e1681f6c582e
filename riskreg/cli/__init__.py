"""The command line; one file per noun, thin: it reads arguments and the clock, calls one room, and prints."""

from __future__ import annotations

import gc

import click

from riskreg import __version__
from riskreg.cli.lazy import lazy

# Command → the module that holds it, the name of the function there, and its line in `--help`.
_COMMANDS = {
    "run": ("run", "run", "Walk the main job once: readings to publication."),
    "init": ("workspace", "init", "Start a workspace, empty or from an example."),
    "check": ("workspace", "check", "Check every file of a workspace; change nothing."),
    "schema": ("workspace", "schema", "Write a JSON Schema for each YAML file, for your editor."),
    "plan": ("plan", "plan", "What if we lose this? The failover plan and its proof."),
    "risk": ("risk", "risk", "The register: list, show, add, assess, note, close, reopen, history."),
    "rules": ("rules", "rules", "The rules: read, write, test, try and hold them."),
    "drill": ("drill", "drill", "Tabletop exercises: make the packs."),
    "audit": ("audit", "audit", "Verify the journal of the register."),
    "serve": ("serve", "serve", "Show the site, with a form to re-assess a risk."),
}


@click.group(
    cls=lazy(__name__, _COMMANDS),
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog='Shell completion: eval "$(_RISKREG_COMPLETE=bash_source riskreg)" (also zsh_source, fish_source).',
)
@click.version_option(__version__, prog_name="riskreg")
def main() -> None:
    """Risk register and continuity planner for outsourced customer service.

    Start with: riskreg init DIR --example meridian, then: riskreg run DIR
    """
    # Importing makes many objects that all stay; looking among them for garbage after every 700 costs a tenth of a short command.
    gc.set_threshold(50_000)
