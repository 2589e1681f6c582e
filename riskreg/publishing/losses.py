"""Losses of single things, in order of gravity, and how a table shows one."""

from __future__ import annotations

from typing import Any

from riskreg.model.plan import FailoverPlan
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import views, words
from riskreg.publishing.edition import Edition

_CHOICE = {
    "none-needed": "nothing needs to move",
    "same-vendor": "the same vendor covers it",
    "dual-source": "a second vendor covers it",
    "client-takeover": "the client takes work over",
    "both": "a second vendor and the client",
    "not-covered": "no cover found",
}


def severity(plan: FailoverPlan | None) -> tuple[int, int, int, int]:
    """Orders plans, the gravest first: breaches, lateness, doubts, positions lost; what nobody computed comes last."""
    if plan is None:
        return (1, 0, 0, 0)
    return (-plan.count("breach"), -plan.count("late"), -plan.count("not-known"), -sum(v.lost for v in plan.verdicts))


def gravest_first(edition: Edition) -> list[tuple[str, FailoverPlan]]:
    """Plans for single losses by reference of what is lost."""
    return sorted(edition.losses.items(), key=lambda item: (*severity(item[1]), item[0]))


def loss_row(edition: Edition, ref: str, plan: FailoverPlan) -> dict[str, Any]:
    """One line of the table of losses: how many touched functions hold, what breaks first, how it would be covered."""
    touched = [verdict for verdict in plan.verdicts if verdict.outcome != "untouched"]
    hold = sum(verdict.outcome == "met" for verdict in touched)
    worst = views.worst(verdict.outcome for verdict in touched)
    amount = plan.count(worst)
    rest = {
        "met": "all in time",
        "untouched": "nothing is lost",
        "breach": f"{words.spelled(amount)} not covered",
        "late": f"{words.spelled(amount)} {words.plural(amount, 'is', 'are')} late",
        "not-known": f"{words.spelled(amount)} {words.plural(amount, 'rests', 'rest')} on untested options",
    }[worst]
    failing = sorted(
        (verdict for verdict in touched if verdict.outcome == worst), key=lambda verdict: (verdict.rto, verdict.function)
    )
    first = "nothing in this time"
    if worst in ("breach", "late", "not-known") and failing:
        case = failing[0]
        gap = f"short {say_positions(case.short)}" if case.short else "not proven"
        first = f"{edition.name(f'function:{case.function}')}: {gap} at {say_duration(case.rto)}"
    lost = max((sum(v.lost for v in touched), 0))
    return {
        "name": edition.name(ref),
        "page": edition.address(ref),
        "size": f"up to {say_positions(lost)} positions" if lost else "no positions",
        "sign": words.STATUS[worst],
        "word": {"not-known": "Not known", "untouched": "All"}.get(worst, f"{hold} of {len(touched)}"),
        "rest": rest if worst != "not-known" else f"{hold} of {len(touched)} proven",
        "first": first,
        "choice": _CHOICE[plan.decision.choice],
    }
