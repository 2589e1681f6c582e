"""What check_rules and check_tests find, each at its place."""

from __future__ import annotations

from typing import Any

import pytest
from inference_rules import rule

from riskreg.inference import check_rules, check_tests
from riskreg.model.faults import Span
from riskreg.model.rule import Rule, RuleTest

SPIKE, DRIFT = {"as": "spike", "signal": "attrition_spike"}, {"as": "drift", "signal": "quality_drift"}


def found(*rules: Rule) -> list[tuple[str, str]]:
    spans = {one.id: Span(path="rules/pack.yaml", line=number, col=3) for number, one in enumerate(rules, start=1)}
    places = {span: name for name, span in spans.items()}
    return [(fault.code, places[fault.span]) for fault in check_rules(rules, spans)]


def chain(ident: str, needs: Any, makes: str, **fields: Any) -> Rule:
    return rule(needs, ident, then={"conclude": {"fact": makes}}, **fields)


def test_a_sound_set_has_no_fault() -> None:
    first = chain("first", {"all": [SPIKE, DRIFT, {"not": {"fact": "open_action"}}]}, "worn")
    assert found(first, rule({"all": [{"fact": "worn"}, {"fact": "cover"}]}, "second")) == []


def test_a_cycle_names_every_rule_of_it_and_no_other() -> None:
    rules = [
        chain("a", {"all": [SPIKE, {"fact": "two"}]}, "one"),
        chain("b", {"fact": "one"}, "two"),
        chain("after", {"fact": "one"}, "three"),
        chain("self", {"all": [DRIFT, {"fact": "own"}]}, "own"),
    ]
    assert found(*rules) == [("rule-cycle", "a"), ("rule-cycle", "b"), ("rule-cycle", "self")]
    messages = [fault.message for fault in check_rules(rules, {})]
    assert messages[0] == "the conclusions of a, b lead back to itself"


def test_a_chain_through_a_negation_that_comes_back_is_refused() -> None:
    rules = [chain("a", {"all": [SPIKE, {"not": {"fact": "two"}}]}, "one"), chain("b", {"all": [DRIFT, {"fact": "one"}]}, "two")]
    assert found(*rules) == [("rule-cycle-negated", "a"), ("rule-cycle-negated", "b")]


def test_two_cycles_are_both_found() -> None:
    rules = [chain(a, {"all": [SPIKE, {"fact": f"of-{b}"}]}, f"of-{a}") for a, b in ("ab", "ba", "cd", "dc")]
    assert found(*rules) == [("rule-cycle", name) for name in "abcd"]


@pytest.mark.parametrize(
    ("when", "fields", "code"),
    [
        ({"all": [SPIKE, DRIFT]}, {"join": [], "explain": "x"}, "rule-unjoined"),
        ({"all": [SPIKE, {"fact": "contract"}]}, {"join": ["site"]}, "rule-unjoined"),
        ({"fact": "contract"}, {"join": ["site"]}, "rule-join-unbound"),
        ({"any": [SPIKE, {"fact": "contract"}]}, {"join": ["site"]}, "rule-join-unbound"),
        (SPIKE, {"join": ["system"], "explain": "x"}, "rule-join-unbound"),
        ({"all": [SPIKE, {"not": {"fact": "contract"}}]}, {"join": ["site"]}, "rule-not-unjoined"),
        ({"any": [SPIKE, {"not": {"signal": "quality_drift"}}]}, {}, "rule-branch-empty"),
        ({"all": [{"any": [SPIKE | {"as": f"s{n}{m}"} for m in range(3)]} for n in range(4)]}, {}, "rule-too-wide"),
        ({"all": [SPIKE | {"as": f"s{n}"} for n in range(13)]}, {}, "rule-too-wide"),
        ({"all": [SPIKE | {"as": "key"}]}, {"explain": "x"}, "rule-alias"),
        ({"signal": "quality_drift", "where": {"metric": {"gte": 3}}}, {}, "rule-order-on-text"),
        ({"signal": "quality_drift", "where": {"at": {"lt": 3}}}, {}, "rule-order-on-text"),
        ({"fact": "cover", "where": {"outcome": {"gt": 3}}}, {}, "rule-order-on-text"),
        ({"fact": "served", "where": {"pci": {"gt": 0}}}, {}, "rule-order-on-text"),
        ({"signal": "quality_drift", "where": {"metric": {"eq": None}}}, {}, "rule-condition-null"),
        (SPIKE, {"then": {"conclude": {"fact": "cover"}}}, "rule-conclude-reserved"),
        (SPIKE, {"explain": "{{ spikes.site }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ spike.sites }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ spike.site "}, "rule-explain"),
        (SPIKE, {"explain": "{{ spike.site | nothing }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ spike.site | pct }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ spike.__class__.__mro__ }}"}, "rule-explain"),
        (SPIKE, {"explain": "{% for x in range(10 ** 9) %}x{% endfor %}"}, "rule-explain"),
        (SPIKE, {"explain": "{% with a = 'xx' %}{% with b = a ~ a %}{{ b }}{% endwith %}{% endwith %}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ 'x' * 10 ** 9 }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ 'x' | center(10 ** 9) }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ ['x'] | map('center', 1000000000) | join }}"}, "rule-explain"),
        (SPIKE, {"explain": "{{ '%1000000000s' % 1 }}"}, "rule-explain"),
        ({"any": [SPIKE, DRIFT]}, {"explain": "{{ spike.value }}"}, "rule-explain"),
        ({"all": [DRIFT, {"not": SPIKE}]}, {"explain": "{{ spike.value }}"}, "rule-explain"),
        (SPIKE, {"status": "deprecated"}, "rule-deprecated"),
    ],
)
def test_one_mistake_is_one_fault(when: Any, fields: dict[str, Any], code: str) -> None:
    assert found(rule(when, **fields)) == [(code, "a-rule")]


