"""What forbids a run: `structure`, `check_rules` and `check_tests`, on many rules too. The checks one by one are beside this."""

from __future__ import annotations

import cProfile
import subprocess
import sys
from typing import Any

import pytest
from inference_rules import rule

from riskreg.inference import check_rules, check_tests
from riskreg.inference.lint import structure
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
    assert messages[0] == "rule a: the conclusions of a, b lead back to where they begin"


def test_a_chain_through_a_negation_that_comes_back_is_refused() -> None:
    rules = [chain("a", {"all": [SPIKE, {"not": {"fact": "two"}}]}, "one"), chain("b", {"all": [DRIFT, {"fact": "one"}]}, "two")]
    assert found(*rules) == [("rule-cycle-negated", "a"), ("rule-cycle-negated", "b")]


def test_two_cycles_are_both_found() -> None:
    rules = [chain(a, {"all": [SPIKE, {"fact": f"of-{b}"}]}, f"of-{a}") for a, b in ("ab", "ba", "cd", "dc")]
    assert found(*rules) == [("rule-cycle", name) for name in "abcd"]


@pytest.mark.parametrize(
    ("when", "fields", "code"),
    [
        ({"all": [SPIKE, {"fact": "contract"}]}, {"join": ["site"]}, "rule-unjoined"),
        ({"fact": "contract"}, {"join": ["site"]}, "rule-join-unbound"),
        ({"any": [SPIKE, {"fact": "contract"}]}, {"join": ["site"]}, "rule-join-unbound"),
        (SPIKE, {"join": ["system"], "explain": "x"}, "rule-join-unbound"),
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
    faults = check_rules([rule({"all": [SPIKE, {"fact": "contract"}]}), rule(SPIKE, "b", explain="{{ x }}")], {})
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


def _many(count: int, first: str) -> list[Rule]:
    """A chain of rules, each on the conclusion of the one before it; the first on `first`."""
    needs = [first, *(f"fact-{number}" for number in range(count - 1))]
    return [chain(f"rule-{n}", {"all": [SPIKE, {"fact": need}]}, f"fact-{n}") for n, need in enumerate(needs)]


def test_a_circle_through_all_of_many_rules_names_a_few() -> None:
    faults = structure(_many(3000, "fact-2999"), {})
    assert [fault.code for fault in faults] == ["rule-cycle"] * 3000
    assert faults[0].message.endswith(
        "rule-0, rule-1, rule-10, rule-100, rule-1000, rule-1001 and 2994 more lead back to where they begin"
    )


def test_twice_as_many_rules_take_no_more_than_about_twice_the_work() -> None:
    def calls(count: int) -> int:
        rules, profile = _many(count, f"fact-{count - 1}"), cProfile.Profile()
        profile.enable()
        structure(rules, {})
        profile.disable()
        return sum(entry.callcount for entry in profile.getstats())

    assert calls(1200) < 2.1 * calls(600)


def test_a_rule_that_cannot_run_is_not_asked_for_its_words() -> None:
    assert found(rule({"fact": "contract"}, explain="{{ nobody }}")) == [("rule-join-unbound", "a-rule")]


def test_structure_needs_no_templates() -> None:
    code = "import sys; from riskreg.inference.lint import structure; structure([], {}); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"jinja2", "polars"} & set(loaded)
