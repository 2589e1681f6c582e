"""Whatever is done in whatever order: the tables are what the journal adds up to, and nothing is lost."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from register_cases import NOW, finding, later, score

from riskreg.model.faults import FaultError
from riskreg.register import GENESIS, Register, event_hash, fold

LEVEL = st.integers(1, 5)
SITES = st.sampled_from(["MNL", "BOG", "KRK"])
FINDINGS = st.lists(
    st.builds(
        lambda site, number, likelihood, impact: finding(f"{site}-{number}", likelihood, impact, key={"site": site}),
        SITES,
        st.integers(0, 2),
        st.none() | LEVEL,
        LEVEL,
    ),
    max_size=5,
    unique_by=lambda item: item.id,
)
STEPS = st.lists(
    st.tuples(st.just("apply"), FINDINGS)
    | st.tuples(st.just("add"), st.tuples(SITES, st.none() | st.builds(score, LEVEL, LEVEL)))
    | st.tuples(
        st.sampled_from(["assess", "close", "reopen", "note"]), st.tuples(st.integers(1, 4), st.builds(score, LEVEL, LEVEL))
    ),
    max_size=12,
)


@pytest.fixture(scope="module")
def empty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("empty") / "register.db"
    Register.open(path).dispose()
    return path


def do(register: Register, verb: str, given: Any, day: int) -> None:
    """One step; one that is refused is a step that changes nothing."""
    at = later(days=day)
    try:
        match verb, given:
            case "apply", findings:
                register.apply(findings, as_of=at)
            case "add", (site, own):
                register.add("talent-attrition", f"site:{site}", "Leavers", "hr-lead", own, "seen", "hr-lead", at)
            case _, (number, own):
                id_ = f"R-{number:03d}"
                said = ("because", "hr-lead", at, register.risk(id_).version)
                register.assess(id_, own, *said) if verb == "assess" else getattr(register, verb)(id_, *said)
    except FaultError:
        pass


@given(steps=STEPS)
@settings(max_examples=80, deadline=None, derandomize=True)
def test_the_tables_are_what_the_journal_adds_up_to(empty: Path, steps: list[tuple[str, Any]]) -> None:
    path = empty.with_name("one.db")
    shutil.copy(empty, path)
    with Register.open(path) as register:
        for day, (verb, given) in enumerate(steps):
            do(register, verb, given, day)
        events, risks = register.events(), register.risks()
        assert fold(events) == {risk.id: risk for risk in risks}
        assert register.verify(register.head) == ()
        assert Counter(event.risk for event in events) == {risk.id: risk.version for risk in risks}
        assert sorted(risk.id for risk in risks) == [f"R-{number:03d}" for number in range(1, len(risks) + 1)]
        assert len({(risk.category, risk.scope) for risk in risks}) == len(risks)
        last_run = next((given for verb, given in reversed(steps) if verb == "apply"), [])
        held = {item.id: item for risk in risks for item in risk.findings}
        assert held.keys() == {item.id for item in last_run if item.likelihood}
        for risk in risks:
            now = [item for item in last_run if item.likelihood and item.scope == risk.scope]
            largest = score(max(item.likelihood for item in now), max(item.impact for item in now)) if now else None
            assert risk.indicated == largest
        assert register.apply(last_run, as_of=later(days=99)).head == (events[-1].hash if events else GENESIS)


def test_events_can_be_checked_wherever_they_are_read(register: Register) -> None:
    register.apply([finding("a"), finding("b", key={"site": "BOG"})], as_of=NOW)
    register.note("R-001", "5.0 of 7 – ok", "hr-lead", later(microseconds=7), 3)
    previous = GENESIS
    for number, event in enumerate(register.events(), start=1):
        assert (event.seq, event.previous, event.hash) == (number, previous, event_hash(event))
        previous = event.hash
    assert previous == register.head


@pytest.mark.parametrize("events", [[1], [0, 0], [2, 0, 1]])
def test_events_that_cannot_follow_one_another_are_refused(register: Register, events: list[int]) -> None:
    register.apply([finding("a")], as_of=NOW)
    journal = register.events()
    with pytest.raises(ValueError, match="cannot be the"):
        fold(journal[number] for number in events)
    assert fold([]) == {}
