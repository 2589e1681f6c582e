"""What durable_rules is given: engine rules and engine facts, in shards that it can hold, and what its answers stand for.

A shard is one ruleset. Each branch of a rule is an engine rule in it, and each candidate of a pattern an engine fact: a token of
its own, the token of its pattern, and a token for each join value. Where facts would be paired that lie further apart than the
rule's window, they also have a *bucket*: a stretch of time twice as long as the window, each beginning in the middle of the one before, so
that facts within one window always share a bucket, and facts far apart never do.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from math import prod
from typing import Any

from riskreg.inference.compiled import Ready
from riskreg.inference.episodes import Combination
from riskreg.inference.meaning import Branch, Candidate

MAX_RULES = 59
"""Engine rules in a shard, the canary's aside."""
MAX_PATTERNS = 240
"""Patterns in a shard: the engine does not return from 512 distinct first conditions."""
MAX_TOKENS = 1_000_000
"""`p0` to `p999999` differ in the hash by which the engine tells ids and values apart; beyond, nobody has looked."""
BATCH = 5000
"""Engine facts in a batch."""
WORTH = 4
"""Facts get buckets where, without them, they would make more than so many pairs each."""


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

    def combinations(self, tokens: Sequence[int]) -> list[Combination]:
        """The matches of this rule, each once; a fact that is in two buckets has matched in both."""
        size = len(self.order)
        columns = [[self.stands[term][token] for token in tokens[term::size]] for term in range(size)]
        numbers = tuple(sorted(self.order))
        terms = [self.order.index(number) for number in numbers]
        takes = [self.given.takes[number] for number in numbers]
        places = dict.fromkeys(zip(*(columns[term] for term in terms), strict=True))
        return [(numbers, tuple(some[place] for some, place in zip(takes, match, strict=True))) for match in places]


@dataclass
class Shard:
    """One ruleset of the engine with the facts for it."""

    rules: dict[str, Any] = field(default_factory=dict)
    facts: list[str] = field(default_factory=list)
    parts: dict[str, Part] = field(default_factory=dict)
    canaries: list[int] = field(default_factory=list)
    patterns: int = 0
    _count: Iterator[int] = field(default_factory=count)
    _texts: dict[Any, str] = field(default_factory=dict)

    def add(self, number: int, plan: Plan) -> None:
        """One alternative as an engine rule, and its candidates as engine facts."""
        terms: list[dict[str, Any]] = []
        stands = []
        seen: dict[str, str] = {}
        for term, pattern in enumerate(plan.order):
            mine = self.token(number, pattern, len(self.rules))
            columns = plan.columns(pattern)
            joins = [{name: {seen[name]: name}} for name in columns if name in seen]
            terms.append({f"m{term}": {"$and": [{"p": mine}, *joins]} if joins else {"p": mine}})
            for name in columns:
                seen.setdefault(name, f"m{term}")
            stands.append(self.put(mine, plan, pattern))
        rule = f"r{len(self.rules)}"
        self.rules[rule] = {"all": terms}
        self.parts[rule] = Part(number, plan.given, plan.branch, plan.order, tuple(stands))
        self.patterns += len(plan.order)

    def put(self, mine: str, plan: Plan, pattern: int) -> dict[int, int]:
        """The candidates of one pattern as engine facts; what their tokens stand for."""
        names = plan.columns(pattern)
        tails: dict[tuple[Any, ...], str] = {}
        stands: dict[int, int] = {}
        for place, values in plan.rows(pattern):
            if (tail := tails.get(values)) is None:
                texts = (f',"{name}":"{self.token(value)}"' for name, value in zip(names, values, strict=True))
                tail = tails[values] = f'","p":"{mine}"{"".join(texts)}}}'
            token = next(self._count)
            stands[token] = place
            self.facts.append(f'{{"id":"p{token}{tail}')
        return stands

    def token(self, *text: Any) -> str:
        """The token of a value: the same for the same one, and no other's."""
        if text not in self._texts:
            self._texts[text] = f"p{next(self._count)}"
        return self._texts[text]

    def job(self) -> tuple[dict[str, Any], list[str]]:
        """What the worker is given: the rules with the canary's, and the facts in batches with a canary at the end of each."""
        mark = f"p{next(self._count)}"
        batches = []
        for start in range(0, len(self.facts), BATCH):
            canary = next(self._count)
            self.canaries.append(canary)
            batches.append(f'[{",".join(self.facts[start : start + BATCH])},{{"id":"p{canary}","p":"{mark}"}}]')
        return self.rules | {"canary": {"all": [{"m0": {"p": mark}}]}}, batches


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

    @property
    def size(self) -> int:
        """How many engine facts it is."""
        return sum(len(self.buckets.get(number, self.given.takes[number])) for number in self.order)

    def columns(self, pattern: int) -> list[str]:
        """Names of the properties that the engine joins on, for the facts of one pattern."""
        names = [column(self.given.rule.join.index(name)) for name in self.fields[pattern]]
        return [*names, *(["w"] if pattern in self.buckets else []), *(["k"] if self.keyless else [])]

    def rows(self, pattern: int) -> Iterator[tuple[int, tuple[Any, ...]]]:
        """For each engine fact of one pattern: place in what it takes, and values of its columns."""
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
        return None
    carries = given.compiled.carries
    often = Counter(name for number in branch.positive for name in carries[number])
    join = [name for name in given.rule.join if often[name] > 1]
    fields = {number: tuple(name for name in join if name in carries[number]) for number in branch.positive}
    order = _order(given, fields)
    buckets = _buckets(given, order, fields)
    if not all(buckets.values()):
        return None
    bound: set[str] = set()
    keyless = False
    for number in order:
        mine = {*fields[number], *(["w"] if number in buckets else [])}
        keyless |= number != order[0] and not mine & bound
        bound |= mine
    return Plan(given, branch, order, fields, buckets, keyless)


