"""What durable_rules is given: engine rules and engine facts, in shards that it can hold, and what its answers stand for.

A shard is one ruleset. Each branch of a rule is an engine rule in it, and each candidate of a pattern an engine fact: a token of
its own, the token of its pattern, and a token for each join value; where facts would be paired that lie further apart than the
rule's window, one for a bucket of time, too. Facts that can be joined stay together, and a shard has few facts: the engine is fast
while a ruleset holds little, and crashes where facts are retracted from a join of three.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from riskreg.inference.engines.buckets import in_buckets
from riskreg.inference.language.compiled import Ready
from riskreg.inference.language.meaning import Branch, Candidate

MAX_RULES = 59
"""Engine rules in a shard, the canary's aside."""
MAX_PATTERNS = 240
"""Patterns in a shard: the engine does not return from 512 distinct first conditions."""
MAX_TOKENS = 2_000_000
"""`p0` to `p1999999` differ in the hash by which the engine tells ids and values apart; beyond, nobody has looked."""
ENOUGH = 1000
"""Engine facts in a shard, where those that can be joined are not more: the engine slows down with the facts that it holds."""

Row = tuple[int, tuple[Any, ...]]
"""Of an engine fact: its place in what the pattern takes, and the values of its columns."""

Group = dict[int, list[Row]]
"""By pattern, engine facts that cannot be joined with those of another group."""


@dataclass(frozen=True)
class Part:
    """One engine rule of a shard: what it stands for, and which candidate each of its tokens is."""

    number: int
    given: Ready
    branch: Branch
    order: tuple[int, ...]
    """The branch's patterns in the order of the engine rule's terms."""
    stands: tuple[dict[int, int], ...]
    """For each term: token → place in what the pattern takes."""

    @property
    def numbers(self) -> tuple[int, ...]:
        return tuple(sorted(self.order))

    def matches(self, tokens: Sequence[int]) -> Iterable[tuple[Candidate, ...]]:
        """What the patterns took, in the order of their numbers, each match once: facts that share two buckets matched in both."""
        size = len(self.order)
        columns = {number: [self.stands[term][one] for one in tokens[term::size]] for term, number in enumerate(self.order)}
        places = zip(*dict.fromkeys(zip(*(columns[number] for number in self.numbers), strict=True)), strict=True)
        taken = (map(self.given.takes[number].__getitem__, some) for number, some in zip(self.numbers, places, strict=False))
        return zip(*taken, strict=True)


@dataclass
class Shard:
    """One ruleset of the engine with the facts for it."""

    rules: dict[str, Any] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    patterns: int = 0
    canary: int = -1
    """Token of the fact that stands at the end and must come out; also how many tokens there are."""
    _count: Iterator[int] = field(default_factory=count)
    _values: dict[Any, str] = field(default_factory=dict)

    def add(self, number: int, plan: Plan, groups: Sequence[Group]) -> None:
        """One alternative as an engine rule, and some of the groups of its candidates as engine facts."""
        terms: list[dict[str, Any]] = []
        stands: list[dict[int, int]] = []
        first: dict[str, str] = {}
        for term, pattern in enumerate(plan.order):
            mine = f"p{next(self._count)}"
            columns = plan.columns(pattern)
            joins = [{name: {first[name]: name}} for name in columns if name in first]
            terms.append({f"m{term}": {"$and": [{"p": mine}, *joins]} if joins else {"p": mine}})
            for name in columns:
                first.setdefault(name, f"m{term}")
            stands.append(self._put(mine, columns, (row for group in groups for row in group[pattern])))
        rule = f"r{len(self.rules)}"
        self.rules[rule] = {"all": terms}
        self.parts[rule] = Part(number, plan.given, plan.branch, plan.order, tuple(stands))
        self.patterns += len(plan.order)

    def _put(self, mine: str, columns: list[str], rows: Iterable[Row]) -> dict[int, int]:
        """The candidates of one pattern as engine facts; what their tokens stand for."""
        known: dict[tuple[Any, ...], str] = {}
        stands: dict[int, int] = {}
        for place, values in rows:
            if (tail := known.get(values)) is None:
                texts = (f',"{name}":"{self._token(value)}"' for name, value in zip(columns, values, strict=True))
                tail = known[values] = f'","p":"{mine}"{"".join(texts)}}}'
            token = next(self._count)
            stands[token] = place
            self.facts.append(f'{{"id":"p{token}{tail}')
        return stands

    def _token(self, value: Any) -> str:
        """The token of a value: the same for the same one, and no other's."""
        if value not in self._values:
            self._values[value] = f"p{next(self._count)}"
        return self._values[value]

    def job(self) -> tuple[dict[str, Any], str]:
        """What the worker is given: the rules with the canary's, and the facts as a JSON list with the canary at its end."""
        mark, self.canary = next(self._count), next(self._count)
        facts = ",".join([*self.facts, f'{{"id":"p{self.canary}","p":"p{mark}"}}'])
        return self.rules | {"canary": {"all": [{"m0": {"p": f"p{mark}"}}]}}, f"[{facts}]"


