"""A network and a disruption become a failover plan with its proof."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from riskreg.continuity.allocation import Ground
from riskreg.continuity.binding import Inquiry, describe, explain, weakest_input
from riskreg.continuity.decision import Variant, decide, move_cost
from riskreg.continuity.market import Market, open_market
from riskreg.continuity.options import DAILY, RELATIONS, Evidenced, Offer
from riskreg.continuity.proof import course, cover, judge
from riskreg.continuity.spare import beyond_minimums, eligible, unused
from riskreg.continuity.stretch import Segment, Stretch, segments
from riskreg.continuity.timeline import State, fallen_things, states, unfold
from riskreg.model.base import content_hash
from riskreg.model.disruption import Disruption
from riskreg.model.network import Network
from riskreg.model.plan import Donor, FailoverPlan, Move, Option, Refusal, Step, Verdict
from riskreg.model.times import INTERVAL

METHOD = (
    "One flow for each stretch of time in which nothing changes, filled in this order: legal minimums, minimums of standing work, "
    "minimums (MBCO) of lost work by tier, full service by tier; work that was moved prefers to stay where it is. The stretches "
    "are solved one by one, so the result is an upper bound on what can be covered. Firm capacity only; the proof counts "
    "tested and used options only."
)


def make_plan(
    network: Network,
    disruption: Disruption,
    *,
    as_of: datetime,
    evidence_expires: int,
    horizon: int = 7 * 86400,
    title: str | None = None,
) -> FailoverPlan:
    """Plan the failover of a disruption on a network, and prove it.

    `as_of` (aware) is the day at which evidence is judged; `evidence_expires` (seconds) is how long a test counts; `horizon`
    (seconds) is how far the plan looks, and is extended to the latest MTPD of what is touched, so that no verdict is left open.
    KeyError for a loss of something that the network does not have. The same arguments give the same plan, in whatever order
    the parts of the network stand.
    """
    first = states(network, disruption, INTERVAL)[:1]
    evidence = Evidenced(as_of, evidence_expires)
    touched = _touched(network, first[0])
    horizon = max([horizon, *(network.function[ident].mtpd for ident in touched)])
    horizon = -(-horizon // INTERVAL) * INTERVAL
    timeline = states(network, disruption, horizon)
    market = open_market(network, disruption, timeline, evidence)
    ground = Ground(network, unfold(network, disruption.onset, horizon), {*touched, *(offer.function for offer in market.offers)})
    stretches = segments(timeline, market.offers, horizon)
    hurt = [f for f in touched if any(ground.at(segment).lost(f) for segment in stretches)]
    chosen, decision = decide(ground, stretches, market.offers, hurt)
    moves = _moves(chosen, horizon)
    free = unused(ground, chosen.planned, market.offers)
    options = tuple(o.model_copy(update={"free": free[o.id]}) for o in _options(ground, market, stretches, touched, moves))
    kept = tuple(option for option in options if option.positions)
    return FailoverPlan(
        id=_plan_id(network, disruption, as_of, evidence_expires, horizon),
        title=title or "Loss of " + " and ".join(sorted({network.name_of(loss.ref) for loss in disruption.losses})),
        disruption=disruption,
        as_of=as_of,
        network_hash=network.hash,
        method=METHOD,
        horizon=horizon,
        fallen=fallen_things(network, timeline),
        options=kept,
        eligible=eligible(market.offers, kept, touched),
        refusals=_refusals(network, market, {option.id for option in options if not option.positions}, touched),
        moves=moves,
        donors=_donors(ground, chosen, horizon),
        verdicts=_verdicts(ground, disruption, timeline, chosen, market.offers, hurt, touched),
        decision=decision,
    )


def _plan_id(network: Network, disruption: Disruption, as_of: datetime, evidence_expires: int, horizon: int) -> str:
    dated = [network.hash, disruption.id, disruption.onset.isoformat(), as_of.isoformat(), evidence_expires, horizon]
    return content_hash(dated)[:12]


def _touched(network: Network, state: State) -> list[str]:
    """Functions that a fallen pool serves or whose own systems fell, in whole or in part; sorted."""
    level = state.now.level
    return sorted(
        f.id for f in network.functions if f"run:{f.id}" in level or any(f"pool:{part.pool}" in level for part in f.served_by)
    )


def _moves(chosen: Variant, horizon: int) -> tuple[Move, ...]:
    """One move per function and option that carries work: its size over time, when it starts and ends, and what it costs."""
    rows: dict[tuple[str, str], list[tuple[Segment, int]]] = {}
    for segment, allocation in zip(chosen.planned.segments, chosen.planned.allocations, strict=True):
        for key, units in allocation.moves.items():
            rows.setdefault(key, []).append((segment, units))
    offers = {offer.key: offer for offer in chosen.planned.offers}
    found = []
    for key in sorted(rows):
        offer, stretch = offers[key], rows[key]
        ends = stretch[-1][0].end
        found.append(
            Move(
                function=offer.function,
                pool=offer.pool,
                option=offer.ident,
                kind=offer.kind,
                relation=offer.relation,
                positions=max(units for _, units in stretch),
                starts=stretch[0][0].start,
                ends=None if ends >= horizon else ends,
                grade=offer.grade,
                cost=round(sum(move_cost(offer, units, segment.end - segment.start) for segment, units in stretch), 2),
                steps=_steps(stretch, horizon),
            )
        )
    return tuple(found)


def _steps(rows: Sequence[tuple[Segment, int]], horizon: int) -> tuple[Step, ...]:
    """Segments with their amounts as a step function, down to 0 wherever the next segment does not follow at once."""
    found: list[Step] = []
    until = None
    for segment, units in rows:
        if until is not None and segment.start > until:
            found.append(Step(at=until, positions=0))
        if not found or found[-1].positions != units:
            found.append(Step(at=segment.start, positions=units))
        until = segment.end
    if until is not None and until < horizon:
        found.append(Step(at=until, positions=0))
    return tuple(found)


def _donors(ground: Ground, chosen: Variant, horizon: int) -> tuple[Donor, ...]:
    """What each function gives at each pool: at most, with what it keeps at that moment, and over time."""
    found: dict[tuple[str, str], Donor] = {}
    rows: dict[tuple[str, str], list[tuple[Segment, int]]] = {}
    for segment, allocation in zip(chosen.planned.segments, chosen.planned.allocations, strict=True):
        for slot, units in sorted(allocation.gives.items()):
            function, pool = slot
            rows.setdefault(slot, []).append((segment, units))
            known = found.get(slot)
            if known is None or units > known.gives:
                found[slot] = Donor(
                    function=function,
                    pool=pool,
                    gives=units,
                    keeps=allocation.served[function],
                    minimum=ground.at(segment).minimum(function),
                    to=(),
                )
            takers = {*(known.to if known else ()), *allocation.takers[slot]}
            found[slot] = found[slot].model_copy(update={"to": tuple(sorted(takers))})
    return tuple(found[slot].model_copy(update={"steps": _steps(rows[slot], horizon)}) for slot in sorted(found))


def _options(
    ground: Ground, market: Market, stretches: Sequence[Segment], touched: Sequence[str], moves: Sequence[Move]
) -> tuple[Option, ...]:
    """Every option that is open to lost work, with its largest size; for idle positions, with what standing work there can give."""
    lost, horizon = set(touched), stretches[-1].end
    figures = [(segment, ground.at(segment)) for segment in stretches]
    offered: dict[str, list[Offer]] = {}
    for offer in market.offers:
        if offer.function in lost:
            offered.setdefault(offer.ident, []).append(offer)
    found = []
    for ident, offers in sorted(offered.items()):
        # Work that the pool does not do today needs more than work that it does: the option is shown as it is for the former.
        shown = max(offers, key=lambda offer: (offer.source.lever is not DAILY, offer.opens))
        open_in = {id(stretch): stretch for segment, stretch in figures if any(o.open_at(segment.start) for o in offers)}
        sizes = [_size(ground, shown, stretch) for stretch in open_in.values()]
        update = {
            "relation": min((offer.relation for offer in offers), key=RELATIONS.index),
            "opens": shown.opens,
            "closes": None if shown.closes is None or shown.closes > horizon else shown.closes,
            "positions": max([0, *sizes, *(move.positions for move in moves if move.option == ident)]),
        }
        found.append(shown.source.option.model_copy(update=update))
    return tuple(found)


def _refusals(network: Network, market: Market, empty: set[str], touched: Sequence[str]) -> tuple[Refusal, ...]:
    """What was refused, and what is allowed but brings nobody at any time."""
    lost = set(touched)
    nobody = [
        Refusal(
            function=offer.function,
            pool=offer.pool,
            option=offer.ident,
            code="no-capacity",
            reason=f"{network.pool[offer.pool].name} has nobody to give this way at any time of this plan",
        )
        for offer in market.offers
        if offer.function in lost and offer.ident in empty
    ]
    return tuple(sorted((*market.refusals, *nobody), key=lambda r: (r.function, r.pool, r.option)))


def _size(ground: Ground, offer: Offer, stretch: Stretch) -> int:
    pool = offer.pool
    if offer.kind != "idle":
        size, free = stretch.size(offer), stretch.free_seats(ground.network.pool[pool].site)
        return size if free is None or offer.kind in ("home", "step-in", "takeover") else min(size, free)
    return offer.source.part(beyond_minimums(ground, stretch, pool))


def _verdicts(
    ground: Ground,
    disruption: Disruption,
    timeline: tuple[State, ...],
    chosen: Variant,
    every: Sequence[Offer],
    hurt: Sequence[str],
    touched: Sequence[str],
) -> tuple[Verdict, ...]:
    """A verdict for every function that loses work or gives some, and `untouched` for what is hit but loses nothing."""
    used = {offer.key for offer in chosen.planned.offers}
    closed = tuple(offer for offer in every if offer.key not in used)
    inquiry = Inquiry(ground, disruption, timeline, chosen.planned, chosen.proof, closed)
    givers = {function for run in (chosen.planned, chosen.proof) for a in run.allocations for function, _ in a.gives}
    return tuple(_verdict(inquiry, ident, lost=ident in hurt, gives=ident in givers) for ident in sorted({*touched, *givers}))


def _verdict(inquiry: Inquiry, ident: str, *, lost: bool, gives: bool) -> Verdict:
    ground, function = inquiry.ground, inquiry.ground.network.function[ident]
    planned, proven = course(ground, function, inquiry.planned), course(ground, function, inquiry.proof)
    outcome = judge(planned, proven) if lost or gives else "untouched"
    unknown = outcome == "not-known"
    short = proven.shortages() if lost or gives else []
    worst = max(short, key=lambda row: (row[1], -row[0].start), default=None)
    source = planned if unknown else proven
    return Verdict(
        function=ident,
        outcome=outcome,
        minimum_at=source.minimum_at,
        full_at=source.full_at,
        rto=function.rto,
        mtpd=function.mtpd,
        lost=max(ground.at(segment).lost(ident) for segment in planned.segments) if lost else 0,
        lost_first=ground.at(planned.segments[0]).lost(ident) if lost else 0,
        short=worst[1] if worst else 0,
        short_from=short[0][0].start if short else None,
        short_first=short[0][1] if short else 0,
        short_worst=worst[0].start if worst else None,
        short_until=None if not short or short[-1][0].end >= planned.segments[-1].end else short[-1][0].end,
        counterexample=describe(ground, function, worst[0], worst[1], inquiry.disruption) if worst else "",
        binding=explain(inquiry, function, planned, proven, unknown=unknown) if worst else None,
        weakest=weakest_input(inquiry, function, proven, unknown=unknown) if lost else "",
        cover=cover(planned, proven),
    )
