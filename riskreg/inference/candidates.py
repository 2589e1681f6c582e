"""Which facts each pattern of a rule can take, looked at alone; and how many combinations that would make."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from riskreg.inference.meaning import (
    MAX_COMBINATIONS,
    RECENCY,
    Branch,
    Item,
    Node,
    branches,
    carried,
    patterns,
    tree,
)
from riskreg.model.rule import Condition, Pattern, Rule


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with the facts that each of its patterns can take: all that an engine is given."""

    rule: Rule
    node: Node
    branches: tuple[Branch, ...]
    as_of: datetime
    carries: dict[int, frozenset[str]]
    """Pattern number → the rule's join fields that its facts carry."""
    facts: dict[int, tuple[Item, ...]]
    """Pattern number → candidates, in id order; those of negated patterns too."""


class Facts:
    """Accepted facts by kind; results for equal patterns are kept, since many rules look at the same facts."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._kinds: dict[tuple[str, str], list[Item]] = {}
        self._kept: dict[tuple[Any, ...], tuple[Item, ...]] = {}
        for item in items:
            word = "signal" if "signal" in item.fact else "fact"
            self._kinds.setdefault((word, item.fact[word]), []).append(item)

    def meeting(self, pattern: Pattern) -> tuple[Item, ...]:
        """Facts of the pattern's kind that meet its `where`."""
        word = "signal" if pattern.signal else "fact"
        name = (word, pattern.kind, repr(sorted(pattern.where.items())))
        if name not in self._kept:
            of_kind = self._kinds.get((word, pattern.kind), [])
            self._kept[name] = tuple(item for item in of_kind if meets(pattern, item.fact))
        return self._kept[name]


def ready(rule: Rule, facts: Facts, as_of: datetime, conclusions: Mapping[str, frozenset[str]]) -> Ready:
    """The candidates of one rule: kind, `where`, time and the presence of join fields, each fact by itself."""
    node = tree(rule.when)
    negated = {number for branch in branches(node) for number in branch.negative}
    carries: dict[int, frozenset[str]] = {}
    found: dict[int, tuple[Item, ...]] = {}
    for number, pattern in patterns(node).items():
        carries[number] = frozenset(rule.join) & carried(pattern, conclusions)
        needed = frozenset() if number in negated else carries[number]
        oldest = as_of - _reach(rule, negated=number in negated)
        found[number] = tuple(
            item
            for item in facts.meeting(pattern)
            if needed <= item.fact.keys() and (item.at is None or oldest <= item.at <= as_of)
        )
    return Ready(rule, node, branches(node), as_of, carries, found)


def _reach(rule: Rule, *, negated: bool) -> timedelta:
    """How far back a fact can matter: twice the window, since a combination ends within one and spans another."""
    if rule.within is None:
        return RECENCY
    return timedelta(seconds=rule.within * (1 if negated else 2))


def combinations(given: Ready) -> int:
    """How many combinations an engine would look at, partial ones included, windows aside. Counting stops above the limit."""
    total = 0
    for branch in given.branches:
        keys: Counter[tuple[tuple[str, str], ...]] = Counter({(): 1})
        for number in branch.positive:
            keys = _joined(keys, Counter(_key(item, given.carries[number]) for item in given.facts[number]))
            total += keys.total()
            if total > MAX_COMBINATIONS:
                return total
    return total


def _key(item: Item, fields: frozenset[str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(item.place(fields).items()))


def _joined(
    left: Counter[tuple[tuple[str, str], ...]], right: Counter[tuple[tuple[str, str], ...]]
) -> Counter[tuple[tuple[str, str], ...]]:
    """Counts of the equality join of two counted sets of keys, through an index on the fields that they share."""
    shared = {field for key in list(left)[:1] for field, _ in key} & {field for key in list(right)[:1] for field, _ in key}
    index: dict[tuple[tuple[str, str], ...], list[tuple[tuple[str, str], ...]]] = {}
    for key in right:
        index.setdefault(tuple(pair for pair in key if pair[0] in shared), []).append(key)
    found: Counter[tuple[tuple[str, str], ...]] = Counter()
    for key, count in left.items():
        for other in index.get(tuple(pair for pair in key if pair[0] in shared), ()):
            found[tuple(sorted({*key, *other}))] += count * right[other]
            if len(found) > MAX_COMBINATIONS:
                return found
    return found


def meets(pattern: Pattern, fact: Mapping[str, Any]) -> bool:
    """Whether a fact meets every condition of the pattern's `where`."""
    return all(holds(condition, fact.get(field)) for field, condition in pattern.where.items())


def holds(condition: Condition, value: Any) -> bool:
    """Whether a value meets every operator of a condition; an empty one meets only `exists: false`."""
    return all(_operator(name, getattr(condition, name), value) for name in condition.model_fields_set)


def _operator(name: str, limit: Any, value: Any) -> bool:
    if name == "exists":
        return bool((value is not None) == limit)
    if value is None or limit is None:
        return False
    if name in ("eq", "ne"):
        return _same(value, limit) == (name == "eq")
    if name in ("among", "not_in"):
        return any(_same(value, option) for option in limit) == (name == "among")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return False
    return bool({"gt": value > limit, "gte": value >= limit, "lt": value < limit, "lte": value <= limit}[name])


def _same(value: Any, other: Any) -> bool:
    """Equal, and of one kind: a number is never a text, and true is not 1."""
    return bool(value == other) and _kind(value) is _kind(other)


def _kind(value: Any) -> type:
    return float if isinstance(value, int) and not isinstance(value, bool) else type(value)
