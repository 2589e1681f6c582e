"""Failover of one site: the reduced flow beside networkx on the whole graph, same layers served, in one run.

    python benchmarks/bench_continuity.py [--sites 200] [--seeds 3]

All solve one stretch, six hours after the loss of a site of a seeded network. `reduced` holds lost work, the pools open to it and
their donors; `whole` every function, pool and arc. networkx's network simplex gets one exact integer weight per layer; riskreg
fills the parts in order of priority. Times are CPU time, building the graph included.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

import networkx as nx
from networks import make_network

from riskreg.continuity.allocation import Book, Ground
from riskreg.continuity.flow import SINK, fill
from riskreg.continuity.market import open_market
from riskreg.continuity.options import Evidenced
from riskreg.continuity.stretch import Priority, Segment, segments
from riskreg.continuity.timeline import states, unfold
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.network import Network

ONSET = datetime(2026, 11, 23, 9, tzinfo=UTC)
HORIZON = 86400
AT = 6 * 3600

Layer = tuple[int, int, int]
Solver = Callable[[nx.DiGraph, Sequence[tuple[Priority, int]]], list[int]]


def ground_of(network: Network, site: str, *, whole: bool) -> tuple[Ground, Segment, Book]:
    """The ground, the segment six hours after the loss, and the offers: reduced, or with everything in it."""
    disruption = Disruption(losses=(Loss(ref=f"site:{site}"),), onset=ONSET)
    timeline = states(network, disruption, HORIZON)
    market = open_market(network, disruption, timeline, Evidenced(ONSET, 365 * 86400), whole=whole)
    functions = set(network.function) if whole else {offer.function for offer in market.offers} | _served_at(network, site)
    segment = next(s for s in segments(timeline, market.offers, HORIZON) if s.start >= AT)
    return Ground(network, unfold(network, ONSET, HORIZON), functions), segment, Book(market.offers)


def _served_at(network: Network, site: str) -> set[str]:
    return {function.id for function in network.functions_at(site)}


def weighted(graph: nx.DiGraph, parts: Sequence[tuple[Priority, int]]) -> nx.DiGraph:
    """The same problem for a min-cost flow: each part may stay unserved at the weight of its layer.

    The weight of a layer is one more than all that the layers after it and the arcs can cost together, so one tenth of a
    position more in a layer is worth more than everything below it. Python's integers have no bound.
    """
    problem = graph.copy()
    spent = sum(data["capacity"] * data["weight"] for _, _, data in graph.edges(data=True))
    weights: dict[Layer, int] = {}
    for layer in sorted({priority[:3] for priority, _ in parts}, reverse=True):
        weights[layer] = spent + 1
        spent += weights[layer] * sum(amount for priority, amount in parts if priority[:3] == layer)
    for number, (priority, amount) in enumerate(parts):
        part = f"part:{number}"
        problem.add_node(part, demand=-amount)
        problem.add_edge(part, f"work:{priority[-1]}", capacity=amount, weight=0)
        problem.add_edge(part, SINK, capacity=amount, weight=weights[priority[:3]])
    problem.nodes[SINK]["demand"] = sum(amount for _, amount in parts)
    return problem


def network_simplex(graph: nx.DiGraph, parts: Sequence[tuple[Priority, int]]) -> list[int]:
    """Units given to each part by networkx."""
    _, flow = nx.network_simplex(weighted(graph, parts))
    return [flow[f"part:{number}"][f"work:{priority[-1]}"] for number, (priority, _) in enumerate(parts)]


def in_order(graph: nx.DiGraph, parts: Sequence[tuple[Priority, int]]) -> list[int]:
    """Units given to each part by riskreg."""
    return list(fill(graph, [(f"work:{priority[-1]}", amount) for priority, amount in parts]).given)


class Answer(NamedTuple):
    """Size of the graph, CPU seconds with building it, and units served per layer of the functions in the scope."""

    arcs: int
    seconds: float
    layers: dict[Layer, int]


def answer(network: Network, site: str, solver: Solver, *, whole: bool) -> Answer:
    """One method's answer; the layers count only what the loss touches and what could give."""
    scope = ground_of(network, site, whole=False)[0].functions
    ground, segment, book = ground_of(network, site, whole=whole)
    ground.at(segment)
    offers = book.at(segment).offers
    start = time.process_time()
    graph, parts = ground.problem(segment, offers)
    given = solver(graph, parts)
    seconds = time.process_time() - start
    layers: dict[Layer, int] = {}
    for (priority, _), units in zip(parts, given, strict=True):
        if priority[-1] in scope:
            layers[priority[:3]] = layers.get(priority[:3], 0) + units
    return Answer(graph.number_of_edges(), seconds, layers)


def compare(sites: int, seed: int) -> tuple[Answer, Answer, Answer]:
    """networkx on the whole graph, networkx reduced, riskreg reduced; AssertionError where the layers served differ."""
    network = make_network(sites, seed)
    site = max(sorted(network.site), key=lambda s: len(network.functions_at(s)))
    whole = answer(network, site, network_simplex, whole=True)
    reduced = answer(network, site, network_simplex, whole=False)
    ours = answer(network, site, in_order, whole=False)
    assert whole.layers == reduced.layers == ours.layers, f"seed {seed}: {whole.layers} {reduced.layers} {ours.layers}"
    return whole, reduced, ours


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=200)
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    print("seed  arcs whole  reduced  networkx whole  networkx reduced  riskreg reduced  whole ÷ riskreg")
    for seed in range(options.seeds):
        whole, reduced, ours = compare(options.sites, seed)
        ratio = whole.seconds / ours.seconds
        print(
            f"{seed:>4}  {whole.arcs:>10,}  {reduced.arcs:>7,}  {whole.seconds * 1000:>11.0f} ms"
            f"  {reduced.seconds * 1000:>13.0f} ms  {ours.seconds * 1000:>12.1f} ms  {ratio:>13.1f} ×"
        )


if __name__ == "__main__":
    main()
