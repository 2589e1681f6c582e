"""`riskreg check`: every fault of every file, before anything is run."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from riskreg import inference, playbooks
from riskreg.model.content import Workspace
from riskreg.model.faults import Fault, FaultError, in_order
from riskreg.pipeline.opening import open_register
from riskreg.publishing import page_addresses
from riskreg.workspace import Loaded, load
from riskreg.workspace.rulelint import lint


def check(root: Path, *, now: datetime) -> tuple[tuple[Fault, ...], int]:
    """Every fault of every file, templates, the lint of rules and their tests included, and how many more were only counted.

    Changes nothing. `now`: by when exceptions have expired, where the workspace fixes no moment.
    """
    loaded = load(root)
    if loaded.workspace is None:
        return in_order(loaded.faults), loaded.more
    workspace = loaded.workspace
    pages = page_addresses(workspace)
    templates = [fault for template in workspace.playbooks for fault in playbooks.check(template, pages=pages)]
    rules = (*lint(root, now=now).faults, *_failed_tests(loaded, workspace))
    return in_order((*loaded.faults, *templates, *rules, *_of_the_register(root, workspace))), loaded.more


def _failed_tests(loaded: Loaded, workspace: Workspace) -> Iterator[Fault]:
    thresholds = {metric.id: metric.thresholds for metric in workspace.metrics}
    for result in inference.run_tests(workspace.rules, workspace.tests, thresholds=thresholds):
        if not result.passed:
            yield Fault(
                code="rule-test-failed",
                message=f"rule '{result.rule}', test '{result.name}': expected {list(result.expected)}, got {list(result.got)}",
                hint="run `riskreg rules test` to see each test; mend the rule or the test",
                span=loaded.rules[result.rule],
            )


def _of_the_register(root: Path, workspace: Workspace) -> tuple[Fault, ...]:
    """Faults of a register that is already there; none is made."""
    if not (root / "register.db").exists():
        return ()
    try:
        open_register(root, workspace).dispose()
    except FaultError as error:
        return error.faults
    return ()
