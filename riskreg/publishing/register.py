"""The register: heat map, bands, all risks worst first."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from riskreg.model.risk import Risk, Score
from riskreg.model.settings import BANDS
from riskreg.publishing import asides, risks, views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.history import Change, changes, reaches, standing_at
from riskreg.publishing.home import WEEK
from riskreg.publishing.render import Page, page

_IN_CELL = 6


def pages(edition: Edition) -> Iterator[Page]:
    """`register/index` and a page for each risk, closed ones included."""
    history = changes(edition.content.history)
    yield page("register/index", "register.html", _register(edition, history), wide=True, kind="register")
    for risk in edition.content.risks:
        yield risks.risk_page(edition, risk, [line for line in history if line.risk == risk.id])


def _register(edition: Edition, history: tuple[Change, ...]) -> dict[str, Any]:
    standing, content = edition.standing, edition.content
    closed = [risk for risk in content.risks if risk.state == "closed"]
    unknown = [risk for risk in standing if risk.score is None]
    week_ago = content.as_of - WEEK
    before = standing_at(history, week_ago) if reaches(history, week_ago) else None
    summary = f"{words.count(len(standing), 'risk')} · {len(standing) - len(unknown)} scored, {len(unknown)} not known"
    return {
        "summary": summary + (f" · {len(closed)} closed" if closed else ""),
        "as_of": words.moment(content.as_of, edition.zone),
        "lead": _lead(edition),
        "not_judged": asides.told(edition),
        "impacts": edition.settings.scales.impact,
        "heat": [_line(edition, step) for step in range(5, 0, -1)],
        "bands": [*(_band(edition, band, before) for band in reversed(BANDS)), _band(edition, None, before)],
        "compared": before is not None,
        "rows": [_row(edition, risk, history) for risk in standing],
        "closed": [views.risk_row(edition, risk) for risk in closed],
    }


def _lead(edition: Edition) -> dict[str, str]:
    rest = "Likelihood is the chance within 12 months; impact is what customers and the client would lose."
    if not edition.standing:
        return {"bold": "No risks yet.", "rest": "Add the first, or load readings and let rules propose some."}
    critical = [risk for risk in edition.standing if risk.score and edition.band(risk.score) == "critical"]
    if not critical:
        return {"bold": "No risk is critical.", "rest": rest}
    places = sorted({edition.name(risk.scope) for risk in critical if ":" in risk.scope})
    where = f": {words.listed(places)}" if 0 < len(places) <= 3 else ""
    return {"bold": f"{words.capital(words.counted(len(critical), 'critical risk'))}{where}.", "rest": rest}


def _line(edition: Edition, likelihood: int) -> dict[str, Any]:
    """One row of the heat map, impact 1 first."""
    cells = []
    for impact in range(1, 6):
        here = [r for r in edition.standing if r.score and (r.score.likelihood, r.score.impact) == (likelihood, impact)]
        cells.append(
            {
                "number": likelihood * impact,
                "band": edition.settings.matrix.band(likelihood, impact),
                "risks": [views.risk_row(edition, risk) for risk in here[:_IN_CELL]],
                "more": max(0, len(here) - _IN_CELL),
            }
        )
    return {"step": likelihood, "name": edition.settings.scales.likelihood[likelihood - 1], "cells": cells}


def _band(edition: Edition, name: str | None, before: Mapping[str, Score | None] | None) -> dict[str, Any]:
    def within(score: Score | None) -> bool:
        return (edition.band(score) if score else None) == name

    return {
        "name": name,
        "now": sum(within(risk.score) for risk in edition.standing),
        "before": sum(map(within, before.values())) if before is not None else 0,
    }


def _row(edition: Edition, risk: Risk, history: tuple[Change, ...]) -> dict[str, Any]:
    overdue = (edition.content.as_of - risk.review_due).total_seconds()
    due = f"review overdue {words.age(overdue)}" if overdue > 0 else f"review {views.short_day(edition, risk.review_due)}"
    return views.risk_row(edition, risk) | {
        "change": last_move(edition, risk, history),
        "proposal": risk.indicated.number if risk.proposal and risk.indicated else 0,
        "state": words.spaced(risk.state),
        "overdue": overdue > 0,
        "review": due,
    }


def last_move(edition: Edition, risk: Risk, history: tuple[Change, ...]) -> str:
    """How the score last moved, and when: `↑ from 12, Wed 18 Nov`, `new, Mon 9 Nov`, `= since Mon 1 Jun`."""
    moves = [line for line in history if line.risk == risk.id and line.moved]
    if not moves:
        return f"= since {views.short_day(edition, risk.opened)}"
    last = moves[-1]
    on = views.short_day(edition, last.at)
    if last.before is None:
        return f"new, {on}"
    if last.after is None:
        return f"was {last.before.number}, until {on}"
    recent = edition.content.as_of - last.at <= 4 * WEEK
    arrow = "↑" if last.after.number > last.before.number else "↓"
    return f"{arrow} from {last.before.number}, {on}" if recent else f"= since {on}"
