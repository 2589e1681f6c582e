"""Decisions that wait for a person, the most pressing kind first."""

from __future__ import annotations

import re
from collections.abc import Iterator

from riskreg.model.plan import Verdict
from riskreg.model.risk import Risk
from riskreg.publishing import views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.losses import gravest_first


def waiting(edition: Edition) -> Iterator[dict[str, str]]:
    """What waits for a person: scores to answer, decisions that a computed failover needs, options to test."""
    for risk in edition.standing:
        if risk.proposal and risk.indicated and risk.assessed:
            yield {
                "question": f"Is {risk.id} still {risk.assessed.score.number}?",
                "text": f"{risk.title}: the rules indicate {risk.indicated.number}, "
                f"{edition.band(risk.indicated)}; the owner said {risk.assessed.score.number}.",
                "who": f"Decision: {edition.who(risk.owner)}, {_due(edition, risk)}.",
                "page": views.risk_page(risk.id),
                "link": risk.id,
            }
    for ref, plan in gravest_first(edition):
        name = edition.name(ref)
        if plan.decision.authority and plan.decision.choice not in ("none-needed", "same-vendor"):
            clauses = f" It calls on {words.count(len(plan.decision.clauses), 'clause')}." if plan.decision.clauses else ""
            why = re.split(r"[.;] ", plan.decision.why, maxsplit=1)[0].rstrip(".")
            yield {
                "question": f"Agree now what happens if {name} is lost?",
                "text": f"{words.capital(why)}.{clauses}",
                "who": f"Decision: {words.listed([edition.who(role) for role in plan.decision.authority])}.",
                "page": str(edition.address(ref)),
                "link": f"If {name} fails",
            }
    yield from _tests(edition)


def _due(edition: Edition, risk: Risk) -> str:
    late = (edition.content.as_of - risk.review_due).total_seconds()
    return f"overdue {words.age(late)}" if late > 0 else f"by {views.short_day(edition, risk.review_due)}"


def _tests(edition: Edition) -> Iterator[dict[str, str]]:
    """Verdicts that rest on an option nobody has tested: one line for each option, with what its test would settle."""
    rests: dict[str, list[tuple[str, Verdict]]] = {}
    for ref, plan in edition.losses.items():
        for verdict in plan.lost:
            if verdict.outcome == "not-known" and verdict.weakest:
                rests.setdefault(verdict.weakest, []).append((ref, verdict))
    for weakest, cases in sorted(rests.items(), key=lambda item: (-len(item[1]), item[0])):
        functions = sorted({edition.name(f"function:{verdict.function}") for _, verdict in cases})
        ref = cases[0][0]
        shown = functions if len(functions) <= 2 else [*functions[:2], f"{len(functions) - 2} more"]
        yield {
            "question": "Test an option that plans rest on?",
            "text": f"{words.capital(weakest.rstrip('.'))}. A test would settle {words.named(shown)}.",
            "who": f"Decision: {edition.who('continuity-manager')}.",
            "page": str(edition.address(ref)),
            "link": f"If {edition.name(ref)} fails",
        }