@pytest.mark.parametrize(
    ("when", "due", "codes"),
    [
        ({"as": "c", "fact": "contract"}, "c.notice_by", []),
        ({"as": "c", "fact": "contract"}, "c.days_left", ["rule-due"]),
        ({"as": "c", "fact": "contract"}, "c.title", ["rule-due"]),
        ({"as": "c", "signal": "data_exposure"}, "c.at", []),
        ({"as": "c", "signal": "data_exposure"}, "c.value", ["rule-due"]),
        ({"as": "c", "fact": "own_fact"}, "c.ends", []),
    ],
)
def test_a_deadline_is_a_date(when: Any, due: str, codes: list[str]) -> None:
    one = rule(when, join=["vendor"], then={"raise": {"likelihood": 3, "impact": 3, "due": due}}, explain="x")
    assert [fault.code for fault in check_rules([one], {})] == codes


def test_a_deadline_belongs_to_a_pattern_that_has_a_name() -> None:
    with pytest.raises(ValueError, match="due refers to 'contract'"):
        rule(SPIKE, then={"raise": {"likelihood": 3, "impact": 3, "due": "contract.notice_by"}})


def test_an_alternative_that_guards_its_names_is_sound() -> None:
    text = "{% if spike %}{{ spike.value | num }} left{% else %}{{ drift.delta | pct }}{% endif %} at {{ key.site }}"
    assert found(rule({"any": [SPIKE, DRIFT]}, explain=text)) == []


def test_the_same_conclusion_has_one_join() -> None:
    rules = [chain("a", SPIKE, "worn"), chain("b", DRIFT, "worn", join=["vendor"], explain="x")]
    assert [code for code, _ in found(*rules)] == ["rule-conclude-keys"] * 2


def test_one_id_twice() -> None:
    assert [fault.code for fault in check_rules([rule(SPIKE), rule(DRIFT)], {})] == ["rule-duplicate"]


def test_every_fault_says_what_to_do() -> None:
    faults = check_rules([rule({"all": [SPIKE, DRIFT]}, join=[], explain="x"), rule(SPIKE, "b", explain="{{ x }}")], {})
    assert len(faults) == 2
    assert all(fault.hint and fault.message for fault in faults)


def test_a_rule_needs_a_test_that_fires_and_one_that_does_not() -> None:
    fires = RuleTest.model_validate({"name": "fires", "given": [], "expect": [{"rule": "a-rule", "site": "MNL"}]})
    silent = RuleTest.model_validate({"name": "silent", "given": [], "expect": []})
    rules = [rule(SPIKE)]
    assert check_tests(rules, {"a-rule": [fires, silent]}) == ()
    assert [fault.code for fault in check_tests(rules, {"a-rule": [fires]})] == ["rule-no-negative-test"]
    assert [fault.code for fault in check_tests(rules, {"a-rule": [silent]})] == ["rule-untested"]
    assert [fault.code for fault in check_tests(rules, {})] == ["rule-no-negative-test", "rule-untested"]
    assert [fault.code for fault in check_tests([], {"gone": [silent]})] == ["test-unknown-rule"]


def test_a_failing_explain_is_told_at_its_own_place() -> None:
    places = {name: {"b": Span(path="rules/b.yaml", line=line, col=3)} for line, name in enumerate(("rule", "explain"), 1)}
    faults = check_rules([rule(SPIKE, "b", explain="{{ x }}")], places["rule"], places["explain"])
    assert [str(fault.span) for fault in faults] == ["rules/b.yaml:2:3"]
    assert [str(fault.span) for fault in check_tests([rule(SPIKE, "b")], {}, places["rule"])] == ["rules/b.yaml:1:3"] * 2