def shards(given: Sequence[Ready], most: int) -> Iterator[Shard]:
    """The branches of all rules in shards of at most `most` engine facts, where one branch alone does not need more."""
    shard = Shard()
    for number, ready in enumerate(given):
        for branch in ready.compiled.branches:
            if (made := plan(ready, branch)) is None:
                continue  # the engine must not be sent an empty list
            full = len(shard.rules) >= MAX_RULES or shard.patterns + len(made.order) > MAX_PATTERNS
            if shard.rules and (full or len(shard.facts) + made.size > most):
                yield shard
                shard = Shard()
            shard.add(number, made)
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


def _buckets(given: Ready, order: Sequence[int], fields: Mapping[int, tuple[str, ...]]) -> dict[int, list[tuple[int, int]]]:
    """Buckets of the patterns with dated candidates, where that leaves the engine less to do; else none."""
    dated = [number for number in order if any(candidate.start is not None for candidate in given.takes[number])]
    if given.rule.within is None or len(dated) < 2:
        return {}
    shared = [name for name in fields[dated[0]] if all(name in fields[number] for number in dated)]
    crowds = [Counter(tuple(one.item.fact[name] for name in shared) for one in given.takes[number]) for number in dated]
    pairs = sum(prod(crowd[values] for crowd in crowds) for values in crowds[0])
    if pairs <= WORTH * sum(crowd.total() for crowd in crowds):
        return {}
    length = max(given.rule.within, 1)
    touched = {number: [_touched(one, length) for one in given.takes[number]] for number in dated}
    used = sorted(_used(list(touched.values())))
    inside = frozenset(used)
    buckets = {
        number: [(place, one) for place, own in enumerate(some) for one in (used if own is None else own) if one in inside]
        for number, some in touched.items()
    }
    return buckets if sum(map(len, buckets.values())) < pairs else {}


def _used(touched: Sequence[Sequence[tuple[int, int] | None]]) -> set[int]:
    """Buckets in which every pattern has something; a standing candidate is in all."""
    every = [{bucket for own in some if own is not None for bucket in own} for some in touched]
    strict = [own for own, some in zip(every, touched, strict=True) if None not in some]
    return set[int].intersection(*strict) if strict else set[int].union(*every)


def _touched(candidate: Candidate, length: int) -> tuple[int, int] | None:
    """The two buckets that hold the moment at which a candidate begins; None for a standing one."""
    if candidate.start is None:
        return None
    later = int(candidate.start.timestamp() // length)
    return later - 1, later
