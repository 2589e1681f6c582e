"""One stretch of time in figures: what still stands, what is lost, what is idle and how large each option is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property
from math import floor

from riskreg.continuity.options import Offer
from riskreg.continuity.timeline import State, Week, split
from riskreg.model.network import Network
from riskreg.model.times import INTERVAL

DECIDE = 900
"""Seconds until people can be taken off other work: somebody has to decide it, and routing has to be changed."""
Priority = tuple[int, int, int, int, int, str]


@dataclass(frozen=True)
class Segment:
    """A stretch in which nothing changes: seconds after the onset, the half hour of the profiles, and the state of the losses."""

    start: int
    end: int
    step: int
    state: State


def segments(states: Sequence[State], offers: Iterable[Offer], horizon: int) -> tuple[Segment, ...]:
    """The horizon cut at every half hour, at every change of what is lost and wherever an option opens or closes."""
    cuts = {*range(0, horizon, INTERVAL), DECIDE, horizon, *(state.start for state in states)}
    cuts |= {time for offer in offers for time in (offer.opens, offer.closes) if time is not None and 0 < time < horizon}
    times = sorted(cuts)
    found, number = [], 0
    for start, end in zip(times, times[1:], strict=False):
        while states[number].end <= start:
            number += 1
        found.append(Segment(start, end, start // INTERVAL, states[number]))
    return tuple(found)


def least(demand: int, share: float) -> int:
    """A share of the demand, rounded up to a tenth of a position."""
    top, bottom = exact(share)
    return -(-demand * top // bottom)


@cache
def exact(share: float) -> tuple[int, int]:
    """A share as it was written, as a whole fraction: 0.15 → (3, 20)."""
    return Fraction(str(share)).as_integer_ratio()


class Map:
    """Who works where: the network's lists by pool and by site, sorted."""

    def __init__(self, network: Network) -> None:
        self.network = network
        self.at_pool: dict[str, tuple[str, ...]] = {}
        for function in sorted(network.functions, key=lambda f: f.id):
            for pool in sorted({part.pool for part in function.served_by}):
                self.at_pool[pool] = (*self.at_pool.get(pool, ()), function.id)
        self.pools_at: dict[str, tuple[str, ...]] = {}
        for pool in sorted(network.pool):
            site = network.pool[pool].site
            self.pools_at[site] = (*self.pools_at.get(site, ()), pool)
        self.bench = {
            pool: max((c.positions for contract in network.contracts for c in contract.takeover if c.pool == pool), default=0)
            for pool in network.pool
        }
        """The client's reserve at a pool: the same people, whichever vendor's contract calls on them."""


