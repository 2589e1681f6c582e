"""Whether a pool may and can do a function's work, and if not, why not in words that a manager would say."""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

from riskreg.model.languages import language
from riskreg.model.network import CLIENT, Contract, Function, Lever, Network, Pool, Takeover

Code = Literal[
    "fallen", "language", "channel", "skill", "certificate", "residency", "contract", "exclusive", "not-firm", "no-routing",
    "no-capacity", "contract-ended",
]  # fmt: skip


class Barrier(NamedTuple):
    """Why not: a code, and what to say of the pool (`does not speak German`)."""

    code: Code
    reason: str


def serves(function: Function, pool: Pool) -> bool:
    """True where the pool does this work today."""
    return any(part.pool == pool.id for part in function.served_by)


def losing_parties(network: Network, lost_pools: frozenset[str], function: Function) -> frozenset[str]:
    """The parties that lose this function's work: vendors, or the client itself."""
    return frozenset(network.site_of(part.pool).party for part in function.served_by if part.pool in lost_pools)


def barriers(network: Network, function: Function, pool: Pool, on: date) -> tuple[Barrier, ...]:
    """Everything about people, data and contract that keeps the pool from this work on that day; empty: nothing does.

    A pool that does the work today passes: its people do it, and its contract lets them.
    """
    if serves(function, pool):
        return ()
    site = network.site[pool.site]
    found: list[Barrier] = []
    if function.language not in pool.languages:
        found.append(Barrier("language", f"does not speak {language(function.language)}"))
    if function.channel not in pool.channels:
        found.append(Barrier("channel", f"does not work on {function.channel}"))
    if function.skill not in pool.skills:
        found.append(Barrier("skill", f"is not trained in {function.skill}"))
    if missing := sorted(set(function.certificates) - set(pool.certificates)):
        found.append(Barrier("certificate", f"is not certified for {' and '.join(missing)}"))
    if function.countries and site.country not in function.countries:
        allowed = ", ".join(sorted(function.countries))
        found.append(Barrier("residency", f"may not handle this data in {site.country}, only in {allowed}"))
    if site.party != CLIENT:
        found.extend(_by_contract(network, function, site.party, on))
    return tuple(found)


def _by_contract(network: Network, function: Function, vendor: str, on: date) -> list[Barrier]:
    name, found = network.name_of(f"vendor:{vendor}"), []
    for contract in sorted(network.contracts, key=lambda c: c.id):
        if contract.vendor != vendor and function.id in contract.exclusive and in_force(contract, on):
            holder = network.name_of(f"vendor:{contract.vendor}")
            found.append(Barrier("exclusive", f"is shut out: {contract.id} keeps this work for {holder} alone"))
    covering = [c for c in network.contracts if c.vendor == vendor and function.id in c.scope]
    if not covering:
        found.append(Barrier("contract", f"has no contract for it: none with {name} covers this work"))
    elif not any(in_force(c, on) for c in covering):
        latest = max(covering, key=lambda c: (c.ends, c.id))
        not_yet = latest.starts > on
        when = f"starts only on {latest.starts}" if not_yet else f"ended on {latest.ends}"
        found.append(Barrier("contract-ended", f"has no contract in force: {latest.id} {when}"))
    return found


def in_force(contract: Contract, on: date) -> bool:
    """True from the day a contract starts to the day it ends, both included."""
    return contract.starts <= on <= contract.ends


def covering_until(network: Network, function: Function, vendor: str, on: date) -> date | None:
    """The last day on which a contract of the vendor covers the function, counted from `on`; None: none covers it."""
    ends = [c.ends for c in network.contracts if c.vendor == vendor and function.id in c.scope and in_force(c, on)]
    return max(ends, default=None)


def takeover_clause(network: Network, vendor: str, pool: str, on: date) -> tuple[Contract, Takeover] | None:
    """The clause that lets the client take this vendor's work back to this pool of its own; the first by contract id."""
    for contract in sorted(network.contracts, key=lambda c: c.id):
        if contract.vendor == vendor and in_force(contract, on):
            for clause in contract.takeover:
                if clause.pool == pool:
                    return contract, clause
    return None


def not_firm(lever: Lever, what: str) -> Barrier | None:
    """Only capacity that is paid for and named counts."""
    if lever.firmness == "firm":
        return None
    return Barrier("not-firm", f"{what} is {lever.firmness} only: nobody is bound to deliver it")
