"""What the network and its proofs tell the rules: standing facts, which hold now and have no moment of their own."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import date, timedelta

from riskreg.continuity.falling import wire
from riskreg.continuity.graph import needs_of
from riskreg.model.network import CLIENT, Function, Network, need_refs
from riskreg.model.plan import FailoverPlan
from riskreg.model.signal import Fact
from riskreg.model.times import TENTHS


def standing_facts(network: Network, plans: Mapping[str, FailoverPlan], today: date, *, client: str) -> list[Fact]:
    """Facts `site`, `served`, `function`, `vendor`, `pool`, `depends`, `contract` from the network, and `cover` from the plans of
    whole sites (`site:MNL` → plan), each with the fields of `model.fact.STANDING`.

    `days_left` and `days_to_notice` count from `today` to the end of a contract and to the last day on which notice can be given;
    `short` and `positions` are in positions, `positions` at the pool's busiest half hour; `share` is 0 to 1.
    """
    return [
        *_sites(network),
        *_served(network),
        *_functions(network, client),
        *_vendors(network),
        *_pools(network),
        *_depends(network),
        *_contracts(network, today),
        *_cover(network, plans),
    ]


def _sites(network: Network) -> list[Fact]:
    return [
        {
            "id": f"site:{s.id}",
            "fact": "site",
            "site": s.id,
            "vendor": s.party,
            "country": s.country,
            "kind": s.kind,
            "seats": s.seats,
        }
        for s in sorted(network.sites, key=lambda s: s.id)
    ]


def _served(network: Network) -> list[Fact]:
    shares: dict[tuple[str, str], float] = {}
    for function in network.functions:
        for part in function.served_by:
            place = (function.id, network.pool[part.pool].site)
            shares[place] = shares.get(place, 0.0) + part.share
    facts: list[Fact] = []
    for (ident, site), share in sorted(shares.items()):
        function = network.function[ident]
        facts.append(
            {
                "id": f"served:{ident}@{site}",
                "fact": "served",
                "site": site,
                "vendor": network.site[site].party,
                "function": ident,
                "tier": function.tier,
                "impact": function.impact,
                "share": round(share, 6),
                "channel": function.channel,
                "language": function.language,
                "pci": _takes_cards(function),
            }
        )
    return facts


def _functions(network: Network, client: str) -> list[Fact]:
    facts: list[Fact] = []
    for function in sorted(network.functions, key=lambda f: f.id):
        sites = {network.pool[part.pool].site for part in function.served_by}
        facts.append(
            {
                "id": f"function:{function.id}",
                "fact": "function",
                "function": function.id,
                "client": client,
                "channel": function.channel,
                "language": function.language,
                "tier": function.tier,
                "impact": function.impact,
                "pci": _takes_cards(function),
                "sites": len(sites),
                "vendors": len({network.site[site].party for site in sites} - {CLIENT}),
            }
        )
    return facts


def _vendors(network: Network) -> list[Fact]:
    """`share`: position-hours that the vendor's pools staff in a week, of those of all pools."""
    staffed: dict[str, int] = defaultdict(int)
    functions: dict[str, set[str]] = defaultdict(set)
    for pool in network.pools:
        staffed[network.site[pool.site].party] += sum(pool.positions)
    for function in network.functions:
        for part in function.served_by:
            functions[network.site_of(part.pool).party].add(function.id)
    everything = sum(staffed.values()) or 1
    return [
        {
            "id": f"vendor:{vendor}",
            "fact": "vendor",
            "vendor": vendor,
            "sites": sum(site.party == vendor for site in network.sites),
            "functions": len(functions[vendor]),
            "share": round(staffed[vendor] / everything, 6),
        }
        for vendor in sorted(network.vendor)
    ]


