"""What depends on what: the needs of every part of a network, and the graph that they draw."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from riskreg.model.network import CLIENT, AllOf, AnyOf, AtLeast, Need, Network

if TYPE_CHECKING:
    import networkx as nx

OFFICE_HAZARDS = frozenset({"carrier"})
"""Kinds of hazard that stop at the office: homes have lines of their own. Every other kind reaches the people at home as well,
who live on the same grid and log in to the same group network."""


def needs_of(network: Network) -> dict[str, tuple[Need, ...]]:
    """Every reference of the network, sorted, with its needs; all of them must hold.

    A site needs its vendor, each of its hazard groups unharmed, and what it names; a system its vendor and what it names; a pool
    its site and what it names; a function what it names and any one of the pools that serve it today.
    """
    needs: dict[str, tuple[Need, ...]] = {}
    for vendor in network.vendors:
        needs[f"vendor:{vendor.id}"] = ()
    for hazard in network.hazards:
        needs[f"hazard:{hazard.id}"] = ()
    for system in network.systems:
        needs[f"system:{system.id}"] = (*_party(system.party), *_stated(system.needs))
    for site in network.sites:
        hazards = (f"hazard:{hazard}" for hazard in site.hazards)
        needs[f"site:{site.id}"] = (*_party(site.party), *hazards, *_stated(site.needs))
    for pool in network.pools:
        needs[f"pool:{pool.id}"] = (f"site:{pool.site}", *_stated(pool.needs))
    for function in network.functions:
        pools = tuple(sorted(f"pool:{part.pool}" for part in function.served_by))
        needs[f"function:{function.id}"] = (AnyOf(any=pools), *_stated(function.needs))
    return dict(sorted(needs.items()))


def dependency_graph(network: Network) -> nx.DiGraph:
    """The network as a graph: nodes are references, an edge runs from what is needed to what needs it.

    The attribute `how` of an edge is the nearest operator around the reference: `all`, `any` or `at_least`. Nodes and edges come
    in sorted order, so that every algorithm of networkx gives the same answer on the same network however its files are ordered.
    Nested needs keep their meaning in `cascade` only: a graph cannot hold them.
    """
    import networkx as nx

    graph = nx.DiGraph()
    needs = needs_of(network)
    graph.add_nodes_from(needs)
    edges = {(ref, needing, how) for needing, parts in needs.items() for part in parts for ref, how in _mentions(part, "all")}
    for ref, needing, how in sorted(edges):
        graph.add_edge(ref, needing, how=how)
    return graph


def operands(need: Need) -> tuple[tuple[Need, ...], int]:
    """The operands of `all`, `any` or `at_least`, and how many of them may be down while it holds."""
    if isinstance(need, AllOf):
        return need.all, 0
    if isinstance(need, AnyOf):
        return need.any, len(need.any) - 1
    if isinstance(need, AtLeast):
        return need.at_least.of, len(need.at_least.of) - need.at_least.k
    return (need,), 0


def _mentions(need: Need, how: str) -> Iterator[tuple[str, str]]:
    if isinstance(need, str):
        yield need, how
        return
    inner = "all" if isinstance(need, AllOf) else "any" if isinstance(need, AnyOf) else "at_least"
    for part in operands(need)[0]:
        yield from _mentions(part, inner)


def _party(party: str) -> tuple[Need, ...]:
    return () if party == CLIENT else (f"vendor:{party}",)


def _stated(need: Need | None) -> tuple[Need, ...]:
    return () if need is None else (need,)
