"""The shipped rules: sound, tested from both sides, and each test with the power to fail."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from riskreg.inference import check_rules, check_tests, run_tests
from riskreg.inference.proving.coverage import coverage
from riskreg.inference.proving.lock import check_lock
from riskreg.model.faults import Span
from riskreg.model.rule import Rule, RuleTest, RuleTests, positives
from riskreg.resources import shipped
from riskreg.workspace import read_lock

FOLDER = shipped("rules")
PROMISED = {
    "attrition-spike", "attrition-at-critical-function", "attrition-with-quality-drift", "quality-drift",
    "quality-drift-in-two-measures", "data-exposure-critical", "data-exposure-where-cards-are-taken", "data-exposure-repeated",
    "forecast-miss-under", "forecast-miss-over", "forecast-miss-threatens-minimum", "coverage-at-risk", "site-loss-uncovered",
    "cover-never-tested", "contract-near-notice", "quality-drift-across-vendor", "quality-drift-persists", "readings-overdue",
}  # fmt: skip


def read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def rules() -> tuple[Rule, ...]:
    files = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".test.yaml"))
    found = tuple(Rule.model_validate(read(path)) for path in files)
    assert [f"{one.id}.yaml" for one in found] == [path.name for path in files]
    return found


@pytest.fixture(scope="module")
def tests() -> dict[str, tuple[RuleTest, ...]]:
    found = {path: RuleTests.model_validate(read(path)) for path in sorted(FOLDER.glob("*.test.yaml"))}
    assert [f"{one.rule}.test.yaml" for one in found.values()] == [path.name for path in found]
    return {one.rule: one.tests for one in found.values()}


def test_the_promised_rules_are_there_and_sound(rules: tuple[Rule, ...], tests: dict[str, tuple[RuleTest, ...]]) -> None:
    assert {one.id for one in rules} >= PROMISED
    assert check_rules(rules, {one.id: Span(path=f"rules/{one.id}.yaml", line=1, col=1) for one in rules}) == ()
    assert check_tests(rules, tests) == ()


def test_every_shipped_test_passes(rules: tuple[Rule, ...], tests: dict[str, tuple[RuleTest, ...]]) -> None:
    results = run_tests(rules, tests)
    assert len(results) == sum(map(len, tests.values())) > 50
    assert [one for one in results if not one.passed] == []


def test_what_the_rules_conclude_and_call(rules: tuple[Rule, ...]) -> None:
    assert {one.then.conclude.fact: one.join for one in rules if one.then.conclude} == {
        "coverage_at_risk": ("site",),
        "demand_at_risk": ("function",),
    }
    known = {
        "retention-surge",
        "cross-training",
        "quality-recovery",
        "data-exposure",
        "forecast-recovery",
        "site-lost",
        "system-lost",
    }
    assert {name for one in rules for name in one.then.playbooks} <= known | {"vendor-exit", "cover-gap", "failover-test"}
    # Whom to ask for readings is no playbook, and the levers of too much work are the wrong ones for too little.
    assert {one.id for one in rules if not one.then.playbooks} == {"readings-overdue", "forecast-miss-over"}
    assert all(one.then.raises and one.false_positives for one in rules if one.severity != "critical")


def unnoticed(rules: tuple[Rule, ...], tests: dict[str, tuple[RuleTest, ...]], changed: Rule) -> bool:
    """Whether a changed rule passes the tests of the one that it was made from."""
    others = [other for other in rules if other.id != changed.id]
    results = run_tests([*others, changed], {changed.id: tests[changed.id]}, engine="reference")
    return all(result.passed for result in results)


def test_the_tests_hold_every_part_of_every_rule(rules: tuple[Rule, ...], tests: dict[str, tuple[RuleTest, ...]]) -> None:
    """A rule without one of its conditions, counts, joins or times must fail a test of its own."""
    made = coverage(rules, tests)
    assert sum(len(one.points) for one in made) > 100
    assert [(one.rule, point.path, point.text) for one in made for point in one.points if not point.covered] == []


@pytest.mark.parametrize("field", ["within", "lasting", "keep_open_for"])
@pytest.mark.parametrize("by", [-1, 1])
def test_the_tests_notice_a_time_that_is_a_day_off(
    rules: tuple[Rule, ...], tests: dict[str, tuple[RuleTest, ...]], field: str, by: int
) -> None:
    timed = [one for one in rules if getattr(one, field) is not None]
    assert timed
    for one in timed:
        changed = one.model_copy(update={field: getattr(one, field) + by * 86400})
        assert not unnoticed(rules, tests, changed), one.id


def test_what_looks_at_signals_says_how_long_it_stays_open(rules: tuple[Rule, ...]) -> None:
    concluded = {one.then.conclude.fact for one in rules if one.then.conclude}
    for one in rules:
        dated = any(pattern.signal or pattern.fact in concluded for pattern in positives(one.when))
        assert (one.keep_open_for is not None) == dated, one.id


def test_what_each_version_decides_is_locked(rules: tuple[Rule, ...]) -> None:
    """After a change of logic: raise the version, then `riskreg rules lock --rules rules`."""
    held = read_lock(FOLDER)
    assert held is not None
    assert check_lock(rules, {}, held) == ()
