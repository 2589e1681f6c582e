"""The command line; one file per noun, thin: it reads arguments and the clock, calls one room, and prints."""

from __future__ import annotations

import gc
from importlib import import_module

import click

from riskreg import __version__

# Command → the module that holds it; a module is imported when its command is asked for, so that `--help` is quick.
_COMMANDS = {
    "run": ("run", "Walk the main job once: readings to publication."),
    "init": ("workspace", "Start a workspace, empty or from an example."),
    "check": ("workspace", "Check every file of a workspace; change nothing."),
    "schema": ("workspace", "Write a JSON Schema for each YAML file, for your editor."),
    "plan": ("plan", "What if we lose this? The failover plan and its proof."),
    "risk": ("risk", "The register: list, show, add, assess, note, close, reopen, history."),
    "rules": ("rules", "The rules: read, write, test, try and hold them."),
    "drill": ("drill", "Tabletop exercises: make the packs."),
    "audit": ("audit", "Verify the journal of the register."),
    "serve": ("serve", "Show the site, with a form to re-assess a risk."),
}


class _Lazy(click.Group):
    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in _COMMANDS:
            return None
        module = import_module(f"riskreg.cli.{_COMMANDS[cmd_name][0]}")
        command: click.Command = getattr(module, cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in _COMMANDS.items()])


@click.group(
    cls=_Lazy,
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
