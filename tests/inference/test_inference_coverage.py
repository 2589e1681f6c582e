"""Coverage: every part of a rule is held by the very test that needs it, and by no other."""

from __future__ import annotations

from typing import Any

import pytest
from inference_rules import rule

from riskreg.inference.proving.coverage import Point, coverage
from riskreg.inference.proving.parts import without
from riskreg.model.metric import Threshold
from riskreg.model.rule import Rule, RuleTest

SPIKE = {"as": "spike", "signal": "attrition_spike"}
DRIFT = {"as": "drift", "signal": "quality_drift"}


def fact(kind: str = "attrition_spike", day: int = 15, **fields: Any) -> dict[str, Any]:
    return {"signal": kind, "at": f"2026-11-{day:02}T00:00:00Z", "site": "MNL", **fields}


def action(**fields: Any) -> dict[str, Any]:
    return {"fact": "open_action", "site": "MNL", **fields}


def case(*given: dict[str, Any], **fields: Any) -> RuleTest:
    return RuleTest.model_validate({"name": "a test", "given": given, "expect": []} | fields)


def points(one: Rule, *tests: RuleTest, **how: Any) -> dict[tuple[Any, ...], Point]:
    (made,) = coverage([one], {one.id: tests}, **how)
    return {(point.kind, *point.path): point for point in made.points}


def strong(**fields: Any) -> Rule:
    return rule({"signal": "attrition_spike", "where": {"strength": {"gte": 3}}}, **fields)


FIRES = case(fact(strength=5))

# A rule, the part that is looked at, tests that do not hold it, and the one more that does.
PARTS: dict[str, tuple[Rule, tuple[Any, ...], list[RuleTest], RuleTest]] = {
    "a condition": (strong(), ("condition", "when", "where", "strength"), [FIRES], case(fact(strength=2))),
    "one end of a range": (
        rule(SPIKE | {"where": {"value": {"gte": 3, "lt": 9}}}), ("condition", "when", "where", "value"),
        [case(fact(value=5)), case(fact(value=2))], case(fact(value=9)),
    ),
    "a fact": (
        rule({"all": [SPIKE, DRIFT]}), ("fact", "when", "all", 1), [case(fact(), fact("quality_drift"))], case(fact()),
    ),
    "a not": (rule({"all": [SPIKE, {"not": {"fact": "open_action"}}]}), ("not", "when", "all", 1), [case(fact())],
              case(fact(), action())),
    "a condition under a not": (
        rule({"all": [SPIKE, {"not": {"fact": "open_action", "where": {"kind": "plan"}}}]}),
        ("condition", "when", "all", 1, "not", "where", "kind"),
        [case(fact()), case(fact(), action(kind="plan"))], case(fact(), action(kind="other")),
    ),
    "the age of what silences": (
        rule({"all": [SPIKE, {"not": {"signal": "quality_drift", "within": "1w"}}]}), ("time", "when", "all", 1, "not", "within"),
        [case(fact(), fact("quality_drift"))], case(fact(), fact("quality_drift", 1)),
    ),
    "a join field": (
        rule({"all": [SPIKE, DRIFT]}), ("join", "join"), [case(fact(), fact("quality_drift"))],
        case(fact(), fact("quality_drift", site="BOG")),
    ),
    "the join field of a rule that cannot mix": (strong(), ("join", "join"), [case(fact(strength=2))], FIRES),
    "within": (
        rule({"all": [SPIKE, DRIFT]}, within="1w"), ("time", "within"), [case(fact(), fact("quality_drift"))],
        case(fact(), fact("quality_drift", 1)),
    ),
    "for": (strong(**{"for": "1w"}), ("time", "for"), [case(fact(strength=3), fact(day=8, strength=3))], FIRES),
    "keep_open_for": (
        strong(keep_open_for="1w"), ("time", "keep_open_for"), [FIRES], case(fact(strength=5), as_of="2026-11-30T00:00:00Z"),
    ),
    "a count": (
        rule(SPIKE | {"at_least": 2}), ("count", "when", "at_least"), [case(fact(), fact(day=8))], case(fact()),
    ),
    "different": (
        rule(SPIKE | {"at_least": 2, "different": "metric"}), ("count", "when", "different"),
        [case(fact(metric="a"), fact(metric="b")), case(fact(metric="a"))], case(fact(metric="a"), fact(day=8, metric="a")),
    ),
    "the window of a count": (
        rule(SPIKE | {"at_least": 2, "within": "1w"}), ("time", "when", "within"),
        [case(fact(), fact(day=14)), case(fact())], case(fact(), fact(day=1)),
    ),
    "scope": (strong(scope={"site": "MNL"}), ("scope", "scope", "site"), [FIRES], case(fact(strength=5, site="BOG"))),
    "an exception": (
        strong(exceptions=[{"where": {"site": "BOG"}, "until": "2026-12-31", "reason": "it closes", "approved_by": "operations"}]),
        ("exception", "exceptions", 0), [FIRES, case(fact(strength=5, site="BOG"), as_of="2027-01-01T00:00:00Z")],
        case(fact(strength=5, site="BOG")),
    ),
    "missing data that fires": (
        strong(on_missing_data="fire"), ("missing-data", "on_missing_data"), [FIRES],
        case({"fact": "missing_data", "watches": "attrition_spike", "site": "MNL"}),
    ),
    "a branch": (
        rule({"any": [SPIKE, DRIFT]}), ("branch", "when", 1), [case(fact()), case()], case(fact("quality_drift")),
    ),
    "the only branch": (strong(), ("branch", "when"), [case(fact(strength=2))], FIRES),
}  # fmt: skip


