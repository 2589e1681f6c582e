"""Who gets what when there is not enough: a flow on a graph, filled in order of priority, each step at least cost."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import heappop, heappush
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
    search = _Search(arcs, heads, room, costs, index[SINK])
    given = []
    for node, amount in parts:
        missing = amount
        while missing and (path := search.cheapest(index[node])):
            push = min(missing, *(room[arc] for arc in path))
            for arc in path:
                room[arc] -= push
                room[arc ^ 1] += push
            missing -= push
        given.append(amount - missing)
    return Flow(tuple(given), {ends[number]: units for number, units in enumerate(room[1::2]) if units})


class _Search:
    """Cheapest paths with room (Dijkstra on reduced costs; potentials keep them at zero or more from one search to the next)."""

    def __init__(self, arcs: list[list[int]], heads: list[int], room: list[int], costs: list[int], sink: int) -> None:
        self.arcs, self.heads, self.room, self.costs, self.sink = arcs, heads, room, costs, sink
        self.potential = [0] * len(arcs)
        # Where a search found no way out, there is none later: no path to the sink can pass through a closed set.
        self.closed = [False] * len(arcs)

    def cheapest(self, source: int) -> list[int]:
        """The arcs of a cheapest path from source to sink, last arc first; empty where there is none."""
        arcs, heads, room, costs, potential, closed, sink = (
            self.arcs, self.heads, self.room, self.costs, self.potential, self.closed, self.sink,
        )  # fmt: skip
        best, came, done = {source: 0}, {}, {}
        queue = [] if closed[source] else [(0, source)]
        while queue:
            so_far, node = heappop(queue)
            if node in done:
                continue
            done[node] = so_far
            if node == sink:
                break
            here = so_far + potential[node]
            for arc in arcs[node]:
                head = heads[arc]
                if room[arc] and head not in done and not closed[head]:
                    length = here + costs[arc] - potential[head]
                    if head not in best or length < best[head]:
                        best[head], came[head] = length, arc
                        heappush(queue, (length, head))
        if sink not in done:
            for node in done:
                closed[node] = True
            return []
        for node, length in done.items():
            potential[node] += length - done[sink]
        path, node = [], sink
        while node != source:
            path.append(came[node])
            node = heads[came[node] ^ 1]
        return path
