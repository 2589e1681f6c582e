"""The flow against independent ways to the same optimum: staged maximum flows, a min-cost flow with exact weights, enumeration."""

from __future__ import annotations

import random
from itertools import product

import networkx as nx
import pytest
from small_networks import two_sites  # noqa: F401  (puts the benchmarks on the path)

from bench_continuity import compare, weighted  # isort: skip
from riskreg.continuity.flow import SINK, fill

Parts = list[tuple[str, int]]


def random_problem(seed: int) -> tuple[nx.DiGraph, Parts]:
    """Functions → options or slots → shared gates → sink, with parts of several functions in mixed order."""
    dice = random.Random(seed)
    graph = nx.DiGraph()
    graph.add_node(SINK)
    works = [f"work:{n}" for n in range(dice.randint(2, 5))]
    options = [f"option:{n}" for n in range(dice.randint(2, 5))]
    gates = [f"gate:{n}" for n in range(dice.randint(1, 3))]
    graph.add_nodes_from(works)
    for work in works:
        for option in dice.sample(options, dice.randint(1, len(options))):
            graph.add_edge(work, option, capacity=dice.randint(1, 8), weight=dice.randint(0, 20))
    for option in options:
        for gate in dice.sample(gates, dice.randint(1, len(gates))):
            graph.add_edge(option, gate, capacity=dice.randint(1, 8), weight=dice.choice((0, 0, 3)))
    for gate in gates:
        graph.add_edge(gate, SINK, capacity=dice.randint(2, 12), weight=0)
    return graph, [(dice.choice(works), dice.randint(1, 6)) for _ in range(dice.randint(2, 8))]


def greatest(graph: nx.DiGraph, demands: Parts) -> int:
    """The most that can be sent for these parts together."""
    problem = graph.copy()
    for number, (node, amount) in enumerate(demands):
        problem.add_edge("source", f"part:{number}", capacity=amount)
        problem.add_edge(f"part:{number}", node, capacity=amount)
    return int(nx.maximum_flow_value(problem, "source", SINK)) if demands else 0


def staged(graph: nx.DiGraph, parts: Parts) -> list[int]:
    """Part after part, the largest amount that leaves the earlier ones what they have: one maximum flow per candidate."""
    fixed: Parts = []
    for node, amount in parts:
        held = sum(units for _, units in fixed)
        most = max(units for units in range(amount + 1) if greatest(graph, [*fixed, (node, units)]) == held + units)
        fixed.append((node, most))
    return [units for _, units in fixed]


def cheapest(graph: nx.DiGraph, parts: Parts, given: list[int]) -> int:
    """Least cost of sending exactly these amounts, by networkx."""
    problem = graph.copy()
    for (node, _), units in zip(parts, given, strict=True):
        problem.nodes[node]["demand"] = problem.nodes[node].get("demand", 0) - units
    problem.nodes[SINK]["demand"] = sum(given)
    return int(nx.min_cost_flow_cost(problem))


@pytest.mark.parametrize("block", range(10))
def test_fill_is_lexicographically_best_and_cheapest(block: int) -> None:
    for seed in range(block * 30, block * 30 + 30):
        graph, parts = random_problem(seed)
        flow = fill(graph, parts)
        assert list(flow.given) == staged(graph, parts), seed
        cost = sum(units * graph.edges[edge]["weight"] for edge, units in flow.on.items())
        assert cost == cheapest(graph, parts, list(flow.given)), seed


@pytest.mark.parametrize("block", range(4))
def test_flows_conserve_and_stay_within_capacity(block: int) -> None:
    for seed in range(block * 50, block * 50 + 50):
        graph, parts = random_problem(seed)
        flow = fill(graph, parts)
        sent: dict[str, int] = {}
        for (node, _), units in zip(parts, flow.given, strict=True):
            sent[node] = sent.get(node, 0) + units
        for edge, units in flow.on.items():
            assert 0 < units <= graph.edges[edge]["capacity"]
        for node in graph:
            balance = sum(u for (_, head), u in flow.on.items() if head == node) - sum(
                u for (tail, _), u in flow.on.items() if tail == node
            )
            assert balance == (sum(flow.given) if node == SINK else -sent.get(node, 0))


def test_order_by_part_also_serves_the_most_by_layer() -> None:
    """Within a layer the order decides who is served, never how much of the layer is: networkx agrees on each layer."""
    for seed in range(120):
        graph, parts = random_problem(seed)
        dice = random.Random(seed)
        layers = sorted(dice.randint(0, 2) for _ in parts)
        prioritised = [
            ((layer, 0, 0, number, 0, node.removeprefix("work:")), amount)
            for number, (layer, (node, amount)) in enumerate(zip(layers, parts, strict=True))
        ]
        _, flow = nx.network_simplex(weighted(graph, prioritised))
        ours, theirs = [0, 0, 0], [0, 0, 0]
        for number, (layer, units) in enumerate(zip(layers, fill(graph, parts).given, strict=True)):
            ours[layer] += units
            theirs[layer] += flow[f"part:{number}"][parts[number][0]]
        assert ours == theirs, seed


def test_enumeration_of_every_assignment_agrees() -> None:
    """Two functions, two options, one gate: every integer assignment is looked at."""
    for seed in range(40):
        dice = random.Random(seed)
        graph = nx.DiGraph()
        room = {(f, o): dice.randint(0, 3) for f in "ab" for o in "xy"}
        size, gate = {o: dice.randint(1, 4) for o in "xy"}, dice.randint(1, 5)
        price = {(f, o): dice.randint(0, 9) for f in "ab" for o in "xy"}
        for (f, o), capacity in room.items():
            graph.add_edge(f, o, capacity=capacity, weight=price[f, o])
        for o in "xy":
            graph.add_edge(o, "gate", capacity=size[o], weight=0)
        graph.add_edge("gate", SINK, capacity=gate, weight=0)
        parts = [("b", 2), ("a", 3), ("b", 2)]
        best = None
        for ax, ay, bx, by in product(*(range(room[key] + 1) for key in (("a", "x"), ("a", "y"), ("b", "x"), ("b", "y")))):
            if ax + bx > size["x"] or ay + by > size["y"] or ax + ay + bx + by > gate or ax + ay > 3 or bx + by > 4:
                continue
            given = (min(2, bx + by), ax + ay, max(0, bx + by - 2))
            cost = ax * price["a", "x"] + ay * price["a", "y"] + bx * price["b", "x"] + by * price["b", "y"]
            best = max(best or (given, -cost), (given, -cost))
        flow = fill(graph, parts)
        cost = sum(units * graph.edges[edge]["weight"] for edge, units in flow.on.items())
        assert (flow.given, -cost) == best, seed


@pytest.mark.parametrize("seed", range(12))
def test_leaving_the_rest_of_the_network_out_changes_nothing(seed: int) -> None:
    whole, reduced, ours = compare(10, seed)
    assert ours.arcs <= whole.arcs
    assert whole.layers == reduced.layers == ours.layers
