"""What a drill reads out of a plan: who takes what when, what stays weak, and who the people are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from riskreg.model import words
from riskreg.model.disruption import LossKind
from riskreg.model.network import Network, Site
from riskreg.model.plan import Choice, FailoverPlan, Move, Option, OptionKind, Verdict
from riskreg.model.role import Role

_WORST = ("breach", "late", "not-known", "met", "untouched")

CHOICES: dict[Choice, str] = {
    "none-needed": "leaving the work where it is",
    "same-vendor": "the same vendor's other sites",
    "dual-source": "the second vendor",
    "client-takeover": "the client's own seats",
    "both": "the second vendor and the client's own seats",
    "not-covered": "serving only what cannot wait",
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

    @property
    def moves(self) -> tuple[Move, ...]:
        """In the order in which they begin; the more urgent, then the larger first where they begin together."""
        tiers = {function.id: function.tier for function in self.network.functions}
        return tuple(
            sorted(self.plan.moves, key=lambda m: (m.starts, tiers[m.function], -m.positions, m.function, m.pool, m.option))
        )

    @property
    def declined(self) -> Move | None:
        """The move of the second vendor that the drill takes away: bought positions before others, the largest first."""
        outside = [move for move in self.moves if move.relation == "second-vendor"]
        return min(outside, key=lambda move: (move.kind not in ("surge", "standby"), -move.positions), default=None)

    @property
    def doubtful(self) -> Move | None:
        """The move of which the drill lets only a part come: the first that is not proven, else the first."""
        left = [move for move in (*self.unproven, *self.moves) if move != self.declined]
        return left[0] if left else None

    @property
    def kept(self) -> tuple[Move, ...]:
        """Moves that come as planned."""
        return tuple(move for move in self.moves if move not in (self.declined, self.doubtful))

    @property
    def rung(self) -> str:
        """The role that does not answer: the first taker's, where the duty manager does not hold it."""
        takers = [self.taker(move) for move in self.moves]
        return next((role for role in takers if role != "duty-manager"), "vendor-manager")

    @property
    def choice(self) -> str:
        return CHOICES[self.plan.decision.choice]

    @property
    def signs(self) -> str:
        """Who has the authority for the decision."""
        return " and ".join(self.title(role) for role in self.plan.decision.authority) or self.title("operations-director")

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
        """The gaps; without any, the functions whose margin over the minimum is smallest when it falls due."""
        return self.gaps or tuple(sorted(self.touched, key=lambda v: (_margin(v), v.function)))

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
        """`24 positions of Orders at Bogotá (surge positions), after 4 h`."""
        when = f"after {words.elapsed(move.starts)}" if move.starts else "at once"
        work = f"{words.positions(move.positions)} of {self.function(move.function)}"
        return f"{work} at {self.place(move)} ({KINDS[move.kind]}), {when}"

    def unused(self, function: str) -> tuple[Option, ...]:
        """Options of the plan that no move uses yet, soonest first, and that were not refused to this function."""
        used = {move.option for move in self.plan.moves}
        refused = {refusal.option for refusal in self.plan.refusals if refusal.function == function}
        free = (option for option in self.plan.options if option.id not in used | refused)
        return tuple(sorted(free, key=lambda o: (o.opens, -o.positions, o.id)))

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


def begins(verdict: Verdict) -> int:
    """When a shortage shows, seconds after the loss: at the recovery time, or later, when the next busy day begins."""
    return max(verdict.rto, verdict.short_from or 0)


def scene(plan: FailoverPlan, network: Network, roles: Sequence[Role]) -> Scene:
    """The scene of a plan. KeyError later, where the plan names a function or pool that the network does not have."""
    return Scene(plan, network, {role.id: role for role in roles})


def _margin(verdict: Verdict) -> int:
    due = [point for point in verdict.cover if point.at <= verdict.rto]
    return due[-1].served - due[-1].minimum if due else 0
