"""Everything that a publication is made from, in one value."""

from __future__ import annotations

import polars as pl
from pydantic import AwareDatetime, ConfigDict

from riskreg.model.backtest import Backtest
from riskreg.model.base import Frozen
from riskreg.model.drill import Drill, DrillOrder
from riskreg.model.finding import Aside, Finding
from riskreg.model.metric import Metric
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan
from riskreg.model.playbook import PlaybookTemplate, RenderedPlaybook
from riskreg.model.risk import Event, Risk
from riskreg.model.role import Role
from riskreg.model.rule import Rule, RuleTest
from riskreg.model.ruletest import RuleTestResult
from riskreg.model.settings import Settings


class Workspace(Frozen):
    """All that the files of a workspace say, shipped rules and playbooks included."""

    model_config = Frozen.model_config | ConfigDict(arbitrary_types_allowed=True)

    settings: Settings
    network: Network
    roles: tuple[Role, ...] = ()
    metrics: tuple[Metric, ...] = ()
    rules: tuple[Rule, ...] = ()
    tests: dict[str, tuple[RuleTest, ...]] = {}
    """Rule id → its tests, those in the rule and those beside it."""
    playbooks: tuple[PlaybookTemplate, ...] = ()
    drills: tuple[DrillOrder, ...] = ()
    readings: pl.DataFrame
    files_read: dict[str, str] = {}
    """Path relative to the workspace → SHA-256 of its bytes."""


class Content(Frozen):
    """What publishing reads: nothing else reaches a page."""

    model_config = Frozen.model_config | ConfigDict(arbitrary_types_allowed=True)

    workspace: Workspace
    as_of: AwareDatetime
    signals: pl.DataFrame
    findings: tuple[Finding, ...]
    asides: tuple[Aside, ...] = ()
    """What rules could not judge for want of data, and what exceptions left out."""
    risks: tuple[Risk, ...]
    history: tuple[Event, ...]
    """All events, oldest first."""
    plans: dict[str, FailoverPlan]
    """Reference of what is lost (`site:MNL`) or disruption id → plan."""
    playbooks: tuple[RenderedPlaybook, ...]
    drills: tuple[Drill, ...]
    packs: dict[str, str] = {}
    """`<drill id>-facilitator` and `<drill id>-player` → Markdown of the pack."""
    tests: tuple[RuleTestResult, ...]
    backtest: Backtest | None = None
    """How often each rule would have fired on the readings that there are."""
    near: dict[str, str] = {}
    """Rule id → what is nearest to make it fire, in one sentence; only rules that did not fire in the backtest."""
    engine: str
    """Which engines decided, in words."""
    register_hash: str


__all__ = ["Content", "RuleTestResult", "Workspace"]
