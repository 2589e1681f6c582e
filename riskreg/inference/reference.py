"""The reference engine: plain Python that walks a rule's own tree, without the compiler that the other engine stands on."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from riskreg.inference.candidates import Ready
from riskreg.inference.meaning import RECENCY, Firing, Item, Node, precedence


@dataclass(frozen=True, slots=True)
class _Partial:
    """A combination on its way: what the key is so far, what was taken, and which negations are still to be asked."""

    key: dict[str, str]
    taken: tuple[tuple[int, Item], ...] = ()
    nots: tuple[int, ...] = ()


def fire(given: Ready) -> tuple[Firing, ...]:
    """Every firing of one rule, sorted by key."""
    return _Walk(given).firings()


class _Walk:
    def __init__(self, given: Ready) -> None:
        self.given = given
        self.index: dict[tuple[int, tuple[str, ...]], dict[tuple[str, ...], list[Item]]] = {}

    def firings(self) -> tuple[Firing, ...]:
        rule = self.given.rule
        taken: dict[tuple[tuple[str, str], ...], set[tuple[int, str]]] = {}
        best: dict[tuple[tuple[str, str], ...], tuple[Any, tuple[tuple[int, str], ...]]] = {}
        refused: dict[tuple[tuple[tuple[str, str], ...], int], bool] = {}
        for partial in self.walk(self.given.node, _Partial({})):
            if not self.recent(partial.taken):
                continue
            key = tuple((field, partial.key[field]) for field in rule.join)
            for number in partial.nots:
                if (key, number) not in refused:
                    refused[key, number] = self.met(number, partial.key)
            if any(refused[key, number] for number in partial.nots):
                continue
            taken.setdefault(key, set()).update((number, item.id) for number, item in partial.taken)
            combination = sorted(partial.taken, key=lambda pair: pair[0])
            rank = precedence(combination)
            if key not in best or rank < best[key][0]:
                best[key] = rank, tuple((number, item.id) for number, item in combination)
        return tuple(Firing(rule.id, key, frozenset(taken[key]), best[key][1]) for key in sorted(taken))

    def walk(self, node: Node, partial: _Partial) -> Iterator[_Partial]:
        """Every way in which `node` can hold, given what was taken before it."""
        if node.kind == "not":
            yield _Partial(partial.key, partial.taken, (*partial.nots, node.number))
        elif node.kind == "any":
            for part in node.below:
                yield from self.walk(part, partial)
        elif node.kind == "all":
            yield from self.chain(node.below, partial)
        else:
            yield from self.take(node.number, partial)

    def chain(self, nodes: Sequence[Node], partial: _Partial) -> Iterator[_Partial]:
        if not nodes:
            yield partial
            return
        for further in self.walk(nodes[0], partial):
            yield from self.chain(nodes[1:], further)

    def take(self, number: int, partial: _Partial) -> Iterator[_Partial]:
        fields = self.given.carries[number]
        for item in self.lookup(number, partial.key):
            if any(item.id == other.id for _, other in partial.taken):
                continue
            taken = (*partial.taken, (number, item))
            if self.close(taken):
                yield _Partial(partial.key | item.place(fields), taken, partial.nots)

    def lookup(self, number: int, key: dict[str, str]) -> list[Item]:
        """Candidates that agree with the key so far."""
        shared = tuple(sorted(self.given.carries[number] & key.keys()))
        if (number, shared) not in self.index:
            table: dict[tuple[str, ...], list[Item]] = {}
            for item in self.given.facts[number]:
                table.setdefault(tuple(item.fact[field] for field in shared), []).append(item)
            self.index[number, shared] = table
        return self.index[number, shared].get(tuple(key[field] for field in shared), [])

    def close(self, taken: Sequence[tuple[int, Item]]) -> bool:
        """Whether the facts lie within the rule's window of each other."""
        within = self.given.rule.within
        times = _times(taken)
        return within is None or not times or max(times) - min(times) <= timedelta(seconds=within)

    def recent(self, taken: Sequence[tuple[int, Item]]) -> bool:
        within = self.given.rule.within
        times = _times(taken)
        if not times:
            return True
        if within is None:
            return min(times) >= self.given.as_of - RECENCY
        return max(times) >= self.given.as_of - timedelta(seconds=within)

    def met(self, number: int, key: dict[str, str]) -> bool:
        """Whether a negated pattern is met by a fact that says nothing else about the key's places."""
        return any(
            all(item.fact.get(field, key[field]) == key[field] for field in self.given.rule.join)
            for item in self.given.facts[number]
        )


def _times(taken: Sequence[tuple[int, Item]]) -> list[datetime]:
    return [item.at for _, item in taken if item.at is not None]
