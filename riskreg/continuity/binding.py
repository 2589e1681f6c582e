"""Why not: what binds where a function falls short, and what would help; every claim is checked by solving again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from zoneinfo import ZoneInfo

from riskreg.continuity.allocation import NOTHING, Book, Grant, Ground
from riskreg.continuity.eligibility import barriers
from riskreg.continuity.market import hypothetical
from riskreg.continuity.options import KIND_WORDS, Offer
from riskreg.continuity.proof import Course, Run
from riskreg.continuity.stretch import Segment
from riskreg.continuity.timeline import State
from riskreg.model.disruption import Disruption
from riskreg.model.languages import language
from riskreg.model.network import Function
from riskreg.model.plan import Binding
from riskreg.model.times import say_duration, say_positions


@dataclass(frozen=True)
class Inquiry:
    """What an explanation may look at and solve again."""

    ground: Ground
    disruption: Disruption
    timeline: tuple[State, ...]
    planned: Run
    proof: Run
    closed: tuple[Offer, ...] = ()
    """Firm offers that the decision leaves aside."""

    def solves(self, function: Function, short: Iterable[tuple[Segment, int]], offers: Sequence[Offer]) -> bool:
        """True where these offers would serve the minimum in each of these stretches."""
        return all(self.missing(function, segment, offers) == 0 for segment, _ in short)

    def missing(self, function: Function, segment: Segment, offers: Sequence[Offer], grant: Grant = NOTHING) -> int:
        """Positions missing to the minimum in one stretch with these offers and this grant."""
        return max(
            0,
            self.ground.at(segment).minimum(function.id)
            - self.ground.solve(segment, Book(offers), grant=grant).served[function.id],
        )


def name_option(ground: Ground, offer: Offer) -> str:
    """`Bogotá General surge, 30 positions`."""
    source = offer.source
    size = f", {say_positions(source.part(source.fixed))} positions" if source.fixed else ""
    if source.beyond:
        size = f" beyond the {say_positions(source.beyond)} positions that were tested"
    return f"{ground.network.pool[offer.pool].name} {KIND_WORDS[offer.kind]}{size}"


def name_evidence(offer: Offer) -> str:
    """What is known of an option, in words."""
    option = offer.source.option
    if option.kind == "idle" and option.tested is None and option.grade == "used":
        return "in daily use"
    if option.beyond or option.tested is None:
        return "asserted, never tested"
    if option.grade == "discussed":
        return f"discussed on {option.tested}, never tested"
    if option.expired:
        return f"{option.grade} on {option.tested}, too long ago to count"
    return f"{option.grade} on {option.tested}" if offer.proven else f"{option.grade} on {option.tested}, but its routing is not"


def describe(ground: Ground, function: Function, segment: Segment, short: int, disruption: Disruption) -> str:
    """The counterexample: when, where on the clock, how many are missing."""
    local = (disruption.onset + timedelta(seconds=segment.start)).astimezone(ZoneInfo(function.time_zone))
    stretch = ground.at(segment)
    need = stretch.minimum(function.id)
    before = max(0, need - sum(stretch.standing[function.id].values()))
    gap = f"; {say_positions(before)} were missing before the loss" if before else ""
    return (
        f"{say_duration(segment.start)} after the loss ({local:%a %H:%M} local time), {say_positions(short)} of the "
        f"{say_positions(need)} positions that must be served are missing{gap}"
    )


def weakest_input(inquiry: Inquiry, function: Function, course: Course, *, unknown: bool) -> str:
    """The weakest input that a verdict rests on: the untested options that it hopes for, else the oldest test that it uses."""
    run = inquiry.planned if unknown else inquiry.proof
    short = {segment.start for segment, _ in course.shortages()} if unknown else set()
    used: set[tuple[str, str]] = set()
    for segment, allocation in zip(run.segments, run.allocations, strict=True):
        if not unknown or segment.start in short:
            used |= allocation.moves.keys()
    offers = [o for o in run.offers if o.key in used and (not o.proven if unknown else o.source.option.tested is not None)]
    own = [offer for offer in offers if offer.function == function.id]
    if not own and not (unknown and offers):
        return ""
    worst = min(own or offers, key=lambda o: (o.proven, o.source.option.tested or "", o.opens, o.key))
    return f"{name_option(inquiry.ground, worst)}: {name_evidence(worst)}"


def explain(inquiry: Inquiry, function: Function, planned: Course, proven: Course, *, unknown: bool) -> Binding | None:
    """What binds a function that falls short from its RTO on; None where nothing is short."""
    course = proven if unknown else planned
    short = course.shortages() or proven.shortages()
    if not short:
        return None
    worst, missing = max(short, key=lambda row: (row[1], -row[0].start))
    stretch = inquiry.ground.at(worst)
    if unknown:
        return _untested(inquiry, function, planned, short, missing)
    if stretch.runnable(function.id) < stretch.minimum(function.id):
        return _system(inquiry, function, worst, missing)
    return _too_late(inquiry, function, short, missing) or _scarce(inquiry, function, worst, missing)


def _untested(inquiry: Inquiry, function: Function, planned: Course, short: list[tuple[Segment, int]], missing: int) -> Binding:
    """Which tests would turn not known into the plan's own outcome."""
    hopeless = {segment.start for segment, _ in planned.shortages()}
    gaps = [row for row in short if row[0].start not in hopeless]
    used = inquiry.planned.used()
    untested = [offer for offer in inquiry.planned.offers if not offer.proven and offer.key in used]
    own = sorted((offer for offer in untested if offer.function == function.id), key=lambda o: (o.opens, o.key))
    singles = [[offer.ident] for offer in own]
    for idents in [*singles, sorted({offer.ident for offer in own})]:
        tested = [offer for offer in inquiry.planned.offers if offer.proven or offer.ident in idents]
        if idents and inquiry.solves(function, gaps, tested):
            names = sorted({name_option(inquiry.ground, offer) for offer in own if offer.ident in idents})
            words = "it" if len(names) == 1 else "together they"
            advice = f"Test {' and '.join(names)}: {words} would turn not known into {planned.outcome}."
            return Binding(what="evidence", ref=idents[0], missing=missing, advice=advice)
    names = sorted({name_option(inquiry.ground, offer) for offer in untested})
    advice = f"The plan rests on {len(names)} untested options, of this and of other work: {'; '.join(names)}."
    return Binding(what="evidence", ref=untested[0].ident if untested else "", missing=missing, advice=advice)


