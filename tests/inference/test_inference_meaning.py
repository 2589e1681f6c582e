"""What a rule means, one sentence of riskreg.inference.meaning at a time, decided by both engines."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from inference_rules import AS_OF, fired, keys, rule, signal

from riskreg.inference import decide
from riskreg.inference.meaning import RECENCY
from riskreg.model.disruption import Loss
from riskreg.model.finding import finding_id

SPIKE, DRIFT = {"as": "spike", "signal": "attrition_spike"}, {"as": "drift", "signal": "quality_drift"}
BOTH = {"all": [SPIKE, DRIFT]}
COVER = {"id": "cover:ORD-EN@site:MNL", "fact": "cover", "site": "MNL", "function": "ORD-EN", "tier": 2, "outcome": "breach"}


def test_one_finding_per_key_with_the_union_of_the_facts() -> None:
    facts = [signal("attrition_spike", "s1"), signal("attrition_spike", "s2"), signal("quality_drift", "d")]
    facts += [signal("attrition_spike", "b1", site="BOG"), signal("quality_drift", "b2", site="BOG")]
    assert fired(rule(BOTH), facts) == {"a-rule/BOG": ("b1", "b2"), "a-rule/MNL": ("d", "s1", "s2")}


def test_without_join_the_key_is_empty() -> None:
    decided = decide([rule(SPIKE, join=[], explain="x")], [signal("attrition_spike", "a")], as_of=AS_OF)
    assert decided.findings[0].key == {}
    assert decided.findings[0].scope == "client"


@pytest.mark.parametrize(("apart", "fires"), [(28, True), (28 + 1e-5, False)])
def test_the_window_is_inclusive(apart: float, fires: bool) -> None:
    facts = [signal("attrition_spike", "s", days=apart), signal("quality_drift", "d")]
    assert bool(fired(rule(BOTH, within="28d"), facts)) is fires


@pytest.mark.parametrize(("old", "fires"), [(28, True), (28 + 1e-5, False)])
def test_the_latest_fact_is_no_older_than_the_window(old: float, fires: bool) -> None:
    facts = [signal("attrition_spike", "s", days=old + 20), signal("quality_drift", "d", days=old)]
    assert bool(fired(rule(BOTH, within="28d"), facts)) is fires


@pytest.mark.parametrize(("old", "fires"), [(35, True), (35 + 1e-5, False)])
def test_without_a_window_every_dated_fact_is_recent(old: float, fires: bool) -> None:
    assert timedelta(days=35) == RECENCY
    facts = [signal("attrition_spike", "s", days=old), signal("quality_drift", "d")]
    assert bool(fired(rule(BOTH), facts)) is fires


def test_facts_outside_the_window_of_one_combination_are_not_in_its_finding() -> None:
    facts = [signal("attrition_spike", "old", days=20), signal("attrition_spike", "new", days=3), signal("quality_drift", "d")]
    assert fired(rule(BOTH, within="7d"), facts) == {"a-rule/MNL": ("d", "new")}


def test_what_is_later_than_as_of_is_not_known_yet() -> None:
    assert fired(rule(SPIKE), [signal("attrition_spike", "s", days=-1e-5)]) == {}
    assert fired(rule(SPIKE), [signal("attrition_spike", "s", days=0)]) == {"a-rule/MNL": ("s",)}
    with pytest.raises(ValueError, match="zone"):
        decide([rule(SPIKE)], [], as_of=datetime(2026, 11, 16))


def test_standing_facts_are_always_visible_and_never_count_for_the_window() -> None:
    when = {"all": [SPIKE, {"fact": "cover", "where": {"outcome": {"in": ["breach", "late"]}}}]}
    assert fired(rule(when, within="24h"), [signal("attrition_spike", "s", days=1), COVER]) == {
        "a-rule/MNL": ("cover:ORD-EN@site:MNL", "s")
    }
    alone = decide([rule({"fact": "cover"})], [COVER], as_of=AS_OF)
    assert alone.findings[0].at == AS_OF


def test_a_kind_that_never_has_a_join_field_takes_part_without_it() -> None:
    contract = {"id": "contract:msa", "fact": "contract", "vendor": "altura", "days_left": 60}
    when = {"all": [SPIKE, {"fact": "contract", "where": {"days_left": {"lte": 90}}}]}
    both = rule(when, join=["site", "vendor"])
    assert fired(both, [signal("attrition_spike", "s", vendor="altura"), contract]) == {"a-rule/MNL/altura": ("contract:msa", "s")}
    assert fired(both, [signal("attrition_spike", "s", vendor="boreal"), contract]) == {}
    assert fired(both, [signal("attrition_spike", "s"), contract]) == {}  # a signal has a vendor: this one does not say which


def test_a_combination_takes_a_different_fact_for_each_pattern() -> None:
    twice = rule({"all": [{"as": "a", "signal": "data_exposure"}, {"as": "b", "signal": "data_exposure"}]})
    assert fired(twice, [signal("data_exposure", "x")]) == {}
    assert fired(twice, [signal("data_exposure", "x"), signal("data_exposure", "y")]) == {"a-rule/MNL": ("x", "y")}


@pytest.mark.parametrize(
    ("action", "fires"),
    [
        ({"site": "MNL"}, False),
        ({"site": "BOG"}, True),
        ({}, False),  # says nothing about the place: it is about all of them
        ({"site": "MNL", "at": AS_OF - timedelta(days=14)}, False),
        ({"site": "MNL", "at": AS_OF - timedelta(days=14, seconds=1)}, True),
        ({"site": "MNL", "at": AS_OF + timedelta(seconds=1)}, True),
        ({"site": "MNL", "kind": "other"}, True),
    ],
)
def test_not_joins_on_the_fields_that_the_fact_has(action: dict[str, Any], fires: bool) -> None:
    when = {"all": [SPIKE, {"not": {"fact": "open_action", "where": {"kind": "retention-plan"}}}]}
    facts = [signal("attrition_spike", "s"), {"id": "act", "fact": "open_action", "kind": "retention-plan"} | action]
    assert bool(fired(rule(when, within="14d"), facts)) is fires


def test_any_is_one_of_several_ways_and_not_belongs_to_its_own() -> None:
    when = {"any": [{"all": [SPIKE, {"not": {"signal": "data_exposure"}}]}, DRIFT]}
    facts = [signal("attrition_spike", "s"), signal("quality_drift", "d"), signal("data_exposure", "e")]
    assert fired(rule(when), facts) == {"a-rule/MNL": ("d",)}
    assert fired(rule(when), facts[:2]) == {"a-rule/MNL": ("d", "s")}


@pytest.mark.parametrize(
    ("where", "fields", "fires"),
    [
        ({"strength": {"gte": 3}}, {"strength": 3}, True),
        ({"strength": {"gt": 3}}, {"strength": 3}, False),
        ({"strength": {"gte": 2, "lt": 4}}, {"strength": 4}, False),
        ({"strength": {"ne": 3}}, {}, False),
        ({"strength": {"not_in": [3]}}, {}, False),
        ({"strength": {"exists": False}}, {}, True),
        ({"strength": {"exists": False}}, {"strength": None}, True),
        ({"strength": {"exists": True}}, {"strength": 0}, True),
        ({"metric": {"in": ["csat", "fcr"]}}, {"metric": "fcr"}, True),
        ({"metric": {"not_in": ["csat", "fcr"]}}, {"metric": "fcr"}, False),
        ({"metric": {"ne": "csat"}}, {"metric": "fcr"}, True),
        ({"value": {"gte": 3}}, {"value": "4"}, False),
    ],
)
def test_conditions(where: dict[str, Any], fields: dict[str, Any], fires: bool) -> None:
    pattern = {"signal": "quality_drift", "where": where}
    assert bool(fired(rule(pattern), [signal("quality_drift", "d", **fields)])) is fires


def test_conclusions_are_facts_for_the_rules_after() -> None:
    first = rule(BOTH, "first", then={"conclude": {"fact": "coverage_at_risk"}})
    second = rule({"all": [{"fact": "coverage_at_risk"}, {"fact": "cover"}]}, "second", severity="critical")
    facts = [signal("attrition_spike", "s", days=2), signal("quality_drift", "d", days=9), COVER]
    decided = decide([second, first], facts, as_of=AS_OF)
    assert keys(decided) == {
        "second/MNL": ("concluded:first:MNL", "cover:ORD-EN@site:MNL"),
        "first/MNL": ("d", "s"),
    }
    assert [one.rule for one in decided.findings] == ["second", "first"]  # the worst first
    assert decided.conclusions == (
        {"id": "concluded:first:MNL", "fact": "coverage_at_risk", "rule": "first", "site": "MNL", "at": AS_OF - timedelta(days=2)},
    )


def test_a_negated_conclusion_waits_for_the_rule_that_makes_it() -> None:
    maker = rule(SPIKE, "z-maker", then={"conclude": {"fact": "known"}})
    waiter = rule({"all": [DRIFT, {"not": {"fact": "known"}}]}, "a-waiter")
    facts = [signal("attrition_spike", "s"), signal("quality_drift", "d"), signal("quality_drift", "e", site="BOG")]
    assert fired([waiter, maker], facts) == {"a-waiter/BOG": ("e",), "z-maker/MNL": ("s",)}


def test_a_conclusion_from_standing_facts_stands_too() -> None:
    maker = rule({"fact": "cover"}, "maker", then={"conclude": {"fact": "thin"}})
    user = rule({"all": [{"fact": "thin"}, SPIKE]}, "user", within="24h")
    decided = decide([maker, user], [COVER, signal("attrition_spike", "s", days=1)], as_of=AS_OF)
    assert "at" not in decided.conclusions[0]
    assert "user/MNL" in keys(decided)


def test_a_finding_carries_what_follows() -> None:
    then = {
        "raise": {"likelihood": 4, "impact": "from-function-criticality"},
        "playbooks": ["retention-surge"],
        "lose": [{"ref": "site:$site", "kind": "people", "share": 0.15, "for": "4w"}],
        "failover": "assess",
        "escalate": "tier-2",
    }
    (finding,) = decide([rule(SPIKE, then=then, version=3)], [signal("attrition_spike", "s", value=9)], as_of=AS_OF).findings
    assert finding.lose == (Loss.model_validate({"ref": "site:MNL", "kind": "people", "share": 0.15, "for": "4w"}),)
    assert (finding.likelihood, finding.impact, finding.failover, finding.escalate) == (
        4, "from-function-criticality", "assess", "tier-2",
    )  # fmt: skip
    assert finding.id == finding_id("a-rule", 3, {"site": "MNL"}, ("s",))
    assert finding.scope == "site:MNL"
    assert finding.matched == ({"id": "s", "signal": "attrition_spike", "at": "2026-11-16T00:00:00Z", "site": "MNL", "value": 9},)
    assert type(finding).model_validate_json(finding.model_dump_json(by_alias=True)) == finding


def test_a_strength_that_is_no_number_orders_nothing() -> None:
    facts = [signal("attrition_spike", "a", strength="high"), signal("attrition_spike", "b", strength=2)]
    assert fired(rule(SPIKE), facts) == {"a-rule/MNL": ("a", "b")}


def test_a_draft_is_not_run_and_facts_are_left_as_they_were() -> None:
    facts = [signal("attrition_spike", "s", note=None)]
    kept = [dict(fact) for fact in facts]
    assert fired([rule(SPIKE, "draft", status="draft"), rule(SPIKE, "trial", status="test")], facts) == {"trial/MNL": ("s",)}
    assert facts == kept


def test_a_rule_that_is_unsound_is_left_out_and_named() -> None:
    decided = decide([rule(BOTH, "loose", join=[]), rule(SPIKE, "sound")], [signal("attrition_spike", "s")], as_of=AS_OF)
    assert [(fault.code, fault.span.cell) for fault in decided.faults] == [("rule-unjoined", "loose")]
    assert keys(decided) == {"sound/MNL": ("s",)}
