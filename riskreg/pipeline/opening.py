"""A workspace and its register, opened: with every fault where that cannot be."""

from __future__ import annotations

from pathlib import Path

from riskreg.model.content import Workspace
from riskreg.model.faults import Fault, FaultError, errors
from riskreg.model.risk import Risk
from riskreg.register import Register
from riskreg.workspace import load


def open_workspace(root: Path, *, readings: bool = True) -> tuple[Workspace, tuple[Fault, ...]]:
    """The workspace and its warnings. FaultError with every fault of every file where one of them forbids going on."""
    loaded = load(root, readings=readings)
    if loaded.workspace is None or errors(loaded.faults):
        raise FaultError(loaded.faults)
    return loaded.workspace, loaded.faults


def open_register(root: Path, workspace: Workspace) -> Register:
    """The register of a workspace: the database that its settings name, or `register.db` beside them."""
    settings = workspace.settings
    return Register.open(settings.database or root.resolve() / "register.db", settings)


def known_risks(root: Path, workspace: Workspace) -> tuple[Risk, ...]:
    """The risks of the register in the order of their numbers; none where nothing was recorded yet, and no file is made then."""
    if not workspace.settings.database and not (root / "register.db").exists():
        return ()
    with open_register(root, workspace) as register:
        return tuple(sorted(register.risks(), key=lambda risk: (len(risk.id), risk.id)))
