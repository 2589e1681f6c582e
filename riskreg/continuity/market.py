"""The market of options: every way to bring positions to bear on lost work, and every way that is closed, with its reason."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from riskreg.continuity.eligibility import (
    Barrier,
    barriers,
    covering_until,
    in_force,
    losing_parties,
    not_firm,
    serves,
    takeover_clause,
)
from riskreg.continuity.falling import NONE
from riskreg.continuity.options import DAILY, GRADES, PROVING, Evidenced, Offer, Source, parts
from riskreg.continuity.timeline import State
from riskreg.model.disruption import Disruption
from riskreg.model.network import CLIENT, Contract, Function, Lever, Network, Pool, PoolLever
from riskreg.model.plan import Option, OptionKind, Refusal, Relation
from riskreg.model.times import say_positions


@dataclass(frozen=True)
class Market:
    """All offers and refusals for lost functions, and the onward offers of their donors."""

    offers: tuple[Offer, ...]
    refusals: tuple[Refusal, ...]


class _Bench:
    """Collects offers and refusals of one plan."""

    def __init__(self, network: Network, disruption: Disruption, timeline: Sequence[State], evidence: Evidenced) -> None:
        self.network, self.timeline, self.evidence = network, timeline, evidence
        self.onset = disruption.onset
        self.day = disruption.onset.date()
        self.first = timeline[0].now
        self.lost_pools = frozenset(pool for pool in network.pool if f"pool:{pool}" in self.first.level)

    def closes(self, opens: int, lever: Lever, last_day: date | None) -> int | None:
        """When an option is over: its own length, or the end of the contract."""
        ends = [] if lever.lasts is None else [opens + lever.lasts]
        if last_day is not None:
            midnight = datetime.combine(last_day + timedelta(days=1), time(), tzinfo=self.onset.tzinfo)
            ends.append(int((midnight - self.onset).total_seconds()))
        return min(ends, default=None)

    def relation(self, function: Function, pool: Pool) -> Relation:
        """How near the pool is to those that lose the work; a donor's work moves on from the other pools that serve it."""
        served = {part.pool for part in function.served_by} - {pool.id}
        lost = (served & self.lost_pools) or served or {pool.id}
        here = self.network.site[pool.site]
        if pool.id in self.lost_pools or pool.site in {self.network.pool[other].site for other in lost}:
            return "same-site"
        if here.party in {self.network.site_of(other).party for other in lost}:
            return "sister-site"
        return "client" if here.party == CLIENT else "second-vendor"

    def source(
        self, kind: OptionKind, pool: Pool, lever: Lever, *, ident: str, contract: str = "", share: float = 0.0, fixed: int = 0
    ) -> Source:
        option = Option(
            id=ident,
            kind=kind,
            pool=pool.id,
            relation="same-site",
            opens=lever.ready,
            closes=None if lever.lasts is None else lever.ready + lever.lasts,
            positions=0,
            firmness=lever.firmness,
            grade=lever.evidence.grade,
            tested=None if lever is DAILY or lever.evidence.at is None else lever.evidence.at.isoformat(),
            expired=self.evidence.expired(lever),
            price=lever.price,
            clause=lever.clause,
        )
        return Source(option, lever, contract, share, fixed, getattr(lever, "authority", ""))

    def offers(self, function: Function, pool: Pool, source: Source, *, limit_of: str | None = None) -> Iterator[Offer]:
        """The offers of a source: as far as its evidence goes, and beyond."""
        for part in parts(source):
            yield self.offer(function, pool, part, limit_of=limit_of)

    def offer(self, function: Function, pool: Pool, source: Source, *, limit_of: str | None = None) -> Offer:
        """An offer of a source; where the pool does not do the work today, its routing has to be switched and proven as well.

        A routing that was shown for so many positions was shown for the pool's own people, not for what a lever adds to them.
        """
        network, levers = self.network, [source.lever]
        switched = source.option.kind not in ("takeover", "home", "step-in") and not serves(function, pool)
        if switched and pool.routing is not None and pool.routing is not source.lever:
            levers.append(pool.routing)
        opens = max(lever.ready for lever in levers)
        grades = [source.option.grade]
        grades += ["asserted" if lever.evidence.positions else lever.evidence.grade for lever in levers[1:]]
        grade = min(grades, key=GRADES.index)
        party = network.site[pool.site].party
        last = None if party == CLIENT or serves(function, pool) else covering_until(network, function, party, self.day)
        if source.contract:
            ends = next(c.ends for c in network.contracts if c.id == source.contract)
            last = ends if last is None else min(last, ends)
        return Offer(
            function=function.id,
            source=source,
            relation="step-in" if source.option.kind == "step-in" else self.relation(function, pool),
            opens=opens,
            closes=self.closes(opens, source.lever, last),
            proven=grade in PROVING and self.evidence.proven(*levers),
            grade=grade,
            limit_of=limit_of,
        )

    def levers(self, pool: Pool) -> Iterator[tuple[Source, Contract | None]]:
        """What a pool can bring beyond its own positions."""
        if pool.overtime is not None:
            yield self.source("overtime", pool, pool.overtime, ident=f"overtime:{pool.id}", share=pool.overtime.share), None
        for contract in sorted(self.network.contracts, key=lambda c: c.id):
            kinds: tuple[tuple[OptionKind, tuple[PoolLever, ...]], ...] = (("surge", contract.surge), ("standby", contract.standby))
            for kind, clauses in kinds:
                mine = sorted((c for c in clauses if c.pool == pool.id), key=lambda c: (c.ready, -c.positions, c.clause))
                for number, lever in enumerate(mine, 1):
                    ident = f"{kind}:{contract.id}:{pool.id}" + (f":{number}" if len(mine) > 1 else "")
                    yield self.source(kind, pool, lever, ident=ident, contract=contract.id, fixed=lever.positions), contract

    def closed(self, function: Function, pool: Pool, option: str, barrier: Barrier) -> Refusal:
        return Refusal(function=function.id, pool=pool.id, option=option, code=barrier.code, reason=barrier.reason)

    def back_in_time(self, function: Function, pool: Pool) -> bool:
        """True where the pool works again while the function still lacks something else."""
        own = {f"run:{function.id}", *(f"pool:{part.pool}" for part in function.served_by)}
        return any(state.now.of(f"pool:{pool.id}") > NONE and own & state.now.level.keys() for state in self.timeline)

    def fallen(self, pool: Pool) -> bool:
        return all(state.now.of(f"pool:{pool.id}") == NONE for state in self.timeline)

    def at_pool(self, function: Function, pool: Pool) -> Iterator[Offer | Refusal]:
        """Offers and refusals of one pool for one function that has lost work."""
        idle, client = f"idle:{pool.id}", self.network.site[pool.site].party == CLIENT
        found = barriers(self.network, function, pool, self.day)
        if found:
            reason = f"{pool.name} " + "; ".join(barrier.reason for barrier in found)
            yield self.closed(function, pool, idle, Barrier(found[0].code, reason))
            return
        if self.first.of(f"pool:{pool.id}") == NONE:
            yield from self.from_home(function, pool)
            if not serves(function, pool):
                yield self.closed(function, pool, idle, Barrier("fallen", f"{pool.name} is down as well"))
            if not self.back_in_time(function, pool):
                for source, _ in self.levers(pool) if serves(function, pool) else ():
                    yield self.closed(function, pool, source.option.id, Barrier("fallen", f"{pool.name} itself is down"))
                return
        if serves(function, pool):
            yield self.offer(function, pool, self.source("idle", pool, DAILY, ident=idle))
            yield from self.extras(function, pool)
            if self.first.of(f"pool:{pool.id}") > NONE:
                yield from self.from_home(function, pool)
            return
        parties = losing_parties(self.network, self.lost_pools, function)
        if client:
            for vendor in sorted(parties - {CLIENT}):
                yield from self.taken_over(function, pool, vendor)
            if CLIENT not in parties:
                reason = f"{pool.name} takes a vendor's work only under a takeover clause; none of its own {function.name} is lost"
                yield self.closed(function, pool, idle, Barrier("contract", reason))
                return
        yield from self.rerouted(function, pool, limit_of=CLIENT if client else None)

    def rerouted(self, function: Function, pool: Pool, limit_of: str | None) -> Iterator[Offer | Refusal]:
        ident = f"idle:{pool.id}"
        if pool.routing is None:
            reason = f"no routing leads {function.name} to {pool.name}"
            yield self.closed(function, pool, ident, Barrier("no-routing", reason))
            return
        if loose := not_firm(pool.routing, f"routing to {pool.name}"):
            yield self.closed(function, pool, ident, loose)
            return
        source = self.source("idle", pool, pool.routing, ident=ident)
        yield from self.offers(function, pool, source, limit_of=limit_of)
        for extra in self.extras(function, pool):
            yield replace(extra, limit_of=limit_of) if isinstance(extra, Offer) else extra

    def extras(self, function: Function, pool: Pool) -> Iterator[Offer | Refusal]:
        for source, contract in self.levers(pool):
            size = f" ({say_positions(source.fixed)} positions)" if source.fixed else ""
            what = f"{source.option.kind} at {pool.name}{size}"
            if contract is not None and function.id not in contract.scope:
                barrier: Barrier | None = Barrier("contract", f"{what} of {contract.id} is not for {function.name}")
            elif contract is not None and not in_force(contract, self.day):
                barrier = Barrier("contract-ended", f"{contract.id} runs from {contract.starts} to {contract.ends}")
            else:
                barrier = not_firm(source.lever, what)
            if barrier:
                yield self.closed(function, pool, source.option.id, barrier)
            else:
                yield from self.offers(function, pool, source)

    def taken_over(self, function: Function, pool: Pool, vendor: str) -> Iterator[Offer | Refusal]:
        name = self.network.name_of(f"vendor:{vendor}")
        clause = takeover_clause(self.network, vendor, pool.id, self.day)
        ident = f"takeover:{vendor}:{pool.id}"
        if clause is None:
            reason = f"no contract with {name} lets the client take its work back to {pool.name}"
            yield self.closed(function, pool, ident, Barrier("contract", reason))
            return
        contract, lever = clause
        ident = f"takeover:{contract.id}:{pool.id}"
        if loose := not_firm(lever, f"takeover at {pool.name}"):
            yield self.closed(function, pool, ident, loose)
            return
        source = self.source("takeover", pool, lever, ident=ident, contract=contract.id, fixed=lever.positions)
        yield from self.offers(function, pool, source, limit_of=vendor)

    def from_home(self, function: Function, pool: Pool) -> Iterator[Offer | Refusal]:
        if not serves(function, pool) or f"pool:{pool.id}" not in self.first.level:
            return
        site = self.network.site[pool.site]
        yield from self.stepped_in(function, pool)
        if pool.home is None or site.kind == "home":
            return
        ident = f"home:{pool.id}"
        home = max(state.now.of(f"home:{pool.id}") - state.now.of(f"pool:{pool.id}") for state in self.timeline)
        if function.certificates:
            held = " and ".join(sorted(function.certificates))
            reason = f"{function.name} needs {held}, which {pool.name} holds for its office, not for people's homes"
            yield self.closed(function, pool, ident, Barrier("certificate", reason))
        elif loose := not_firm(pool.home, f"home working of {pool.name}"):
            yield self.closed(function, pool, ident, loose)
        elif home <= NONE:
            reason = f"the people of {pool.name} cannot work from home: the loss reaches them too, or what home work needs is down"
            yield self.closed(function, pool, ident, Barrier("fallen", reason))
        else:
            yield from self.offers(function, pool, self.source("home", pool, pool.home, ident=ident, share=pool.home.share))

    def stepped_in(self, function: Function, pool: Pool) -> Iterator[Offer | Refusal]:
        party = self.network.site[pool.site].party
        if party not in self.timeline[0].stepped_in:
            return
        for contract in sorted(self.network.contracts, key=lambda c: c.id):
            if contract.vendor == party and contract.step_in is not None and in_force(contract, self.day):
                ident = f"step-in:{contract.id}:{pool.id}"
                if function.id not in contract.scope:
                    yield self.closed(function, pool, ident, Barrier("contract", f"{contract.id} does not cover {function.name}"))
                elif loose := not_firm(contract.step_in, f"step-in at {pool.name}"):
                    yield self.closed(function, pool, ident, loose)
                else:
                    lever = contract.step_in
                    source = self.source("step-in", pool, lever, ident=ident, contract=contract.id, share=lever.share)
                    yield from self.offers(function, pool, source)
                    return

    def onward(self, function: Function, pool: Pool) -> Iterator[Offer]:
        """Where work that gives up its people may move on to."""
        if self.fallen(pool):
            return
        if serves(function, pool):
            yield self.offer(function, pool, self.source("idle", pool, DAILY, ident=f"idle:{pool.id}"))
            return
        of_client = all(self.network.site_of(part.pool).party == CLIENT for part in function.served_by)
        taken_back = self.network.site[pool.site].party == CLIENT and not of_client
        if pool.routing is None or pool.routing.firmness != "firm" or taken_back:
            return
        if not barriers(self.network, function, pool, self.day):
            shown = pool.routing.evidence.positions is not None
            offer = self.offer(function, pool, self.source("idle", pool, pool.routing, ident=f"idle:{pool.id}"))
            # what was shown of it is kept for lost work, whose option is filled to that size
            yield replace(offer, proven=False, grade="asserted") if shown else offer