def _system(inquiry: Inquiry, function: Function, worst: Segment, missing: int) -> Binding:
    """The function's own systems are down: no pool can do the work."""
    network = inquiry.ground.network
    causes = [ref for ref in worst.state.now.because.get(f"function:{function.id}", ()) if not ref.startswith("pool:")]
    ref = causes[0] if causes else f"function:{function.id}"
    advice = (
        f"No pool can do this work without {' and '.join(network.name_of(cause) for cause in causes) or 'its systems'}: "
        f"have it back within {say_duration(function.rto)}, or give {function.name} an alternate."
    )
    return Binding(what="system", ref=ref, missing=missing, advice=advice)


def _too_late(inquiry: Inquiry, function: Function, short: list[tuple[Segment, int]], missing: int) -> Binding | None:
    """An option that would suffice, but opens after the RTO; or whose end comes too soon."""
    offers = inquiry.planned.offers
    mine = [offer for offer in offers if offer.function == function.id]
    for offer in sorted(mine, key=lambda o: (o.opens, o.key)):
        early = [replace(o, opens=0, closes=None) if o.ident == offer.ident else o for o in offers]
        if not inquiry.solves(function, short, early):
            continue
        name, ref = name_option(inquiry.ground, offer), offer.ident
        if offer.opens > function.rto and all(segment.start < offer.opens for segment, _ in short):
            limit, words = (function.mtpd, "MTPD") if offer.opens > function.mtpd else (function.rto, "RTO")
            advice = (
                f"{name} opens {say_duration(offer.opens)} after the loss, {say_duration(offer.opens - limit)} after the {words} "
                f"of {say_duration(limit)}. Opened by the RTO of {say_duration(function.rto)} it would serve the minimum."
            )
            return Binding(what="opens too late", ref=ref, missing=missing, advice=advice)
        if offer.closes is not None and all(segment.end > offer.closes for segment, _ in short):
            advice = f"{name} ends {say_duration(offer.closes)} after the loss. If it went on, it would serve the minimum."
            return Binding(what="ends too soon", ref=ref, missing=missing, advice=advice)
    return None


