"""What a drill reads out of a plan: who takes what when, what stays weak, and who the people are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from zoneinfo import ZoneInfo

from riskreg.model import words
from riskreg.model.disruption import LossKind
from riskreg.model.network import Network, Site
from riskreg.model.orders import duties
from riskreg.model.plan import Choice, CoverPoint, FailoverPlan, Move, Option, Step, Verdict, amount_at
from riskreg.model.role import Role
from riskreg.model.telling import KINDS
from riskreg.model.times import TENTHS

_WORST = ("breach", "late", "not-known", "met", "untouched")

CHOICES: dict[Choice, str] = {
    "none-needed": "leaving the work where it is",
    "same-vendor": "the same vendor's own people and sites",
    "dual-source": "the second vendor",
    "client-takeover": "the client's own seats",
    "both": "the second vendor and the client's own seats",
    "not-covered": "serving only what cannot wait",
}

DAY = 86400
SETTLE = 900
"""Seconds from the order of a move until somebody can report who has signed in."""


@dataclass(frozen=True)
class Scene:
    """A plan with its network and people, and the questions that every part of a drill asks of them."""

    plan: FailoverPlan
    network: Network
    roles: dict[str, Role]

    @property
    def lost(self) -> str:
        """What is lost, by name: `Manila`, `Manila and Telephony`."""
        names = [self.network.name_of(loss.ref) for loss in self.plan.disruption.losses]
        return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 2 else names)

    @property
    def kind(self) -> LossKind:
        return self.plan.disruption.losses[0].what

    @property
    def zone(self) -> str:
        """Local time of the loss: of the lost site; else of the largest site that falls with it; else UTC."""
        sites = {site.id for loss in self.plan.disruption.losses for site in self._site(loss.ref)}
        sites = sites or {site.id for item in self.plan.fallen for site in self._site(item.ref)}
        known = [self.network.site[ident] for ident in sites]
        return min(known, key=lambda site: (-site.seats, site.id)).time_zone if known else "UTC"

    @property
    def local(self) -> ZoneInfo:
        return ZoneInfo(self.zone)

    @property
    def onset(self) -> datetime:
        return self.plan.disruption.onset

    @cached_property
    def _orders(self) -> dict[tuple[str, str], tuple[Step, ...]]:
        """Each move in whole people over time, as the playbook orders it."""
        return {(duty.move.function, duty.move.option): duty.steps for duty in duties(self.plan)}

    def amount(self, move: Move, at: int) -> int:
        """What the plan asks of a move at a moment: whole positions, in tenths."""
        return amount_at(self._orders.get((move.function, move.option), ()), at)

    @cached_property
    def moves(self) -> tuple[Move, ...]:
        """In the order in which they begin; the more urgent, then the larger first where they begin together."""
        tiers = {function.id: function.tier for function in self.network.functions}
        return tuple(
            sorted(self.plan.moves, key=lambda m: (m.starts, tiers[m.function], -m.positions, m.function, m.pool, m.option))
        )

    @cached_property
    def declined(self) -> Move | None:
        """The move of the second vendor that the drill takes away: of the first day, bought, and the largest, in this order."""
        outside = [move for move in self.moves if move.relation == "second-vendor" and self.amount(move, move.starts)]
        return min(
            outside,
            key=lambda m: (m.starts >= DAY, m.kind not in ("surge", "standby"), -self.amount(m, m.starts)),
            default=None,
        )

    @cached_property
    def doubtful(self) -> Move | None:
        """The move of which the drill lets only a part come: one of several people, first such as are not proven."""
        left = [move for move in (*self.unproven, *self.moves) if move != self.declined]
        several = [move for move in left if self.amount(move, move.starts + SETTLE) > TENTHS]
        return several[0] if several else None

    def working(self, at: int) -> tuple[Move, ...]:
        """Moves that come as planned and have people signed in at a moment."""
        spoiled = (self.declined, self.doubtful)
        return tuple(move for move in self.moves if move not in spoiled and move.starts + SETTLE <= at and self.amount(move, at))

    @cached_property
    def reports(self) -> tuple[Move, ...]:
        """Two moves of two places that come as planned, and are reported soon after they began."""
        first: dict[str, Move] = {}
        for move in self.moves:
            if move in self.working(move.starts + SETTLE):
                first.setdefault(self.place(move), move)
        return tuple(first.values())[:2]

    @cached_property
    def rung(self) -> str:
        """The role that does not answer: who is rung about a move and has nothing to report in this drill."""
        told = [self.taker(move) for move in (*self.reports, *([self.doubtful] if self.doubtful else []))]
        asked = [self.taker(move) for move in self.moves if self.taker(move) != "duty-manager"]
        here = [site.contact for loss in self.plan.disruption.losses for site in self._site(loss.ref) if site.contact]
        return next((role for role in asked if role not in told), next(iter([*asked, *here]), "it-lead"))

    def reporter(self, move: Move) -> str:
        """Who rings in about a move: its taker, or somebody else there where the taker does not answer the phone."""
        taker = self.taker(move)
        return f"a team leader at {self.place(move)}" if taker == self.rung else self.title(taker)

    @property
    def choice(self) -> str:
        return CHOICES[self.plan.decision.choice]

    @property
    def director(self) -> str:
        """Who declares the level, whatever the contract says."""
        return self.title("operations-director")

    @property
    def deciders(self) -> tuple[str, ...]:
        """The roles that have the authority for the decision."""
        return self.plan.decision.authority or ("operations-director",)

    @property
    def signs(self) -> str:
        return " and ".join(self.title(role) for role in self.deciders)

    def aside(self, option: Option) -> bool:
        """True where nobody of that relation is in the plan: the decision left them aside."""
        return option.relation not in {move.relation for move in self.plan.moves}

    @property
    def touched(self) -> tuple[Verdict, ...]:
        """Functions that lose work, worst first."""
        hit = (verdict for verdict in self.plan.verdicts if verdict.lost or verdict.outcome not in ("met", "untouched"))
        return tuple(sorted(hit, key=self._weight))

    @property
    def gaps(self) -> tuple[Verdict, ...]:
        """What the proof does not call met, worst first."""
        return tuple(verdict for verdict in self.touched if verdict.outcome in ("breach", "late", "not-known"))

    @property
    def weakest(self) -> tuple[Verdict, ...]:
        """The gaps; without any, the functions whose proof leaves least above a minimum, from the recovery time on."""
        return self.gaps or tuple(sorted((v for v in self.touched if v.thinnest), key=lambda v: (_margin(v), v.function)))

    @property
    def unproven(self) -> tuple[Move, ...]:
        return tuple(move for move in self.moves if move.grade not in ("tested", "used") or self._expired(move))

    def function(self, ident: str) -> str:
        return self.network.name_of(f"function:{ident}")

    def place(self, move: Move) -> str:
        return self.network.site_of(move.pool).name

    def taker(self, move: Move) -> str:
        """The role that is rung about a move."""
        return self.network.site_of(move.pool).contact or "duty-manager"

    def title(self, role: str) -> str:
        known = self.roles.get(role)
        return known.title if known else role.replace("-", " ").capitalize()

    def says(self, move: Move) -> str:
        """`24 positions of Orders at Bogotá (surge positions), after 4 h`; where it grows, how far and when."""
        steps = self._orders.get((move.function, move.option), ())
        begin = next((step for step in steps if step.positions), Step(at=move.starts, positions=0))
        most = max(steps, key=lambda step: (step.positions, -step.at), default=begin)
        when = f"after {words.elapsed(begin.at)}" if begin.at else "at once"
        grows = (
            f", up to {words.positions(most.positions)} after {words.elapsed(most.at)}" if most.positions > begin.positions else ""
        )
        work = f"{words.positions(begin.positions)} of {self.function(move.function)}"
        return f"{work} at {self.place(move)} ({KINDS[move.kind]}), {when}{grows}"

    def _site(self, ref: str) -> tuple[Site, ...]:
        kind, _, ident = ref.partition(":")
        if kind == "site" and ident in self.network.site:
            return (self.network.site[ident],)
        return (self.network.site_of(ident),) if kind == "pool" and ident in self.network.pool else ()

    def _expired(self, move: Move) -> bool:
        return any(option.id == move.option and option.expired for option in self.plan.options)

    def _weight(self, verdict: Verdict) -> tuple[int, int, int, str]:
        tier = self.network.function[verdict.function].tier
        return (_WORST.index(verdict.outcome), tier, -verdict.short, verdict.function)


def falls_due(verdict: Verdict, deadline: int) -> tuple[int, CoverPoint] | None:
    """The first moment from a deadline on at which a minimum must be served, and the cover there: a closed line has none."""
    return next(((at, point) for at, point in _from(verdict, deadline) if point.minimum), None)


def falls_short(verdict: Verdict, deadline: int) -> tuple[int, int] | None:
    """The first moment from a deadline on at which proof does not reach the minimum, and what is missing there (tenths)."""
    rows = ((at, point.minimum - point.proven) for at, point in _from(verdict, deadline))
    return next(((at, missing) for at, missing in rows if missing > 0), None)


def _from(verdict: Verdict, deadline: int) -> list[tuple[int, CoverPoint]]:
    ends = [point.at for point in verdict.cover[1:]]
    rows = zip(verdict.cover, [*ends, None], strict=True) if verdict.cover else []
    return [(max(point.at, deadline), point) for point, end in rows if end is None or end > deadline]


def scene(plan: FailoverPlan, network: Network, roles: Sequence[Role]) -> Scene:
    """The scene of a plan. KeyError later, where the plan names a function or pool that the network does not have."""
    return Scene(plan, network, {role.id: role for role in roles})


def _margin(verdict: Verdict) -> int:
    point = verdict.thinnest
    return point.proven - point.minimum if point else 0
