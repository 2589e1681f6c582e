"""Both engines and a naive third one, on random rule sets and facts."""

from __future__ import annotations

from collections.abc import Iterable
from random import Random
from typing import Any

import inference_cases
import inference_fields
import inference_naive
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_cases import AS_OF, draw, draw_from
from inference_rules import found, not_judged, thresholds

from riskreg.inference import Decided, decide, durable_available
from riskreg.inference.decision import Case, prepare, settle
from riskreg.model.fact import STANDING
from riskreg.model.rule import Rule
from riskreg.model.signal import SIGNAL_SCHEMA

needs_durable = pytest.mark.skipif(not durable_available(), reason="durable_rules is not installed: it needs a C compiler")


def asked(case: inference_cases.Case) -> Case:
    pack = prepare([Rule.model_validate(rule) for rule in case.rules])
    return Case(pack, case.facts, AS_OF, thresholds=thresholds(case.thresholds))


def agreed(case: inference_cases.Case, decided: Decided, seed: object) -> int:
    """How many findings rest on several facts; the test fails where the naive evaluator finds something else."""
    assert not decided.faults, f"seed {seed}: {[fault.message for fault in decided.faults]}"
    world = inference_naive.evaluate(case.rules, case.facts, AS_OF, case.thresholds)
    mine, theirs = found(decided), world.found
    odd = sorted((key, mine.get(key), theirs.get(key)) for key in mine.keys() | theirs.keys() if mine.get(key) != theirs.get(key))
    assert not odd, f"seed {seed}: rule, key, engines, naive: {odd[:3]}"
    assert not_judged(decided) == world.flagged, f"seed {seed}"
    return sum(len(one.facts) > 1 for one in decided.findings)


def three_ways(seeds: Iterable[int]) -> int:
    cases = {seed: draw(seed) for seed in seeds}
    made = settle([asked(case) for case in cases.values()], "both")
    assert {one.engine for one in made} == {"durable_rules and the reference engine both decided, and agree."}
    return sum(agreed(case, decided, seed) for (seed, case), decided in zip(cases.items(), made, strict=True))


@needs_durable
@pytest.mark.parametrize("start", range(0, 500, 100))
def test_both_engines_and_a_naive_one_agree_on_random_rule_sets(start: int) -> None:
    assert three_ways(range(start, start + 100)) > 100  # findings that rest on more than one fact


@needs_durable
@pytest.mark.long
@pytest.mark.parametrize("start", range(1000, 11000, 500))
def test_they_agree_on_ten_thousand(start: int) -> None:
    assert three_ways(range(start, start + 500)) > 500


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_the_reference_and_the_naive_one_agree_on_what_hypothesis_draws(random: Random) -> None:
    case = draw_from(random)
    agreed(case, settle([asked(case)], "reference")[0], "hypothesis")


@needs_durable
def test_the_order_of_rules_and_facts_changes_nothing() -> None:
    random = Random(7)
    cases, same = [], []
    for seed in range(51, 81):
        case = draw(seed)
        for _ in range(3):
            same.append(seed)
            cases.append(asked(case))
            case = inference_cases.Case(
                random.sample(case.rules, len(case.rules)), random.sample(case.facts, len(case.facts)), case.thresholds
            )
    first: dict[int, Decided] = {}
    for seed, decided in zip(same, settle(cases, "both"), strict=True):
        assert decided == first.setdefault(seed, decided)
    assert sum(len(decided.findings) for decided in first.values()) > 30


@needs_durable
@pytest.mark.parametrize("engine", ["durable", "reference"])
def test_each_engine_alone_gives_what_both_give(engine: Any) -> None:
    cases = [asked(draw(seed)) for seed in (0, *range(81, 111))]
    for both, alone in zip(settle(cases, "both"), settle(cases, engine), strict=True):
        assert both.model_copy(update={"engine": alone.engine}) == alone
        assert alone.engine != both.engine


@needs_durable
def test_cases_decided_together_are_those_decided_alone() -> None:
    seeds = range(111, 119)
    together = settle([asked(draw(seed)) for seed in seeds], "both")
    for seed, decided in zip(seeds, together, strict=True):
        case = draw(seed)
        rules = [Rule.model_validate(rule) for rule in case.rules]
        assert decide(rules, case.facts, as_of=AS_OF, thresholds=thresholds(case.thresholds)) == decided
    assert any(decided.findings for decided in together)


def test_without_durable_rules_the_reference_decides_alone_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskreg.inference.evaluation.durable_available", lambda: False)
    cases = {seed: draw(seed) for seed in range(119, 129)}
    made = settle([asked(case) for case in cases.values()], "both")
    assert sum(agreed(case, decided, seed) for (seed, case), decided in zip(cases.items(), made, strict=True)) > 10
    assert all("not installed" in decided.engine for decided in made)
    with pytest.raises(RuntimeError, match="not installed"):
        decide([], [], as_of=AS_OF, engine="durable")


def test_the_naive_one_knows_the_same_fields() -> None:
    texts = {name for name, kind in SIGNAL_SCHEMA.items() if kind == pl.String()}
    assert texts - {"id"} == inference_fields.SIGNAL_TEXTS
    assert SIGNAL_SCHEMA.keys() - {"id", "readings"} == inference_fields.SIGNAL_FIELDS
    assert {kind: set(fields) for kind, fields in STANDING.items()} == inference_fields.STANDING_FIELDS
    assert {
        kind: {name for name, example in fields.items() if isinstance(example, str)} for kind, fields in STANDING.items()
    } == inference_fields.STANDING_TEXTS
