"""A disruption over time: which losses hold when, what works meanwhile, and the week as it unfolds from the onset."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from riskreg.continuity.falling import NONE, Cascade, Wiring, fall, wire
from riskreg.model.base import split_ref
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.network import Network
from riskreg.model.plan import Fallen
from riskreg.model.times import INTERVAL, WEEK_INTERVALS, from_instant


@dataclass(frozen=True)
class State:
    """A stretch of time, in seconds after the onset, in which the same things are lost."""

    start: int
    end: int
    now: Cascade
    stepped_in: dict[str, Cascade] = field(default_factory=dict)
    """Per vendor that is lost as a whole: what would work if the client ran its operation."""


def loss_ends(network: Network, loss: Loss) -> int | None:
    """Seconds until a loss is over: its own length, else the time to restore; None where nobody knows."""
    kind, ident = split_ref(loss.ref)
    if loss.length is not None:
        return loss.length
    if kind == "site":
        return network.site[ident].restore
    return network.system[ident].restore if kind == "system" else None


def states(network: Network, disruption: Disruption, horizon: int) -> tuple[State, ...]:
    """The disruption as a sequence of states that fills the horizon.

    What comes back needs what it needs to start: parts that wait for each other stay down (held) once they have all gone down.
    """
    wiring = wire(network)
    ends = {loss: loss_ends(network, loss) for loss in disruption.losses}
    times = sorted({0, horizon, *(end for end in ends.values() if end is not None and end < horizon)})
    found: list[State] = []
    down: set[str] = set()
    for start, end in zip(times, times[1:], strict=False):
        losses = [loss for loss in disruption.losses if (until := ends[loss]) is None or until > start]
        now = fall(network, wiring, losses)
        held = _cannot_start(wiring, down, now)
        if held:
            now = fall(network, wiring, losses, held)
        down = {ref for ref, share in now.level.items() if share == NONE}
        stepped = {
            split_ref(loss.ref)[1]: fall(network, wiring, [other for other in losses if other.ref != loss.ref], held)
            for loss in losses
            if split_ref(loss.ref)[0] == "vendor" and loss.what == "vendor"
        }
        found.append(State(start, end, now, stepped))
    return tuple(found)


def _cannot_start(wiring: Wiring, down: set[str], now: Cascade) -> set[str]:
    """Of what was down and would work again, what has nothing to start from."""
    back = {name for name in down if now.of(name) > NONE}
    if not back:
        return set()
    gates = {name for name in wiring.inputs if "#" in name}
    running = {name for name in wiring.inputs if name not in down and now.of(name) > NONE} - gates
    return back - wiring.up(running, back | gates)


def fallen_things(network: Network, found: Sequence[State]) -> tuple[Fallen, ...]:
    """What falls at the onset, with its causes, the share that is lost and when it is whole again; sorted by reference."""
    first = found[0].now
    return tuple(
        Fallen(
            ref=ref,
            name=network.name_of(ref),
            because=causes,
            until=next((state.start for state in found if ref not in state.now.level), None),
            share=float(1 - first.level[ref]),
        )
        for ref, causes in sorted(first.because.items())
    )


class Unfolding:
    """Weekly profiles as they unfold from one instant, interval by interval; the work per time zone is done once."""

    def __init__(self, onset: datetime, intervals: int) -> None:
        self.onset, self.intervals = onset, intervals
        self._zones: dict[str, tuple[tuple[int, ...], tuple[int, ...]]] = {}

    def of(self, profile: Sequence[int], zone: str, *, most: bool) -> tuple[int, ...]:
        """`from_instant` for a profile: demand takes the larger of two neighbouring intervals, capacity the smaller."""
        if zone not in self._zones:
            week = range(WEEK_INTERVALS)
            self._zones[zone] = (
                from_instant(week, self.onset, zone, self.intervals, most=False),
                from_instant(week, self.onset, zone, self.intervals, most=True),
            )
        pick = max if most else min
        low, high = self._zones[zone]
        return tuple(pick(profile[one], profile[two]) for one, two in zip(low, high, strict=True))


@dataclass(frozen=True)
class Week:
    """The undisturbed network from the onset on, in tenths of a position per half hour."""

    demand: dict[str, tuple[int, ...]]
    capacity: dict[str, tuple[int, ...]]
    standing: dict[str, dict[str, tuple[int, ...]]]
    """Function → pool → what the pool serves of it on such a day; never more than the pool can staff."""
    seats: dict[str, int | None]
    """Site → seats; None: no limit (homes without a stated number of kits)."""


def unfold(network: Network, onset: datetime, horizon: int) -> Week:
    """Demand, capacity and who serves what through the horizon, as if nothing were lost."""
    intervals = -(-horizon // INTERVAL)
    unfolding = Unfolding(onset, intervals)
    functions = sorted(network.functions, key=lambda f: (f.tier, f.rto, f.id))
    demand = {f.id: unfolding.of(f.demand, f.time_zone, most=True) for f in functions}
    capacity = {
        p.id: unfolding.of(p.positions, network.site[p.site].time_zone, most=False)
        for p in sorted(network.pools, key=lambda p: p.id)
    }
    shares = {f.id: tuple(sorted((part.pool, part.share) for part in f.served_by)) for f in functions}
    rows = [*demand.values(), *capacity.values()]
    seen: dict[tuple[int, ...], dict[str, dict[str, int]]] = {}
    steps = []
    for step, key in enumerate(zip(*rows, strict=True)):
        if key not in seen:
            seen[key] = _serve({f: d[step] for f, d in demand.items()}, {p: c[step] for p, c in capacity.items()}, shares)
        steps.append(seen[key])
    standing = {f.id: {pool: tuple(step[f.id][pool] for step in steps) for pool, _ in shares[f.id]} for f in functions}
    return Week(demand, capacity, standing, _seats(network))


def _serve(
    demand: dict[str, int], capacity: dict[str, int], shares: dict[str, tuple[tuple[str, float], ...]]
) -> dict[str, dict[str, int]]:
    """Each function's demand by its shares; what a pool cannot staff at this hour goes to the function's other pools."""
    free = dict(capacity)
    served: dict[str, dict[str, int]] = {}
    for function, wanted in demand.items():
        served[function] = {}
        for (pool, _), amount in zip(shares[function], split(wanted, [share for _, share in shares[function]]), strict=True):
            served[function][pool] = min(amount, free[pool])
            free[pool] -= served[function][pool]
    for function, wanted in demand.items():
        missing = wanted - sum(served[function].values())
        for pool, _ in shares[function]:
            extra = min(missing, free[pool])
            served[function][pool] += extra
            free[pool] -= extra
            missing -= extra
    return served


def split(amount: int, shares: Sequence[float]) -> list[int]:
    """`amount` in whole parts as near to `shares` as can be (largest remainder); the parts add up to it."""
    total = sum(shares)
    exact = [amount * share / total for share in shares]
    parts = [int(value + 1e-9) for value in exact]
    order = sorted(range(len(shares)), key=lambda i: (parts[i] - exact[i], i))
    for i in order[: amount - sum(parts)]:
        parts[i] += 1
    return parts


def _seats(network: Network) -> dict[str, int | None]:
    """Seats in tenths; an office never has fewer than the positions that its pools already fill at one moment."""
    seats: dict[str, int | None] = {}
    for site in sorted(network.sites, key=lambda s: s.id):
        filled = [pool.positions for pool in network.pools if pool.site == site.id]
        most = max((sum(step) for step in zip(*filled, strict=True)), default=0)
        seats[site.id] = None if site.kind == "home" and site.seats == 0 else max(site.seats * 10, most)
    return seats


__all__ = ["State", "Unfolding", "Week", "fallen_things", "loss_ends", "split", "states", "unfold"]
