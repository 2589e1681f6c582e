"""What people do: add, assess, close, reopen, note; who was first; and what is refused."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest
from register_cases import NOW, codes, finding, later, score

from riskreg.model.faults import FaultError
from riskreg.model.risk import State
from riskreg.register import LIMITS, Conflict, Register
from riskreg.register.states import OFFERED, TRANSITIONS, Verb, allowed, next_state


def added(register: Register, **other: Any) -> Any:
    given = {
        "category": "talent-attrition",
        "scope": "site:MNL",
        "title": "Leavers at MNL",
        "owner": "workforce-lead",
        "score": score(3, 3),
        "reason": "exit interviews",
        "actor": "hr-lead",
        "at": NOW,
    }
    return register.add(**(given | other))


def test_a_person_adds_a_risk(register: Register) -> None:
    risk = added(register)
    assert risk == register.risk("R-001")
    assert (risk.state, risk.score, risk.indicated, risk.version) == ("assessed", score(3, 3), None, 1)
    assert (risk.assessed.by, risk.assessed.reason, risk.review_due) == ("hr-lead", "exit interviews", later(days=90))


def test_a_risk_without_a_score_is_identified_and_reviewed_like_a_high_one(register: Register) -> None:
    risk = added(register, score=None)
    assert (risk.state, risk.score, risk.assessed, risk.review_due) == ("identified", None, None, later(days=30))


def test_one_risk_for_each_category_and_scope(register: Register) -> None:
    added(register)
    assert added(register, scope="site:BOG").id == "R-002"
    with pytest.raises(FaultError) as told:
        added(register, title="Again")
    assert codes(told.value) == ["risk-exists"]
    assert "R-001" in told.value.faults[0].message
    register.close("R-001", "sold", "hr-lead", NOW, 1)
    with pytest.raises(FaultError) as told:
        added(register)
    assert told.value.faults[0].hint == "Note or reopen R-001 instead."


def test_findings_join_the_risk_that_a_person_added(register: Register) -> None:
    added(register)
    assert register.apply([finding()], as_of=NOW).updated == ("R-001",)
    assert register.risk("R-001").indicated == score(4, 3)


def test_an_assessment_answers_sets_the_review_and_keeps_its_reason(register: Register) -> None:
    register.apply([finding(likelihood=5, impact=5)], as_of=NOW)
    risk = register.assess("R-001", score(2, 2), "half of them were a planned ramp-down", "workforce-lead", later(days=1), 3)
    assert (risk.state, risk.score, risk.indicated, risk.version) == ("assessed", score(2, 2), score(5, 5), 4)
    assert risk.review_due == later(days=181)
    last = register.events("R-001")[-1]
    assert (last.actor, last.body["reason"]) == ("workforce-lead", "half of them were a planned ramp-down")
    assert last.body["indicated"] == {"likelihood": 5, "impact": 5}


def test_closing_reopening_and_noting(register: Register) -> None:
    added(register)
    assert register.note("R-001", "asked the vendor\r\n twice", "hr-lead", NOW, 1).note == "asked the vendor\n twice"
    assert register.close("R-001", "hired", "hr-lead", NOW, 2).state == "closed"
    assert register.risks(include_closed=False) == ()
    assert register.note("R-001", "contract signed", "hr-lead", NOW, 3).state == "closed"
    risk = register.reopen("R-001", "they left again", "hr-lead", later(days=3), 4)
    assert (risk.state, risk.note, risk.review_due) == ("reopened", "contract signed", later(days=93))
    assert register.assess("R-001", score(4, 4), "again", "hr-lead", later(days=3), 5).state == "assessed"


def test_changed_never_runs_backwards(register: Register) -> None:
    added(register, at=later(days=5))
    assert register.note("R-001", "from a replay", "hr-lead", NOW, 1).changed == later(days=5)


def test_whoever_comes_second_is_told_what_happened_since(register: Register) -> None:
    added(register)
    register.note("R-001", "first", "hr-lead", NOW, 1)
    register.assess("R-001", score(5, 5), "second", "workforce-lead", NOW, 2)
    head = register.head
    with pytest.raises(Conflict) as told:
        register.assess("R-001", score(1, 1), "too late", "quality-lead", NOW, 1)
    assert told.value.current == register.risk("R-001")
    assert [event.kind for event in told.value.since] == ["risk.noted", "risk.assessed"]
    assert str(told.value) == "R-001 is at version 3 now; changed since by hr-lead, workforce-lead"
    for never_was in (0, -1, 4):
        with pytest.raises(Conflict):
            register.close("R-001", "gone", "quality-lead", NOW, never_was)
    assert register.head == head


def test_a_state_allows_what_the_table_says(register: Register) -> None:
    added(register)
    register.close("R-001", "hired", "hr-lead", NOW, 1)
    with pytest.raises(FaultError) as told:
        register.assess("R-001", score(1, 1), "why not", "hr-lead", NOW, 2)
    assert codes(told.value) == ["state-does-not-allow"]
    assert told.value.faults[0].hint == "Allowed now: note, reopen."
    with pytest.raises(FaultError):
        register.close("R-001", "twice", "hr-lead", NOW, 2)
    register.reopen("R-001", "back", "hr-lead", NOW, 2)
    with pytest.raises(FaultError) as told:
        register.reopen("R-001", "back", "hr-lead", NOW, 3)
    assert told.value.faults[0].hint == "Allowed now: assess, close, note."


def test_the_table_of_states_is_complete_and_has_no_dead_end() -> None:
    states = get_args(State)
    assert set(TRANSITIONS) == set(states)
    for state, verb in product(states, get_args(Verb)):
        assert next_state(state, verb) in (None, *states)
    for state in states:
        reached = {state}
        for _ in states:
            reached |= {to for start in reached for to in TRANSITIONS[start].values()}
        assert {"assessed", "closed"} <= reached, f"a {state} risk cannot come back"
        assert "note" in allowed(state)
        assert set(allowed(state)) <= set(OFFERED)


def test_an_unknown_risk_is_named(register: Register) -> None:
    for ask in (
        lambda: register.risk("R-009"),
        lambda: register.events("R-009"),
        lambda: register.note("R-009", "hello", "hr-lead", NOW, 1),
    ):
        with pytest.raises(FaultError) as told:
            ask()
        assert codes(told.value) == ["unknown-risk"]
        assert "R-009" in told.value.faults[0].message


@pytest.mark.parametrize(
    ("sites", "hint"),
    [
        ([], "The register is empty: `riskreg run` raises"),
        (["MNL"], "There is R-001."),
        (["MNL", "BOG"], "There are R-001 and R-002."),
        (["MNL", "BOG", "CEB", "KRK"], "There are R-001, R-002 … R-004."),
    ],
)
def test_who_asks_for_an_unknown_risk_is_told_which_there_are(register: Register, sites: list[str], hint: str) -> None:
    register.apply([finding(site, key={"site": site}) for site in sites], as_of=NOW)
    with pytest.raises(FaultError) as told:
        register.risk("R-009")
    (fault,) = told.value.faults
    assert fault.hint.startswith(hint)
    assert not fault.example


def test_all_faults_of_a_form_are_told_at_once(register: Register) -> None:
    with pytest.raises(FaultError) as told:
        added(register, category="weather", scope="MNL", title="", owner=" \n ", reason="x" * 2001, actor="a\x00b")
    assert codes(told.value) == [
        "actor-not-printable",
        "owner-missing",
        "reason-too-long",
        "scope-not-readable",
        "title-missing",
        "unknown-category",
    ]
    assert all(fault.hint and fault.example for fault in told.value.faults)
    assert register.events() == ()


@pytest.mark.parametrize(
    "bad", ["", "   ", "\t\n", "\x07", "a\x1b[31mb", "a\u202eb", "a\ud800b", "a\u2028b", "x" * (LIMITS["reason"] + 1)]
)
def test_a_reason_must_be_there_and_be_readable(register: Register, bad: str) -> None:
    added(register)
    for edit in (
        lambda: register.assess("R-001", score(1, 1), bad, "hr-lead", NOW, 1),
        lambda: register.close("R-001", bad, "hr-lead", NOW, 1),
        lambda: register.assess("R-001", score(1, 1), "good", bad, NOW, 1),
        lambda: register.apply([finding()], as_of=NOW, actor=bad),
    ):
        with pytest.raises(FaultError):
            edit()
    assert len(register.events()) == 1


def test_any_script_and_lines_of_a_reason_are_kept(register: Register) -> None:
    reason = "Drei Kündigungen\n– 離職 – نقص – 👩🏽‍💻"
    assert added(register, reason=reason).assessed.reason == reason
    with pytest.raises(FaultError):
        register.note("R-001", "fine", "two\nlines", NOW, 1)


def test_a_time_needs_its_zone(register: Register) -> None:
    with pytest.raises(ValueError, match="zone"):
        added(register, at=NOW.replace(tzinfo=None))
    added(register)
    with pytest.raises(ValueError, match="zone"):
        register.note("R-001", "hello", "hr-lead", NOW.replace(tzinfo=None), 1)
