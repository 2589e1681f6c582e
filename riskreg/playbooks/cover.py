"""A failover plan as a page tells it: one line per function, who takes it, what is missing and what to do about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from riskreg.model.disruption import Loss
from riskreg.model.network import Function, Network, Pool, Site
from riskreg.model.plan import (
    Choice,
    CoverPoint,
    Decision,
    Donor,
    FailoverPlan,
    Move,
    Option,
    OptionKind,
    Outcome,
    Relation,
    Verdict,
)
from riskreg.model.times import say_duration
from riskreg.model.words import count, elapsed, percent, positions

State = Literal["covered", "partly", "not-covered", "not-known"]

STATES: dict[Outcome, State] = {
    "met": "covered",
    "untouched": "covered",
    "late": "partly",
    "breach": "not-covered",
    "not-known": "not-known",
}
KINDS: dict[OptionKind, str] = {
    "home": "working from home",
    "idle": "free positions",
    "overtime": "overtime",
    "surge": "surge positions",
    "standby": "standby positions",
    "takeover": "client seats",
    "step-in": "step-in",
}
RELATIONS: dict[Relation, str] = {
    "same-site": "same site",
    "sister-site": "sister site",
    "second-vendor": "second vendor",
    "client": "the client itself",
    "step-in": "run by the client",
}
CHOICES: dict[Choice, str] = {
    "none-needed": "No decision is needed: the standing sites absorb it",
    "same-vendor": "Stay with the same vendor, at its other sites",
    "dual-source": "Send work to the second vendor",
    "client-takeover": "The client takes the work back to its own seats",
    "both": "Use the second vendor and the client's own seats",
    "not-covered": "No choice covers this loss",
}
_DAY = 86400
RELIEF = {
    "voice": "put the delay message on the line, offer a call-back, and keep the agents who are left for calls about safety, "
    "fraud and payment",
    "chat": "limit chat to customers who have signed in, and show the waiting time before they start",
    "email": "tell customers the new answer time in the automatic reply, and answer the oldest and the vulnerable first",
    "social": "pin one public notice, and answer in private only where somebody may come to harm",
    "back-office": "stop work that can wait, and do only what has a legal or payment date",
}
"""What to do where nobody can take the work: less demand, and the people who are left for what cannot wait."""


@dataclass(frozen=True)
class Taker:
    """One pool that takes work of one function over, through one option."""

    move: Move
    function: Function
    pool: Pool
    site: Site
    option: Option | None

    @property
    def how(self) -> str:
        return KINDS[self.move.kind]

    @property
    def relation(self) -> str:
        return RELATIONS[self.move.relation]

    @property
    def proven(self) -> bool:
        return self.move.grade in ("tested", "used") and not (self.option is not None and self.option.expired)

    @property
    def when(self) -> str:
        return f"after {elapsed(self.move.starts)}" if self.move.starts else "at once"

    @property
    def evidence(self) -> str:
        """How sure: `tested: 20 signed in on 14 Jun`, `asserted, never tested`, with a word where it has expired."""
        if self.option is not None and self.option.expired:
            return f"{self.move.grade}, but the evidence has expired"
        if self.proven:
            note = self.option.tested if self.option is not None and self.option.tested else ""
            return f"{self.move.grade}: {note}" if note else self.move.grade
        return f"{self.move.grade}, never tested"


@dataclass(frozen=True)
class Line:
    """One function that the loss touches, with its verdict in words."""

    function: Function
    verdict: Verdict
    takers: tuple[Taker, ...]
    refusals: tuple[str, ...]

    @property
    def state(self) -> State:
        return STATES[self.verdict.outcome]

    @property
    def word(self) -> str:
        return {"covered": "Covered", "partly": "Late", "not-covered": "Not covered", "not-known": "Not known"}[self.state]

    @property
    def needs(self) -> str:
        """`50 positions by 4 h`; where the minimum moves with the hour, `up to 50 positions, from 4 h on`."""
        point, due = self._busiest, say_duration(self.verdict.rto)
        if point is None:
            return f"its minimum by {due}"
        steady = len({step.minimum for step in self._due}) == 1
        return f"{positions(point.minimum)} by {due}" if steady else f"up to {positions(point.minimum)}, from {due} on"

    @property
    def result(self) -> str:
        """What is there when most is needed; for a shortage how many are missing, from when, until when."""
        if self.verdict.short and self.state != "covered":
            return f"short {positions(self.verdict.short)}{self._span}"
        point = self._busiest
        if point is None:
            return ""
        if self.state == "not-known":
            return f"{positions(point.proven)} proven of the {positions(point.minimum)} it needs"
        return f"{positions(point.served)}, the minimum is {positions(point.minimum)}"

    @property
    def cause(self) -> str:
        """Why it is not covered, as the proof says."""
        return _sentence(self.verdict.counterexample or (self.verdict.weakest if self.state == "not-known" else ""))

    @property
    def advice(self) -> str:
        return _sentence(self.verdict.binding.advice) if self.verdict.binding else ""

    @property
    def relief(self) -> str:
        return RELIEF[self.function.channel]

    @property
    def unproven(self) -> tuple[Taker, ...]:
        return tuple(taker for taker in self.takers if not taker.proven)

    @property
    def _span(self) -> str:
        start, end = self.verdict.short_from, self.verdict.short_until
        if start is None:
            return ""
        since = f" from {elapsed(start)}" if start else " from the start"
        return f"{since} to {elapsed(end)}" if end is not None else f"{since}, no end known"

    @property
    def _due(self) -> tuple[CoverPoint, ...]:
        """The steps of the cover that are in force at the recovery time or begin later."""
        cover = sorted(self.verdict.cover, key=lambda point: point.at)
        before = [point for point in cover if point.at <= self.verdict.rto]
        return (*before[-1:], *(point for point in cover if point.at > self.verdict.rto))

    @property
    def _busiest(self) -> CoverPoint | None:
        return max(self._due, key=lambda point: (point.minimum, -point.at), default=None)


@dataclass(frozen=True)
class Shift:
    """What one place takes over at one moment: one call."""

    starts: int
    site: Site
    takers: tuple[Taker, ...]

    @property
    def when(self) -> str:
        return self.takers[0].when

    @property
    def total(self) -> int:
        return sum(taker.move.positions for taker in self.takers)


@dataclass(frozen=True)
class Giver:
    """Standing work that gives positions up, and for whom."""

    donor: Donor
    function: str
    site: str
    to: str


@dataclass(frozen=True)
class Cover:
    """The whole plan for a page. Lines stand in the order in which the work falls due, worst first where it falls due together."""

    plan: FailoverPlan
    lines: tuple[Line, ...]
    takers: tuple[Taker, ...]
    givers: tuple[Giver, ...]
    places: tuple[Site, ...]

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def method(self) -> str:
        return _sentence(self.plan.method)

    @property
    def decision(self) -> Decision:
        return self.plan.decision

    @property
    def why(self) -> str:
        return _sentence(self.plan.decision.why)

    @property
    def fallen(self) -> tuple[str, ...]:
        """What goes down with the loss: functions have lines of their own, and what was lost itself is the page's title."""
        lost = {loss.ref for loss in self.plan.disruption.losses}
        return tuple(item.name for item in self.plan.fallen if item.ref not in lost and not item.ref.startswith("function:"))

    @property
    def touched(self) -> tuple[Line, ...]:
        """Functions that lose work, or stay below their minimum; those that only give positions are the donors' table."""
        return tuple(line for line in self.lines if line.verdict.lost or line.verdict.outcome not in ("met", "untouched"))

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """The takers by moment and place, in the order of the clock: the list of calls."""
        order = sorted({(taker.move.starts, taker.site.id) for taker in self.takers})
        grouped = [[t for t in self.takers if (t.move.starts, t.site.id) == key] for key in order]
        return tuple(Shift(group[0].move.starts, group[0].site, tuple(group)) for group in grouped)

    @property
    def first_day(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.starts < _DAY)

    @property
    def later(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.starts >= _DAY)

    @property
    def gaps(self) -> tuple[Line, ...]:
        """Everything that is not simply covered, worst first."""
        order = {"not-covered": 0, "partly": 1, "not-known": 2}
        found = (line for line in self.touched if line.state in order)
        return tuple(sorted(found, key=lambda line: (order[line.state], line.function.tier, -line.verdict.short, line.function.id)))

    @property
    def empty(self) -> bool:
        """Something is lost, and not one function has cover that holds."""
        return bool(self.touched) and not any(line.state == "covered" for line in self.touched)

    @property
    def unproven(self) -> tuple[Taker, ...]:
        return tuple(taker for taker in self.takers if not taker.proven)

    @property
    def headline(self) -> str:
        """The one sentence that answers the page."""
        total = len(self.touched)
        if not total:
            return "No function that we know of loses work."
        tally = {
            state: sum(line.state == state for line in self.touched) for state in ("covered", "partly", "not-covered", "not-known")
        }
        if tally["covered"] == total:
            return (
                "The one function that is touched reaches its minimum in time."
                if total == 1
                else (f"All {total} functions that are touched reach their minimum in time.")
            )
        tail = [
            f"{tally[state]} {words[tally[state] != 1]}"
            for state, words in (
                ("partly", ("comes late", "come late")),
                ("not-covered", ("is not covered", "are not covered")),
                ("not-known", ("is not known, because options are untested", "are not known, because options are untested")),
            )
            if tally[state]
        ]
        lead = f"{tally['covered']} of {count(total, 'function')} {'reaches its' if tally['covered'] == 1 else 'reach their'}"
        return f"{lead} minimum in time; {', '.join(tail)}."

    @property
    def lost(self) -> int:
        """Most positions lost at once, tenths, added over functions: an upper bound, as their peaks need not fall together."""
        return sum(line.verdict.lost for line in self.touched)

    @property
    def cost_per_day(self) -> float | None:
        """What the chosen plan costs a day, where the plan says so."""
        choice = self.plan.decision.choice
        return next((item.cost_per_day for item in self.plan.decision.alternatives if item.choice == choice), None)

    @property
    def choice(self) -> str:
        return CHOICES[self.plan.decision.choice]

    @property
    def alternatives(self) -> tuple[tuple[str, int, int, int, int, float], ...]:
        """Per alternative: its name, how many functions are covered, late, not covered, not known, and the cost of a day."""
        return tuple(
            (CHOICES[a.choice], a.met, a.late, a.breach, a.not_known, a.cost_per_day) for a in self.plan.decision.alternatives
        )

    @property
    def losses(self) -> tuple[str, ...]:
        return tuple(_loss(loss) for loss in self.plan.disruption.losses)