@pytest.mark.parametrize("name", PARTS)
def test_a_part_is_held_by_the_test_that_needs_it_and_by_no_other(name: str) -> None:
    one, part, without_it, with_it = PARTS[name]
    before, after = points(one, *without_it)[part], points(one, *without_it, with_it)[part]
    assert (before.covered, after.covered) == (False, True)
    assert before.text and before.hint.startswith("a test ")


def test_a_limit_by_name_is_a_condition_like_any_other() -> None:
    one = rule({"signal": "quality_drift", "where": {"metric": "csat", "value": {"lt": {"threshold": "floor"}}}})
    part = ("condition", "when", "where", "value")
    limits = {"csat": {"floor": Threshold(value=0.8)}}
    given = fact("quality_drift", metric="csat")
    assert not points(one, case(given | {"value": 0.7}), thresholds=limits)[part].covered
    assert points(one, case(given | {"value": 0.9}), thresholds=limits)[part].covered


def test_a_test_through_a_conclusion_holds_the_rule_that_it_is_about() -> None:
    first = rule(SPIKE, "first", then={"conclude": {"fact": "worn"}})
    second = rule({"all": [{"fact": "worn"}, DRIFT]}, "second")
    made = coverage([first, second], {"second": [case(fact(), fact("quality_drift")), case(fact())]})
    assert [one.rule for one in made] == ["second"]
    held = {point.path: point.covered for point in made[0].points if point.kind == "fact"}
    assert held == {("when", "all", 0): False, ("when", "all", 1): True}


def test_a_part_without_which_there_is_no_rule_is_no_point() -> None:
    one = rule({"all": [{"fact": "contract"}, {"fact": "cover"}]}, join=["vendor", "site"])
    given = [{"fact": "contract", "vendor": "altura"}, {"fact": "cover", "vendor": "altura", "site": "MNL"}]
    assert ("fact", "when", "all", 1) not in points(one, case(*given)), "without cover nothing has the site"
    assert ("fact", "when", "all", 0) in points(one, case(*given))


def test_a_rule_without_tests_is_covered_nowhere_and_what_follows_from_it_is_no_part() -> None:
    made = points(strong(then={"lose": [{"ref": "site:$site"}], "raise": {"likelihood": 3, "impact": 3}}))
    assert made and not any(point.covered for point in made.values())
    assert {kind for kind, *_ in made} == {"condition", "join", "branch"}


def test_each_part_taken_out_leaves_the_rule_itself_alone() -> None:
    for one, _, _, _ in PARTS.values():
        before = one.model_dump_json()
        assert all(part.rule != one for part in without(one))
        assert one.model_dump_json() == before
