"""Who gets what when there is not enough: a flow on a graph, filled in order of priority, each step at least cost."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from typing import NamedTuple

import networkx as nx

SINK = "sink"


class Flow(NamedTuple):
    """What each part was given, and the units on each edge that carries some."""

    given: tuple[int, ...]
    on: dict[tuple[str, str], int]


def fill(graph: nx.DiGraph, parts: Sequence[tuple[str, int]]) -> Flow:
    """Send `parts` (node, whole units), first to last, through `graph` to `SINK`; edges bear `capacity` and `weight` (≥ 0).

    The result is exact: the given amounts are lexicographically the largest possible, and among all flows that give just these
    amounts it costs the least. Each part in turn is sent along the cheapest path that is left (successive shortest paths; Ahuja,
    Magnanti and Orlin, *Network Flows*, 1993, ch. 9). Where no path is left from a part's node, a minimum cut shows that the
    part cannot be given more while the earlier ones keep what they have; a later path may lead an earlier part another way, but
    never takes from it. A shortest path leaves no cycle of negative cost, so every prefix is at least cost. Priorities are
    the order itself: there are no weights per layer that could be too small or overflow. And because the amounts that can leave
    the sources of a network together form a polymatroid, this order also serves the most in total, layer by layer.
    """
    index = {node: number for number, node in enumerate(graph.nodes)}
    heads: list[int] = []
    room: list[int] = []
    costs: list[int] = []
    arcs: list[list[int]] = [[] for _ in index]
    ends: list[tuple[str, str]] = []
    for tail, head, data in graph.edges(data=True):
        arcs[index[tail]].append(len(heads))
        arcs[index[head]].append(len(heads) + 1)
        heads += (index[head], index[tail])
        room += (data["capacity"], 0)
        costs += (data["weight"], -data["weight"])
        ends.append((tail, head))
    sink, given = index[SINK], []
    for node, amount in parts:
        missing = amount
        while missing:
            path = _cheapest(arcs, heads, room, costs, index[node], sink)
            if path is None:
                break
            push = min(missing, *(room[arc] for arc in path))
            for arc in path:
                room[arc] -= push
                room[arc ^ 1] += push
            missing -= push
        given.append(amount - missing)
    return Flow(tuple(given), {ends[number]: units for number, units in enumerate(room[1::2]) if units})


def _cheapest(
    arcs: list[list[int]], heads: list[int], room: list[int], costs: list[int], source: int, sink: int
) -> list[int] | None:
    """The cheapest path with room from source to sink, as arcs (Bellman and Ford with a queue); None where there is none."""
    best: list[int | None] = [None] * len(arcs)
    best[source] = 0
    came = [-1] * len(arcs)
    queue, queued = deque([source]), [False] * len(arcs)
    while queue:
        node = queue.popleft()
        queued[node] = False
        so_far = best[node]
        assert so_far is not None
        for arc in arcs[node]:
            if room[arc] > 0:
                head, cost = heads[arc], so_far + costs[arc]
                known = best[head]
                if known is None or cost < known:
                    best[head], came[head] = cost, arc
                    if head != sink and not queued[head]:
                        queued[head] = True
                        queue.append(head)
    if best[sink] is None:
        return None
    path, node = [], sink
    while node != source:
        path.append(came[node])
        node = heads[came[node] ^ 1]
    return path