def _refusals(plan: FailoverPlan, network: Network, function: str) -> tuple[str, ...]:
    """Why other teams cannot, the nearest miss first; what fell with the loss explains nothing."""
    found = set()
    for refusal in plan.refusals:
        if refusal.function == function and refusal.code != "fallen":
            name = network.name_of(f"pool:{refusal.pool}")
            found.add(refusal.reason if refusal.reason.startswith(name) else f"{name}: {refusal.reason}")
    return tuple(sorted(found, key=lambda reason: (reason.count(";"), reason)))


def _sentence(text: str) -> str:
    text = text.strip()
    text = text[:1].upper() + text[1:]
    return text if not text or text[-1] in ".!?" else f"{text}."


def _loss(loss: Loss) -> str:
    part = "" if loss.share == 1 else f", {percent(loss.share)} of it"
    length = f", for {say_duration(loss.length)}" if loss.length else ""
    return f"{loss.ref} ({loss.what}{part}{length})"


def cover(plan: FailoverPlan, network: Network) -> Cover:
    """The plan as a page tells it. KeyError where the plan names a function or pool that the network does not have."""
    options = {option.id: option for option in plan.options}
    takers = tuple(
        Taker(move, network.function[move.function], network.pool[move.pool], network.site_of(move.pool), options.get(move.option))
        for move in sorted(plan.moves, key=lambda m: (m.starts, m.function, m.pool, m.option))
    )
    lines = tuple(
        Line(
            function=network.function[verdict.function],
            verdict=verdict,
            takers=tuple(taker for taker in takers if taker.move.function == verdict.function),
            refusals=_refusals(plan, network, verdict.function),
        )
        for verdict in sorted(plan.verdicts, key=lambda v: (v.rto, network.function[v.function].tier, v.function))
    )
    givers = tuple(
        Giver(
            donor,
            network.name_of(f"function:{donor.function}"),
            network.site_of(donor.pool).name,
            ", ".join(network.name_of(f"function:{ident}") for ident in donor.to),
        )
        for donor in sorted(plan.donors, key=lambda d: (-d.gives, d.function, d.pool))
    )
    lost = {loss.ref.partition(":")[2] for loss in plan.disruption.losses if loss.ref.startswith("site:")}
    named = lost | {taker.site.id for taker in takers}
    return Cover(plan, lines, takers, givers, tuple(site for site in sorted(network.sites, key=lambda s: s.id) if site.id in named))
