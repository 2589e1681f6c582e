"""What a rule means, in the terms that both engines, the checks and the reasons share.

In the words of docs/rule-language.md, "The exact meaning", a *candidate* is a fact that one pattern can take; a *combination* takes
one candidate for every positive pattern of one branch; a *firing* is what the combinations of one join key add up to in the episode
that is open. Facts without `at` are standing facts: always visible, never counted for a window.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from graphlib import CycleError, TopologicalSorter
from itertools import product
from typing import Any, Literal, NamedTuple

from riskreg.model.fact import STANDING
from riskreg.model.rule import All, Not, Pattern, Rule, When, negatives, positives
from riskreg.model.signal import SIGNAL_FIELDS

MAX_COMBINATIONS = 500_000
"""Combinations that one rule may have to look at in one run; more is a rule that joins too loosely."""

MAX_BRANCHES = 64
"""Alternatives of one rule after `any` has been multiplied out."""

MAX_PATTERNS = 12
"""Patterns in one alternative."""

MAX_WHOLE = 2**53
"""Larger whole numbers are not exact in JSON or in a float."""

MAX_TEXT = 1000
"""Longest string of a fact, in characters."""

CONCLUDED = "concluded:"
"""How the id of a conclusion begins."""

_SIGNAL_TEXTS = frozenset(name for name, kind in SIGNAL_FIELDS.items() if kind == "text") - {"id"}


@dataclass(frozen=True, slots=True)
class Node:
    """One node of a rule's `when`; patterns are numbered in file order, `all` and `any` have number −1."""

    kind: Literal["all", "any", "not", "pattern"]
    number: int = -1
    pattern: Pattern | None = None
    below: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Branch:
    """One alternative of a rule: the numbers of its positive and its negated patterns."""

    positive: tuple[int, ...]
    negative: tuple[int, ...]


class Item(NamedTuple):
    """A fact that was accepted: its id, its time (None: standing), and its fields without empty ones."""

    id: str
    at: datetime | None
    fact: Mapping[str, Any]

    def told(self, names: Mapping[str, str]) -> Item:
        """The same with names instead of ids, for texts that people read."""
        return Item(self.id, self.at, speak(self.fact, names))

    def place(self, fields: Iterable[str]) -> dict[str, str]:
        """Its values in those of the fields that it has."""
        return {field: self.fact[field] for field in fields if field in self.fact}


