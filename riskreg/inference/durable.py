"""The durable_rules engine behind an adapter that keeps every known hazard of it out of reach.

The engine sees nothing but short ASCII strings of our own making: which pattern a fact is a candidate for, and a token for
each place that it speaks about. So numbers, nulls, types, long texts, order on strings and reserved names never reach it. What
it does is the join. Each alternative of a rule is one engine rule (its `any` fires more than once), each join is an equality
that stands last, each pattern asks for its own token first, a shard has at most 60 rules, and each batch ends with a canary
that must come out. Windows and negations are applied to the combinations that it gives back, so that neither depends on the
order of facts. Method and hazards: durable_rules 2.0.28, measured; its tests are in tests/inference/test_inference_hazards.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from riskreg.inference.candidates import Ready
from riskreg.inference.meaning import JOIN_FIELDS, RECENCY, Branch, Firing, Item, precedence

MAX_RULES = 59
"""Engine rules in a shard, the canary's aside."""
MAX_FIRST = 240
"""Patterns in a shard: the engine does not return from 512 distinct first conditions."""
MAX_FACTS = 40_000
"""Engine facts in one worker, where a single rule does not need more: the engine keeps about 8.5 KB for each, and slows down."""
BATCH = 5000
MEMORY = 2 * 2**30
SECONDS = 120
CLOCK = 180.0
"""Limits of one worker: bytes of address space, seconds of processor, seconds of clock."""


class EngineFailure(Exception):
    """durable_rules did not finish. `rules` are those that it gave no whole answer for."""

    def __init__(self, code: str, message: str, rules: Sequence[str]) -> None:
        self.code, self.rules = code, tuple(rules)
        super().__init__(message)


@cache
def durable_available() -> bool:
    """Whether the durable_rules engine can be loaded here (it has to be compiled, and not every Python can load it)."""
    try:
        import durable_rules_engine  # noqa: F401
    except ImportError:
        return False
    return True


def fnv1a(text: str) -> int:
    """The 32-bit FNV-1a hash by which durable_rules tells ids, properties and names apart."""
    value = 2166136261
    for byte in text.encode():
        value = (value ^ byte) * 16777619 & 0xFFFFFFFF
    return value


class Tokens:
    """Short strings whose hashes all differ: the same text has the same token, another text never the same hash."""

    def __init__(self) -> None:
        self._hashes: set[int] = set()
        self._given: dict[str, str] = {}
        self._count = 0

    def fresh(self, prefix: str) -> str:
        """A token that was not given before; a count is passed over where its hash is taken."""
        while True:
            token = f"{prefix}{self._count}"
            self._count += 1
            if fnv1a(token) not in self._hashes:
                self._hashes.add(fnv1a(token))
                return token

    def of(self, text: str) -> str:
        """The token of a text."""
        if text not in self._given:
            self._given[text] = self.fresh("v")
        return self._given[text]


@dataclass
class Shard:
    """One ruleset of the engine with the facts for it; `branches` and `items` say what its rules and facts stand for."""

    rules: dict[str, Any] = field(default_factory=dict)
    facts: list[dict[str, str]] = field(default_factory=list)
    patterns: int = 0
    tokens: Tokens = field(default_factory=Tokens)
    branches: dict[str, tuple[int, Branch]] = field(default_factory=dict)
    items: dict[str, Item] = field(default_factory=dict)
    canaries: set[str] = field(default_factory=set)

    def add(self, number: int, given: Ready, branch: Branch) -> None:
        """One alternative as an engine rule, and its candidates as engine facts."""
        terms = []
        first: dict[str, str] = {}
        for place, pattern in enumerate(branch.positive):
            mine = self.tokens.fresh("p")
            carried = [name for name in JOIN_FIELDS if name in given.carries[pattern]]
            joins = [{_column(name): {first[name]: _column(name)}} for name in carried if name in first]
            terms.append({f"m{place}": {"$and": [{"p": mine}, *joins]} if joins else {"p": mine}})
            for name in carried:
                first.setdefault(name, f"m{place}")
            for item in given.facts[pattern]:
                token = self.tokens.fresh("n")
                self.items[token] = item
                places = {_column(name): self.tokens.of(item.fact[name]) for name in carried}
                self.facts.append({"id": token, "p": mine, **places})
        name = f"r{len(self.rules)}"
        self.rules[name] = {"all": terms}
        self.branches[name] = (number, branch)
        self.patterns += len(branch.positive)

    def job(self) -> dict[str, Any]:
        """What the worker is given: the rules with the canary's, the facts in batches with a canary at the end of each."""
        mark = self.tokens.fresh("c")
        batches = []
        for start in range(0, len(self.facts), BATCH):
            canary = self.tokens.fresh("n")
            self.canaries.add(canary)
            batches.append([*self.facts[start : start + BATCH], {"id": canary, "p": mark}])
        return {"rules": self.rules | {"canary": {"all": [{"m0": {"p": mark}}]}}, "batches": batches}


