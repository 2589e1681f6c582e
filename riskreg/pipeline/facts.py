"""What a run judges: signals, what network, proofs and late readings say, the register, and the limits that rules name."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import polars as pl

from riskreg.continuity import standing_facts
from riskreg.detection import detect, missing
from riskreg.inference.facts.table import Facts
from riskreg.model.content import Workspace
from riskreg.model.metric import Threshold
from riskreg.model.plan import FailoverPlan
from riskreg.model.risk import Risk
from riskreg.model.signal import Fact
from riskreg.pipeline.opening import known_risks
from riskreg.pipeline.plans import make_plans, single_losses
from riskreg.register import risk_facts

RISK, OVERDUE = ("fact", "risk"), ("fact", "missing_data")


class Given(NamedTuple):
    """What rules are given: the facts, the limits of each metric by name, and what places, functions and metrics are called."""

    facts: Facts
    thresholds: Mapping[str, Mapping[str, Threshold]]
    names: Mapping[str, str]

    def with_risks(self, risks: Sequence[Fact]) -> Given:
        """The same with other risks; nothing else is read again."""
        return self._replace(facts=self.facts.without(RISK).beside(Facts.of(risks)))


def facts_of(
    workspace: Workspace, signals: pl.DataFrame, plans: Mapping[str, FailoverPlan], *, as_of: datetime, risks: Iterable[Risk] = ()
) -> Given:
    """Everything that rules may look at as of a moment (aware): `signals` (SIGNAL_SCHEMA), standing facts of the network and of
    `plans` (`site:MNL` → plan), overdue readings, and `risks` that are not closed."""
    client = workspace.settings.client
    facts = Facts.from_frame(signals.drop("readings").sort("at", "id")).beside(
        Facts.of(standing_facts(workspace.network, plans, as_of.date(), client=client)),
        Facts.of(missing(workspace.readings, workspace.metrics, client=client, as_of=as_of)),
        Facts.of(risk_facts(risks, client)),
    )
    thresholds = {metric.id: metric.thresholds for metric in workspace.metrics if metric.thresholds}
    names = workspace.network.names | {f"metric:{metric.id}": metric.name for metric in workspace.metrics}
    return Given(facts, thresholds, names)


def gather(root: Path, workspace: Workspace, *, as_of: datetime) -> Given:
    """`facts_of` the workspace at `root`, with the register as it stands. Plans are taken from those that runs keep, and kept.

    FaultError where there is a register and it cannot be read.
    """
    signals = detect(workspace.readings, workspace.metrics, client=workspace.settings.client, as_of=as_of)
    plans = make_plans(
        workspace.network,
        single_losses(workspace.network),
        as_of=as_of,
        evidence_expires=workspace.settings.evidence_expires,
        keep=root / ".riskreg/plans",
    )
    return facts_of(workspace, signals, plans, as_of=as_of, risks=known_risks(root, workspace))
