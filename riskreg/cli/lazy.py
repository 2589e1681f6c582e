"""A group of commands of which each is imported when it is asked for, so that `--help` is quick."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module

import click

Commands = Mapping[str, tuple[str, str, str]]
"""Command → the module that holds it, the name of its function there, and its line in `--help`."""


class LazyGroup(click.Group):
    """The commands of a table, in the order of the table."""

    table: Commands = {}

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(self.table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        if cmd_name not in self.table:
            return None
        module, function, _ = self.table[cmd_name]
        command: click.Command = getattr(import_module(module), function)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, _, text) in self.table.items()])


def lazy(package: str, commands: Commands) -> type[LazyGroup]:
    """The class of a group whose modules stand in `package`."""
    table = {name: (f"{package}.{module}", function, text) for name, (module, function, text) in commands.items()}
    return type("Group", (LazyGroup,), {"table": table})
