"""How the command line speaks: faults, tables, JSON, progress on a terminal, and the options that many commands share."""

from __future__ import annotations

import errno
import getpass
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from riskreg.model.base import canonical
from riskreg.model.faults import Fault, FaultError, Span

FOUND_FAULTS = 1
"""Exit status where files, rules or the register have faults (2 is a mistake in the command itself)."""


class IdType(click.ParamType[str]):
    """An identifier: letters, digits, dot, dash, underscore; at most 64."""

    name = "id"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}", str(value)):
            self.fail(f"'{value}' is not an id; use letters, digits, dot, dash and underscore, at most 64", param, ctx)
        return str(value)


class Moment(click.ParamType[datetime]):
    """A time with its zone, such as 2026-11-21T06:00:00+00:00; `Z` is UTC."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"'{value}' is not a time; write 2026-11-21T06:00:00+00:00", param, ctx)
        if moment.tzinfo is None:
            whole = value if len(value) > 10 else moment.isoformat()
            self.fail(f"'{value}' has no time zone; write {whole}+00:00 or {whole}Z", param, ctx)
        return moment


workspace_option = click.option(
    "-w", "--workspace", "root", type=click.Path(path_type=Path, file_okay=False), default=".", envvar="RISKREG_WORKSPACE",
    show_default="this folder", help="Folder of the workspace.",
)  # fmt: skip
workspace_argument = click.argument(
    "root", metavar="[WORKSPACE]", type=click.Path(path_type=Path, file_okay=False), default=".", envvar="RISKREG_WORKSPACE"
)
format_option = click.option(
    "--format",
    "form",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="Text for people or JSON for programs.",
)
as_of_option = click.option("--as-of", type=Moment(), help="The moment to judge; default: the workspace's own, or now.")
engine_option = click.option(
    "--engine",
    type=click.Choice(["both", "durable", "reference"]),
    default="both",
    show_default=True,
    help="Which rule engine decides.",
)
by_option = click.option(
    "--by", "actor", envvar="RISKREG_ACTOR", default=getpass.getuser, show_default="your login name", help="Who does this."
)


def now() -> datetime:
    """The clock; read here and in no other room but the web's edge."""
    return datetime.now(UTC).replace(microsecond=0)


def printable(text: str) -> str:
    """Facts come from elsewhere, and a terminal obeys what it is sent."""
    return "".join(char if char.isprintable() or char == "\u00a0" else "\ufffd" for char in text)


def many(count: int, word: str) -> str:
    """`1 rule`, `1,021 rules`."""
    return f"{count:,} {word}{'' if count == 1 else 's'}"


def emit(value: Any) -> None:
    """Prints a value as JSON: keys sorted, indented, one line feed at the end."""
    click.echo(json.dumps(json.loads(canonical(value)), indent=2, sort_keys=True, ensure_ascii=False))


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    """Prints aligned columns; the last one is left ragged."""
    lines = [list(head), *([str(cell) for cell in row] for row in rows)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for number, line in enumerate(lines):
        text = "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        click.secho(text, bold=number == 0)


def show_faults(faults: Sequence[Fault], more: int = 0, *, err: bool = True) -> None:
    """Every fault with its place, hint and example; on stderr unless they are the very answer."""
    for fault in faults:
        click.secho(str(fault), fg="red" if fault.severity == "error" else "yellow", err=err)
        if fault.hint:
            click.echo(f"    {fault.hint}", err=err)
        if fault.example:
            click.echo(f"    for example: {fault.example}", err=err)
    if more:
        click.echo(f"… and {more:,} more faults, not listed", err=err)


@contextmanager
def speaking_faults(form: str = "text") -> Iterator[None]:
    """Turns a FaultError into a list of faults and exit status 1."""
    try:
        yield
    except (FaultError, OSError) as raised:
        error = raised if isinstance(raised, FaultError) else _of_the_system(raised)
        if form == "json":
            emit({"faults": [fault.model_dump(mode="json") for fault in error.faults], "changed": error.changed})
        else:
            show_faults(error.faults)
            count = sum(fault.severity == "error" for fault in error.faults)
            click.echo(f"{count} {'fault' if count == 1 else 'faults'}; {error.changed or 'nothing was changed'}.", err=True)
        raise SystemExit(FOUND_FAULTS) from raised


def _of_the_system(error: OSError) -> FaultError:
    """What the operating system refused, as a fault with its place and what to do."""
    hints = {errno.ENOSPC: "make room on the disk, then run again", errno.EACCES: "ask for the right to write here"}
    full = error.errno == errno.ENOSPC
    fault = Fault(
        code="disk-full" if full else "system-refused",
        message=(error.strerror or str(error)).lower(),
        hint=hints.get(error.errno or 0, "mend this, then run again; what was half done is left as it was"),
        span=Span(path=str(error.filename or "disk")),
    )
    return FaultError([fault], "what was saved before stands, half-written files were thrown away")


@contextmanager
def progress(stages: Sequence[tuple[str, str]]) -> Iterator[Callable[[str, float], None]]:
    """A bar on stderr while stages pass, on a terminal only; yields the watcher that a run is given."""
    if not sys.stderr.isatty():
        yield lambda _stage, _done: None
        return
    order = {name: number for number, (name, _) in enumerate(stages)}
    said = dict(stages)
    with click.progressbar(length=100 * len(stages), file=sys.stderr, show_eta=False, item_show_func=lambda item: item) as bar:

        def watch(stage: str, done: float) -> None:
            bar.update(max(0, round(100 * (order[stage] + done)) - bar.pos), said[stage])

        yield watch
