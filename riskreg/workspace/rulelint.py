"""The lint of a workspace's rules: names that nothing has, what would not run, what is doubtful, and the lock."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from riskreg.model.faults import Fault, FaultError, Span, in_order
from riskreg.workspace.codes import fault
from riskreg.workspace.definitions import SETTINGS, Definitions, read_definitions
from riskreg.workspace.references import each_name_once
from riskreg.workspace.rulechecks import check_rule_references, known_beside, lint_rules
from riskreg.workspace.rulefiles import read_lock
from riskreg.workspace.sources import Desk
from riskreg.workspace.validate import Written


@dataclass(frozen=True, slots=True)
class Linted:
    """What the lint found; `rules` are the ids that there are, shipped ones included."""

    faults: tuple[Fault, ...]
    rules: tuple[str, ...]
    waits: bool
    """Some rule could not be read, so that not everything could be asked of it."""


def lint(root: Path, *, now: datetime, as_of: datetime | None = None, only: Collection[str] = ()) -> Linted:
    """Every fault and doubt in the rules of the workspace at `root` and their tests; with `only`, in those rules.

    Exceptions are judged on the day of `as_of`, else of the moment that the workspace fixes, else of `now`. Names are checked only
    where every file of definitions could be read; where one could not, its faults are among these.

    Raises:
        FaultError: `root` is no workspace.
    """
    must_be_workspace(root)
    desk = Desk()
    found = read_definitions(root, desk)
    faults = [item for item in desk.faults if desk.partial or _about_rules(item)]
    if not desk.partial:
        faults += each_name_once(item for item in check_rule_references(found) if _about_rules(item))
    faults += lint_rules(found, replace(known_beside(found), as_of=moment(found, now, as_of).date()))
    faults += _lock(root, found, desk)
    if only:
        entries = [item for ident, item in found.rules.declared.items() if ident in only]
        entries += [item for item in found.tests if item.node.down("rule").value in only]
        faults = [item for item in faults if any(_within(item, entry) for entry in entries)]
    unread = [ident for ident in found.rules.declared if ident not in found.rules.placed and (not only or ident in only)]
    return Linted(in_order(faults), tuple(sorted(found.rules.declared)), waits=desk.partial or bool(unread))


def must_be_workspace(root: Path) -> None:
    """FaultError where the folder holds no settings."""
    if not (root / SETTINGS).is_file():
        hint = "Go to the folder that holds riskreg.yaml, or start one: riskreg init DIR."
        raise FaultError([fault("not-a-workspace", f"{root} holds no {SETTINGS}", Span(path=SETTINGS), hint=hint)])


def moment(found: Definitions, now: datetime, as_of: datetime | None) -> datetime:
    """The moment that is judged: the one asked for, else the workspace's own, else now."""
    fixed = found.settings.noun.as_of if found.settings else None
    return as_of or fixed or now


def _about_rules(fault: Fault) -> bool:
    return fault.span.path.startswith(("rules/", "shipped/rules/")) or fault.span.path == "rules"


def _within(fault: Fault, entry: Written) -> bool:
    """Whether a fault stands in an entry, which ends where the last thing in it begins."""
    last = max((node.line for node in entry.node.scalars()), default=0)
    return fault.span.path == entry.path and entry.node.line <= fault.span.line <= last


def _lock(root: Path, found: Definitions, desk: Desk) -> tuple[Fault, ...]:
    from riskreg.inference.proving.lock import check_lock

    try:
        held = read_lock(root / "rules")
    except FaultError as error:
        return error.faults
    own = {ident: item for ident, item in found.rules.placed.items() if item.path.startswith("rules/")}
    if held is None:
        return ()
    rules = [item.noun for item in own.values()]
    return check_lock(rules, {ident: item.span() for ident, item in own.items()}, held, partial=desk.partial)