class Stretch:
    """The figures of one half hour in one state of the losses, all in tenths of a position; computed once, when first asked."""

    def __init__(self, where: Map, week: Week, state: State, step: int) -> None:
        self.where, self.network, self.state = where, where.network, state
        level = state.now.of
        self.demand = {function: row[step] for function, row in week.demand.items()}
        self.standing = {function: {pool: row[step] for pool, row in pools.items()} for function, pools in week.standing.items()}
        self.staffed = {pool: row[step] for pool, row in week.capacity.items()}
        self.seats = week.seats
        self.present = {pool: floor(staffed * level(f"pool:{pool}")) for pool, staffed in self.staffed.items()}
        """Positions that still work at the pool's own seats."""
        self.load = {pool: sum(self.standing[f][pool] for f in where.at_pool.get(pool, ())) for pool in self.staffed}
        """All that the pool serves when nothing is lost."""
        self._sizes: dict[str, int] = {}
        self._parts: dict[str, list[tuple[Priority, int]]] = {}

    @cached_property
    def hit(self) -> frozenset[str]:
        """Functions of which a pool, or the function's own systems, do not work in full."""
        level = self.state.now.level
        return frozenset(f for f, pools in self.standing.items() if f"run:{f}" in level or any(f"pool:{p}" in level for p in pools))

    @cached_property
    def losses(self) -> dict[str, dict[str, int]]:
        """Function → party → positions lost: what the surviving positions of a pool cannot carry, shared out over its functions."""
        lost: dict[str, dict[str, int]] = {function: {} for function in self.demand}
        for pool, load in self.load.items():
            if load > self.present[pool]:
                members, party = self.where.at_pool[pool], self.network.site_of(pool).party
                shares = split(load - self.present[pool], [self.standing[f][pool] for f in members])
                for function, share in zip(members, shares, strict=True):
                    lost[function][party] = lost[function].get(party, 0) + share
        return lost

    def idle(self, pool: str) -> int:
        """Positions that work and have nothing to serve."""
        return max(0, self.present[pool] - self.load[pool])

    def runnable(self, function: str) -> int:
        """Demand that the function's own systems can carry, whoever serves it."""
        run = self.state.now.level.get(f"run:{function}")
        return self.demand[function] if run is None else floor(self.demand[function] * run)

    def lost(self, function: str) -> int:
        """Positions lost, whether with the people or with the function's own systems."""
        return max(sum(self.losses[function].values()), self.demand[function] - self.runnable(function))

    @cached_property
    def quiet(self) -> bool:
        """True where nothing is lost: everything is where it always is, and nobody is moved."""
        return not any(self.lost(function) for function in self.hit)

    def minimum(self, function: str) -> int:
        """Positions that the MBCO asks for."""
        return least(self.demand[function], self.network.function[function].mbco)

    def size(self, offer: Offer) -> int:
        """Positions that an option brings beyond the pool's own."""
        ident = offer.ident
        if ident not in self._sizes:
            self._sizes[ident] = self._size(offer)
        return self._sizes[ident]

    def _size(self, offer: Offer) -> int:
        source, pool, now = offer.source, offer.pool, self.state.now
        level, share = now.of(f"pool:{pool}"), Fraction(str(source.share))
        if offer.kind == "home":
            return source.part(floor(share * self.staffed[pool] * max(Fraction(0), now.of(f"home:{pool}") - level)))
        if offer.kind == "step-in":
            run = self.state.stepped_in.get(self.network.site_of(pool).party)
            reach = Fraction(0) if run is None else max(Fraction(0), run.of(f"pool:{pool}") - level)
            return source.part(floor(share * self.staffed[pool] * reach))
        return source.part(floor(level * (share * self.staffed[pool] + source.fixed)))

    def bench(self, pool: str) -> int:
        """The client's reserve that can come to the pool."""
        return floor(self.state.now.of(f"pool:{pool}") * self.where.bench[pool])

    def free_seats(self, site: str) -> int | None:
        """Seats that work and that nobody of the site's pools fills; None: no limit."""
        seats = self.seats[site]
        if seats is None:
            return None
        return max(0, floor(seats * self.state.now.of(f"site:{site}")) - sum(self.present[p] for p in self.where.pools_at[site]))

    def parts(self, ident: str) -> list[tuple[Priority, int]]:
        """The function's demand cut into parts, each with its place in the order.

        Legal minimums; what still stands up to the MBCO; the rest of the MBCO by tier; full service by tier, and in a tier what
        stands before what is lost. Within a place the earlier RTO, the greater impact and then the id come first.
        """
        if ident not in self._parts:
            self._parts[ident] = self._cut(ident)
        return self._parts[ident]

    def _cut(self, ident: str) -> list[tuple[Priority, int]]:
        function, demand = self.network.function[ident], self.demand[ident]
        stands = sum(self.standing[ident].values()) - sum(self.losses[ident].values())
        legal, minimum, tier, run = least(demand, function.legal_minimum), self.minimum(ident), function.tier, self.runnable(ident)
        steps = (
            ((0, tier, 0), legal),
            ((1, tier, 0), min(minimum, stands)),
            ((2, tier, 0), minimum),
            ((3, tier, 0), stands),
            ((3, tier, 1), demand),
        )
        found, reached = [], 0
        for place, upto in steps:
            if min(upto, run) > reached:
                found.append(((*place, function.rto, -function.impact, ident), min(upto, run) - reached))
                reached = min(upto, run)
        return found
