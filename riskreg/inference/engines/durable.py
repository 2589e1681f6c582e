"""The durable_rules engine behind an adapter that keeps every known hazard of it out of reach.

The engine sees nothing but short ASCII tokens of our own making: which pattern a fact is a candidate for, and one for each join
field that it has. So numbers, nulls, types, long texts, order on strings and reserved names never reach it. What it does is the
join. Each alternative of a rule is one engine rule (its `any` fires more than once), each join is an equality that stands last,
each pattern asks for its own token first, a shard has at most 60 rules, and ends with a canary that must come out.
Windows, distinctness, negations and episodes are applied to the combinations that it gives back, so that none of them depends on
the order of facts. Method and hazards: durable_rules 2.0.28, measured; its tests are in tests/inference/test_inference_hazards.py.
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from types import TracebackType
from typing import Any, Self

from riskreg.inference.engines.episodes import Combination, firing
from riskreg.inference.engines.shards import MAX_TOKENS, Part, Shard, shards
from riskreg.inference.language.compiled import Ready
from riskreg.inference.language.meaning import Branch, Candidate, Firing, Item

MAX_FACTS = 40_000
"""Engine facts in one worker, where a single shard does not need more: the engine keeps 8.5 KB for each until its process ends."""
MEMORY = 2 * 2**30
SECONDS = 120
CLOCK = 180.0
"""Limits of one worker: bytes of address space, seconds of processor, seconds of clock."""

Values = tuple[str, ...]
Answer = Mapping[str, list[int]]
"""Engine rule → the tokens of its matches, one match after the other."""


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


def fire_all(given: Sequence[Ready]) -> tuple[dict[int, tuple[Firing, ...]], EngineFailure | None]:
    """Firings of each rule by its number in `given`, sorted by key; and the failure, where the engine did not answer for all.

    A rule of which any part stands in an unanswered shard is left out of the answer.
    """
    with Workers() as workers:
        return workers.ask(given).answer()


class Workers:
    """The engine's processes. The first starts at once and waits for its job, so that it loads while others work:

    with Workers() as workers:
        asked = workers.ask(given)      # returns as soon as the job is written down
        …
        found, failure = asked.answer()
    """

    def __init__(self) -> None:
        self._processes = [_process()]
        self._waiting = list(self._processes)
        self._line = ThreadPoolExecutor(max_workers=1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def ask(self, given: Sequence[Ready]) -> Asked:
        """Puts the question to the engine; rules that cannot fire are not sent."""
        return Asked(given, [(group, self._submit(group)) for group in _groups(shards(given))])

    def close(self) -> None:
        """Ends what still waits for a job, or works on one that nobody waits for."""
        self._line.shutdown(wait=False, cancel_futures=True)
        for process in self._processes:
            process.kill()
        self._line.shutdown()
        for process in self._waiting:
            process.communicate()

    def _submit(self, group: Sequence[Shard]) -> Future[tuple[list[Answer], str]]:
        job = _job(group)
        if max(shard.canary for shard in group) < MAX_TOKENS:
            return self._line.submit(self._run, job)
        refused: Future[tuple[list[Answer], str]] = Future()
        refused.set_result(([], f"it cannot tell more than {MAX_TOKENS:,} facts and values apart"))
        return refused

    def _run(self, job: bytes) -> tuple[list[Answer], str]:
        """One worker's answers, shard by shard as far as they came, and what went wrong in words (empty: nothing)."""
        if not self._waiting:
            self._processes.append(_process())
        process = self._waiting.pop() if self._waiting else self._processes[-1]
        try:
            output, errors = process.communicate(job, timeout=CLOCK)
            wrong = "" if process.returncode == 0 else _ending(process.returncode, errors)
        except subprocess.TimeoutExpired:
            process.kill()
            output, _ = process.communicate()
            wrong = f"it did not finish within {CLOCK:g} s"
        return [json.loads(line) for line in output.split(b"\n")[:-1]], wrong


@dataclass(frozen=True)
class Asked:
    """A question under way."""

    given: Sequence[Ready]
    groups: Sequence[tuple[list[Shard], Future[tuple[list[Answer], str]]]]

    def answer(self) -> tuple[dict[int, tuple[Firing, ...]], EngineFailure | None]:
        """Waits for the engine; see `fire_all`."""
        failure: tuple[str, str] | None = None
        unsure: set[int] = set()
        found: dict[int, dict[Branch, list[Combination]]] = {number: {} for number in range(len(self.given))}
        for group, future in self.groups:
            answers, wrong = future.result()
            for place, shard in enumerate(group):
                answer = answers[place] if place < len(answers) else None
                if answer is None:
                    failure = ("engine-failed", wrong or "it gave no answer")
                elif answer["canary"] != [shard.canary]:
                    answer, failure = None, failure or ("engine-lost-facts", "it passed over facts without a word")
                if answer is None:
                    unsure |= {part.number for part in shard.parts.values()}
                    continue
                for rule, part in shard.parts.items():
                    found[part.number].setdefault(part.branch, []).extend(_sound(part, part.matches(answer[rule])))
        made = {number: _firings(self.given[number], some) for number, some in found.items() if number not in unsure}
        if failure is None:
            return made, None
        return made, EngineFailure(*failure, sorted({self.given[number].rule.id for number in unsure}))