def _scarce(inquiry: Inquiry, function: Function, worst: Segment, missing: int) -> Binding:
    """Of the single changes that could help in the worst stretch, the first that helps most."""
    best: tuple[int, Binding] | None = None
    for what, ref, advice, offers, grant in _changes(inquiry, function, worst, missing):
        gain = missing - inquiry.missing(function, worst, offers, grant)
        if gain > 0 and (best is None or gain > best[0]):
            text = f"{advice} would serve {say_positions(gain)} of them."
            best = gain, Binding(what=what, ref=ref, missing=missing, advice=text)
        if best is not None and best[0] == missing:
            break
    if best is not None:
        return best[1]
    trained = f"{language(function.language)} {function.channel} ({function.skill})"
    certificates = f" with {' and '.join(function.certificates)}" if function.certificates else ""
    advice = (
        f"No other pool could serve them after a single change: it takes {say_positions(missing)} positions trained for {trained}"
        f"{certificates} at a place that this loss does not touch."
    )
    return Binding(what="trained people", ref=f"function:{function.id}", missing=missing, advice=advice)


def _changes(
    inquiry: Inquiry, function: Function, worst: Segment, missing: int
) -> Iterator[tuple[str, str, str, list[Offer], Grant]]:
    """Single changes, what is easiest to bring about first: (what binds, reference, the change in words, offers, grant)."""
    ground, network = inquiry.ground, inquiry.ground.network
    now, day = worst.state.now, inquiry.disruption.onset.date()
    offers = [offer for offer in inquiry.planned.offers if offer.open_at(worst.start)]
    count = say_positions(missing)
    mine = {offer.pool for offer in offers if offer.function == function.id}
    for offer in sorted(inquiry.closed, key=lambda o: o.key):
        if offer.function == function.id and offer.open_at(worst.start):
            same = [o for o in inquiry.closed if o.ident == offer.ident]
            yield "decision", offer.ident, f"Allowing {name_option(ground, offer)}", [*offers, *same], NOTHING
    for offer in offers:
        if offer.function == function.id and offer.kind == "home":
            change = f"{count} more people of {network.pool[offer.pool].name} able to work from home"
            yield "home working", offer.ident, change, offers, Grant(option={offer.ident: missing})
    for pool in sorted(network.pools, key=lambda p: p.id):
        found = barriers(network, function, pool, day)
        if len(found) == 1 and f"pool:{pool.id}" not in now.level:
            what = found[0].code
            change = {
                "contract": f"A contract that lets {pool.name} do {function.name}",
                "contract-ended": f"A contract in force with {pool.name}",
                "exclusive": f"An exception to the exclusivity of {function.name} for {pool.name}",
                "residency": f"Leave to handle the data of {function.name} in {network.site[pool.site].country}, at {pool.name},",
            }.get(what, f"{pool.name} {found[0].reason}: {count} positions made fit for it there")
            what_if = hypothetical(network, inquiry.disruption, inquiry.timeline, function, pool)
            yield what, f"pool:{pool.id}", change, [*offers, what_if], NOTHING
        elif not found and pool.id not in mine and pool.routing is None and f"pool:{pool.id}" not in now.level:
            what_if = hypothetical(network, inquiry.disruption, inquiry.timeline, function, pool)
            yield "no-routing", f"pool:{pool.id}", f"Routing to {pool.name}", [*offers, what_if], NOTHING
    for site in sorted({network.pool[pool].site for pool in mine}):
        more = Grant(seats={site: missing})
        yield "seats", f"site:{site}", f"{count} more seats at {network.site[site].name}", offers, more
    for offer in sorted((o for o in offers if o.function == function.id and o.source.fixed), key=lambda o: o.key):
        grant = Grant(option={offer.ident: missing})
        yield "clause", offer.ident, f"{count} more positions in {name_option(ground, offer)}", offers, grant
    for pool_id in sorted(mine):
        if now.of(f"pool:{pool_id}") > 0:
            name = network.pool[pool_id].name
            yield "positions", f"pool:{pool_id}", f"{count} more positions at {name}", offers, Grant(idle={pool_id: missing})
