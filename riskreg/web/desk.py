"""The desk: what the application may do with one workspace, in plain calls that know nothing of HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from riskreg.model.content import Workspace
from riskreg.model.risk import Risk, Score
from riskreg.pipeline import open_register, open_workspace
from riskreg.publishing import words
from riskreg.web.form import AssessmentForm
from riskreg.workspace import write_lock

WAIT = 10.0
"""Seconds that a save waits for a run that is writing."""


class Desk:
    """One workspace, open for reading and for assessments."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.workspace: Workspace = open_workspace(root, readings=False)[0]
        self.register = open_register(root, self.workspace)

    @property
    def people(self) -> dict[str, str]:
        """Everybody of the client who may act, by name, with what they are: their own role before one they only stand in for."""
        today = now().date()
        held = [role.acting(today) for role in sorted(self.workspace.roles, key=lambda role: role.id)]
        own = {role.holder: role.title.lower() for role in reversed(held) if role.holder}
        standing_in = {role.deputy: f"deputy {role.title.lower()}" for role in reversed(held) if role.deputy}
        return dict(sorted((standing_in | own).items()))

    def rows(self) -> list[dict[str, Any]]:
        """Every open risk as a row of the list, worst first."""
        return [self.view(risk) for risk in self.register.risks(include_closed=False)]

    def view(self, risk: Risk) -> dict[str, Any]:
        """What a page shows of one risk."""
        role = next((role for role in self.workspace.roles if role.id == risk.owner), None)
        return {
            "risk": risk,
            "score": self.score(risk.score),
            "indicated": self.score(risk.indicated),
            "owner": role.acting(now().date()).holder if role else risk.owner,
            "owner_title": role.title if role else "",
            "review": words.local_day(risk.review_due, self.workspace.settings.time_zone),
            "answered": risk.assessed is not None and not risk.proposal,
        }

    def score(self, score: Score | None) -> dict[str, Any] | None:
        """A score with its number and its band."""
        if score is None:
            return None
        band = self.workspace.settings.matrix.band(score.likelihood, score.impact)
        return {"likelihood": score.likelihood, "impact": score.impact, "number": score.number, "band": band}

    def save(self, ident: str, form: AssessmentForm) -> Risk:
        """One assessment into the journal. Conflict where somebody was quicker; FaultError where it cannot be written."""
        with write_lock(self.root, wait=WAIT):
            return self.register.assess(
                ident, score=form.score, reason=form.reason, actor=form.actor, at=now(), based_on=form.version
            )

    def said(self, at: datetime) -> str:
        """A moment in the workspace's own time."""
        return words.moment(at, self.workspace.settings.time_zone)


def now() -> datetime:
    """The clock, at this edge."""
    return datetime.now(UTC).replace(microsecond=0)
