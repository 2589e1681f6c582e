"""What a finding says: the explain text, and the reason line by line."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from inference_rules import AS_OF, rule, signal

from riskreg.inference import decide
from riskreg.inference.wording import day, measured, num, pct
from riskreg.model.finding import Finding, Step


@pytest.mark.parametrize(
    ("value", "text"), [(0.125, "0.1"), (1234.0, "1,234"), (-3.25, "−3.2"), (0, "0"), (-0.01, "0"), (31, "31"), (1e6, "1,000,000")]
)
def test_num(value: float, text: str) -> None:
    assert num(value) == text


def test_pct_and_date() -> None:
    assert pct(0.031, 1) == "3.1\u00a0%"
    assert pct(-0.2) == "−20\u00a0%"
    assert day(datetime(2026, 11, 15, tzinfo=UTC)) == day("2026-11-15T00:00:00Z") == "Sun 15\u00a0Nov\u00a02026"


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        ({"metric": "csat", "value": 0.712, "baseline": 0.8}, "customer satisfaction 71.2\u00a0% (usually 80\u00a0%)"),
        ({"metric": "exposure_minor", "value": 9}, "exposure minor 9"),
        (
            {"signal": "forecast_miss", "value": 0.22, "delta": -0.2, "limit": 0.12},
            "20\u00a0% less than forecast (error 22\u00a0%, limit 12\u00a0%)",
        ),
        ({"signal": "forecast_miss", "value": 0.22}, "error 22\u00a0%"),
        ({"metric": "csat"}, ""),
    ],
)
def test_measured(fact: dict[str, object], text: str) -> None:
    assert measured(fact) == text


def test_two_patterns_that_ask_for_the_same_tell_each_fact_once() -> None:
    when = {"all": [{"as": "a", "signal": "data_exposure"}, {"as": "b", "signal": "data_exposure"}]}
    told = lines(only(when, [signal("data_exposure", "x"), signal("data_exposure", "y", days=1)]).reason)
    assert len(told) == 4


def lines(step: Step, depth: int = 0) -> list[str]:
    """The reason as a person sees it, indented."""
    return [f"{'  ' * depth}{step.text}", *(line for part in step.below for line in lines(part, depth + 1))]


def only(*args: object, **fields: object) -> Finding:
    when, facts = args
    (finding,) = decide([rule(when, **fields)], facts, as_of=AS_OF).findings  # type: ignore[arg-type]
    return finding


def test_a_risk_owner_can_read_why() -> None:
    when = {
        "all": [
            {"as": "spike", "signal": "attrition_spike", "where": {"strength": {"gte": 3}, "metric": "leavers"}},
            {"any": [{"as": "drift", "signal": "quality_drift"}, {"signal": "data_exposure"}]},
            {"fact": "served", "where": {"tier": {"lte": 2}}},
            {"not": {"fact": "open_action", "where": {"kind": "retention-plan"}}},
        ]
    }
    facts = [
        signal("attrition_spike", "s", days=8, strength=4, metric="leavers", value=31, baseline=14.2, limit=22),
        signal("quality_drift", "d", days=1, metric="qa_score", value=81.25),
        {"id": "served:ORD-EN@MNL", "fact": "served", "site": "MNL", "function": "ORD-EN", "tier": 1},
        {"id": "served:FRAUD@MNL", "fact": "served", "site": "MNL", "function": "FRAUD", "tier": 2},
    ]
    finding = only(when, facts, within="28d", title="People leave while quality drifts")
    assert lines(finding.reason) == [
        "People leave while quality drifts: site MNL",
        "  all of these hold",
        "    attrition spike at MNL, Sun 8\u00a0Nov\u00a02026: leavers 31 (usually 14.2, limit 22)",
        "      strength 4 is at least 3",
        "      metric is leavers",
        "    quality drift at MNL, Sun 15\u00a0Nov\u00a02026: quality score 81.2",
        "    FRAUD is served at MNL",
        "      tier 2 is at most 2",
        "    ORD-EN is served at MNL",
        "      tier 1 is at most 2",
        "    no open action (kind is retention-plan) for site MNL",
        "  they lie 7\u00a0days apart; the window is 28\u00a0days",
    ]
    assert finding.reason.below[0].below[0].fact == "s"


def test_alternatives_that_did_not_hold_are_left_out() -> None:
    when = {
        "all": [
            {"signal": "attrition_spike"},
            {"any": [{"signal": "quality_drift"}, {"not": {"fact": "a_plan"}}, {"not": {"signal": "attrition_spike"}}]},
        ]
    }
    told = lines(only(when, [signal("attrition_spike", "s")]).reason)
    assert told[2:] == ["    attrition spike at MNL, Mon 16\u00a0Nov\u00a02026", "    no a plan for site MNL"]


def test_explain_speaks_of_the_newest_then_strongest_facts_and_of_every_one() -> None:
    text = (
        "{{ key.site }}: {{ s.value | num }} left by {{ s.at | date }}; weeks: {{ every.s | map(attribute='value') | join(', ') }}"
    )
    facts = [
        signal("attrition_spike", "a", days=7, value=20, strength=5),
        signal("attrition_spike", "b", value=12, strength=2),
        signal("attrition_spike", "c", value=15, strength=4),
    ]
    finding = only({"as": "s", "signal": "attrition_spike"}, facts, explain=text)
    assert finding.explain == "MNL: 15 left by Mon 16\u00a0Nov\u00a02026; weeks: 20, 12, 15"


def test_an_explain_text_that_fails_on_the_facts_is_a_warning_and_the_finding_stands() -> None:
    broken = rule({"as": "s", "signal": "attrition_spike"}, explain="{{ s.value | num }} left")
    decided = decide([broken], [signal("attrition_spike", "s")], as_of=AS_OF)
    assert [(fault.code, fault.severity) for fault in decided.faults] == [("explain-failed", "warning")]
    assert decided.findings[0].explain == "Something is wrong: site MNL"
