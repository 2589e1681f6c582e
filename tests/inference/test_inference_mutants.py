"""The differential test has power: each way in which an engine, its adapter or what both share could be wrong changes an answer.

A mutant of one engine is noticed as a disagreement; one of what both share only by the naive evaluator.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import cache
from typing import Any

import inference_cases
import inference_naive
import pytest
from inference_cases import AS_OF, draw
from inference_rules import found, not_judged, thresholds

from riskreg.inference import Decided, decision, durable_available, evaluation
from riskreg.inference.decision import Case, prepare, settle
from riskreg.inference.engines import buckets, durable, episodes, reference, shards
from riskreg.inference.engines.shards import Part, Shard
from riskreg.inference.facts import accepting, candidates, counting
from riskreg.inference.facts.candidates import Candidates
from riskreg.inference.language import meaning
from riskreg.inference.language.meaning import Candidate, Firing
from riskreg.model.rule import Rule

SEEDS = (*range(1, 161), 313, 345)
"""In the last two a standing fact decides beside dated ones of an earlier bucket of time."""
needs_durable = pytest.mark.skipif(not durable_available(), reason="durable_rules is not installed: it needs a C compiler")


@pytest.fixture(autouse=True)
def _always_in_buckets(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small cases too go through what the adapter keeps for large ones: buckets of time, and shards of few facts."""
    monkeypatch.setattr(buckets, "WORTH", 0)
    monkeypatch.setattr(shards, "ENOUGH", 40)
    monkeypatch.setattr(reference, "FEW", 0)


@cache
def cases() -> tuple[inference_cases.Case, ...]:
    return tuple(draw(seed) for seed in SEEDS)


@cache
def naive() -> tuple[inference_naive.World, ...]:
    return tuple(inference_naive.evaluate(case.rules, case.facts, AS_OF, case.thresholds) for case in cases())


def decided(engine: Any) -> tuple[Decided, ...]:
    asked = [
        Case(prepare([Rule.model_validate(rule) for rule in case.rules]), case.facts, AS_OF, thresholds=thresholds(case.thresholds))
        for case in cases()
    ]
    return settle(asked, engine)


def differ(made: tuple[Decided, ...]) -> int:
    """In how many cases what was decided is not what the naive evaluator finds."""
    return sum((found(one), not_judged(one)) != (world.found, world.flagged) for one, world in zip(made, naive(), strict=True))


@needs_durable
def test_without_a_mutant_all_agree() -> None:
    made = decided("both")
    assert [fault.message for one in made for fault in one.faults] == []
    assert differ(made) == 0


def cut(whole: Callable[[Shard], Any]) -> Callable[[Shard], Any]:
    """Shards without their first fact; the canary is still there."""

    def job(self: Shard) -> Any:
        rules, facts = whole(self)
        return rules, json.dumps(json.loads(facts)[1:])

    return job


def native_or(whole: Callable[[Shard], Any]) -> Callable[[Shard], Any]:
    """A disjunction ahead of the joins, as the engine would write an `any` itself."""

    def job(self: Shard) -> Any:
        rules, facts = whole(self)
        for body in rules.values():
            for term in body["all"]:
                for alias, asked in term.items():
                    if "$and" in asked:
                        first, *joins = asked["$and"]
                        term[alias] = {"$and": [{"$or": [first, {"p": "none"}]}, *joins]}
        return rules, facts

    return job


def unjoined(whole: Callable[[Shard], Any]) -> Callable[[Shard], Any]:
    """Each pattern by itself."""

    def job(self: Shard) -> Any:
        rules, facts = whole(self)
        for body in rules.values():
            for term in body["all"]:
                for alias, asked in term.items():
                    term[alias] = asked["$and"][0] if "$and" in asked else asked
        return rules, facts

    return job


