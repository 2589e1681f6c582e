"""A failover plan as a page tells it: its lines, its calls, who gives up people, and the one sentence that answers the page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from riskreg.model.network import Network, Site
from riskreg.model.orders import Order, duties, orders
from riskreg.model.plan import Choice, Decision, Donor, FailoverPlan
from riskreg.model.telling import after, back, ordered
from riskreg.model.times import SHIFT, TENTHS
from riskreg.model.words import count, positions
from riskreg.playbooks.line import Line, Taker, sentence

CHOICES: dict[Choice, str] = {
    "none-needed": "No decision is needed: the standing sites absorb it",
    "same-vendor": "Stay with the same vendor, at its other sites",
    "dual-source": "Send work to the second vendor",
    "client-takeover": "The client takes the work back to its own seats",
    "both": "Use the second vendor and the client's own seats",
    "not-covered": "No choice covers this loss",
}
_DAY = 86400
_HOUR = 3600


@dataclass(frozen=True)
class Change:
    """An order to one team at one moment, and its words."""

    order: Order
    taker: Taker
    text: str
    swap: bool = False
    """It moves standing work away so that its people can take lost work: nothing that waits for them may come before it."""


@dataclass(frozen=True)
class Shift:
    """What one place does differently from one moment on: one call."""

    starts: int
    moment: datetime
    """The same as a moment, for a loss at the hour for which the plan was made."""
    site: Site
    changes: tuple[Change, ...]
    total: int
    """Positions signed in there for this plan, after the call."""
    teams: bool
    """More than one team of the place takes work over: orders name the team."""

    @property
    def when(self) -> str:
        return after(self.starts)

    def place(self, change: Change) -> str:
        """Whom the order is for, by name: the place, or its team."""
        return change.taker.pool.name if self.teams else self.site.name

    @property
    def lines(self) -> tuple[str, ...]:
        """The orders team by team, each named once."""
        texts: dict[str, list[str]] = {}
        for change in self.changes:
            texts.setdefault(self.place(change), []).append(change.text)
        return tuple(f"{place}: {text}" if not row else text for place, found in texts.items() for row, text in enumerate(found))

    @property
    def done(self) -> str:
        if not self.total:
            return "they are back at their own work"
        return f"{positions(self.total)} {'is' if self.total == TENTHS else 'are'} signed in"


@dataclass(frozen=True)
class Giver:
    """Standing work that gives positions up, and for whom."""

    donor: Donor
    function: str
    site: str
    to: str

    @property
    def gives_way(self) -> bool:
        """It is below its own minimum when it gives: only a legal minimum can take people from such work."""
        return self.donor.keeps < self.donor.minimum


@dataclass(frozen=True)
class Cover:
    """The whole plan for a page. Lines stand in the order in which the work falls due, worst first where it falls due together."""

    plan: FailoverPlan
    lines: tuple[Line, ...]
    takers: tuple[Taker, ...]
    shifts: tuple[Shift, ...]
    """What each place does differently from when on, in the order of the clock: the list of calls."""
    givers: tuple[Giver, ...]
    places: tuple[Site, ...]

    @property
    def id(self) -> str:
        return self.plan.id

    @property
    def method(self) -> str:
        return sentence(self.plan.method)

    @property
    def decision(self) -> Decision:
        return self.plan.decision

    @property
    def why(self) -> str:
        return sentence(self.plan.decision.why)

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
    def spared(self) -> tuple[Line, ...]:
        """Functions that what is lost serves, of which nothing is missing while it lasts."""
        gives = {donor.function for donor in self.plan.donors}
        return tuple(line for line in self.lines if line.verdict.outcome == "untouched" and line.function.id not in gives)

    @property
    def uncovered(self) -> tuple[Line, ...]:
        return tuple(line for line in self.gaps if line.state == "not-covered")

    @property
    def standing_givers(self) -> tuple[Giver, ...]:
        return tuple(giver for giver in self.givers if not giver.gives_way)

    @property
    def giving_way(self) -> tuple[Giver, ...]:
        return tuple(giver for giver in self.givers if giver.gives_way)

    @property
    def waits(self) -> bool:
        """A clause that the plan calls opens only once its trigger has held for a while."""
        return any("not before" in clause for clause in self.plan.decision.clauses)

    @property
    def routing(self) -> tuple[str, ...]:
        """What the routing desk changes within the first hour, one line each; moves that others wait for are marked `first`."""
        due = [(shift, change) for shift in self.shifts if shift.starts <= _HOUR for change in shift.changes]
        due.sort(key=lambda row: (row[0].starts, not row[1].swap))
        return tuple(
            f"{'first: ' if change.swap and change.order.more > 0 else ''}{shift.when}, {shift.place(change)}: {change.text}"
            for shift, change in due
        )

    @property
    def first_call(self) -> Shift | None:
        """The first place to ring that is not itself lost."""
        lost = {loss.ref for loss in self.plan.disruption.losses}
        return next((shift for shift in self.shifts if f"site:{shift.site.id}" not in lost), None)

    @property
    def after_routing(self) -> str:
        """Where the routing desk finds what falls due after the first hour."""
        if not any(shift.starts > _HOUR for shift in self.shifts):
            return ""
        lead = "The rest" if self.routing else "Nothing moves within the first hour; what comes then"
        return f"{lead}: the table of calls below."

    @property
    def first_shift(self) -> tuple[Shift, ...]:
        return tuple(shift for shift in self.shifts if shift.starts <= SHIFT)

    @property
    def first_day(self) -> tuple[Shift, ...]:
        """The calls from the first shift to the end of the first day."""
        return tuple(shift for shift in self.shifts if SHIFT < shift.starts < _DAY)

    @property
    def later(self) -> tuple[tuple[Taker, datetime], ...]:
        """Takers whose largest amount comes after the first day, and when: what to prepare for, in the order of time."""
        onset = self.plan.disruption.onset
        found = ((taker, onset + timedelta(seconds=taker.duty.peak.at)) for taker in self.takers if taker.duty.peak.at >= _DAY)
        return tuple(sorted(found, key=lambda row: row[1]))

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
        """The one sentence that answers the page; `at best`, because the method gives an upper bound."""
        total = len(self.touched)
        if not total:
            return "No function that we know of loses work."
        tally = {
            state: sum(line.state == state for line in self.touched) for state in ("covered", "partly", "not-covered", "not-known")
        }
        if tally["covered"] == total:
            return (
                "At best, the one function that is touched reaches its minimum in time."
                if total == 1
                else (f"At best, all {total} functions that are touched reach their minimum in time.")
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
        lead = (
            f"At best, {tally['covered']} of {count(total, 'function')} {'reaches its' if tally['covered'] == 1 else 'reach their'}"
        )
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


def cover(plan: FailoverPlan, network: Network) -> Cover:
    """The plan as a page tells it. KeyError where the plan names a function or pool that the network does not have."""
    options = {option.id: option for option in plan.options}
    takers = tuple(
        sorted(
            (
                Taker(
                    duty,
                    network.function[duty.move.function],
                    network.pool[duty.move.pool],
                    network.site_of(duty.move.pool),
                    options.get(duty.move.option),
                )
                for duty in duties(plan)
            ),
            key=lambda taker: (taker.starts, taker.function.tier, taker.function.id, taker.pool.id, taker.move.option),
        )
    )
    lines = tuple(
        Line(
            function=network.function[verdict.function],
            verdict=verdict,
            takers=tuple(taker for taker in takers if taker.move.function == verdict.function),
            refusals=_refusals(plan, network, verdict.function),
            result=back(verdict, plan, network),
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
    shifts = _shifts(plan, takers, network)
    return Cover(
        plan, lines, takers, shifts, givers, tuple(site for site in sorted(network.sites, key=lambda s: s.id) if site.id in named)
    )


def _shifts(plan: FailoverPlan, takers: tuple[Taker, ...], network: Network) -> tuple[Shift, ...]:
    """The changes by moment and place; in one call changes over come first, then the most urgent work."""
    known = {(taker.move.function, taker.move.option): taker for taker in takers}
    loses = {verdict.function for verdict in plan.verdicts if verdict.lost}
    gives = {donor.function for donor in plan.donors} - loses
    calls: dict[tuple[int, str], list[Change]] = {}
    for order in orders(taker.duty for taker in takers):
        move = order.duty.move
        taker = known[move.function, move.option]
        calls.setdefault((order.at, taker.site.id), []).append(
            Change(order, taker, ordered(order, network), swap=move.function in gives)
        )
    found = []
    for at, ident in sorted(calls, key=lambda key: (key[0], min(c.taker.function.tier for c in calls[key]), key[1])):
        changes = sorted(
            calls[at, ident],
            key=lambda c: (c.order.more < 0, not c.swap, c.taker.function.tier, c.taker.function.id, c.taker.move.option),
        )
        there = [taker for taker in takers if taker.site.id == ident]
        total = sum(taker.duty.at(at) for taker in there)
        teams = len({taker.pool.id for taker in there}) > 1
        found.append(Shift(at, plan.disruption.onset + timedelta(seconds=at), changes[0].taker.site, tuple(changes), total, teams))
    return tuple(found)


def _refusals(plan: FailoverPlan, network: Network, function: str) -> tuple[str, ...]:
    """Why other teams cannot, the nearest miss first; what fell with the loss explains nothing."""
    found = set()
    for refusal in plan.refusals:
        if refusal.function == function and refusal.code != "fallen":
            name = network.name_of(f"pool:{refusal.pool}")
            found.add(refusal.reason if refusal.reason.startswith(name) else f"{name}: {refusal.reason}")
    return tuple(sorted(found, key=lambda reason: (reason.count(";"), reason)))
