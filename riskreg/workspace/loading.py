"""A workspace from its files: everything that they say, or every fault in them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from riskreg.model.content import Workspace
from riskreg.model.faults import Fault, Span, errors, in_order
from riskreg.model.network import Network
from riskreg.model.reading import no_readings
from riskreg.workspace.codes import fault
from riskreg.workspace.definitions import NETWORK, SETTINGS, read_definitions
from riskreg.workspace.readings import read_readings
from riskreg.workspace.references import check_references, each_name_once
from riskreg.workspace.rulechecks import check_rule_references, tests_of
from riskreg.workspace.sources import Desk


@dataclass(frozen=True, slots=True)
class Loaded:
    """What loading found. `workspace` is None where any fault is an error; `more` faults of readings are counted, not listed."""

    workspace: Workspace | None
    faults: tuple[Fault, ...]
    more: int = 0
    rules: Mapping[str, Span] = field(default_factory=dict)
    """Where each rule stands."""


def load(root: Path, *, readings: bool = True, progress: Callable[[str, float], None] | None = None) -> Loaded:
    """Reads every file of the workspace at `root` and changes nothing; all faults of all files come back in one pass.

    Readings are left out with `readings=False`; the frame is then empty. Of one readings file at most the first hundred faults
    are listed. Names are checked between files only where every file of definitions could be read, because otherwise one broken
    line would look like many. `progress` is told what is being read, and which share (0 to 1) of the readings files is done.
    """
    if not (root / SETTINGS).is_file():
        hint = "Go to the folder that holds riskreg.yaml, or start one: riskreg init DIR."
        return Loaded(None, (fault("not-a-workspace", f"{root} holds no {SETTINGS}", Span(path=SETTINGS), hint=hint),))
    desk = Desk()
    found = read_definitions(root, desk)
    if not desk.partial:
        desk.add(*each_name_once([*check_references(found), *check_rule_references(found)]))
    frame, more = read_readings(root, found, desk, progress) if readings else (no_readings(), 0)
    faults = in_order(desk.faults)
    if errors(faults) or more or found.settings is None:
        return Loaded(None, faults, more)
    workspace = Workspace(
        settings=found.settings.noun,
        network=Network(**{name: getattr(found, name).nouns for name in NETWORK}),
        roles=found.roles.nouns,
        metrics=found.metrics.nouns,
        rules=found.rules.nouns,
        tests=tests_of(found),
        playbooks=found.playbooks.nouns,
        drills=found.drills.nouns,
        readings=frame,
        files_read=dict(sorted(desk.hashes.items())),
    )
    return Loaded(workspace, faults, rules={ident: item.span() for ident, item in found.rules.placed.items()})
