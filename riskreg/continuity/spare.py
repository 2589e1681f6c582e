"""What the plan leaves free: who could still take which work over, and how many positions of every option nobody uses, and when."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from riskreg.continuity.allocation import Ground
from riskreg.continuity.options import Offer
from riskreg.continuity.proof import Run
from riskreg.continuity.stretch import DECIDE, Segment, Stretch, least
from riskreg.model.plan import Eligible, Option, OptionKind, Step

_SEATED: frozenset[OptionKind] = frozenset({"overtime", "surge", "standby", "takeover"})
"""Kinds whose people come to seats of the pool's site."""


def eligible(offers: Iterable[Offer], options: Iterable[Option], lost: Iterable[str]) -> tuple[Eligible, ...]:
    """Every (function, option) of lost work that nothing forbids, in their order; what brings nobody is left out."""
    touched, sized = set(lost), {option.id for option in options}
    return tuple(
        Eligible(function=offer.function, option=offer.ident, opens=offer.opens, grade=offer.grade)
        for offer in sorted(offers, key=lambda offer: offer.key)
        if offer.function in touched and offer.ident in sized
    )


def unused(ground: Ground, planned: Run, offers: Iterable[Offer]) -> dict[str, tuple[Step, ...]]:
    """Option id → how much of it the plan does not use, over the horizon; also of `offers` that the decision leaves aside.

    Standing work at the pool keeps its minimum and everybody who was moved stays, so all of it can be had without taking
    anything back; two options may still share seats or a bench, so their amounts do not add up.
    """
    every = {offer.ident: offer for offer in sorted(offers, key=lambda offer: offer.opens, reverse=True)}
    rows: dict[str, list[Step]] = {ident: [] for ident in sorted(every)}
    for segment, allocation in zip(planned.segments, planned.allocations, strict=True):
        used: dict[str, int] = {}
        for (_, ident), units in allocation.moves.items():
            used[ident] = used.get(ident, 0) + units
        for ident, steps in rows.items():
            amount = _free(ground, segment, every[ident], used, every) if every[ident].open_at(segment.start) else 0
            if amount != (steps[-1].positions if steps else 0):
                steps.append(Step(at=segment.start, positions=amount))
    return {ident: tuple(steps) for ident, steps in rows.items()}


def _free(ground: Ground, segment: Segment, offer: Offer, used: Mapping[str, int], every: Mapping[str, Offer]) -> int:
    stretch, pool = ground.at(segment), offer.pool
    mine = used.get(offer.ident, 0)
    if offer.kind == "idle":
        spare = beyond_minimums(ground, stretch, pool) if segment.start >= DECIDE else stretch.idle(pool)
        return max(0, offer.source.part(spare) - mine)
    left = [stretch.size(offer) - mine]
    if offer.kind == "takeover":
        left.append(stretch.bench(pool) - _total(used, (o for o in every.values() if o.kind == "takeover" and o.pool == pool)))
    site = ground.network.pool[pool].site
    seats = stretch.free_seats(site) if offer.kind in _SEATED else None
    if seats is not None:
        sitting = (o for o in every.values() if o.kind in _SEATED and ground.network.pool[o.pool].site == site)
        left.append(seats - _total(used, sitting))
    return max(0, min(left))


def beyond_minimums(ground: Ground, stretch: Stretch, pool: str) -> int:
    """Positions at work in a pool beyond the minimums of the work that stands there."""
    members: Sequence[str] = ground.where.at_pool.get(pool, ())
    kept = sum(least(stretch.standing[function][pool], ground.network.function[function].mbco) for function in members)
    return max(0, stretch.present[pool] - kept)


def _total(used: Mapping[str, int], offers: Iterable[Offer]) -> int:
    return sum(used.get(offer.ident, 0) for offer in offers)
