"""What a rule means in the course of time: "The exact meaning" 8 to 12 and DESIGN.md's sentences, one a test, at their boundary.

Both engines and the naive evaluator decide each of them.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import yaml
from inference_rules import AS_OF, fired, flagged, judged, keys, rule, signal

from riskreg.inference import decide
from riskreg.model.disruption import Loss
from riskreg.model.rule import Rule

SPIKE, DRIFT = {"as": "spike", "signal": "attrition_spike"}, {"as": "drift", "signal": "quality_drift"}
BOTH = {"all": [SPIKE, DRIFT]}
COVER = {"id": "cover:ORD-EN@site:MNL", "fact": "cover", "site": "MNL", "function": "ORD-EN", "tier": 2, "outcome": "breach"}
SECOND = 1 / 86400
DAY = timedelta(days=1)


def spike(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("attrition_spike", ident, days, **fields)


def drift(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("quality_drift", ident, days, **fields)


def late(ident: str = "late", watches: str = "quality_drift", **fields: Any) -> dict[str, Any]:
    """Readings that are overdue at Manila."""
    return {"id": ident, "fact": "missing_data", "watches": watches, "site": "MNL", "metric": "qa_score", "days_late": 7} | fields


def lasting(days: str) -> dict[str, Any]:
    return {"for": days}


# 8. Firings and episodes.


@pytest.mark.parametrize(("age", "fires"), [(7, True), (7 + SECOND, False)])
def test_a_finding_is_open_while_not_more_than_keep_open_for_has_passed(age: float, fires: bool) -> None:
    assert bool(fired(rule(SPIKE, keep_open_for="1w"), [spike("s", age)])) is fires


def test_without_keep_open_for_a_firing_is_open_for_ever_and_all_are_one_episode() -> None:
    assert fired(rule(SPIKE), [spike("a", 3000), spike("b", 1)]) == {"a-rule/MNL": ("a", "b")}


@pytest.mark.parametrize(("gap", "facts"), [(7, ("a", "b")), (7 + SECOND, ("b",))])
def test_a_new_episode_begins_where_more_than_keep_open_for_passed(gap: float, facts: tuple[str, ...]) -> None:
    assert fired(rule(SPIKE, keep_open_for="1w"), [spike("a", 5 + gap), spike("b", 5)]) == {"a-rule/MNL": facts}


def test_episodes_are_those_of_one_key() -> None:
    facts = [spike("a", 12), spike("b", 6, site="BOG"), spike("c", 1)]
    assert fired(rule(SPIKE, keep_open_for="1w"), facts) == {"a-rule/BOG": ("b",), "a-rule/MNL": ("c",)}


def test_a_combination_fires_at_its_latest_dated_fact() -> None:
    facts = [spike("old", 30), drift("d", 7), COVER]
    three = rule({"all": [SPIKE, DRIFT, {"fact": "cover"}]}, keep_open_for="1w")
    (finding,) = judged(three, facts).findings
    assert (finding.at, finding.since) == (AS_OF - 7 * DAY, AS_OF - 7 * DAY)
    assert fired(three, facts, as_of=AS_OF + timedelta(seconds=1)) == {}


def test_a_counted_pattern_fires_at_the_end_of_its_stretch() -> None:
    two = rule({"all": [SPIKE, DRIFT | {"at_least": 2}]}, keep_open_for="1w")
    facts = [spike("s", 30), drift("a", 20), drift("b", 7)]
    assert judged(two, facts).findings[0].since == AS_OF - 7 * DAY
    assert fired(two, facts, as_of=AS_OF + timedelta(seconds=1)) == {}


def test_standing_facts_alone_fire_at_as_of_and_are_always_open() -> None:
    held = rule({"any": [SPIKE, {"fact": "cover"}]}, keep_open_for="1w")
    assert fired(held, [COVER]) == {"a-rule/MNL": (COVER["id"],)}
    assert fired(held, [COVER, spike("s", 7)]) == {"a-rule/MNL": (COVER["id"], "s")}
    assert fired(held, [COVER, spike("s", 7 + SECOND)]) == {"a-rule/MNL": (COVER["id"],)}


@pytest.mark.parametrize(("apart", "fires"), [(14, True), (14 - SECOND, False)])
def test_for_is_the_distance_of_the_first_and_the_last_firing(apart: float, fires: bool) -> None:
    facts = [spike("a", 1 + apart), spike("b", 5), spike("c", 1)]
    assert bool(fired(rule(SPIKE, **lasting("2w")), facts)) is fires


def test_for_counts_the_open_episode_alone() -> None:
    held = rule(SPIKE, keep_open_for="1w", **lasting("3d"))
    assert fired(held, [spike("a", 30), spike("b", 20), spike("c", 3)]) == {}
    assert fired(held, [spike("a", 30), spike("b", 6), spike("c", 3)]) == {"a-rule/MNL": ("b", "c")}


def test_for_is_about_firings_not_about_facts() -> None:
    # The spike is old, and the two fire together once.
    assert fired(rule(BOTH, **lasting("2w")), [spike("s", 30), drift("d")]) == {}
    assert fired(rule(BOTH, **lasting("2w")), [spike("s", 30), drift("d", 14), drift("e")]) == {"a-rule/MNL": ("d", "e", "s")}


def test_standing_facts_alone_last_for_no_time_that_is_known() -> None:
    held = rule({"any": [SPIKE, {"fact": "cover"}]}, **lasting("1d"))
    assert fired(held, [COVER]) == {}
    assert fired(held, [COVER, spike("s", 5)]) == {}
    assert fired(held, [COVER, spike("s", 5), spike("t", 4)]) == {"a-rule/MNL": (COVER["id"], "s", "t")}


# 9. Findings.


def test_one_finding_per_key_with_the_union_of_the_facts() -> None:
    facts = [spike("s1"), spike("s2"), drift("d"), spike("b1", site="BOG"), drift("b2", site="BOG")]
    assert fired(rule(BOTH), facts) == {"a-rule/BOG": ("b1", "b2"), "a-rule/MNL": ("d", "s1", "s2")}


def test_since_is_the_first_firing_of_the_episode_and_nothing_for_standing_facts() -> None:
    (finding,) = judged(rule(SPIKE, keep_open_for="1w"), [spike("x", 20), spike("a", 9), spike("b", 3)]).findings
    assert (finding.since, finding.at) == (AS_OF - 9 * DAY, AS_OF - 3 * DAY)
    (stands,) = judged(rule({"fact": "cover"}), [COVER]).findings
    assert (stands.since, stands.at) == (None, AS_OF)


def test_the_same_firing_has_the_same_id_and_a_new_episode_is_a_new_finding() -> None:
    held, facts = rule(SPIKE, keep_open_for="1w"), [spike("spring", 200), spike("autumn", 3)]

    def ident(days: int) -> str:
        (finding,) = judged(held, facts, as_of=AS_OF - days * DAY).findings
        return finding.id

    assert ident(200) == ident(195) != ident(3) == ident(0)
    assert fired(held, facts, as_of=AS_OF - 100 * DAY) == {}


def test_nothing_is_remembered_from_one_run_to_the_next() -> None:
    held, facts = rule(SPIKE, keep_open_for="1w", **lasting("2d")), [spike("a", 9), spike("b", 5), spike("c", 1)]
    every_day = [fired(held, facts, as_of=AS_OF - days * DAY) for days in range(10)]
    assert [fired(held, facts, as_of=AS_OF - days * DAY) for days in reversed(range(10))] == every_day[::-1]
    assert every_day[5] == {"a-rule/MNL": ("a", "b")}


# 10. Missing data.


def test_overdue_readings_are_told_or_nothing_or_count_as_the_signal() -> None:
    facts = [spike("s"), late()]
    assert fired(rule(BOTH), facts) == fired(rule(BOTH, on_missing_data="ok"), facts) == {}
    assert fired(rule(BOTH, on_missing_data="fire"), facts) == {"a-rule/MNL": ("late", "s")}
    assert flagged(rule(BOTH), facts) == ["a-rule/MNL"]  # flag is what a rule does that says nothing
    assert flagged(rule(BOTH, on_missing_data="ok"), facts) == flagged(rule(BOTH, on_missing_data="fire"), facts) == []


def test_only_keys_that_would_have_fired_and_did_not_are_told() -> None:
    facts = [spike("s"), drift("d"), spike("t", site="BOG"), late("here"), late("there", site="BOG"), late("nowhere", site="CEB")]
    assert fired(rule(BOTH), facts) == {"a-rule/MNL": ("d", "s")}
    assert flagged(rule(BOTH), facts) == ["a-rule/BOG"]
    aside = next(one for one in judged(rule(BOTH), facts).asides if one.kind == "missing-data")
    assert (aside.rule, aside.key, aside.facts) == ("a-rule", {"site": "BOG"}, ("there",))


@pytest.mark.parametrize(
    ("where", "stands_in"),
    [
        ({"metric": "qa_score"}, True),
        ({"metric": "csat"}, False),
        ({"strength": {"gte": 3}}, True),  # waived: nobody knows how strong it would have been
        ({"strength": {"gte": 3}, "metric": "csat"}, False),
        ({"vendor": {"exists": True}}, False),
        ({"value": {"lt": {"threshold": "floor"}}}, True),
    ],
)
def test_missing_data_meets_the_conditions_on_fields_that_it_has(where: dict[str, Any], stands_in: bool) -> None:
    assert bool(fired(rule(DRIFT | {"where": where}, on_missing_data="fire"), [late()])) is stands_in


def test_missing_data_stands_for_the_signal_that_it_watches_and_for_no_counted_or_negated_one() -> None:
    other = [spike("s"), late(watches="data_exposure")]
    assert flagged(rule(BOTH), other) == []
    counted = rule({"all": [SPIKE, DRIFT | {"at_least": 2}]}, on_missing_data="fire")
    assert fired(counted, [spike("s"), drift("d"), late()]) == {}
    negated = rule({"all": [SPIKE, {"not": {"signal": "quality_drift"}}]}, on_missing_data="fire")
    assert fired(negated, [spike("s"), late()]) == {"a-rule/MNL": ("s",)}


def test_one_missing_data_is_not_two_facts() -> None:
    both = {"all": [DRIFT, {"fact": "missing_data"}]}
    assert flagged(rule(both), [late()]) == []
    assert fired(rule(both, on_missing_data="fire"), [late()]) == {}
    assert flagged(rule(both), [late(), late("other")]) == ["a-rule/MNL"]


def test_missing_data_joins_as_the_signal_would() -> None:
    assert flagged(rule(BOTH), [spike("s"), late(site=None)]) == []
    assert flagged(rule(BOTH, join=["site", "direction"]), [spike("s", direction="up"), late()]) == []
    assert flagged(rule(BOTH, scope={"vendor": "altura"}), [spike("s", vendor="altura"), late(vendor="boreal")]) == []
    assert flagged(rule(BOTH, scope={"direction": "up"}), [spike("s", direction="up"), late()]) == ["a-rule/MNL"]


# 11. Speaking for all.


def test_the_newest_combination_speaks_then_the_strongest_then_the_first() -> None:
    told = {"explain": "{{ spike.value }}"}
    facts = [spike("a", 9, value=1, strength=5), spike("b", 2, value=2, strength=1)]
    assert judged(rule(SPIKE, **told), facts).findings[0].explain == "2"
    facts += [spike("c", 2, value=3, strength=4)]
    assert judged(rule(SPIKE, **told), facts).findings[0].explain == "3"
    facts += [spike("bb", 2, value=4, strength=4)]
    assert judged(rule(SPIKE, **told), facts).findings[0].explain == "4"
    old = [spike("z", 40, value=9, strength=5)]
    assert judged(rule(SPIKE, keep_open_for="1w", **told), [*old, *facts]).findings[0].explain == "4"


# 12. Conclusions and chains.


def test_conclusions_are_facts_for_the_rules_after() -> None:
    first = rule(BOTH, "first", then={"conclude": {"fact": "coverage_at_risk"}})
    second = rule({"all": [{"fact": "coverage_at_risk"}, {"fact": "cover"}]}, "second", severity="critical")
    facts = [spike("s", 2), drift("d", 9), COVER]
    decided = judged([second, first], facts)
    assert keys(decided) == {"second/MNL": ("concluded:first:MNL", COVER["id"]), "first/MNL": ("d", "s")}
    assert [one.rule for one in decided.findings] == ["second", "first"]  # the worst first
    assert decided.conclusions == (
        {"id": "concluded:first:MNL", "fact": "coverage_at_risk", "rule": "first", "site": "MNL", "at": AS_OF - 2 * DAY},
    )


def test_a_negated_conclusion_waits_for_the_rule_that_makes_it() -> None:
    maker = rule(SPIKE, "z-maker", then={"conclude": {"fact": "known"}})
    waiter = rule({"all": [DRIFT, {"not": {"fact": "known"}}]}, "a-waiter")
    facts = [spike("s"), drift("d"), drift("e", site="BOG")]
    assert fired([waiter, maker], facts) == {"a-waiter/BOG": ("e",), "z-maker/MNL": ("s",)}


def test_a_conclusion_from_standing_facts_alone_stands_too() -> None:
    maker = rule({"fact": "cover"}, "maker", then={"conclude": {"fact": "thin"}})
    user = rule({"all": [{"fact": "thin"}, SPIKE]}, "user", within="24h")
    decided = judged([maker, user], [COVER, spike("s", 400)])
    assert "at" not in decided.conclusions[0]
    assert "user/MNL" in keys(decided)


def test_a_conclusion_lives_as_long_as_its_finding_and_chains_go_on() -> None:
    rules = [rule(SPIKE, "one", then={"conclude": {"fact": "first"}}, keep_open_for="1w")]
    rules += [rule({"fact": "first"}, "two", then={"conclude": {"fact": "second"}}), rule({"fact": "second"}, "three")]
    assert set(fired(rules, [spike("s", 7)])) == {"one/MNL", "two/MNL", "three/MNL"}
    assert fired(rules, [spike("s", 7 + SECOND)]) == {}


def test_conclusions_carry_their_join_and_no_other_place() -> None:
    maker = rule(SPIKE, "maker", join=["vendor"], explain="x", then={"conclude": {"fact": "shaken"}})
    user = rule({"all": [DRIFT, {"fact": "shaken"}]}, "user", join=["site", "vendor"])
    facts = [spike("s", vendor="altura"), drift("d", vendor="altura", site="BOG"), drift("e", vendor="boreal")]
    assert fired([maker, user], facts)["user/BOG/altura"] == ("concluded:maker:altura", "d")
    assert len(fired([maker, user], facts)) == 2


def test_keys_with_a_stroke_are_conclusions_of_their_own() -> None:
    maker = rule(SPIKE, "maker", join=["metric", "unit"], explain="x", then={"conclude": {"fact": "known"}})
    user = rule({"fact": "known"}, "user", join=["metric", "unit"], explain="x")
    facts = [spike("s", metric="a/b", unit="c%"), spike("t", metric="a", unit="b/c%")]
    decided = judged([maker, user], facts)
    assert [one["id"] for one in decided.conclusions] == ["concluded:maker:a%2Fb/c%25", "concluded:maker:a/b%2Fc%25"]
    assert len(decided.findings) == 4


def test_a_conclusion_without_a_key_has_the_rule_s_name() -> None:
    maker = rule(SPIKE, "maker", join=[], explain="x", then={"conclude": {"fact": "known"}})
    assert [one["id"] for one in judged(maker, [spike("s")]).conclusions] == ["concluded:maker"]


@pytest.mark.parametrize(
    ("second", "code"), [({"fact": "b"}, "rule-cycle"), ({"all": [SPIKE, {"not": {"fact": "b"}}]}, "rule-cycle-negated")]
)
def test_a_chain_that_comes_back_is_refused_with_its_rules_named(second: dict[str, Any], code: str) -> None:
    one = rule({"fact": "a"}, "one", then={"conclude": {"fact": "b"}})
    two = rule(second, "two", then={"conclude": {"fact": "a"}})
    decided = decide([one, two, rule(SPIKE, "sound")], [spike("s")], as_of=AS_OF)
    assert {fault.code for fault in decided.faults} == {code}
    assert all("one" in fault.message and "two" in fault.message for fault in decided.faults)
    assert keys(decided) == {"sound/MNL": ("s",)}


# What a finding is, and which rules decide.


def test_a_finding_carries_what_follows() -> None:
    then = {
        "raise": {"likelihood": 4, "impact": "from-function-criticality"},
        "playbooks": ["retention-surge"],
        "lose": [{"ref": "site:$site", "kind": "people", "share": 0.15, "for": "4w"}],
        "failover": "assess",
        "escalate": "tier-2",
    }
    (finding,) = judged(rule(SPIKE, then=then, version=3), [spike("s", value=9)]).findings
    assert finding.lose == (Loss.model_validate({"ref": "site:MNL", "kind": "people", "share": 0.15, "for": "4w"}),)
    assert (finding.likelihood, finding.impact, finding.failover, finding.escalate) == (
        4, "from-function-criticality", "assess", "tier-2",
    )  # fmt: skip
    assert finding.scope == "site:MNL"
    assert finding.matched == ({"id": "s", "signal": "attrition_spike", "at": "2026-11-16T00:00:00Z", "site": "MNL", "value": 9},)
    assert type(finding).model_validate_json(finding.model_dump_json(by_alias=True)) == finding


def test_severity_orders_and_is_no_score() -> None:
    rules = [rule(SPIKE, name, severity=severity) for name, severity in (("a", "low"), ("b", "critical"), ("c", "high"))]
    findings = judged(rules, [spike("s"), spike("t", site="BOG")]).findings
    assert ["/".join([one.rule, one.key["site"]]) for one in findings] == ["b/BOG", "b/MNL", "c/BOG", "c/MNL", "a/BOG", "a/MNL"]
    assert {one.likelihood for one in findings} == {None}


def test_a_strength_that_is_no_number_orders_nothing() -> None:
    assert fired(rule(SPIKE), [spike("a", strength="high"), spike("b", strength=2)]) == {"a-rule/MNL": ("a", "b")}


def test_a_draft_is_not_run_and_facts_are_left_as_they_were() -> None:
    facts = [spike("s", note=None)]
    kept = [dict(fact) for fact in facts]
    assert fired([rule(SPIKE, "draft", status="draft"), rule(SPIKE, "trial", status="test")], facts) == {"trial/MNL": ("s",)}
    assert facts == kept


# The design's own example, word for word.

EXAMPLE = """
- id: attrition-with-quality-drift
  version: 1
  title: Attrition spike while quality drifts
  status: stable              # draft | test | stable | deprecated (+ replaced_by)
  owner: workforce-lead
  category: talent-attrition  # the risk that it speaks about; a closed taxonomy
  severity: high
  when:
    all:
      - {as: spike, signal: attrition_spike, where: {strength: {gte: 3}}}
      - {as: drift, signal: quality_drift}
      - not: {fact: open_action, where: {kind: retention-plan}}
    join: [site]
    within: 28d
  for: 2w                     # must hold this long
  keep_open_for: 1w           # hysteresis
  on_missing_data: flag       # flag | ok | fire
  then:
    raise: {likelihood: 4, impact: from-function-criticality}
    playbooks: [retention-surge, cross-training]
    lose: [{ref: 'pool:$site', share: 0.15, for: 4w}]   # the disruption that this finding stands for
    failover: assess          # none | assess (compute it) | activate
    escalate: tier-2
    conclude: {fact: coverage_at_risk}   # other rules can match what this one concludes
  explain: "{{ spike.site }}: {{ spike.value }} leavers, QA {{ drift.delta }} points"
  false_positives: [Planned seasonal ramp-down]
  exceptions: [{where: {site: BOG}, until: 2027-03-31, reason: ramp-down, approved_by: operations}]
  references: []
