"""Orders: what a plan asks of each pool, moment by moment, in whole people.

A plan counts in tenths of a position, and nobody can send a tenth of a person. Amounts here are tenths too, but whole positions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from riskreg.model.plan import FailoverPlan, Move, Step, amount_at
from riskreg.model.times import TENTHS


@dataclass(frozen=True)
class Duty:
    """A move in whole positions over time."""

    move: Move
    steps: tuple[Step, ...]

    def at(self, time: int) -> int:
        """Whole positions at a moment, seconds after the loss."""
        return amount_at(self.steps, time)

    @property
    def peak(self) -> Step:
        """The most that it asks for, and when that begins."""
        return max(self.steps, key=lambda step: (step.positions, -step.at))


@dataclass(frozen=True)
class Order:
    """A change of one duty at one moment: `more` positions come to it (fewer than 0: are released), `now` is what it then has.

    Where they change over from other work that was moved, `source` is the duty that they leave.
    """

    at: int
    duty: Duty
    more: int
    now: int
    source: Duty | None = None


def whole(amount: int) -> int:
    """Rounded up to whole positions."""
    return -(-amount // TENTHS) * TENTHS


def duties(plan: FailoverPlan) -> tuple[Duty, ...]:
    """The moves of a plan in whole positions, sorted by option, then by how soon the work is due.

    What the same people do is rounded up as one, so that orders never add up to more people than that needs: the most urgent
    work is rounded up first, and what is left of its last person goes to the next.
    """
    due = {verdict.function: verdict.rto for verdict in plan.verdicts}
    people: dict[str, list[Move]] = {}
    for move in sorted(plan.moves, key=lambda m: (m.option, due.get(m.function, plan.horizon), m.function)):
        people.setdefault(_people(move), []).append(move)
    return tuple(duty for moves in people.values() for duty in _rounded(moves))


def _people(move: Move) -> str:
    """Whose people do it: an option's own, or, whichever contract calls on them, those who are at the pool anyway."""
    return f"at:{move.pool}" if move.kind in ("idle", "takeover") else move.option


def _rounded(moves: Sequence[Move]) -> list[Duty]:
    times = sorted({step.at for move in moves for step in move.steps})
    steps: list[list[Step]] = [[] for _ in moves]
    for time in times:
        exact = given = 0
        for row, move in zip(steps, moves, strict=True):
            exact += move.at(time)
            amount = whole(exact) - given
            given += amount
            if amount != (row[-1].positions if row else 0):
                row.append(Step(at=time, positions=amount))
    return [Duty(move, tuple(row)) for move, row in zip(moves, steps, strict=True) if row]


def orders(found: Iterable[Duty]) -> tuple[Order, ...]:
    """Every change in the order of time; people who go from one work to another are one order."""
    people: dict[str, list[Duty]] = {}
    for duty in found:
        people.setdefault(_people(duty.move), []).append(duty)
    out = []
    for ident in sorted(people):
        for time in sorted({step.at for duty in people[ident] for step in duty.steps}):
            out += _changes(people[ident], time)
    return tuple(sorted(out, key=lambda order: order.at))


def _changes(same: Sequence[Duty], time: int) -> list[Order]:
    """What changes for the same people at one moment: changes over first, then those who come, then those who are released."""
    differ = [(duty, duty.at(time) - duty.at(time - 1)) for duty in same]
    free = {number: -more for number, (_, more) in enumerate(differ) if more < 0}
    moved, come = [], []
    for duty, more in differ:
        now, goal = duty.at(time - 1), duty.at(time)
        for number, spare in free.items():
            part = min(goal - now, spare) if more > 0 else 0
            if part:
                now += part
                free[number] -= part
                moved.append(Order(time, duty, part, now, same[number]))
        if now < goal:
            come.append(Order(time, duty, goal - now, goal))
    released = [Order(time, same[number], -left, same[number].at(time)) for number, left in free.items() if left]
    return [*moved, *come, *released]
