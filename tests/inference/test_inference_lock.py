"""The lock: logic cannot change under an old version, and words can."""

from __future__ import annotations

from typing import Any

import pytest
from inference_rules import rule

from riskreg.inference.proving.lock import PARTS, Lock, check_lock, lock, locked
from riskreg.model.faults import Fault, Span
from riskreg.model.rule import Rule

WHEN = {"all": [{"as": "spike", "signal": "attrition_spike", "where": {"strength": {"gte": 3}}}, {"signal": "quality_drift"}]}
FIRST = rule(WHEN, "first", within="4w", then={"conclude": {"fact": "worn"}})
SECOND = rule({"fact": "worn"}, "second")
HELD = lock([FIRST, SECOND])
PLACES = {"first": Span(path="rules/first.yaml", line=3, col=1)}

CHANGES: dict[str, dict[str, Any]] = {
    "when": {"when": {"signal": "attrition_spike"}},
    "join": {"join": ("vendor",)},
    "within": {"within": 7 * 86400},
    "for": {"lasting": 86400},
    "keep_open_for": {"keep_open_for": 86400},
    "on_missing_data": {"on_missing_data": "fire"},
    "scope": {"scope": {"site": "MNL"}},
    "then": {"then": {"conclude": {"fact": "worn"}, "failover": "assess"}},
    "severity": {"severity": "low"},
    "category": {"category": "quality-drift"},
}
FREE: list[dict[str, Any]] = [
    {"title": "Another title"}, {"description": "Why"}, {"owner": "site-lead"}, {"explain": "Other words"}, {"status": "test"},
    {"references": ["A book"]}, {"false_positives": ["A holiday"]}, {"tests": [{"name": "quiet", "given": [], "expect": []}]},
    {"exceptions": [{"where": {"site": "BOG"}, "until": "2027-03-31", "reason": "ramp-down", "approved_by": "operations"}]},
]  # fmt: skip


def changed(**fields: Any) -> Rule:
    """The first rule with other fields, by their names in the file."""
    written = FIRST.model_dump(mode="json", by_alias=True, exclude_unset=True)
    given = {PARTS.get(name, name): value for name, value in fields.items()}
    given = {name: f"{value}s" if name in ("within", "for", "keep_open_for") else value for name, value in given.items()}
    return Rule.model_validate(written | given)


def judged(*rules: Rule, held: Lock = HELD, partial: bool = False) -> tuple[Fault, ...]:
    return check_lock(rules, PLACES, held, partial=partial)


def test_what_was_locked_fits() -> None:
    assert judged(FIRST, SECOND) == ()
    assert set(PARTS.values()) == set(CHANGES), "every part that decides has a change below"


@pytest.mark.parametrize("part", CHANGES)
def test_a_change_of_logic_under_the_old_version_is_refused_and_named(part: str) -> None:
    (fault,) = judged(changed(**CHANGES[part]), SECOND)
    assert (fault.code, fault.span) == ("rule-changed", PLACES["first"])
    assert fault.message.endswith(f"version 1: {part}")
    assert "version: 2" in fault.hint


@pytest.mark.parametrize("part", CHANGES)
def test_the_same_change_under_a_new_version_is_taken(part: str) -> None:
    new = changed(**CHANGES[part], version=2)
    (note,) = judged(new, SECOND)
    assert (note.code, note.severity) == ("rule-unlocked", "warning")
    grown = lock([new, SECOND], HELD)
    assert set(grown.rules["first"]) == {1, 2}
    assert judged(new, SECOND, held=grown) == ()
    assert grown.rules["first"][1] == HELD.rules["first"][1]
    (fault,) = judged(FIRST, SECOND, held=grown)
    assert fault.code == "rule-version-down" and "version: 3" in fault.hint


def test_a_new_rule_is_told_until_it_is_locked() -> None:
    third = rule({"signal": "data_exposure"}, "third")
    assert [one.code for one in judged(FIRST, SECOND, third)] == ["rule-unlocked"]
    assert judged(FIRST, SECOND, third, held=lock([FIRST, SECOND, third], HELD)) == ()


@pytest.mark.parametrize("fields", FREE, ids=lambda fields: next(iter(fields)))
def test_words_tests_and_exceptions_are_free(fields: dict[str, Any]) -> None:
    assert judged(changed(**fields), SECOND) == ()


def test_an_empty_list_of_choices_is_a_change() -> None:
    some, none = ({"signal": "attrition_spike", "where": {"metric": {"in": choices}}} for choices in (["leavers"], []))
    assert locked(rule(some)) != locked(rule(none)) != locked(rule({"signal": "attrition_spike"}))


def test_the_way_of_writing_is_free() -> None:
    short = rule({"signal": "attrition_spike", "where": {"metric": "leavers"}}, within="14d", keep_open_for=None)
    long = rule({"signal": "attrition_spike", "where": {"metric": {"eq": "leavers"}}}, within="2w", on_missing_data="flag")
    assert locked(short) == locked(long)


def test_an_id_that_is_gone_is_told_until_it_is_retired_and_cannot_come_back_as_something_else() -> None:
    (note,) = judged(FIRST)
    assert (note.code, note.severity) == ("rule-gone", "warning")
    assert judged(FIRST, partial=True) == ()
    held = lock([FIRST], HELD)
    assert held.retired == ("second",)
    assert judged(FIRST, held=held) == ()
    assert judged(FIRST, SECOND, held=held) == (), "the same rule may come back"
    other = rule({"signal": "data_exposure"}, "second", version=2)
    (fault,) = judged(FIRST, other, held=held)
    assert fault.code == "rule-reused"
    assert lock([FIRST, SECOND], held) == HELD


def test_an_id_with_nothing_of_its_old_logic_is_reused() -> None:
    other = changed(when={"signal": "data_exposure"}, join=["vendor"], then={}, category="data-exposure", version=2)
    (fault,) = judged(other, SECOND)
    assert fault.code == "rule-reused"


def test_the_lock_reads_back_as_it_was_written_and_writing_it_again_changes_nothing() -> None:
    assert Lock.model_validate_json(HELD.model_dump_json()) == HELD
    assert lock([SECOND, FIRST], HELD) == HELD