@dataclass(frozen=True)
class Plan:
    """How one branch of a rule is put to the engine."""

    given: Ready
    branch: Branch
    order: tuple[int, ...]
    fields: dict[int, tuple[str, ...]]
    """For each pattern: its join fields that another one of the branch has, too."""
    buckets: dict[int, list[tuple[int, int]]]
    """For each pattern that has buckets: place in what it takes, and bucket."""
    keyless: bool
    """Some term would be joined to nothing; all get one value for all, since a join must have an equality."""

    def columns(self, pattern: int) -> list[str]:
        """Names of the properties that the engine joins on, for the facts of one pattern."""
        names = [column(self.given.rule.join.index(name)) for name in self.fields[pattern]]
        return [*names, *(["w"] if pattern in self.buckets else []), *(["k"] if self.keyless else [])]

    def groups(self) -> list[Group]:
        """Its engine facts in groups that cannot be joined with one another; those in which a pattern has nothing are left out."""
        alike = [name for name in self.columns(self.order[0]) if all(name in self.columns(other) for other in self.order)]
        found: dict[tuple[Any, ...], Group] = {}
        for pattern in self.order:
            columns = self.columns(pattern)
            places = [columns.index(name) for name in alike]
            for row in self.rows(pattern):
                key = row[1] if len(places) == len(columns) else tuple([row[1][place] for place in places])
                found.setdefault(key, {}).setdefault(pattern, []).append(row)
        return [group for group in found.values() if len(group) == len(self.order)]

    def rows(self, pattern: int) -> Iterator[Row]:
        """Each engine fact of one pattern."""
        names = self.fields[pattern]
        values = [tuple(candidate.item.fact[name] for name in names) for candidate in self.given.takes[pattern]]
        always = ("k",) if self.keyless else ()
        if pattern in self.buckets:
            return ((place, (*values[place], bucket, *always)) for place, bucket in self.buckets[pattern])
        return ((place, (*some, *always)) for place, some in enumerate(values))


def column(place: int) -> str:
    """The property for a join field, by its place in the rule's `join`."""
    return f"f{place}"


def plan(given: Ready, branch: Branch) -> Plan | None:
    """How a branch is put to the engine; None where some pattern has nothing to take, so that it cannot fire."""
    if not all(given.takes[number] for number in branch.positive):
        return None  # the engine must not be sent an empty list
    carries = given.compiled.carries
    often = Counter(name for number in branch.positive for name in carries[number])
    join = [name for name in given.rule.join if often[name] > 1]
    fields = {number: tuple(name for name in join if name in carries[number]) for number in branch.positive}
    order = _order(given, fields)
    buckets = in_buckets({number: given.takes[number] for number in order}, fields, given.rule.within)
    if not all(buckets.values()):
        return None
    bound: set[str] = set()
    keyless = False
    for number in order:
        mine = {*fields[number], *(["w"] if number in buckets else [])}
        keyless |= number != order[0] and not mine & bound
        bound |= mine
    return Plan(given, branch, order, fields, buckets, keyless)


def shards(given: Sequence[Ready]) -> Iterator[Shard]:
    """The branches of all rules in shards that are full at `MAX_RULES`, `MAX_PATTERNS` or `ENOUGH` facts; one branch may stand in
    several, each with some of its groups."""
    shard = Shard()
    for number, ready in enumerate(given):
        for branch in ready.compiled.branches:
            made = plan(ready, branch)
            groups = made.groups() if made else []
            start = 0
            while made and start < len(groups):
                full = len(shard.rules) >= MAX_RULES or shard.patterns + len(made.order) > MAX_PATTERNS
                if full or len(shard.facts) >= ENOUGH:
                    yield shard
                    shard = Shard()
                end, size = start, len(shard.facts)
                while end < len(groups) and size < ENOUGH:
                    size += sum(map(len, groups[end].values()))
                    end += 1
                shard.add(number, made, groups[start:end])
                start = end
    if shard.rules:
        yield shard


def _order(given: Ready, fields: Mapping[int, tuple[str, ...]]) -> tuple[int, ...]:
    """The patterns so that each shares a field with one before it, where that can be; those with few candidates first."""
    left = sorted(fields, key=lambda number: (len(given.takes[number]), number))
    order: list[int] = []
    while left:
        bound = {name for number in order for name in fields[number]}
        order.append(next((number for number in left if bound & {*fields[number]}), left[0]))
        left.remove(order[-1])
    return tuple(order)