"""


def weekly(site: str, shift: float = 0) -> list[dict[str, Any]]:
    """A spike three weeks ago, and drift in each week since: firings 14 days apart, the last of them a week ago."""
    drifts = [drift(f"d{days}", days + shift, site=site, delta=-days / 10) for days in (21, 14, 7)]
    return [spike("s", 21 + shift, site=site, strength=3, value=31), *drifts]


def test_the_example_of_the_design_decides_as_it_says() -> None:
    (example,) = [Rule.model_validate(one) for one in yaml.safe_load(EXAMPLE)]
    facts = weekly("MNL")
    (finding,) = judged(example, facts).findings
    assert (finding.key, finding.facts) == ({"site": "MNL"}, ("d14", "d21", "d7", "s"))
    assert (finding.since, finding.at) == (AS_OF - 21 * DAY, AS_OF - 7 * DAY)
    assert finding.explain == "MNL: 31 leavers, QA -0.7 points"
    assert finding.lose[0].ref == "pool:MNL"
    assert judged(example, facts).conclusions[0]["fact"] == "coverage_at_risk"


def test_the_example_of_the_design_is_silent_where_it_says() -> None:
    (example,) = [Rule.model_validate(one) for one in yaml.safe_load(EXAMPLE)]
    facts = weekly("MNL")
    plan = {"id": "plan", "fact": "open_action", "kind": "retention-plan", "site": "MNL"}
    assert fired(example, [*facts, plan | {"kind": "audit"}])
    assert fired(example, [*facts, plan]) == {}
    assert fired(example, facts, as_of=AS_OF + timedelta(seconds=1)) == {}  # a week has passed since
    assert fired(example, [*facts[:3], drift("d", 7 + SECOND)]) == {}  # not for two weeks
    assert fired(example, [facts[0] | {"strength": 2}, *facts[1:]]) == {}
    assert fired(example, [facts[0], *(one | {"site": "CEB"} for one in facts[1:])]) == {}  # two sites must not mix
    assert fired(example, weekly("BOG")) == {}  # a ramp-down that was approved, to the end of March
    assert fired(example, weekly("BOG", -135), as_of=AS_OF + 135 * DAY) == {}
    assert fired(example, weekly("BOG", -136), as_of=AS_OF + 136 * DAY)


def test_the_example_of_the_design_tells_that_readings_are_overdue() -> None:
    (example,) = [Rule.model_validate(one) for one in yaml.safe_load(EXAMPLE)]
    spikes = [spike(f"s{days}", days, strength=3) for days in (21, 14, 7)]
    assert flagged(example, spikes) == []
    assert flagged(example, [*spikes, late()]) == ["attrition-with-quality-drift/MNL"]
    assert flagged(example, [*spikes[:2], late()]) == []  # closed by now, whatever the readings would have said
