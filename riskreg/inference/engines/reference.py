"""The reference engine: plain Python that walks a rule's own tree, without the compiler that the other engine stands on.

Each node turns the combinations so far into longer ones, all at once. A pattern is joined to them through an index of its
candidates by the join values that both have, in the order of time, so that neither other places nor facts outside the window are
walked.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Any

from riskreg.inference.engines.episodes import Combination, firing
from riskreg.inference.language.compiled import Ready
from riskreg.inference.language.meaning import Candidate, Firing, Item, Node

Values = tuple[str, ...]
Row = tuple[Values, tuple[Candidate, ...], datetime | None, datetime | None]
"""A combination on its way: its join values so far, what it takes, and when its earliest dated fact begins and its latest ends."""

FEW = 8
"""Candidates that are looked at one by one; of more, only those in the window are."""


@dataclass(frozen=True, slots=True)
class _Rows:
    """Combinations of the same patterns: which, what join fields these have, and which negations are still to be asked."""

    rows: list[Row]
    numbers: tuple[int, ...] = ()
    fields: tuple[str, ...] = ()
    nots: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Index:
    """Candidates of one pattern by their values in the join fields that are shared; and the larger groups in the order of time."""

    groups: dict[Values, list[Candidate]]
    calendars: dict[Values, tuple[list[datetime], list[Candidate], list[Candidate]]] = field(default_factory=dict)

    def between(self, values: Values, earliest: datetime, latest: datetime) -> list[Candidate]:
        """The standing candidates of a group, and those that begin in a stretch of time, both ends included."""
        if values not in self.calendars:
            group = self.groups[values]
            dated = sorted((start, number) for number, one in enumerate(group) if (start := one.start) is not None)
            standing = [one for one in group if one.start is None]
            self.calendars[values] = [start for start, _ in dated], [group[number] for _, number in dated], standing
        starts, candidates, standing = self.calendars[values]
        return standing + candidates[bisect_left(starts, earliest) : bisect_right(starts, latest)]


def fire(given: Ready) -> tuple[Firing, ...]:
    """Every firing of one rule, sorted by key."""
    return _Walk(given).firings()


class _Walk:
    def __init__(self, given: Ready) -> None:
        self.given = given
        within = given.rule.within
        self.within = None if within is None else timedelta(seconds=within)
        self.indexes: dict[tuple[int, tuple[str, ...]], _Index] = {}

    def firings(self) -> tuple[Firing, ...]:
        join = self.given.rule.join
        found: dict[Values, list[Combination]] = {}
        for rows in self.walk(self.given.compiled.node, [_Rows([((), (), None, None)])]):
            keyed = _picker([rows.fields.index(field) for field in join])
            order = sorted(range(len(rows.numbers)), key=rows.numbers.__getitem__)
            numbers, sort = tuple(sorted(rows.numbers)), _picker(order)
            silent = self.silenced(rows.nots, {keyed(row[0]) for row in rows.rows}) if rows.nots else set()
            for values, candidates, _, end in rows.rows:
                if (key := keyed(values)) not in silent:
                    found.setdefault(key, []).append((numbers, sort(candidates), end))
        made = (
            firing(self.given.rule, tuple(zip(join, key, strict=True)), combinations, self.given.as_of)
            for key, combinations in sorted(found.items())
        )
        return tuple(one for one in made if one is not None)

    def walk(self, node: Node, before: list[_Rows]) -> list[_Rows]:
        """Every way in which `node` can hold, together with what was taken before it."""
        if node.kind == "not":
            return [_Rows(rows.rows, rows.numbers, rows.fields, (*rows.nots, node.number)) for rows in before]
        if node.kind == "pattern":
            taken = (self.take(node.number, rows) for rows in before)
            return [rows for rows in taken if rows.rows]
        if node.kind == "any":
            return [rows for part in node.below for rows in self.walk(part, before)]
        return [rows for one in before for rows in self.chain(node.below, one)]

    def chain(self, nodes: Sequence[Node], rows: _Rows) -> list[_Rows]:
        """All of `nodes`; one that shares a join field with what was taken goes first, so that no step is without a key."""
        if not nodes:
            return [rows]
        place = next((place for place, node in enumerate(nodes) if self.fields(node) & set(rows.fields)), 0)
        rest = (*nodes[:place], *nodes[place + 1 :])
        return [further for one in self.walk(nodes[place], [rows]) for further in self.chain(rest, one)]

    def fields(self, node: Node) -> frozenset[str]:
        """Join fields that a node's own patterns carry, negated ones aside."""
        own = self.given.compiled.carries[node.number] if node.kind == "pattern" else frozenset()
        return own.union(*(self.fields(part) for part in node.below))

    def take(self, number: int, before: _Rows) -> _Rows:
        """The combinations so far, each with every candidate of one pattern that goes with it."""
        carries = self.given.compiled.carries[number]
        shared = tuple(field for field in before.fields if field in carries)
        adds = tuple(field for field in self.given.rule.join if field in carries and field not in shared)
        index = self.index(number, shared)
        key, further = _picker([before.fields.index(field) for field in shared]), _reader(adds) if adds else None
        rivals = self.rivals(number, before.numbers)
        within = self.within
        rows: list[Row] = []
        for values, candidates, start, end in before.rows:
            group = index.groups.get(key(values), ())
            if len(group) > FEW and within is not None and start is not None and end is not None:
                group = index.between(key(values), end - within, start + within)
            ids = {candidates[place].item.id for place in rivals} if rivals else ()
            for candidate in group:
                if candidate.item.id in ids:
                    continue
                first, last = candidate.start, candidate.end
                if first is None or (start is not None and start < first):
                    first = start
                if last is None or (end is not None and end > last):
                    last = end
                if within is not None and first is not None and last is not None and last - first > within:
                    continue
                reached = values + further(candidate.item.fact) if further else values
                rows.append((reached, (*candidates, candidate), first, last))
        return _Rows(rows, (*before.numbers, number), before.fields + adds, before.nots)

    def rivals(self, number: int, numbers: Sequence[int]) -> list[int]:
        """Places of patterns that must take another fact than pattern `number`: neither counts, and both could take the same."""
        patterns = self.given.compiled.patterns
        mine = patterns[number]
        if mine.at_least is not None:
            return []
        mixed = self.given.rule.on_missing_data == "fire"  # a missing_data fact can then stand for a signal, too
        uncounted = [place for place, other in enumerate(numbers) if patterns[other].at_least is None]
        return [place for place in uncounted if mixed or patterns[numbers[place]].kind == mine.kind]

    def index(self, number: int, shared: tuple[str, ...]) -> _Index:
        """Candidates of a pattern by their values in the fields that are shared."""
        if (number, shared) not in self.indexes:
            groups: dict[Values, list[Candidate]] = {}
            by = _reader(shared)
            for candidate in self.given.takes[number]:
                groups.setdefault(by(candidate.item.fact), []).append(candidate)
            self.indexes[number, shared] = _Index(groups)
        return self.indexes[number, shared]

    def silenced(self, nots: Sequence[int], keys: Iterable[Values]) -> set[Values]:
        """The keys that one of the negated patterns silences: with one fact that agrees, or as many as it counts."""
        asked = [(self.given.compiled.patterns[number], self.stated(number)) for number in nots]
        silent = set()
        for key in keys:
            for pattern, stated in asked:
                agreeing = [item for places, by in stated.items() for item in by.get(tuple(key[place] for place in places), ())]
                if pattern.different:
                    values = (item.fact.get(pattern.different) for item in agreeing)
                    number = len({(isinstance(value, bool), value) for value in values if value is not None})
                else:
                    number = len(agreeing)
                if number >= (pattern.at_least or 1):
                    silent.add(key)
        return silent

    def stated(self, number: int) -> dict[tuple[int, ...], dict[tuple[Any, ...], list[Item]]]:
        """Facts of a negated pattern by the places in the key of the join fields that they have, and by their values there."""
        join = self.given.rule.join
        found: dict[tuple[int, ...], dict[tuple[Any, ...], list[Item]]] = {}
        for item in self.given.denies[number]:
            places = tuple(place for place, field in enumerate(join) if field in item.fact)
            values = tuple(item.fact[join[place]] for place in places)
            found.setdefault(places, {}).setdefault(values, []).append(item)
        return found


def _picker(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Takes the values at some places of a tuple, itself a tuple; `places` may be all of them."""
    if len(places) > 1:
        return itemgetter(*places)
    if not places:
        return lambda _: ()
    (place,) = places
    return lambda values: (values[place],)


def _reader(fields: Sequence[str]) -> Callable[[Any], Values]:
    """Takes the values of some fields of a fact, always as a tuple."""
    if len(fields) > 1:
        return itemgetter(*fields)
    if not fields:
        return lambda _: ()
    (field,) = fields
    return lambda fact: (fact[field],)
