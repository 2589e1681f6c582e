"""What the network and its proofs tell the rules: standing facts, which hold now and have no moment of their own."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta

from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan
from riskreg.model.signal import Fact
from riskreg.model.times import TENTHS


def standing_facts(network: Network, plans: Mapping[str, FailoverPlan], today: date) -> list[Fact]:
    """Facts `site`, `served`, `contract` from the network, and `cover` from the plans of whole sites (`site:MNL` → plan).

    `days_left` and `days_to_notice` count from `today` to the end of a contract and to the last day on which notice can be given;
    `short` is in positions.
    """
    return [*_sites(network), *_served(network), *_contracts(network, today), *_cover(network, plans)]


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
                "pci": any("pci" in certificate.lower() for certificate in function.certificates),
            }
        )
    return facts


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
