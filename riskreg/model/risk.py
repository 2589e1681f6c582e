"""Risks: entries of the register, and the journal's events that they add up from."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import AwareDatetime

from riskreg.model.base import Frozen, Level
from riskreg.model.finding import Finding
from riskreg.model.rule import Category

State = Literal[
    "draft", "identified", "assessed", "treatment-planned", "in-treatment", "mitigated", "accepted", "closed", "reopened"
]
Treatment = Literal["mitigate", "accept", "avoid", "transfer", "watch"]

EventKind = Literal[
    "risk.raised", "risk.added", "risk.assessed", "risk.closed", "risk.reopened", "risk.noted", "finding.opened",
    "finding.closed", "indicated.changed",
]  # fmt: skip


class Score(Frozen):
    """Likelihood and impact, 1 to 5 each. The number orders; the band comes from the workspace's matrix."""

    likelihood: Level
    impact: Level

    @property
    def number(self) -> int:
        return self.likelihood * self.impact


class Assessment(Frozen):
    """A score that a person stands for, with the reason."""

    score: Score
    by: str
    at: AwareDatetime
    reason: str
    indicated: Score | None = None
    """What the findings indicated at that moment: the person has answered this much."""


class Event(Frozen):
    """One entry of the journal: append-only, each carries the hash of the one before."""

    seq: int
    at: AwareDatetime
    actor: str
    kind: EventKind
    risk: str | None = None
    body: dict[str, Any]
    previous: str
    hash: str


class Risk(Frozen):
    """One entry of the register, as the journal adds up. `version` counts its events: an edit names the version it was based on."""

    id: str
    category: Category
    scope: str
    title: str
    owner: str
    state: State
    treatment: Treatment | None = None
    indicated: Score | None = None
    assessed: Assessment | None = None
    proposal: bool = False
    """A later, materially different finding proposes another score than the owner's."""
    findings: tuple[Finding, ...] = ()
    """Those that are open, worst first."""
    note: str = ""
    opened: AwareDatetime
    changed: AwareDatetime
    review_due: AwareDatetime
    version: int

    @property
    def score(self) -> Score | None:
        """The score that stands: the owner's where there is one, otherwise the indicated."""
        return self.assessed.score if self.assessed else self.indicated


class Changes(Frozen):
    """What one run did to the register."""

    raised: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    eased: tuple[str, ...] = ()
    """Risks of which a finding no longer holds."""
    unchanged: int = 0
    head: str = ""
    """Hash of the last event."""