def first_bucket_only(moment: datetime | None, length: int) -> tuple[int, ...]:
    return () if moment is None else (int(moment.timestamp() // length),)


def standing_in_one_bucket(moment: datetime | None, length: int) -> tuple[int, ...]:
    later = int((moment or AS_OF).timestamp() // length)
    return later - 1, later


ADAPTER: dict[str, tuple[Any, str, Any]] = {
    "window ignored": (durable, "_near", lambda candidates, earliest: True),
    "distinctness dropped": (durable, "_different", lambda ids: True),
    "negation ignored": (durable._Blocks, "blocked", lambda self, key: False),
    "count under not ignored": (durable._Blocks, "enough", lambda self, agreeing: bool(agreeing)),
    "first branch only": (durable, "_firings", lambda given, some, whole=durable._firings: whole(given, dict([*some.items()][:1]))),
    "a shard dropped": (durable, "shards", lambda given, whole=shards.shards: list(whole(given))[:-1]),
    "facts lost before the canary": (Shard, "job", cut(Shard.job)),
    "a native disjunction": (Shard, "job", native_or(Shard.job)),
    "no join at all": (Shard, "job", unjoined(Shard.job)),
    "wrong join column": (shards, "column", lambda place: "f0"),
    "tokens all one": (Shard, "_token", lambda self, value: "p0"),
    "patterns in the engine's order": (Part, "numbers", property(lambda self: self.order)),
    "one bucket a fact": (buckets, "touches", first_bucket_only),
    "a standing fact in its own bucket alone": (buckets, "touches", standing_in_one_bucket),
}

LOUD = {"patterns in the engine's order": KeyError}
"""Mutants of which a case ends in an error of Python: nobody overlooks that."""


@needs_durable
@pytest.mark.parametrize("name", ADAPTER)
def test_a_mutant_of_the_adapter_is_noticed(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, attribute, broken = ADAPTER[name]
    monkeypatch.setattr(owner, attribute, broken)
    if name in LOUD:
        with pytest.raises(LOUD[name]):
            decided("both")
        return
    made = decided("both")
    faults = [fault for one in made for fault in one.faults]
    assert faults
    assert {fault.code for fault in faults} <= {"engines-disagree", "engine-failed", "engine-lost-facts"}
    assert "the reference's answer stands" in made[0].engine
    assert differ(made) == 0


def without_window(self: Any, given: Any, whole: Any = reference._Walk.__init__) -> None:
    whole(self, given)
    self.within = None


def without_edges(self: Any, values: Any, earliest: datetime, latest: datetime, whole: Any = reference._Index.between) -> Any:
    return [one for one in whole(self, values, earliest, latest) if one.start not in (earliest, latest)]


def without_standing(self: Any, values: Any, earliest: datetime, latest: datetime, whole: Any = reference._Index.between) -> Any:
    return [one for one in whole(self, values, earliest, latest) if one.start is not None]


REFERENCE: dict[str, tuple[Any, str, Any]] = {
    "window ignored": (reference._Walk, "__init__", without_window),
    "ends of the window outside": (reference._Index, "between", without_edges),
    "standing facts left out": (reference._Index, "between", without_standing),
    "distinctness dropped": (reference._Walk, "rivals", lambda self, number, numbers: []),
    "negation ignored": (reference._Walk, "silenced", lambda self, nots, keys: set()),
}


def alone(some: Any, pattern: Any, within: Any, most: Any) -> list[Candidate]:
    return list(some)


def any_length(some: Any, pattern: Any, within: Any, most: Any, whole: Any = counting.stretched) -> Any:
    return whole(some, pattern, None, most)


def first_stretch(*arguments: Any, whole: Any = counting._holding) -> Iterator[Any]:
    yield from list(whole(*arguments))[:1]


def split_at_the_edge(times: set[datetime], keep_open_for: int, as_of: datetime, whole: Any = episodes._begun) -> datetime | None:
    begun: datetime | None = whole(times, keep_open_for - 1, as_of)
    return begun


def told_as(name: str, value: Callable[[Firing], Any]) -> Any:
    """A firing that tells something else."""

    def firing(*asked: Any, whole: Any = episodes.firing) -> Any:
        made = whole(*asked)
        return made and made._replace(**{name: value(made)})

    return firing


def of_the_speaker(rule: Any, firing: Firing, items: Any, whole: Any = decision.deadline) -> Any:
    return whole(rule, firing._replace(taken=frozenset(firing.chosen)), items)


def ranked(change: Callable[[Any], Any], whole: Any = meaning.precedence) -> Any:
    return lambda combination: change(whole(combination))


def oldest(combinations: Any) -> Any:
    return [min(combinations, key=lambda one: one[2] or AS_OF)]


def of_today(*arguments: Any, whole: Any = accepting.conclusions) -> Any:
    return tuple(one._replace(fact=one.fact | {"at": AS_OF}) for one in whole(*arguments))


def without_key(*arguments: Any, whole: Any = accepting.conclusions) -> Any:
    kept = ("id", "fact", "rule", "at", "site")
    return tuple(one._replace(fact={name: one.fact[name] for name in kept if name in one.fact}) for one in whole(*arguments))


SHARED: dict[str, tuple[Any, str, Any]] = {
    "nothing counted": (candidates, "stretched", alone),
    "stretches of any length": (candidates, "stretched", any_length),
    "values that must differ not looked at": (counting, "_worth", lambda one, field: one.item.id),
    "only the first stretch": (counting, "_holding", first_stretch),
    "episodes not split": (episodes, "_begun", lambda times, keep_open_for, as_of: min(times)),
    "episodes split at the edge": (episodes, "_begun", split_at_the_edge),
    "exceptions ignored": (candidates, "in_force", lambda rule, today: ()),
    "everything is left out by an exception": (Candidates, "left_out", lambda self, rule, fact: True),
    "no exception leaves anything out": (Candidates, "leaves_out", lambda self, plan: False),
    "overdue readings are not told": (Candidates, "told", lambda self, layer: ()),
    "any combination speaks": (episodes, "_newest", lambda combinations: combinations[-1:]),
    "the oldest facts speak": (episodes, "_newest", oldest),
    "only the newest fact counts for newness": (episodes, "precedence", ranked(lambda rank: rank[1:])),
    "the weakest facts speak": (episodes, "precedence", ranked(lambda rank: (rank[0], -rank[1], rank[2]))),
    "the last of equals speaks": (episodes, "precedence", ranked(lambda rank: (*rank[:2], [-ord(c) for c in str(rank[2])]))),
    "since is the last firing": (reference, "firing", told_as("since", lambda made: made.until)),
    "the last firing is the first": (reference, "firing", told_as("until", lambda made: made.since)),
    "only the speaking facts matched": (reference, "firing", told_as("taken", lambda made: frozenset(made.chosen))),
    "a finding is of as-of": (decision, "latest", lambda firing, items: None),
    "due as the speaking fact says": (decision, "deadline", of_the_speaker),
    "conclusions are of today": (evaluation, "conclusions", of_today),
    "conclusions of one place": (evaluation, "conclusions", without_key),
}


@pytest.mark.parametrize("name", [*(f"reference: {name}" for name in REFERENCE), *(f"shared: {name}" for name in SHARED)])
def test_a_mutant_of_the_reference_or_of_what_both_share_is_noticed_by_the_naive_one(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    whose, _, what = name.partition(": ")
    owner, attribute, broken = (REFERENCE if whose == "reference" else SHARED)[what]
    monkeypatch.setattr(owner, attribute, broken)
    assert differ(decided("reference")) > 0


@needs_durable
@pytest.mark.parametrize("name", ["nothing counted", "episodes not split"])
def test_what_both_share_is_agreed_on_by_both(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """So that nobody takes agreement for a proof: here only the naive evaluator sees anything."""
    monkeypatch.setattr(*SHARED[name])
    made = decided("both")
    assert not [fault for one in made for fault in one.faults]
    assert differ(made) > 0
