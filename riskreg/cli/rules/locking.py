"""`riskreg rules lock`: what each version of a rule decides, held by a hash."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from riskreg.cli.say import FOUND_FAULTS, emit, format_option, show_faults, speaking_faults, workspace_option

if TYPE_CHECKING:
    from collections.abc import Mapping

    from riskreg.model.faults import Span
    from riskreg.model.rule import Rule


@click.command()
@workspace_option
@click.option(
    "--rules", "place", type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Lock this folder of rules instead of a workspace's own.",
)  # fmt: skip
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 where rules and lock differ.")
@format_option
def lock(root: Path, place: Path | None, check: bool, form: str) -> None:
    """Hold what each version of the workspace's own rules decides, in rules/rules.lock.json.

    New rules and new versions are added. A rule whose logic changed under its old version is refused: raise its version. Words,
    tests, references and exceptions may change freely. Keep the file with the rules, so that a review sees it.
    """
    from riskreg.inference.proving.lock import LOCK, Lock, check_lock
    from riskreg.inference.proving.lock import lock as hold
    from riskreg.model.faults import FaultError, errors
    from riskreg.workspace import lock_bytes, read_lock, write_atomic, write_lock

    folder = place or root / "rules"
    with speaking_faults(form), nullcontext() if check or place else write_lock(root):
        rules, spans = _of_folder(place) if place else _of_workspace(root)
        held = read_lock(folder)
        faults = check_lock(rules, spans, held or Lock())
        if errors(faults):
            raise FaultError(faults)
        new = hold(rules, held)
        if not check and new != (held or Lock()):
            write_atomic(folder / LOCK, lock_bytes(new))
    added = sorted(ident for ident, versions in new.rules.items() if versions != (held or Lock()).rules.get(ident))
    differs = new != (held or Lock())
    if form == "json":
        emit({"added": added, "faults": [one.model_dump(mode="json") for one in faults], "rules": len(rules), "same": not differs})
    elif check:
        show_faults(faults)
        click.echo(
            f"The lock does not hold {len(faults)} of {len(rules)} rules. Next: riskreg rules lock"
            if differs
            else _held(len(rules))
        )
    else:
        click.echo(f"Locked {', '.join(added)} in {folder / LOCK}. Commit it with the rules." if added else _held(len(rules)))
    if check and differs:
        raise SystemExit(FOUND_FAULTS)


def _held(count: int) -> str:
    if not count:
        return "There is no rule here to lock: shipped rules are locked where they come from."
    return f"The lock holds {'the one rule' if count == 1 else f'all {count} rules'} as they are."


def _of_workspace(root: Path) -> tuple[list[Rule], Mapping[str, Span]]:
    from riskreg.workspace import RuleFiles

    files = RuleFiles(root)
    read = files.read()
    files.keep()
    return [rule for rule in read.rules if not read.spans[rule.id].path.startswith("shipped/")], read.spans


def _of_folder(place: Path) -> tuple[list[Rule], Mapping[str, Span]]:
    from riskreg.model.faults import FaultError, errors
    from riskreg.workspace import read_folder

    found = read_folder(place)
    if errors(found.faults):
        raise FaultError(found.faults)
    return list(found.rules), found.spans