def open_market(
    network: Network, disruption: Disruption, timeline: Sequence[State], evidence: Evidenced, *, whole: bool = False
) -> Market:
    """Offers and refusals for every function that has lost work, and where the work of their donors could move on.

    A donor's work moves on only to idle positions, and never to the client (nothing of it was lost, so no clause is triggered):
    a second displacement is a ripple that no floor can carry in a crisis. That also bounds the problem: work beyond the donors
    cannot be reached, so leaving it out changes nothing. `whole` keeps it in, for comparison.
    """
    bench = _Bench(network, disruption, timeline, evidence)
    pools = sorted(network.pools, key=lambda p: p.id)
    functions = sorted(network.functions, key=lambda f: f.id)
    # Where only a function's own systems are down, no other pool can help.
    lost = {f.id for f in functions if any(part.pool in bench.lost_pools for part in f.served_by)}
    found = [entry for f in functions if f.id in lost for pool in pools for entry in bench.at_pool(f, pool)]
    offers = [entry for entry in found if isinstance(entry, Offer)]
    refusals = [entry for entry in found if isinstance(entry, Refusal)]
    reached = {offer.pool for offer in offers if offer.kind in ("idle", "takeover")}
    donors = [f for f in functions if f.id not in lost and (whole or any(part.pool in reached for part in f.served_by))]
    offers += [offer for function in donors for pool in pools for offer in bench.onward(function, pool)]
    return Market(tuple(sorted(offers, key=lambda o: o.key)), tuple(sorted(refusals, key=lambda r: (r.function, r.pool, r.option))))


def hypothetical(network: Network, disruption: Disruption, timeline: Sequence[State], function: Function, pool: Pool) -> Offer:
    """What if this pool could take this function over at once: the offer that it would make, whatever stands in the way today."""
    bench = _Bench(network, disruption, timeline, Evidenced(disruption.onset, 0))
    return bench.offer(function, pool, bench.source("idle", pool, DAILY, ident=f"idle:{pool.id}"))
