"""Both engines and a naive third one, on random rule sets and facts."""

from __future__ import annotations

from random import Random
from typing import Any

import inference_naive
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from inference_cases import AS_OF, Raw, draw, draw_from

from riskreg.inference import Decided, decide, durable, durable_available
from riskreg.inference.decision import Case, prepare, settle
from riskreg.model.faults import errors
from riskreg.model.rule import Rule

needs_durable = pytest.mark.skipif(not durable_available(), reason="durable_rules is not installed: it needs a C compiler")


def case(rules: list[Raw], facts: list[Raw]) -> Case:
    return Case(prepare([Rule.model_validate(rule) for rule in rules]), facts, AS_OF)


def found(decided: Decided) -> dict[tuple[str, tuple[str, ...]], set[str]]:
    return {(one.rule, tuple(one.key.values())): set(one.facts) for one in decided.findings}


def three_ways(seeds: range) -> int:
    drawn = [draw(seed) for seed in seeds]
    decided = settle([case(rules, facts) for rules, facts in drawn])
    for seed, (rules, facts), made in zip(seeds, drawn, decided, strict=True):
        assert not errors(made.faults), f"seed {seed}: {[fault.message for fault in made.faults]}"
        assert found(made) == inference_naive.evaluate(rules, facts, AS_OF), f"seed {seed}"
    return sum(len(one.facts) > 1 for made in decided for one in made.findings)


@needs_durable
def test_both_engines_and_a_naive_one_agree_on_random_rule_sets() -> None:
    assert three_ways(range(500)) > 300  # findings that rest on more than one fact


@needs_durable
@pytest.mark.long
def test_they_agree_on_many_more() -> None:
    for start in range(1000, 11000, 500):
        three_ways(range(start, start + 500))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.randoms(use_true_random=False))
def test_the_reference_and_the_naive_one_agree_on_what_hypothesis_draws(random: Random) -> None:
    rules, facts = draw_from(random)
    (made,) = settle([case(rules, facts)], "reference")
    assert found(made) == inference_naive.evaluate(rules, facts, AS_OF)


@needs_durable
def test_the_order_of_rules_and_facts_changes_nothing() -> None:
    random = Random(7)
    cases, same = [], []
    for seed in range(40, 80):
        rules, facts = draw(seed)
        for _ in range(3):
            same.append(seed)
            cases.append(case(list(rules), list(facts)))
            random.shuffle(rules)
            random.shuffle(facts)
    first: dict[int, Decided] = {}
    for seed, decided in zip(same, settle(cases), strict=True):
        assert decided == first.setdefault(seed, decided)
    assert sum(len(decided.findings) for decided in first.values()) > 50


@needs_durable
@pytest.mark.parametrize("engine", ["durable", "reference"])
def test_each_engine_alone_gives_what_both_give(engine: Any) -> None:
    for seed in (10, 25, 27):
        rules, facts = draw(seed)
        models = [Rule.model_validate(rule) for rule in rules]
        both, alone = decide(models, facts, as_of=AS_OF), decide(models, facts, as_of=AS_OF, engine=engine)
        assert (alone.findings, alone.conclusions, alone.faults) == (both.findings, both.conclusions, both.faults)
        assert both.findings
        assert alone.engine != both.engine


@needs_durable
@pytest.mark.parametrize(
    ("name", "broken"),
    [
        ("_in_time", lambda given, times: True),
        ("_blocks", lambda given, number: set()),
        ("_column", lambda name: "f0"),
        ("precedence", lambda combination: 0),
    ],
)
def test_a_mutant_of_the_adapter_is_noticed(monkeypatch: pytest.MonkeyPatch, name: str, broken: Any) -> None:
    monkeypatch.setattr(durable, name, broken)
    decided = settle([case(*draw(seed)) for seed in range(1, 100)])
    wrong = [fault for made in decided for fault in made.faults]
    assert {fault.code for fault in wrong} == {"engines-disagree"}
    assert "the reference's answer stands" in decided[0].engine
    monkeypatch.undo()
    assert [found(made) for made in decided] == [found(made) for made in settle([case(*draw(seed)) for seed in range(1, 100)])]


@needs_durable
def test_tokens_that_are_all_one_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(durable.Tokens, "of", lambda self, text: "v")
    decided = settle([case(*draw(seed)) for seed in range(1, 60)])
    assert {fault.code for made in decided for fault in made.faults} == {"engines-disagree"}


def test_without_durable_rules_the_reference_decides_alone_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("riskreg.inference.decision.durable_available", lambda: False)
    rules, facts = draw(27)
    decided = decide([Rule.model_validate(rule) for rule in rules], facts, as_of=AS_OF)
    assert found(decided) == inference_naive.evaluate(rules, facts, AS_OF)
    assert "not installed" in decided.engine
    with pytest.raises(RuntimeError, match="not installed"):
        decide([], [], as_of=AS_OF, engine="durable")
