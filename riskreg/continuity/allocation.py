"""The reduced problem of one stretch: lost work, the pools open to it, and the standing work there that could give."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import networkx as nx

from riskreg.continuity.flow import SINK, fill
from riskreg.continuity.options import Offer
from riskreg.continuity.stretch import DECIDE, Map, Priority, Segment, Stretch
from riskreg.continuity.timeline import Week
from riskreg.model.network import Network

Key = tuple[str, str]
Arcs = dict[tuple[str, str], tuple[int, int]]


@dataclass(frozen=True)
class Grant:
    """What if: more idle positions at a pool, more free seats at a site, more of an option (tenths of a position each)."""

    idle: Mapping[str, int] = field(default_factory=dict)
    seats: Mapping[str, int] = field(default_factory=dict)
    option: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Allocation:
    """What one stretch looks like, in tenths of a position."""

    served: Mapping[str, int]
    moves: Mapping[Key, int]
    """(function, option id) → positions."""
    gives: Mapping[Key, int]
    """(function, pool) → positions that its own people there spend on other work."""
    takers: Mapping[Key, tuple[str, ...]]


NOTHING = Grant()


class Page(NamedTuple):
    """Offers that are open at one time, their keys, and what tells them apart from other versions of themselves."""

    offers: tuple[Offer, ...]
    keys: frozenset[Key]
    marks: frozenset[tuple[str, str, int, bool]]


NOBODY = Page((), frozenset(), frozenset())


class Book:
    """Offers, and which of them are open when."""

    def __init__(self, offers: Iterable[Offer]) -> None:
        self.offers = tuple(offers)
        self._times = sorted({time for offer in self.offers for time in (offer.opens, offer.closes) if time is not None})
        self._pages: dict[int, Page] = {}

    def at(self, segment: Segment) -> Page:
        """The offers that are open in a segment (segments are cut wherever an offer opens or closes)."""
        number = bisect_right(self._times, segment.start)
        if number not in self._pages:
            offers = tuple(offer for offer in self.offers if offer.open_at(segment.start))
            marks = frozenset((*offer.key, offer.opens, offer.proven) for offer in offers)
            self._pages[number] = Page(offers, frozenset(offer.key for offer in offers), marks)
        return self._pages[number]


class Ground:
    """Everything about one disruption that does not depend on which options are allowed, and what has been solved on it."""

    def __init__(self, network: Network, week: Week, functions: Iterable[str]) -> None:
        self.network, self.week, self.where = network, week, Map(network)
        self.functions = dict.fromkeys(sorted(functions))
        """In the order of ids; a dictionary, because it is asked often whether something is in it."""
        rows = [*week.demand.values(), *week.capacity.values()]
        numbers: dict[tuple[int, ...], int] = {}
        self._column = [numbers.setdefault(column, step) for step, column in enumerate(zip(*rows, strict=True))]
        self._stretches: dict[tuple[int, int], Stretch] = {}
        self._ways: dict[object, Arcs] = {}
        self._solved: dict[object, list[tuple[frozenset[object], Allocation]]] = {}

    def at(self, segment: Segment) -> Stretch:
        """The figures of a segment; equal half hours in equal states share them."""
        key = segment.state.start, self._column[segment.step]
        if key not in self._stretches:
            self._stretches[key] = Stretch(self.where, self.week, segment.state, segment.step)
        return self._stretches[key]

    def problem(
        self, segment: Segment, offers: Iterable[Offer], kept: frozenset[Key] = frozenset(), grant: Grant = NOTHING
    ) -> tuple[nx.DiGraph, list[tuple[Priority, int]]]:
        """The flow graph of a segment with these offers, and the parts to fill it with, in order.

        function → own pool's slot, at no cost; function → an option → idle positions or another function's slot at its pool, or
        free seats of its site → sink. A pool that is partly lost has a gate behind its slots. Edges that can carry nothing are
        left out; nodes and edges come in the order of ids.
        """
        stretch, decided = self.at(segment), segment.start >= DECIDE
        arcs: Arcs = {}
        for function in self.functions:
            for pool, amount in stretch.standing[function].items():
                arcs[f"work:{function}", f"slot:{function}@{pool}"] = (amount, 0)
                arcs |= _behind_slot(stretch, function, pool)
        for offer in offers:
            key = (id(stretch), offer.key, offer.opens, offer.proven, decided, offer.key in kept)
            if grant is not NOTHING:
                arcs |= self._way(offer, stretch, grant, decided=decided, kept=offer.key in kept)
            else:
                if key not in self._ways:
                    self._ways[key] = self._way(offer, stretch, grant, decided=decided, kept=offer.key in kept)
                arcs |= self._ways[key]
        graph = nx.DiGraph()
        graph.add_node(SINK)
        graph.add_nodes_from(f"work:{function}" for function in self.functions)
        for (tail, head), (capacity, weight) in arcs.items():
            if capacity > 0:
                graph.add_edge(tail, head, capacity=capacity, weight=weight)
        return graph, sorted(part for function in self.functions for part in stretch.parts(function))

    def _way(self, offer: Offer, stretch: Stretch, grant: Grant, *, decided: bool, kept: bool) -> Arcs:
        """The arcs of one offer: from the work to what serves it."""
        pool, option, work = offer.pool, f"option:{offer.ident}", f"work:{offer.function}"
        most = stretch.demand[offer.function]
        if offer.limit_of is not None:
            most = stretch.losses[offer.function].get(offer.limit_of, 0)
        if most == 0:
            return {}
        spare = stretch.idle(pool) + grant.idle.get(pool, 0)
        if offer.function not in stretch.hit:
            # Work of which nothing is lost may move on to idle positions, but sets no other lever going.
            reach = (most, offer.costs[kept])
            return {(work, f"idle:{pool}"): reach, (f"idle:{pool}", SINK): (spare, 0)} if offer.kind == "idle" and spare else {}
        arcs: Arcs = {(work, option): (most, offer.costs[kept])}
        if offer.kind == "idle" and offer.source.upto is not None:
            # its own gate, as work that the pool does every day goes by the same option and needs no switch
            gate = f"shown:{offer.ident}"
            arcs = {(work, gate): (most, offer.costs[kept]), (gate, option): (offer.source.upto, 0)}
        size = stretch.size(offer) + grant.option.get(offer.ident, 0)
        if offer.kind in ("home", "step-in"):
            arcs[option, SINK] = (size, 0)
        elif offer.kind == "idle":
            arcs |= self._people(option, pool, spare, stretch, decided=decided)
        elif offer.kind == "takeover":
            clause, bench = f"clause:{offer.ident}", f"bench:{pool}"
            arcs[option, clause] = arcs[clause, bench] = (size, 0)
            arcs |= self._seated(bench, pool, stretch.bench(pool) + grant.option.get(offer.ident, 0), stretch, grant)
            arcs |= self._people(clause, pool, spare, stretch, decided=decided)
        else:
            arcs |= self._seated(option, pool, size, stretch, grant)
        return arcs

    def _people(self, tail: str, pool: str, spare: int, stretch: Stretch, *, decided: bool) -> Arcs:
        """To the idle positions of a pool and, once that can be decided, to those that other work holds there."""
        arcs: Arcs = {(tail, f"idle:{pool}"): (spare, 0), (f"idle:{pool}", SINK): (spare, 0)}
        if decided:
            for other in self.where.at_pool.get(pool, ()):
                if other in self.functions:
                    arcs[tail, f"slot:{other}@{pool}"] = (stretch.standing[other][pool], 0)
                    arcs |= _behind_slot(stretch, other, pool)
        return arcs

    def _seated(self, tail: str, pool: str, size: int, stretch: Stretch, grant: Grant) -> Arcs:
        """To the free seats of the pool's site, which all options there share."""
        site = self.network.pool[pool].site
        free = stretch.free_seats(site)
        if free is None:
            return {(tail, SINK): (size, 0)}
        return {(tail, f"seats:{site}"): (size, 0), (f"seats:{site}", SINK): (free + grant.seats.get(site, 0), 0)}

    def solve(self, segment: Segment, book: Book, kept: frozenset[Key] = frozenset(), grant: Grant = NOTHING) -> Allocation:
        """Fill the problem of a segment.

        Equal segments are solved once; and where a solution for more offers uses only what these offer too, it is theirs: an
        optimum stays one in a subset that contains it.
        """
        page = NOBODY if self.at(segment).quiet else book.at(segment)
        place = (segment.state.start, self._column[segment.step], segment.start >= DECIDE, kept & page.keys)
        known = self._solved.setdefault(place, []) if grant is NOTHING else []
        for wider, allocation in known:
            if page.marks <= wider and allocation.moves.keys() <= page.keys:
                return allocation
        graph, parts = self.problem(segment, page.offers, kept, grant)
        flow = fill(graph, [(f"work:{priority[-1]}", amount) for priority, amount in parts])
        found = self._read(parts, flow.given, flow.on)
        known.append((page.marks, found))
        return found

    def _read(self, parts: Sequence[tuple[Priority, int]], given: Sequence[int], on: Mapping[Key, int]) -> Allocation:
        served = dict.fromkeys(self.functions, 0)
        for (priority, _), units in zip(parts, given, strict=True):
            served[priority[-1]] += units
        moves: dict[Key, int] = {}
        gives: dict[Key, int] = {}
        users: dict[str, set[str]] = {}
        takers: dict[Key, set[str]] = {}
        for (tail, head), units in sorted(on.items(), key=lambda row: (not row[0][0].startswith("work:"), row[0])):
            kind, _, name = tail.partition(":")
            if kind == "work" and not head.startswith("slot:"):
                option = head.removeprefix("option:").removeprefix("shown:")
                moves[name, option] = units
                users.setdefault(option, set()).add(name)
            elif kind != "work" and head.startswith("slot:"):
                function, _, pool = head.removeprefix("slot:").partition("@")
                gives[function, pool] = gives.get((function, pool), 0) + units
                takers.setdefault((function, pool), set()).update(users[name] - {function})
        named = {slot: tuple(sorted(found)) for slot, found in takers.items() if found}
        return Allocation(served, moves, {slot: gives[slot] for slot in named}, named)


def _behind_slot(stretch: Stretch, function: str, pool: str) -> Arcs:
    slot, amount, present = f"slot:{function}@{pool}", stretch.standing[function][pool], stretch.present[pool]
    if stretch.load[pool] <= present:
        return {(slot, SINK): (amount, 0)}
    return {(slot, f"gate:{pool}"): (amount, 0), (f"gate:{pool}", SINK): (present, 0)}
