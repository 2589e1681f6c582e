"""What the shipped rules and the planner make of Meridian Home: some losses are covered, some not, some nobody knows."""

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from riskreg import inference
from riskreg.continuity import make_plan
from riskreg.detection import detect, missing
from riskreg.model.content import Workspace
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.plan import FailoverPlan
from riskreg.pipeline.facts import facts_of

Planner = Callable[[str], FailoverPlan]


@pytest.fixture(scope="module")
def plan(meridian: Workspace) -> Planner:
    settings, made = meridian.settings, {}
    assert settings.as_of is not None

    def one(ref: str) -> FailoverPlan:
        if ref not in made:
            lost = Disruption(losses=(Loss(ref=ref),), onset=settings.as_of)
            made[ref] = make_plan(meridian.network, lost, as_of=settings.as_of, evidence_expires=settings.evidence_expires)
        return made[ref]

    return one


def outcome(plan: FailoverPlan, function: str) -> str:
    return next(verdict.outcome for verdict in plan.verdicts if verdict.function == function)


def test_german_has_nowhere_to_go(plan: Planner) -> None:
    lost = plan("site:KRK")
    assert {outcome(lost, function) for function in ("SAFE-DE", "PAY-DE")} == {"breach"}
    assert outcome(lost, "TECH-PL") == "met"  # from home, and that was tested


def test_manila_needs_a_second_vendor(plan: Planner) -> None:
    lost = plan("site:MNL")
    assert lost.holds
    assert lost.decision.choice == "dual-source"


def test_what_was_never_tested_is_not_known(plan: Planner) -> None:
    assert outcome(plan("site:CLO"), "FRAUD-ES") == "not-known"
    assert outcome(plan("site:IDR"), "CLAIMS") == "not-known"


def test_losing_the_homes_in_manila_needs_nothing(plan: Planner) -> None:
    assert plan("site:MNH").decision.choice == "none-needed"


def test_the_untested_fallback_of_the_bank_is_not_known(bank: Workspace) -> None:
    settings = bank.settings
    assert settings.as_of is not None
    lost = Disruption(losses=(Loss(ref="site:CENTRE"),), onset=settings.as_of)
    made = make_plan(bank.network, lost, as_of=settings.as_of, evidence_expires=settings.evidence_expires)
    assert [verdict.outcome for verdict in made.verdicts] == ["not-known"]


def test_the_rules_say_what_was_planted_and_what_is_missing(meridian: Workspace, plan: Planner) -> None:
    settings = meridian.settings
    assert settings.as_of is not None
    signals = detect(meridian.readings, meridian.metrics, client=settings.client, as_of=settings.as_of)
    plans = {ref: plan(ref) for ref in ("site:CEB", "site:KRK", "site:CLO", "site:IDR", "site:BOG")}
    given = facts_of(meridian, signals, plans, as_of=settings.as_of)
    decided = inference.decide(meridian.rules, given.facts, as_of=settings.as_of, names=given.names, thresholds=given.thresholds)
    assert decided.faults == ()
    found = {(finding.rule, *finding.key.values()) for finding in decided.findings}
    assert {
        ("attrition-at-critical-function", "CEB"),
        ("quality-drift-in-two-measures", "IDR"),
        ("data-exposure-where-cards-are-taken", "BOG"),
        ("forecast-miss-under", "ORD-UK"),
        ("attrition-with-quality-drift", "KRK"),
        ("coverage-at-risk", "KRK"),  # set off by what the one before concludes
        ("site-loss-uncovered", "KRK"),
        ("cover-never-tested", "CLO"),
        ("contract-near-notice", "corvid"),
        ("quality-below-floor", "KRK"),  # below its own, higher floor
    } <= found
    assert ("quality-below-floor", "IDR") not in found
    (left_out,) = decided.asides
    assert (left_out.kind, left_out.rule, left_out.key) == ("exception", "quality-below-floor", {"site": "IDR"})
    assert ("fact", "missing_data") not in given.facts.kinds
    assert not any(rule.startswith("attrition") and where in ("DUR", "IDR") for rule, where in found)


def test_nothing_of_the_bank_is_overdue_over_its_closed_nights_and_weekends(bank: Workspace) -> None:
    settings = bank.settings
    assert settings.as_of is not None
    last = bank.readings.filter(metric="volume")["at"].max()
    assert isinstance(last, datetime)
    for hours in (1, 24, 60):
        assert missing(bank.readings, bank.metrics, client=settings.client, as_of=last + timedelta(hours=hours)) == []
    late = missing(bank.readings, bank.metrics, client=settings.client, as_of=last + timedelta(days=5))
    assert {fact["metric"] for fact in late} >= {"volume"}
