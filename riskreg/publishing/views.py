"""Small values that several page families share: addresses of pages, rows of risks, the worst of several outcomes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.plan import GRAVEST_FIRST, Outcome
from riskreg.model.risk import Risk, Score
from riskreg.publishing import words
from riskreg.publishing.edition import Edition, slug
from riskreg.publishing.history import Change


def risk_page(ident: str) -> str:
    return f"register/{slug(ident)}"


def playbook_page(ident: str) -> str:
    return f"playbooks/{slug(ident)}"


def rule_page(ident: str) -> str:
    return f"rules/{slug(ident)}"


def worst(outcomes: Iterable[Outcome]) -> Outcome:
    """The gravest of several outcomes; `untouched` where there is none."""
    found = set(outcomes)
    return next((outcome for outcome in GRAVEST_FIRST if outcome in found), "untouched")


def scored(edition: Edition, score: Score | None) -> dict[str, Any] | None:
    """Band and number of a score, for a chip."""
    return {"band": edition.band(score), "number": score.number} if score else None


def risk_row(edition: Edition, risk: Risk) -> dict[str, Any]:
    """What every table of risks shows of one."""
    chip = scored(edition, risk.score) or {"band": None, "number": None}
    return {"id": risk.id, "title": risk.title, "page": risk_page(risk.id), "owner": edition.who(risk.owner), **chip}


def change(edition: Edition, line: Change) -> dict[str, Any]:
    """One line of history: who, what, from which score to which."""
    return {
        "day": short_day(edition, line.at),
        "moved": line.moved,
        "before": scored(edition, line.before),
        "after": scored(edition, line.after),
        "text": line.text,
        "reason": line.reason,
        "human": line.human,
        "by": f"{edition.who(line.actor) if line.actor in edition.roles else line.actor}, by hand"
        if line.human
        else "Computed, not edited",
    }


def news(edition: Edition, line: Change) -> dict[str, Any]:
    """The same line where it stands among those of other risks."""
    risk = edition.risks.get(line.risk)
    new = risk.findings[0].explain if risk and risk.findings and "risk.raised" in line.kinds else ""
    return (
        change(edition, line)
        | {"risk": line.risk, "title": risk.title if risk else "", "page": risk_page(line.risk)}
        | ({"text": new} if new else {})
    )


def short_day(edition: Edition, at: datetime) -> str:
    """The date without the year where it is the year of the edition."""
    return words.local_day(at, edition.zone, edition.content.as_of.year)


def kind_of(ref: str) -> str:
    """What kind of thing a reference names, in words."""
    kind = split_ref(ref)[0]
    return {"client": "the whole client"}.get(kind, kind)
