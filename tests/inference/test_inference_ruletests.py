"""Rule tests: what they compare, and what fails them."""

from __future__ import annotations

from typing import Any

import pytest
from inference_rules import rule

from riskreg.inference import run_tests
from riskreg.model.content import RuleTestResult
from riskreg.model.rule import RuleTest

SPIKE = {"as": "spike", "signal": "attrition_spike", "where": {"strength": {"gte": 3}}}
FIRST = rule(SPIKE, "first", then={"conclude": {"fact": "worn"}})
SECOND = rule({"all": [{"fact": "worn"}, {"fact": "cover"}]}, "second")
SIGNAL = {"signal": "attrition_spike", "site": "MNL", "strength": 3, "at": "2026-03-01T00:00:00Z"}
COVER = {"fact": "cover", "site": "MNL"}


def run(of: str, given: list[dict[str, Any]], expect: list[dict[str, str]], **fields: Any) -> RuleTestResult:
    test = RuleTest.model_validate({"name": "a test", "given": given, "expect": expect} | fields)
    (result,) = run_tests([FIRST, SECOND], {of: [test]})
    return result


def test_a_test_that_holds() -> None:
    result = run("first", [SIGNAL], [{"rule": "first", "site": "MNL"}])
    assert (result.passed, result.negative) == (True, False)
    assert result.got == result.expected == ({"rule": "first", "site": "MNL"},)
    quiet = run("first", [SIGNAL | {"strength": 2}], [])
    assert (quiet.passed, quiet.negative) == (True, True)


def test_a_chain_is_run_and_only_the_rules_that_the_test_names_are_compared() -> None:
    assert run("second", [SIGNAL, COVER], [{"rule": "second", "site": "MNL"}]).passed
    assert run("second", [SIGNAL, COVER], [{"rule": "second", "site": "MNL"}, {"rule": "first", "site": "MNL"}]).passed
    assert run("second", [{"fact": "worn", "site": "MNL"}, COVER], [{"rule": "second", "site": "MNL"}]).passed


@pytest.mark.parametrize(
    ("given", "expect"),
    [
        ([SIGNAL], []),
        ([SIGNAL], [{"rule": "first", "site": "BOG"}]),
        ([SIGNAL], [{"rule": "first"}]),
        ([SIGNAL, SIGNAL | {"site": "BOG"}], [{"rule": "first", "site": "MNL"}]),
        ([], [{"rule": "first", "site": "MNL"}]),
    ],
)
def test_a_test_that_does_not_hold(given: list[dict[str, Any]], expect: list[dict[str, str]]) -> None:
    assert not run("first", given, expect).passed


def test_as_of_is_the_latest_time_given_unless_the_test_says_otherwise() -> None:
    old = SIGNAL | {"at": "2026-01-05"}
    assert run("first", [old], [{"rule": "first", "site": "MNL"}]).passed
    assert run("first", [old], [], as_of="2026-01-04T23:59:59Z").passed


@pytest.mark.parametrize(
    ("fact", "why"), [({"at": "2026-03-01T00:00:00"}, "zone"), ({"at": "soon"}, "soon"), ({"strength": 2**54}, "compared exactly")]
)
def test_a_fact_that_is_refused_fails_the_test_and_says_why(fact: dict[str, Any], why: str) -> None:
    result = run("first", [SIGNAL | fact], [])
    assert not result.passed
    assert why in result.got[-1]["fault"]


def test_results_come_in_the_order_of_rules_and_of_the_file() -> None:
    tests = [RuleTest.model_validate({"name": name, "given": [], "expect": []}) for name in ("b", "a")]
    results = run_tests([FIRST, SECOND], {"second": tests, "first": tests})
    assert [(one.rule, one.name) for one in results] == [("first", "b"), ("first", "a"), ("second", "b"), ("second", "a")]
    assert run_tests([], {}) == ()
