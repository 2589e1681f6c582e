"""Losses of single things, in order of gravity, and how a table shows one."""

from __future__ import annotations

from typing import Any

from riskreg.model.plan import FailoverPlan
from riskreg.model.times import say_positions
from riskreg.publishing import outcomes, words
from riskreg.publishing.edition import Edition

_CHOICE = {
    "none-needed": "nothing needs to move",
    "same-vendor": "the same vendor covers it",
    "dual-source": "a second vendor covers it",
    "client-takeover": "the client takes work over",
    "both": "a second vendor and the client",
    "not-covered": "no cover found",
}


def gravest_first(edition: Edition) -> list[tuple[str, FailoverPlan]]:
    """Plans for single losses by reference of what is lost."""
    return sorted(edition.losses.items(), key=lambda item: (item[1].gravity, item[0]))


def loss_row(edition: Edition, ref: str, plan: FailoverPlan) -> dict[str, Any]:
    """One line of the table of losses: how many functions that lose people hold, what breaks first, what would cover it."""
    losing, hold = plan.lost, plan.count("met")
    worst = losing[0].outcome if losing else "untouched"
    amount = plan.count(worst)
    rest = {
        "met": "all in time",
        "untouched": "nothing is lost",
        "breach": f"{words.spelled(amount)} not covered",
        "late": f"{words.spelled(amount)} {words.plural(amount, 'is', 'are')} late",
        "not-known": f"{words.spelled(amount)} {words.plural(amount, 'rests', 'rest')} on untested options",
    }[worst]
    first = "nothing in this time"
    if worst in ("breach", "late", "not-known"):
        first = f"{edition.name(f'function:{losing[0].function}')}: {outcomes.first_gap(losing[0])}"
    lost = sum(verdict.lost for verdict in losing)
    return {
        "name": edition.name(ref),
        "page": edition.address(ref),
        "size": f"up to {say_positions(lost)} positions" if lost else "no positions",
        "sign": words.STATUS[worst],
        "word": {"not-known": "Not known", "untouched": "All"}.get(worst, f"{hold} of {len(losing)}"),
        "rest": rest if worst != "not-known" else f"{hold} of {len(losing)} proven",
        "first": first,
        "choice": _CHOICE[plan.decision.choice],
    }


def result(edition: Edition, plan: FailoverPlan) -> str:
    """What a plan comes to, in one or two sentences: how many functions that lose people hold, and what breaks first."""
    losing, hold = plan.lost, plan.count("met")
    if not losing:
        return "The failover plan for it: no function loses people"
    people = f"{words.count(len(losing), 'function')} that lose people"
    said = f"The failover plan for it: {hold} of {people} {words.plural(hold, 'holds', 'hold')}"
    worst = losing[0]
    if worst.outcome in ("breach", "late", "not-known"):
        said += f"; first to break is {edition.name(f'function:{worst.function}')}, {outcomes.first_gap(worst)}"
    return said
