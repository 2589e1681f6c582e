"""What a plan does about a loss, on the page of what is lost: who takes work over, who gives people up, and the decision."""

from __future__ import annotations

from typing import Any

from riskreg.model.plan import Donor, FailoverPlan, Move
from riskreg.model.telling import KINDS
from riskreg.model.times import say_positions
from riskreg.publishing import outcomes, words
from riskreg.publishing.edition import Edition

_MOST_TAKERS = 4


def moves(edition: Edition, plan: FailoverPlan) -> list[dict[str, Any]]:
    """One row a function: its takers in the order in which they come, the first few by name."""
    rows: list[dict[str, Any]] = []
    for verdict in outcomes.by_notice(plan.verdicts):
        mine = [move for move in plan.moves if move.function == verdict.function]
        if not mine:
            continue
        mine.sort(key=lambda move: (move.starts, -move.positions, move.pool, move.option))
        untested = sum(move.grade not in ("tested", "used") for move in mine)
        rows.append(
            {
                "function": edition.name(f"function:{verdict.function}"),
                "page": edition.address(f"function:{verdict.function}"),
                "takers": [_taker(edition, move) for move in mine[:_MOST_TAKERS]],
                "more": max(0, len(mine) - _MOST_TAKERS),
                "sign": "not-known" if untested else "covered",
                "known": f"{untested} of {len(mine)} never tested" if untested else "All tested or used",
            }
        )
    return rows


def _taker(edition: Edition, move: Move) -> dict[str, Any]:
    return {
        "pool": edition.name(f"pool:{move.pool}"),
        "page": edition.address(f"pool:{move.pool}"),
        "how": f"{outcomes.taken(move)} ({KINDS[move.kind]}, {words.spaced(move.relation)})",
    }


def donors(edition: Edition, plan: FailoverPlan) -> list[str]:
    """What work gives up people for this, in sentences: standing work first, then lost work that gives way to a legal minimum."""
    giving = sorted((donor for donor in plan.donors if donor.gives), key=lambda d: (d.keeps < d.minimum, d.function, d.pool))
    return [_donor(edition, donor) for donor in giving]


def _donor(edition: Edition, donor: Donor) -> str:
    function, people = words.named([edition.name(f"function:{donor.function}")]), words.positions(donor.gives)
    to = words.named([edition.name(f"function:{ident}") for ident in donor.to]) or "the work that was lost"
    at = edition.name(f"pool:{donor.pool}")
    if donor.keeps >= donor.minimum:
        return (
            f"{function} gives {people} at {at} to {to}; "
            f"it keeps {say_positions(donor.keeps)}, and its minimum is {say_positions(donor.minimum)}."
        )
    law = any(edition.network.function[ident].legal_minimum for ident in donor.to if ident in edition.network.function)
    return f"{function} is already short at {at}; it gives {people} to {to}, which {'the law' if law else 'the plan'} puts first."


def decision(edition: Edition, plan: FailoverPlan) -> dict[str, Any]:
    """The choice, who makes it, and what the alternatives would give."""
    currency = edition.settings.currency
    return {
        "why": plan.decision.why,
        "clauses": words.listed(plan.decision.clauses),
        "authority": words.listed([edition.who(role) for role in plan.decision.authority]),
        "rows": [
            {
                "choice": words.capital(words.spaced(item.choice)),
                "chosen": item.choice == plan.decision.choice,
                "met": item.met, "late": item.late, "breach": item.breach, "not_known": item.not_known,
                "cost": f"{words.money(item.cost_per_day, currency)} a day",
            }
            for item in plan.decision.alternatives
        ],
    }  # fmt: skip
