"""The failover plan and its proof: who takes which work over, from when, at what cost, who gives, and what stays unserved and why.

Amounts are tenths of a position, times are seconds after the loss, money is in the workspace's currency.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, Self

from pydantic import AwareDatetime, model_validator

from riskreg.model.base import Frozen
from riskreg.model.disruption import Disruption
from riskreg.model.network import Firmness, Grade

OptionKind = Literal["home", "idle", "overtime", "surge", "standby", "takeover", "step-in"]
Relation = Literal["same-site", "sister-site", "second-vendor", "client", "step-in"]
Outcome = Literal["met", "late", "breach", "not-known", "untouched"]
GRAVEST_FIRST: tuple[Outcome, ...] = ("breach", "late", "not-known", "met", "untouched")
Choice = Literal["none-needed", "same-vendor", "dual-source", "client-takeover", "both", "not-covered"]


class Step(Frozen):
    """From `at` on, `positions`; 0 where they are released."""

    at: int
    positions: int


def amount_at(steps: Sequence[Step], time: int) -> int:
    """The value of a step function at a moment; 0 before its first step."""
    return next((step.positions for step in reversed(steps) if step.at <= time), 0)


class Option(Frozen):
    """One way to bring positions to bear: `positions` is its largest size through the horizon."""

    id: str
    kind: OptionKind
    pool: str
    relation: Relation
    opens: int
    closes: int | None = None
    positions: int
    firmness: Firmness
    grade: Grade
    tested: str | None = None
    expired: bool = False
    price: float = 0.0
    clause: str = ""
    beyond: int = 0
    """Tenths of a position that its evidence has shown and that are an option of their own; this one is what comes on top."""
    free: tuple[Step, ...] = ()
    """What the plan leaves unused of it, standing work at its minimum; 0 before the first step. Options may share seats."""

    def free_at(self, time: int) -> int:
        """What is left of it at a moment (seconds after the loss), in tenths of a position."""
        return amount_at(self.free, time)


class Eligible(Frozen):
    """An option that is open to a function: nothing about people, data or contract forbids it, whether the plan uses it or not.

    `opens` and `grade` count the switch of routing that the function needs there.
    """

    function: str
    option: str
    opens: int
    grade: Grade


class Refusal(Frozen):
    """Why an option is not available to a function; kept, because 'why not Bogotá?' is asked in every crisis."""

    function: str
    pool: str
    option: str
    code: Literal[
        "fallen", "language", "channel", "skill", "certificate", "residency", "contract", "exclusive", "not-firm",
        "no-routing", "no-capacity", "contract-ended",
    ]  # fmt: skip
    reason: str


class Move(Frozen):
    """Work of one function taken over by one pool through one option, as a step function over the horizon.

    `positions` is the most it serves at once, at whatever hour that is: an order is given with the amount `at` its moment.
    """

    function: str
    pool: str
    option: str
    kind: OptionKind
    relation: Relation
    positions: int
    starts: int
    ends: int | None = None
    grade: Grade
    cost: float = 0.0
    steps: tuple[Step, ...] = ()
    """In the order of time, each unlike the one before; without any given, `positions` from `starts` to `ends`."""

    @model_validator(mode="before")
    @classmethod
    def _steady(cls, data: Any) -> Any:
        if not isinstance(data, dict) or data.get("steps"):
            return data
        ends = data.get("ends")
        steps = [{"at": data.get("starts"), "positions": data.get("positions")}]
        return {**data, "steps": [*steps, *([] if ends is None else [{"at": ends, "positions": 0}])]}

    @model_validator(mode="after")
    def _agrees(self) -> Self:
        times = [step.at for step in self.steps]
        if times != sorted(set(times)) or times[0] != self.starts or max(s.positions for s in self.steps) != self.positions:
            raise ValueError("steps follow each other in time, begin at `starts`, and their largest is `positions`")
        return self

    def at(self, time: int) -> int:
        """What it serves at a moment (seconds after the loss), in tenths of a position."""
        return amount_at(self.steps, time)


class Donor(Frozen):
    """Standing work that gives up positions: never below its own minimum. `gives` is the most it gives at once."""

    function: str
    pool: str
    gives: int
    keeps: int
    minimum: int
    to: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    """What it gives over the horizon, in the order of time."""

    def at(self, time: int) -> int:
        """What it gives at a moment (seconds after the loss), in tenths of a position."""
        return amount_at(self.steps, time)


class CoverPoint(Frozen):
    """One step of the cover of a function: from `at` on, `served` of `demand`, of which `minimum` must be."""

    at: int
    demand: int
    minimum: int
    served: int
    proven: int
    """Served through options that were tested or used, evidence not expired."""


class Binding(Frozen):
    """What binds where work stays unserved: a pool, a certificate, a clause, seats; and what more of it would serve."""

    what: str
    ref: str
    missing: int
    advice: str


class Verdict(Frozen):
    """One function against RTO, MBCO and MTPD. `minimum_at` is when the MBCO is back and stays back (None: not in the horizon)."""

    function: str
    outcome: Outcome
    minimum_at: int | None
    full_at: int | None
    rto: int
    mtpd: int
    lost: int
    """Most positions lost at once."""
    lost_first: int = 0
    """Positions lost at the onset itself: 0 where nobody is due at that hour."""
    short: int
    """Largest shortage against the minimum, from the RTO on."""
    short_from: int | None = None
    short_until: int | None = None
    short_first: int = 0
    """What is missing at `short_from`; the largest shortage is `short`, at `short_worst`."""
    short_worst: int | None = None
    counterexample: str = ""
    binding: Binding | None = None
    weakest: str = ""
    """The weakest input that the verdict rests on, in words."""
    cover: tuple[CoverPoint, ...] = ()

    @property
    def gravity(self) -> tuple[int, int, int, str]:
        """Orders verdicts, what breaks first before the rest: by outcome, then by who must be back first, then by the shortage."""
        return GRAVEST_FIRST.index(self.outcome), self.rto, -self.short, self.function

    @property
    def thinnest(self) -> CoverPoint | None:
        """Where proof leaves least above a minimum, from the RTO on, the first such moment; None where no minimum is due.

        Moments at which all of the demand is served count only where there are no others: a quiet night is not a thin one. Its
        `at` is never before the RTO, even where that step of the cover began earlier.
        """
        due = [point for point in self.cover if point.at > self.rto]
        before = max((point for point in self.cover if point.at <= self.rto), key=lambda point: point.at, default=None)
        if before is not None:
            due.append(before.model_copy(update={"at": self.rto}))
        return min(
            (point for point in due if point.minimum),
            key=lambda point: (point.proven >= point.demand, point.proven - point.minimum, point.at),
            default=None,
        )

    @property
    def no_margin(self) -> bool:
        """True where it is met, but only just: the minimum is back exactly at the RTO, or at some moment proof just reaches it."""
        thin = self.thinnest
        just = self.minimum_at == self.rto or (thin is not None and thin.proven <= thin.minimum and thin.proven < thin.demand)
        return self.outcome == "met" and just


class Fallen(Frozen):
    """One thing that the cascade takes down: at once (`at` 0), until `until` (None: no end known), and because of what."""

    ref: str
    name: str
    because: tuple[str, ...]
    until: int | None = None
    share: float = 1.0


class Alternative(Frozen):
    """The plan under a restriction, for comparison: how many functions meet, and what a day costs."""

    choice: Choice
    met: int
    late: int
    breach: int
    not_known: int
    positions: int
    cost_per_day: float


class Decision(Frozen):
    """Dual-sourcing, client takeover, both or neither, with what each alternative would give."""

    choice: Choice
    why: str
    alternatives: tuple[Alternative, ...] = ()
    clauses: tuple[str, ...] = ()
    authority: tuple[str, ...] = ()


class FailoverPlan(Frozen):
    """The plan and its proof are one thing. `method` says how the numbers were found and what they may be used for."""

    id: str
    title: str
    disruption: Disruption
    as_of: AwareDatetime
    network_hash: str
    method: str
    horizon: int
    fallen: tuple[Fallen, ...]
    options: tuple[Option, ...]
    refusals: tuple[Refusal, ...]
    moves: tuple[Move, ...]
    donors: tuple[Donor, ...]
    verdicts: tuple[Verdict, ...]
    """Of every function that is touched: loses work, or gives positions."""
    decision: Decision
    eligible: tuple[Eligible, ...] = ()
    """Of lost work; what is not in here must not be named as an alternate."""

    @property
    def lost(self) -> tuple[Verdict, ...]:
        """The functions that lose people, what breaks first before the rest. All counts of a loss count these."""
        return tuple(sorted((verdict for verdict in self.verdicts if verdict.lost), key=lambda verdict: verdict.gravity))

    @property
    def giving(self) -> tuple[Verdict, ...]:
        """The functions that lose nobody and give people up."""
        return tuple(verdict for verdict in self.verdicts if not verdict.lost and verdict.outcome != "untouched")

    def count(self, outcome: Outcome) -> int:
        """How many functions that lose people have this outcome."""
        return sum(verdict.outcome == outcome for verdict in self.lost)

    @property
    def gravity(self) -> tuple[int, int, int, int]:
        """Orders plans, the gravest first: not covered, late, not known, positions lost."""
        lost = sum(verdict.lost for verdict in self.lost)
        return -self.count("breach"), -self.count("late"), -self.count("not-known"), -lost

    @property
    def holds(self) -> bool:
        """True where every touched function meets its minimum in time, on tested options."""
        return all(verdict.outcome in ("met", "untouched") for verdict in self.verdicts)
