"""What a rule means for the facts of one moment: "The exact meaning" 1 to 7, a sentence a test, at its boundary.

Both engines and the naive evaluator decide each of them. Episodes, missing data and conclusions: test_inference_course.py.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from inference_rules import AS_OF, fired, judged, rule, signal

from riskreg.inference import decide

SPIKE, DRIFT = {"as": "spike", "signal": "attrition_spike"}, {"as": "drift", "signal": "quality_drift"}
BOTH = {"all": [SPIKE, DRIFT]}
COVER = {"id": "cover:ORD-EN@site:MNL", "fact": "cover", "site": "MNL", "function": "ORD-EN", "tier": 2, "outcome": "breach"}
SECOND = 1 / 86400


def spike(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("attrition_spike", ident, days, **fields)


def drift(ident: str, days: float = 0, **fields: Any) -> dict[str, Any]:
    return signal("quality_drift", ident, days, **fields)


def custom(ident: str, named: str = "audit", /, **fields: Any) -> dict[str, Any]:
    return {"id": ident, "fact": named, **fields}


# 1. Branches.


def test_any_is_one_of_several_ways_and_not_belongs_to_its_own() -> None:
    when = {"any": [{"all": [SPIKE, {"not": {"signal": "data_exposure"}}]}, DRIFT]}
    facts = [spike("s"), drift("d"), signal("data_exposure", "e")]
    assert fired(rule(when), facts) == {"a-rule/MNL": ("d",)}
    assert fired(rule(when), facts[:2]) == {"a-rule/MNL": ("d", "s")}


def test_any_inside_all_is_multiplied_out() -> None:
    when = {"all": [{"any": [SPIKE, DRIFT]}, {"any": [{"signal": "data_exposure"}, {"fact": "cover"}]}]}
    assert fired(rule(when), [spike("s"), drift("d")]) == {}
    assert fired(rule(when), [COVER, signal("data_exposure", "e")]) == {}
    assert fired(rule(when), [spike("s"), COVER]) == {"a-rule/MNL": (COVER["id"], "s")}


# 2. Candidates.


@pytest.mark.parametrize(
    ("where", "fields", "fires"),
    [
        ({"strength": {"gte": 3}}, {"strength": 3}, True),
        ({"strength": {"gt": 3}}, {"strength": 3}, False),
        ({"strength": {"gt": 3}}, {"strength": 3.0000001}, True),
        ({"strength": {"lte": 3}}, {"strength": 3}, True),
        ({"strength": {"lt": 3}}, {"strength": 3}, False),
        ({"strength": {"gte": 2, "lt": 4}}, {"strength": 4}, False),
        ({"strength": {"ne": 3}}, {}, False),
        ({"strength": {"not_in": [3]}}, {}, False),
        ({"strength": {"exists": False}}, {}, True),
        ({"strength": {"exists": False}}, {"strength": None}, True),
        ({"strength": {"exists": True}}, {"strength": 0}, True),
        ({"metric": {"in": ["csat", "fcr"]}}, {"metric": "fcr"}, True),
        ({"metric": {"not_in": ["csat", "fcr"]}}, {"metric": "fcr"}, False),
        ({"metric": {"ne": "csat"}}, {"metric": "fcr"}, True),
        ({"metric": "10"}, {"metric": 10}, False),
        ({"value": 10}, {"value": "10"}, False),
        ({"value": {"ne": 10}}, {"value": "10"}, True),
        ({"value": 5}, {"value": 5.0}, True),
        ({"value": 1}, {"value": True}, False),
        ({"value": {"in": [True]}}, {"value": 1}, False),
        ({"value": {"gte": 3}}, {"value": "4"}, False),
        ({"value": {"gte": 0}}, {"value": True}, False),
        ({"value": {"gte": 1e-05}}, {"value": 1e-05}, True),
        ({"value": {"lt": 2**53}}, {"value": 2**53 - 1}, True),
        ({"value": {"lt": 2**53}}, {"value": 2**53}, False),
        ({"at": {"exists": True}}, {}, True),
        ({"metric": "csat", "strength": {"gte": 2}}, {"metric": "csat", "strength": 1}, False),
    ],
)
def test_conditions(where: dict[str, Any], fields: dict[str, Any], fires: bool) -> None:
    assert bool(fired(rule({"signal": "quality_drift", "where": where}), [drift("d", **fields)])) is fires


@pytest.mark.parametrize(
    ("fields", "limit"),
    [
        ({"metric": "qa"}, 10.0),
        ({"metric": "qa", "vendor": "altura"}, 20.0),
        ({"metric": "qa", "vendor": "altura", "site": "MNL"}, 30.0),
        ({"metric": "qa", "vendor": "altura", "site": "MNL", "client": "MER"}, 35.0),
        ({"metric": "qa", "vendor": "altura", "site": "MNL", "client": "MER", "function": "ORD-EN"}, 40.0),
        ({"metric": "csat"}, 5.0),
    ],
)
def test_a_threshold_is_that_of_the_fact_s_metric_and_of_its_narrowest_place(fields: dict[str, Any], limit: float) -> None:
    places = ({"vendor": "altura"}, {"site": "MNL"}, {"site": "MNL", "client": "MER"}, {"function": "ORD-EN"})
    overrides = [place | {"value": value} for place, value in zip(places, (20, 30, 35, 40), strict=True)]
    limits = {"qa": {"floor": {"value": 10, "overrides": overrides}}, "csat": {"floor": 5}}
    below = rule({"signal": "quality_drift", "where": {"value": {"lt": {"threshold": "floor"}}}}, join=[], explain="x")
    fact = {"id": "d", "signal": "quality_drift", "at": AS_OF} | fields
    assert fired(below, [fact | {"value": limit - 1e-9}], limits=limits) == {"a-rule": ("d",)}
    assert fired(below, [fact | {"value": limit}], limits=limits) == {}


def test_a_threshold_that_the_metric_does_not_have_is_never_met() -> None:
    below = rule({"signal": "quality_drift", "where": {"value": {"lt": {"threshold": "floor"}}}})
    facts = [drift("other", metric="csat", value=-1), drift("none", value=-1), drift("number", metric=10, value=-1)]
    assert fired(below, facts, limits={"qa": {"floor": 5}, "csat": {"roof": 5}}) == {}


def test_what_is_later_than_as_of_is_not_known_yet() -> None:
    assert fired(rule(SPIKE), [spike("s", -SECOND)]) == {}
    assert fired(rule(SPIKE), [spike("s")]) == {"a-rule/MNL": ("s",)}
    with pytest.raises(ValueError, match="zone"):
        decide([rule(SPIKE)], [], as_of=datetime(2026, 11, 16))


@pytest.mark.parametrize(
    ("scope", "fires"),
    [
        ({"vendor": "altura"}, True),
        ({"vendor": "boreal"}, False),
        ({"tier": {"lte": 2}}, True),  # a cover has a tier, a signal has none
        ({"tier": {"lte": 1}}, False),
        ({"strength": {"gte": 3}}, True),  # a signal has a strength, a cover has none
        ({"strength": {"gte": 4}}, False),
        ({"direction": "up"}, False),  # a signal has a direction, and this one does not say which
        ({"seats": {"gte": 1}}, True),  # neither kind has it
    ],
)
def test_scope_binds_the_kinds_that_have_its_fields(scope: dict[str, Any], fires: bool) -> None:
    facts = [spike("s", vendor="altura", strength=3), COVER | {"vendor": "altura"}]
    assert bool(fired(rule({"all": [SPIKE, {"fact": "cover"}]}, scope=scope), facts)) is fires


def test_scope_binds_a_kind_of_one_s_own_in_every_field_and_a_conclusion_in_its_key() -> None:
    near = rule({"fact": "audit"}, scope={"country": "PH"})
    assert fired(near, [custom("a", site="MNL"), custom("b", site="BOG", country="PH")]) == {"a-rule/BOG": ("b",)}
    maker = rule(SPIKE, "maker", then={"conclude": {"fact": "known"}})
    user = rule({"fact": "known"}, "user", scope={"site": "BOG", "country": "PH"})
    assert set(fired([maker, user], [spike("s"), spike("t", site="BOG")])) == {"maker/MNL", "maker/BOG", "user/BOG"}


@pytest.mark.parametrize(
    ("as_of", "fires"),
    [
        (datetime.fromisoformat("2027-03-31T23:59:59+00:00"), False),
        (datetime.fromisoformat("2027-04-01T00:00:00+00:00"), True),
        (datetime(2027, 4, 1, 1, tzinfo=timezone(timedelta(hours=2))), False),  # still March in UTC
        (datetime(2027, 3, 31, 22, tzinfo=timezone(timedelta(hours=-5))), True),  # already April in UTC
    ],
)
def test_an_exception_is_in_force_to_the_end_of_its_last_day_in_utc(as_of: datetime, fires: bool) -> None:
    exception = {"where": {"site": "MNL"}, "until": date(2027, 3, 31), "reason": "ramp-down", "approved_by": "operations"}
    assert bool(fired(rule(SPIKE, exceptions=[exception]), [spike("s")], as_of=as_of)) is fires


def test_an_exception_leaves_out_facts_that_meet_all_of_it() -> None:
    exception = {"where": {"site": "MNL", "metric": "csat"}, "until": date(2027, 3, 31), "reason": "x", "approved_by": "operations"}
    facts = [drift("a", metric="csat"), drift("b", metric="fcr"), drift("c", metric="csat", site="BOG"), drift("d")]
    assert fired(rule(DRIFT, exceptions=[exception]), facts) == {"a-rule/BOG": ("c",), "a-rule/MNL": ("b", "d")}


def test_scope_and_exceptions_touch_no_negated_pattern() -> None:
    exception = {"where": {"kind": "freeze"}, "until": date(2027, 3, 31), "reason": "x", "approved_by": "operations"}
    quiet = rule({"all": [SPIKE, {"not": {"fact": "audit"}}]}, scope={"vendor": "altura"}, exceptions=[exception])
    assert fired(quiet, [spike("s", vendor="altura")]) == {"a-rule/MNL": ("s",)}
    assert fired(quiet, [spike("s", vendor="altura"), custom("f", kind="freeze", site="MNL", vendor="boreal")]) == {}


# 3. Counted patterns.


@pytest.mark.parametrize(("first", "fires"), [(28, True), (28 + SECOND, False)])
def test_three_in_four_weeks(first: float, fires: bool) -> None:
    facts = [drift("a", first), drift("b", 9), drift("c", 0)]
    three = rule(DRIFT | {"at_least": 3, "within": "4w"})
    assert fired(three, facts) == ({"a-rule/MNL": ("a", "b", "c")} if fires else {})
    assert fired(three, facts[1:]) == {}


def test_company_s_stretch_is_the_pattern_s_own_window_or_the_rule_s_or_any() -> None:
    facts = [drift("a", 10), drift("b")]
    two = DRIFT | {"at_least": 2}
    assert fired(rule(two), [drift("a", 3000), drift("b")])
    assert fired(rule(two, within="10d"), facts)
    assert not fired(rule(two, within="9d"), facts)
    assert not fired(rule(two | {"within": "9d"}, within="10d"), facts)
    assert not fired(rule(two | {"within": "10d"}, within="9d"), facts)  # the stretch lies in the combination's window too


def test_company_agrees_on_the_join_fields_that_it_carries() -> None:
    two = rule(DRIFT | {"at_least": 2}, join=["site", "metric"])
    assert not fired(two, [drift("a", metric="csat"), drift("b", metric="fcr"), drift("c", metric="csat", site="BOG")])
    assert not fired(two, [drift("a", metric="csat"), drift("b"), drift("c", metric=10), drift("d", metric="10")])
    assert fired(two, [drift("a", metric="csat"), drift("b", metric="csat")]) == {"a-rule/MNL/csat": ("a", "b")}


def test_two_sites_of_one_vendor() -> None:
    sites = rule(DRIFT | {"at_least": 2, "different": "site", "within": "4w"}, join=["vendor"], explain="x")
    facts = [drift("a", 28, vendor="altura"), drift("b", 28, vendor="altura"), drift("c", vendor="boreal", site="BOG")]
    assert fired(sites, facts) == {}
    assert fired(sites, [*facts, drift("d", vendor="altura", site=None)]) == {}
    assert fired(sites, [*facts, drift("d", vendor="altura", site="BOG")]) == {"a-rule/altura": ("a", "b", "d")}


@pytest.mark.parametrize(
    ("one", "other", "fires"), [(5, 5.0, False), (5, "5", True), (1, True, True), ("a", "A", True), (None, 5, False)]
)
def test_values_are_different_as_conditions_tell_them_apart(one: Any, other: Any, fires: bool) -> None:
    assert (
        bool(fired(rule(DRIFT | {"at_least": 2, "different": "value"}), [drift("a", value=one), drift("b", value=other)])) is fires
    )


def test_a_counted_pattern_takes_the_shortest_stretches() -> None:
    # 0-10-20: each stretch has two, and those of the middle one end on day 10 and on day 20.
    facts = [drift("a", 20), drift("b", 10), drift("c", 0)]
    two = DRIFT | {"at_least": 2}
    assert fired(rule(two), facts) == {"a-rule/MNL": ("a", "b", "c")}
    assert fired(rule(two, keep_open_for="9d"), facts) == {"a-rule/MNL": ("b", "c")}
    # With a spike on day 0 and ten days of window only the stretch of day 10 to 20 is left.
    assert fired(rule({"all": [SPIKE, two]}, within="10d"), [*facts, spike("s", 20)]) == {"a-rule/MNL": ("a", "b", "s")}


def test_a_stretch_in_which_a_shorter_one_holds_the_candidate_is_not_its_own() -> None:
    facts = [drift("a", 20), drift("b", 20), drift("c", 0)]
    # a and b are company for one another on the day itself; only c needs the long way.
    assert fired(rule({"all": [SPIKE, DRIFT | {"at_least": 2}]}, within="0s"), [*facts, spike("s", 20)]) == {
        "a-rule/MNL": ("a", "b", "s")
    }
    assert fired(rule(DRIFT | {"at_least": 2}, keep_open_for="1d"), facts) == {"a-rule/MNL": ("c",)}


def test_standing_facts_are_in_every_stretch() -> None:
    two = rule({"fact": "audit", "at_least": 2, "within": "24h"})
    standing = [custom("s", site="MNL"), custom("t", site="MNL")]
    old, new = custom("old", site="MNL", at=AS_OF - timedelta(days=300)), custom("new", site="MNL", at=AS_OF)
    assert fired(two, standing[:1]) == {}
    assert fired(two, standing) == {"a-rule/MNL": ("s", "t")}
    assert fired(two, [standing[0], old]) == {"a-rule/MNL": ("old", "s")}
    assert fired(two, [old, new]) == {}
    assert judged(two, [standing[0], old]).findings[0].at == old["at"]
    assert judged(two, standing).findings[0].at == AS_OF


# 4. Combination.


def test_a_combination_takes_a_different_fact_for_each_pattern() -> None:
    twice = rule({"all": [{"as": "a", "signal": "data_exposure"}, {"as": "b", "signal": "data_exposure"}]})
    assert fired(twice, [signal("data_exposure", "x")]) == {}
    assert fired(twice, [signal("data_exposure", "x"), signal("data_exposure", "y")]) == {"a-rule/MNL": ("x", "y")}


def test_a_counted_pattern_may_take_what_others_take() -> None:
    both = rule({"all": [DRIFT | {"where": {"strength": 5}}, {"signal": "quality_drift", "at_least": 2}]})
    assert fired(both, [drift("a", strength=5), drift("b", strength=1)]) == {"a-rule/MNL": ("a", "b")}
    assert fired(both, [drift("a", strength=5)]) == {}


# 5. Join.


@pytest.mark.parametrize("field", ["client", "vendor", "site", "function", "metric", "unit", "direction"])
def test_signals_join_on_every_text_of_theirs(field: str) -> None:
    pair = rule(BOTH, join=[field], explain="x")
    assert fired(pair, [spike("s", **{field: "10"}), drift("d", **{field: "10"})]) == {"a-rule/10": ("d", "s")}
    assert fired(pair, [spike("s", **{field: "10"}), drift("d", **{field: "11"})]) == {}
    assert fired(pair, [spike("s", **{field: None}), drift("d", **{field: "10"})]) == {}


def test_a_number_is_no_text_to_join_on() -> None:
    pair = rule(BOTH, join=["metric"], explain="x")
    assert fired(pair, [spike("s", metric=10), drift("d", metric="10")]) == {}
    assert fired(pair, [spike("s", metric=10), drift("d", metric=10)]) == {}


def test_a_signal_without_a_site_is_not_a_signal_at_every_site() -> None:
    assert fired(rule(BOTH), [spike("s"), drift("d", site=None)]) == {}
    assert fired(rule(SPIKE), [spike("s", site=None)]) == {}


def test_a_kind_that_never_has_a_join_field_takes_part_without_it() -> None:
    contract = {"id": "contract:msa", "fact": "contract", "vendor": "altura", "days_left": 60}
    when = {"all": [SPIKE, {"fact": "contract", "where": {"days_left": {"lte": 90}}}]}
    both = rule(when, join=["site", "vendor"])
    assert fired(both, [spike("s", vendor="altura"), contract]) == {"a-rule/MNL/altura": ("contract:msa", "s")}
    assert fired(both, [spike("s", vendor="boreal"), contract]) == {}
    assert fired(both, [spike("s"), contract]) == {}  # a signal has a vendor: this one does not say which


def test_a_kind_of_one_s_own_is_taken_to_carry_every_join_field() -> None:
    both = rule({"all": [SPIKE, {"fact": "audit"}]}, join=["site", "vendor"])
    assert fired(both, [spike("s", vendor="altura"), custom("a", vendor="altura")]) == {}
    assert fired(both, [spike("s", vendor="altura"), custom("a", vendor="altura", site="MNL")])


def test_without_join_the_key_is_empty_and_everything_goes_with_everything() -> None:
    facts = [spike("s"), drift("d", site="BOG"), drift("e", site=None)]
    assert fired(rule(BOTH, join=[], explain="x"), facts) == {"a-rule": ("d", "e", "s")}
    (finding,) = judged(rule(SPIKE, join=[], explain="x"), facts).findings
    assert (finding.key, finding.scope) == ({}, "client")


@pytest.mark.parametrize(
    ("when", "join", "code"),
    [
        (SPIKE, ["site", "system"], "rule-join-unbound"),
        ({"all": [{"signal": "attrition_spike"}, {"fact": "site"}]}, ["function", "kind"], "rule-unjoined"),
        ({"any": [SPIKE, {"fact": "contract"}]}, ["site"], "rule-join-unbound"),
    ],
)
def test_every_branch_binds_the_join_fields_and_hangs_together(when: Any, join: list[str], code: str) -> None:
    decided = decide([rule(when, "loose", join=join, explain="x"), rule(SPIKE, "sound")], [spike("s")], as_of=AS_OF)
    assert {(fault.code, fault.span.cell) for fault in decided.faults} == {(code, "loose")}
    assert [one.rule for one in decided.findings] == ["sound"]


# 6. Within.


@pytest.mark.parametrize(("apart", "fires"), [(28, True), (28 + SECOND, False)])
def test_both_ends_belong_to_the_window(apart: float, fires: bool) -> None:
    assert bool(fired(rule(BOTH, within="28d"), [spike("s", apart), drift("d")])) is fires
    assert bool(fired(rule(BOTH, within="28d"), [spike("s", 1000), drift("d", 1000 + apart)])) is fires


def test_without_a_window_any_distance_will_do_and_nothing_is_too_old() -> None:
    assert fired(rule(BOTH), [spike("s", 3000), drift("d")]) == {"a-rule/MNL": ("d", "s")}
    assert fired(rule(BOTH, within="24h"), [spike("s", 3000), drift("d", 2999)]) == {"a-rule/MNL": ("d", "s")}


def test_facts_outside_the_window_of_every_combination_are_not_in_the_finding() -> None:
    facts = [spike("old", 20), spike("new", 3), drift("d")]
    assert fired(rule(BOTH, within="7d"), facts) == {"a-rule/MNL": ("d", "new")}


def test_standing_facts_always_count_and_never_for_the_window() -> None:
    when = {"all": [SPIKE, {"fact": "cover", "where": {"outcome": {"in": ["breach", "late"]}}}]}
    assert fired(rule(when, within="24h"), [spike("s", 400), COVER]) == {"a-rule/MNL": (COVER["id"], "s")}
    assert judged(rule({"fact": "cover"}), [COVER]).findings[0].at == AS_OF


# 7. Not.


@pytest.mark.parametrize(
    ("action", "fires"),
    [
        ({"site": "MNL"}, False),
        ({"site": "BOG"}, True),
        ({}, False),  # says nothing about the place: it is about all of them
        ({"site": None}, False),
        ({"site": "MNL", "at": AS_OF - timedelta(days=4000)}, False),  # however old
        ({"site": "MNL", "at": AS_OF}, False),
        ({"site": "MNL", "at": AS_OF + timedelta(seconds=1)}, True),
        ({"site": "MNL", "kind": "other"}, True),
    ],
)
def test_not_joins_on_the_fields_that_the_fact_has(action: dict[str, Any], fires: bool) -> None:
    when = {"all": [SPIKE, {"not": {"fact": "open_action", "where": {"kind": "retention-plan"}}}]}
    facts = [spike("s"), {"id": "act", "fact": "open_action", "kind": "retention-plan"} | action]
    assert bool(fired(rule(when, within="14d"), facts)) is fires


@pytest.mark.parametrize(("age", "fires"), [(14, False), (14 + SECOND, True), (None, False)])
def test_not_within_its_own_window_looks_back_from_as_of(age: float | None, fires: bool) -> None:
    quiet = rule({"all": [SPIKE, {"not": {"fact": "audit", "within": "14d"}}]})
    at = {} if age is None else {"at": AS_OF - timedelta(days=age)}
    assert bool(fired(quiet, [spike("s", 100), custom("a", site="MNL", **at)])) is fires


def test_a_freeze_that_names_only_the_vendor_silences_that_vendor_s_sites() -> None:
    quiet = rule({"all": [SPIKE, {"not": {"fact": "freeze"}}]}, join=["site", "vendor"])
    facts = [spike("a", vendor="altura"), spike("b", vendor="altura", site="CEB"), spike("c", vendor="boreal", site="BOG")]
    assert set(fired(quiet, facts)) == {"a-rule/MNL/altura", "a-rule/CEB/altura", "a-rule/BOG/boreal"}
    assert set(fired(quiet, [*facts, custom("f", "freeze", vendor="altura")])) == {"a-rule/BOG/boreal"}


def test_a_value_that_is_no_text_does_not_agree_with_a_key() -> None:
    quiet = rule({"all": [DRIFT, {"not": {"fact": "audit"}}]}, join=["metric"], explain="x")
    assert fired(quiet, [drift("d", metric="10"), custom("a", metric=10)]) == {"a-rule/10": ("d",)}
    assert fired(quiet, [drift("d", metric="10"), custom("a", metric="10")]) == {}


def test_not_can_count() -> None:
    three = rule({"all": [SPIKE, {"not": {"fact": "audit", "at_least": 2, "within": "7d"}}]})
    audits = [custom(f"a{days}", site="MNL", at=AS_OF - timedelta(days=days)) for days in (0, 7, 8)]
    assert fired(three, [spike("s"), audits[0], audits[2]])
    assert not fired(three, [spike("s"), *audits[:2]])
    assert not fired(three, [spike("s"), audits[0], custom("all")])  # one that names no site is about every site


def test_not_can_count_different_values() -> None:
    kinds = rule({"all": [SPIKE, {"not": {"fact": "audit", "at_least": 2, "different": "kind"}}]})
    same = [custom("a", site="MNL", kind="iso"), custom("b", site="MNL", kind="iso"), custom("c", site="MNL")]
    assert fired(kinds, [spike("s"), *same])
    assert not fired(kinds, [spike("s"), *same, custom("d", site="MNL", kind="pci")])
    assert fired(kinds, [spike("s"), *same, custom("d", site="BOG", kind="pci")])