def speak(fact: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Fields with the names that `names` has for them: `site: MNL` → `site: Manila` by `site:MNL`."""
    return {field: names.get(f"{field}:{value}", value) for field, value in fact.items()}


class Candidate(NamedTuple):
    """A fact that a pattern can take, and the stretch of time that counts for it: its own moment, or of a counted pattern one
    of the shortest stretches that hold it and enough others. `start` and `end` are None for a standing fact."""

    item: Item
    start: datetime | None
    end: datetime | None


class Firing(NamedTuple):
    """What the combinations of one key add up to in the open episode. `taken`: every (pattern, fact id) of any combination that
    fired in it; `chosen`: the combination that speaks for all (see `precedence`); `since`, `until`: the episode's first and last
    firing of dated facts."""

    rule: str
    key: tuple[tuple[str, str], ...]
    taken: frozenset[tuple[int, str]]
    chosen: tuple[tuple[int, str], ...]
    since: datetime | None = None
    until: datetime | None = None

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(sorted({fact for _, fact in self.taken}))


def precedence(combination: Sequence[tuple[int, Item]]) -> tuple[Any, ...]:
    """Sort key: the smallest speaks for all. Newest facts first, then the strongest, then by pattern and id."""
    times = sorted(-item.at.timestamp() for _, item in combination if item.at)
    strengths = [item.fact.get("strength") for _, item in combination]
    strength = sum(value for value in strengths if isinstance(value, (int, float)))
    return times, -strength, tuple((number, item.id) for number, item in combination)


def tree(when: When) -> Node:
    """The numbered form of `when`."""
    return _tree(when, iter(range(1_000_000)))


def _tree(when: When, numbers: Iterator[int]) -> Node:
    if isinstance(when, Pattern):
        return Node("pattern", next(numbers), when)
    if isinstance(when, Not):
        return Node("not", next(numbers), when.no)
    if isinstance(when, All):
        return Node("all", below=tuple(_tree(part, numbers) for part in when.all))
    return Node("any", below=tuple(_tree(part, numbers) for part in when.any))


def patterns(node: Node) -> dict[int, Pattern]:
    """Number → pattern, negated ones included."""
    own = {node.number: node.pattern} if node.pattern is not None else {}
    return own | {number: pattern for part in node.below for number, pattern in patterns(part).items()}


def width(node: Node) -> int:
    """How many branches a rule has, without making them."""
    if node.kind == "any":
        return sum(width(part) for part in node.below)
    total = 1
    for part in node.below:
        total *= width(part)
    return total


def branches(node: Node) -> tuple[Branch, ...]:
    """The disjunctive normal form: every way in which `when` can hold, in file order."""
    if node.kind == "pattern":
        return (Branch((node.number,), ()),)
    if node.kind == "not":
        return (Branch((), (node.number,)),)
    if node.kind == "any":
        return tuple(branch for part in node.below for branch in branches(part))
    return tuple(
        Branch(tuple(n for part in way for n in part.positive), tuple(n for part in way for n in part.negative))
        for way in product(*(branches(part) for part in node.below))
    )


def concluded(rules: Iterable[Rule]) -> dict[str, frozenset[str]]:
    """Name of every fact that a rule concludes → the join fields that it carries."""
    found: dict[str, frozenset[str]] = {}
    for rule in rules:
        if rule.then.conclude:
            name = rule.then.conclude.fact
            found[name] = found.get(name, frozenset()) | frozenset(rule.join)
    return found


def carried(pattern: Pattern, conclusions: Mapping[str, frozenset[str]], fields: Iterable[str]) -> frozenset[str]:
    """Which of `fields` facts of this kind carry. A kind that nobody describes is taken to carry all of them, so that such a
    fact without a value never joins two places."""
    if pattern.signal is not None:
        return frozenset(fields) & _SIGNAL_TEXTS
    if pattern.kind in STANDING:
        return frozenset(field for field in fields if isinstance(STANDING[pattern.kind].get(field), str))
    return frozenset(fields) & conclusions[pattern.kind] if pattern.kind in conclusions else frozenset(fields)


def links(rules: Sequence[Rule]) -> dict[str, dict[str, bool]]:
    """Rule → the rules whose conclusions it looks at, each with whether it does so through a negation."""
    makers: dict[str, list[str]] = {}
    for rule in rules:
        if rule.then.conclude:
            makers.setdefault(rule.then.conclude.fact, []).append(rule.id)
    found: dict[str, dict[str, bool]] = {}
    for rule in rules:
        seen = found.setdefault(rule.id, {})
        for negated, part in ((False, positives(rule.when)), (True, negatives(rule.when))):
            for pattern in part:
                for maker in makers.get(pattern.fact or "", ()):
                    seen[maker] = seen.get(maker, False) or negated
    return found


def cycles(rules: Sequence[Rule]) -> tuple[tuple[str, ...], ...]:
    """Chains of conclusions that come back to where they began, each as rule ids in the order of the chain; no rule twice."""
    graph = {rule: dict(seen) for rule, seen in sorted(links(rules).items())}
    found = []
    while True:
        try:
            TopologicalSorter({rule: sorted(seen) for rule, seen in graph.items()}).prepare()
        except CycleError as error:
            chain = tuple(error.args[1][:-1])
            start = chain.index(min(chain))
            found.append(chain[start:] + chain[:start])
            graph = {
                rule: {other: how for other, how in seen.items() if other not in chain}
                for rule, seen in graph.items()
                if rule not in chain
            }
        else:
            return tuple(found)


def strata(rules: Sequence[Rule]) -> tuple[tuple[Rule, ...], ...]:
    """Rules in layers, in id order within one: each looks only at conclusions of earlier layers. ValueError on a cycle."""
    made = concluded(rules)
    # Facts stand between rules, so that a thousand makers of one fact and a thousand that look at it are two thousand lines.
    graph: dict[tuple[str, str], set[tuple[str, str]]] = {}
    for rule in rules:
        looked_at = (pattern.fact for part in (positives(rule.when), negatives(rule.when)) for pattern in part)
        graph["rule", rule.id] = {("fact", name) for name in looked_at if name is not None and name in made}
        if rule.then.conclude:
            graph.setdefault(("fact", rule.then.conclude.fact), set()).add(("rule", rule.id))
    depth: dict[tuple[str, str], int] = {}
    for node in TopologicalSorter({node: sorted(seen) for node, seen in graph.items()}).static_order():
        depth[node] = max((depth[other] for other in graph[node]), default=-1) + (node[0] == "rule")
    layers: list[list[Rule]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for rule in sorted(rules, key=lambda rule: rule.id):
        layers[depth["rule", rule.id]].append(rule)
    return tuple(tuple(layer) for layer in layers)