def _process() -> subprocess.Popen[bytes]:
    command = [sys.executable, "-P", "-m", "riskreg.inference.engines.worker"]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603


def _groups(made: Iterable[Shard]) -> Iterator[list[Shard]]:
    """Shards that share a worker."""
    group: list[Shard] = []
    for shard in made:
        if group and sum(len(other.facts) for other in group) + len(shard.facts) > MAX_FACTS:
            yield group
            group = []
        group.append(shard)
    if group:
        yield group


def _job(group: Sequence[Shard]) -> bytes:
    lines = [json.dumps({"bytes": MEMORY, "seconds": SECONDS, "shards": len(group)})]
    for rules, facts in (shard.job() for shard in group):
        lines += [json.dumps(rules), facts]
    return ("\n".join(lines) + "\n").encode()


def _ending(code: int, errors: bytes) -> str:
    last = errors.decode(errors="replace").strip().splitlines()[-1:] or [""]
    return f"it was ended by signal {-code}" if code < 0 else f"it failed: {last[0][:200]}"


def _sound(part: Part, matches: Iterable[tuple[Candidate, ...]]) -> Iterator[Combination]:
    """Combinations of facts that are different where they must be, and near enough to one another."""
    rule, patterns = part.given.rule, part.given.compiled.patterns
    within = None if rule.within is None else timedelta(seconds=rule.within)
    single = [place for place, number in enumerate(part.numbers) if patterns[number].at_least is None]
    for candidates in matches:
        if _different([candidates[place].item.id for place in single]):
            ends = [one.end for one in candidates if one.end is not None]
            end = max(ends) if ends else None
            if within is None or end is None or _near(candidates, end - within):
                yield part.numbers, candidates, end


def _different(ids: Sequence[str]) -> bool:
    return len(ids) < 2 or len(set(ids)) == len(ids)


def _near(candidates: Sequence[Candidate], earliest: datetime) -> bool:
    return all(one.start is None or one.start >= earliest for one in candidates)


def _firings(given: Ready, found: Mapping[Branch, Sequence[Combination]]) -> tuple[Firing, ...]:
    """Combinations by branch → firings: without the keys that are silenced, and the episode of each of the others."""
    by_key: dict[Values, list[Combination]] = {}
    for branch, combinations in found.items():
        blocks = [_Blocks(given, number) for number in branch.negative]
        carries = [given.compiled.carries[number] for number in sorted(branch.positive)]
        where = [(next(place for place, own in enumerate(carries) if name in own), name) for name in given.rule.join]
        for combination in combinations:
            key = tuple([combination[1][place].item.fact[name] for place, name in where])
            if not any(block.blocked(key) for block in blocks):
                by_key.setdefault(key, []).append(combination)
    join = given.rule.join
    made = (firing(given.rule, tuple(zip(join, key, strict=True)), some, given.as_of) for key, some in sorted(by_key.items()))
    return tuple(one for one in made if one is not None)


@dataclass
class _Blocks:
    """What the facts of a negated pattern say about the join fields: a key that holds all of it agrees with them."""

    given: Ready
    number: int
    said: dict[frozenset[str], dict[frozenset[tuple[str, Any]], list[Item]]] = field(default_factory=dict)
    known: dict[Values, bool] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for item in self.given.denies[self.number]:
            says = frozenset(item.place(self.given.rule.join).items())
            self.said.setdefault(frozenset(name for name, _ in says), {}).setdefault(says, []).append(item)

    def blocked(self, key: Values) -> bool:
        if key not in self.known:
            pairs = list(zip(self.given.rule.join, key, strict=True))
            agreeing = [
                item
                for names, facts in self.said.items()
                for item in facts.get(frozenset(pair for pair in pairs if pair[0] in names), [])
            ]
            self.known[key] = self.enough(agreeing)
        return self.known[key]

    def enough(self, agreeing: Sequence[Item]) -> bool:
        """Whether these facts, which agree with a key, are as many as the pattern counts."""
        pattern = self.given.compiled.patterns[self.number]
        if pattern.different is None:
            return len(agreeing) >= (pattern.at_least or 1)
        values = [item.fact[pattern.different] for item in agreeing if pattern.different in item.fact]
        return len({(type(value) is bool, value) for value in values}) >= (pattern.at_least or 1)
