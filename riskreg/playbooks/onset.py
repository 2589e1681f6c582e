"""The moment for which a plan was made, and what is true at that moment only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from riskreg.model.disruption import Loss
from riskreg.model.plan import FailoverPlan

_HOUR = 3600


@dataclass(frozen=True)
class Onset:
    """`lost` in tenths of a position; `cost` of the first hour in the workspace's currency; `again` asks for another hour."""

    at: datetime
    lost: int
    cost: float
    again: str


def onset_of(plan: FailoverPlan) -> Onset:
    """What a plan says of its first moment and its first hour."""
    at = plan.disruption.onset
    price = {option.id: option.price for option in plan.options}
    cost = 0.0
    for move in plan.moves:
        ends = [*(step.at for step in move.steps[1:]), _HOUR]
        for step, end in zip(move.steps, ends, strict=True):
            hours = max(0, min(end, _HOUR) - step.at) / _HOUR
            cost += step.positions / 10 * hours * price.get(move.option, 0.0)
    losses = " ".join(f"--lose {_written(loss)}" for loss in plan.disruption.losses)
    other = at + timedelta(hours=12)
    return Onset(
        at=at,
        lost=sum(verdict.lost_first for verdict in plan.verdicts),
        cost=round(cost, 2),
        again=f"riskreg plan {losses} --onset {other.isoformat(timespec='minutes')}",
    )


def _written(loss: Loss) -> str:
    """A loss as the command line reads it: `site:MNL`, `pool:ceb-voice=40%`, `site:CEB/people`."""
    kind = f"/{loss.kind}" if loss.kind else ""
    share = f"={loss.share * 100:g}%" if loss.share < 1 else ""
    return f"{loss.ref}{kind}{share}"