def fire_all(given: Sequence[Ready]) -> tuple[dict[int, tuple[Firing, ...]], EngineFailure | None]:
    """Firings of each rule by its number in `given`, sorted by key; and the failure, where the engine did not answer for all.

    A rule of which any part stands in an unanswered shard is left out of the answer.
    """
    shards = list(_shards(given))
    answers: list[list[tuple[str, list[str]]]] = []
    failure = ""
    for group in _groups(shards):
        some, failure = _ask([shard.job() for shard in group])
        answers += some
        if failure:
            break
    code = "engine-failed" if failure else ""
    unsure: set[int] = set()
    matches: dict[int, list[tuple[Branch, tuple[Item, ...]]]] = {number: [] for number in range(len(given))}
    for place, shard in enumerate(shards):
        answer = answers[place] if place < len(answers) else None
        if answer is None or {ids[0] for rule, ids in answer if rule == "canary"} != shard.canaries:
            unsure |= {number for number, _ in shard.branches.values()}
            if answer is not None and not failure:
                code, failure = "engine-lost-facts", "it passed over facts without a word"
            continue
        for rule, ids in answer:
            if rule != "canary":
                number, branch = shard.branches[rule]
                matches[number].append((branch, tuple(shard.items[ident] for ident in ids)))
    found = {number: _collect(given[number], pairs) for number, pairs in matches.items() if number not in unsure}
    if not failure:
        return found, None
    return found, EngineFailure(code, failure, sorted({given[number].rule.id for number in unsure}))


def _column(name: str) -> str:
    return f"f{JOIN_FIELDS.index(name)}"


def _shards(given: Sequence[Ready]) -> Iterator[Shard]:
    shard = Shard()
    for number, ready in enumerate(given):
        for branch in ready.branches:
            if not all(ready.facts[pattern] for pattern in branch.positive):
                continue  # nothing can match, and the engine must not be sent an empty list
            more = sum(len(ready.facts[pattern]) for pattern in branch.positive)
            full = len(shard.rules) >= MAX_RULES or shard.patterns + len(branch.positive) > MAX_FIRST
            if shard.rules and (full or len(shard.facts) + more > MAX_FACTS):
                yield shard
                shard = Shard()
            shard.add(number, ready, branch)
    if shard.rules:
        yield shard


def _groups(shards: Iterable[Shard]) -> Iterator[list[Shard]]:
    """Shards that share a worker."""
    group: list[Shard] = []
    for shard in shards:
        if group and sum(len(other.facts) for other in group) + len(shard.facts) > MAX_FACTS:
            yield group
            group = []
        group.append(shard)
    if group:
        yield group


def _ask(jobs: Sequence[dict[str, Any]]) -> tuple[list[list[tuple[str, list[str]]]], str]:
    """The worker's answers, shard by shard as far as they came, and what went wrong in words (empty: nothing)."""
    message = json.dumps({"bytes": MEMORY, "seconds": SECONDS, "shards": list(jobs)}, separators=(",", ":")) + "\n"
    command = [sys.executable, "-P", "-m", "riskreg.inference.worker"]
    try:
        done = subprocess.run(command, input=message.encode(), capture_output=True, timeout=CLOCK, check=False)  # noqa: S603
        output, wrong = done.stdout, "" if done.returncode == 0 else _ending(done.returncode, done.stderr)
    except subprocess.TimeoutExpired as late:
        output, wrong = late.stdout or b"", f"it did not finish within {CLOCK:g} s"
    lines = output.split(b"\n")[:-1]
    return [json.loads(line) for line in lines], wrong


def _ending(code: int, errors: bytes) -> str:
    last = errors.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return f"it was ended by signal {-code}" if code < 0 else f"it failed: {last[0][:200]}"


def _collect(given: Ready, matches: Iterable[tuple[Branch, tuple[Item, ...]]]) -> tuple[Firing, ...]:
    """Combinations as the engine gave them → firings: windows, different facts, negations, the union per key."""
    blocked = {number: _blocks(given, number) for branch in given.branches for number in branch.negative}
    taken: dict[tuple[tuple[str, str], ...], set[tuple[int, str]]] = {}
    best: dict[tuple[tuple[str, str], ...], tuple[Any, tuple[tuple[int, str], ...]]] = {}
    for branch, items in matches:
        if len({item.id for item in items}) < len(items) or not _in_time(given, [item.at for item in items if item.at]):
            continue
        numbered = sorted(zip(branch.positive, items, strict=True), key=lambda pair: pair[0])
        values: dict[str, str] = {}
        for number, item in numbered:
            values |= item.place(given.carries[number])
        key = tuple((name, values[name]) for name in given.rule.join)
        if any(pairs <= set(key) for number in branch.negative for pairs in blocked[number]):
            continue
        taken.setdefault(key, set()).update((number, item.id) for number, item in numbered)
        rank = (precedence(numbered), tuple((number, item.id) for number, item in numbered))
        best[key] = min(best.get(key, rank), rank)
    return tuple(Firing(given.rule.id, key, frozenset(taken[key]), best[key][1]) for key in sorted(taken))


def _blocks(given: Ready, number: int) -> set[frozenset[tuple[str, str]]]:
    """What each fact of a negated pattern says about the join fields: a key that holds all of it is blocked."""
    return {frozenset(item.place(given.rule.join).items()) for item in given.facts[number]}


def _in_time(given: Ready, times: Sequence[datetime]) -> bool:
    if not times:
        return True
    if given.rule.within is None:
        return given.as_of - min(times) <= RECENCY
    window = timedelta(seconds=given.rule.within)
    return max(times) - min(times) <= window and given.as_of - max(times) <= window