def _pools(network: Network) -> list[Fact]:
    functions: dict[str, set[str]] = defaultdict(set)
    for function in network.functions:
        for part in function.served_by:
            functions[part.pool].add(function.id)
    return [
        {
            "id": f"pool:{pool.id}",
            "fact": "pool",
            "pool": pool.id,
            "site": pool.site,
            "vendor": network.site[pool.site].party,
            "positions": max(pool.positions) / TENTHS,
            "functions": len(functions[pool.id]),
        }
        for pool in sorted(network.pools, key=lambda p: p.id)
    ]


def _depends(network: Network) -> list[Fact]:
    """Each system that a function needs at a site, directly or through what it rests on; `standby` where the function can be
    worked on at that site with this system alone lost."""
    systems_of = _systems_below(network)
    wiring = wire(network)
    down = {system: wiring.down((f"system:{system}",)) for system in sorted(network.system)}
    pools: dict[tuple[str, str], list[str]] = defaultdict(list)
    for function in network.functions:
        for part in function.served_by:
            pools[function.id, network.pool[part.pool].site].append(part.pool)
    facts: list[Fact] = []
    for (ident, site), here in sorted(pools.items()):
        function = network.function[ident]
        needed = {system for ref in (*need_refs(function.needs), *(f"pool:{pool}" for pool in here)) for system in systems_of(ref)}
        for system in sorted(needed):
            works = f"run:{ident}" not in down[system] and any(f"pool:{pool}" not in down[system] for pool in here)
            facts.append(
                {
                    "id": f"depends:{ident}@{site}:{system}",
                    "fact": "depends",
                    "system": system,
                    "function": ident,
                    "site": site,
                    "vendor": network.site[site].party,
                    "kind": network.system[system].kind,
                    "tier": function.tier,
                    "impact": function.impact,
                    "standby": works,
                }
            )
    return facts


def _systems_below(network: Network) -> Callable[[str], frozenset[str]]:
    """Reference → the systems that it rests on, itself included."""
    needs = {ref: tuple(below for part in parts for below in need_refs(part)) for ref, parts in needs_of(network).items()}
    known: dict[str, frozenset[str]] = {}

    def below(ref: str) -> frozenset[str]:
        if ref not in known:
            seen, work = {ref}, [ref]
            while work:
                fresh = set(needs.get(work.pop(), ())) - seen
                seen |= fresh
                work += fresh
            known[ref] = frozenset(name.removeprefix("system:") for name in seen if name.startswith("system:"))
        return known[ref]

    return below


def _takes_cards(function: Function) -> bool:
    return any("pci" in certificate.lower() for certificate in function.certificates)


def _contracts(network: Network, today: date) -> list[Fact]:
    """A contract whose dates change is another fact, so that what was found on the old dates does not stand on."""
    facts: list[Fact] = []
    for contract in sorted(network.contracts, key=lambda c: c.id):
        notice_by = contract.ends - timedelta(seconds=contract.notice)
        facts.append(
            {
                "id": f"contract:{contract.id}@{notice_by}",
                "fact": "contract",
                "vendor": contract.vendor,
                "contract": contract.id,
                "title": contract.title,
                "ends": contract.ends.isoformat(),
                "days_left": (contract.ends - today).days,
                "notice_days": contract.notice // 86400,
                "notice_by": notice_by.isoformat(),
                "days_to_notice": (notice_by - today).days,
            }
        )
    return facts


def _cover(network: Network, plans: Mapping[str, FailoverPlan]) -> list[Fact]:
    facts: list[Fact] = []
    for ref, plan in sorted(plans.items()):
        kind, _, site = ref.partition(":")
        if kind != "site" or site not in network.site:
            continue
        for verdict in plan.verdicts:
            if verdict.lost == 0:
                continue
            function = network.function[verdict.function]
            facts.append(
                {
                    "id": f"cover:{function.id}@{ref}",
                    "fact": "cover",
                    "site": site,
                    "vendor": network.site[site].party,
                    "function": function.id,
                    "tier": function.tier,
                    "impact": function.impact,
                    "outcome": verdict.outcome,
                    "short": verdict.short / TENTHS,
                }
            )
    return facts
