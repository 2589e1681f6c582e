"""Rules in plain English: the shipped pack, and what is tricky."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from inference_rules import rule, thresholds

from riskreg.inference.words.sentences import Line, consequence, logic_lines, rule_sentence
from riskreg.model.rule import Rule
from riskreg.resources import shipped

NAMES = {"metric:qa_score": "Quality score", "site:BOG": "Bogotá", "site:CEB": "Cebu"}


def plain(text: str) -> str:
    return text.replace("\u00a0", " ")


def said(when: Any, **fields: Any) -> str:
    """What must hold, without the consequence."""
    return plain(rule_sentence(rule(when, **fields), NAMES)).removesuffix(", then it is noted.")


def told(one: Rule) -> dict[str, list[str]]:
    """Label → its text and, indented, what lies under it."""
    limits = thresholds({"qa_score": {"floor": {"value": 82, "overrides": [{"site": "CEB", "value": 78}]}}})
    return {line.label: under(line)[:1] * bool(line.text) + under(line)[1:] for line in logic_lines(one, NAMES, limits)}


def under(line: Line, depth: int = 0) -> list[str]:
    return [plain("  " * depth + line.text), *(text for part in line.below for text in under(part, depth + 1))]


@pytest.mark.parametrize(
    ("when", "fields", "text"),
    [
        ({"signal": "attrition_spike", "where": {"strength": {"gte": 3}}}, {},
         "When, at one site, people leave clearly faster than usual (strength at least 3 of 5)"),
        ({"signal": "quality_drift", "where": {"metric": "qa_score", "strength": {"gte": 2}}}, {},
         "When, at one site, quality score drifts noticeably from its usual level (strength at least 2 of 5)"),
        ({"signal": "quality_drift", "where": {"metric": {"in": ["csat", "fcr"]}}}, {},
         "When, at one site, csat or fcr drifts from its usual level"),
        ({"signal": "forecast_miss", "where": {"direction": "up"}}, {"join": ["function"]},
         "When, for one function, volume is above its forecast"),
        ({"signal": "forecast_miss", "where": {"direction": {"in": ["up"]}, "delta": {"gte": 0.15}}}, {"join": ["function"]},
         "When, for one function, volume is off its forecast (direction up; by at least 15 %)"),
        ({"signal": "data_exposure", "where": {"strength": {"gte": 4}}}, {},
         "When, at one site, customer data is exposed gravely (strength at least 4 of 5)"),
        ({"all": [{"as": "a", "signal": "data_exposure"}, {"as": "b", "signal": "data_exposure"}]}, {"within": "8w"},
         "When, at one site and within 56 days, customer data is exposed and the same happens a second time"),
        ({"fact": "cover", "where": {"tier": {"lte": 2}, "outcome": "breach"}}, {},
         "When, at one site, if the site were lost, a function of tier 1 or 2 would not be covered"),
        ({"fact": "cover", "where": {"outcome": {"in": ["late", "breach"]}}}, {},
         "When, at one site, if the site were lost, a function would be late or not covered"),
        ({"fact": "served", "where": {"pci": True, "share": {"gte": 0.2}, "tier": 3}}, {},
         "When, at one site, a function is served there (card data is handled; at least 20 % of the work is done there; tier 3)"),
        ({"fact": "contract", "where": {"days_to_notice": {"lte": 60}, "days_left": {"gte": 0}}}, {"join": ["vendor"]},
         "When, for one vendor, there is a contract (at most 60 days until notice must be given; it has not ended)"),
        ({"signal": "quality_drift", "where": {"site": {"exists": False}, "function": {"exists": True}}}, {"join": []},
         "When a quality measure drifts from its usual level (of no single site; of one function)"),
        ({"fact": "coverage_at_risk"}, {}, "When, at one site, ‘coverage at risk’ is known"),
        ({"signal": "odd", "where": {"x": {"ne": 3, "lt": 5}}}, {},
         "When, at one site, the signal ‘odd’ is known (x anything but 3 and less than 5)"),
        ({"signal": "quality_drift", "at_least": 3, "within": "4w"}, {},
         "When, at one site, a quality measure drifts from its usual level at least 3 times within 28 days"),
        ({"signal": "quality_drift", "at_least": 2, "different": "site"}, {"join": ["vendor"], "within": "2w"},
         "When, for one vendor and within 14 days, a quality measure drifts from its usual level at 2 or more different sites"),
        ({"signal": "quality_drift", "at_least": 2, "different": "category"}, {},
         "When, at one site, a quality measure drifts from its usual level in 2 or more different categories"),
        ({"all": [{"signal": "attrition_spike"}, {"not": {"fact": "freeze", "where": {"kind": "full"}, "within": "30d"}}]}, {},
         "When, at one site, people leave faster than usual and no ‘freeze’ is known (kind full) in the last 30 days"),
        ({"all": [{"signal": "attrition_spike"}, {"not": {"signal": "quality_drift"}}]}, {},
         "When, at one site, people leave faster than usual and it is not so that a quality measure drifts from its usual level"),
        ({"all": [{"signal": "attrition_spike"}, {"not": {"fact": "risk", "where": {"state": "accepted"}}}]}, {},
         "When, at one site, people leave faster than usual and the register has no risk (state accepted)"),
        ({"any": [{"all": [{"signal": "attrition_spike"}, {"fact": "a"}]}, {"signal": "data_exposure"}]}, {},
         "When, at one site, either (people leave faster than usual and ‘a’ is known) or customer data is exposed"),
        ({"all": [{"any": [{"fact": "a"}]}]}, {"for": "2w"}, "When, at one site, ‘a’ is known, and this lasts for 14 days or more"),
        ({"signal": "quality_drift", "where": {"value": {"lt": {"threshold": "floor"}}}}, {},
         "When, at one site, a quality measure drifts from its usual level (value less than the floor that its metric names)"),
    ],
)  # fmt: skip
def test_every_construct_is_an_english_sentence(when: Any, fields: dict[str, Any], text: str) -> None:
    assert said(when, **fields) == text


def test_what_follows_is_told_in_full() -> None:
    then = {
        "raise": {"likelihood": 4, "impact": "from-function-criticality", "due": "c.notice_by"}, "conclude": {"fact": "worn_out"},
        "lose": [{"ref": "site:$site", "kind": "people", "share": 0.15, "for": "4w"}, {"ref": "system:telephony"}],
        "failover": "activate", "escalate": "tier-2", "playbooks": ["a-plan"],
    }  # fmt: skip
    assert plain(consequence(rule({"as": "c", "fact": "contract"}, then=then))) == (
        "the risk ‘talent attrition’ is indicated with likelihood 4 and impact as large as the most critical function there, it is "
        "reviewed by the day ‘notice by’ of the c at the latest, the rule assumes the loss of 15 % of the people of the site for "
        "28 days, the rule assumes the loss of system telephony, other rules may count on ‘worn out’, the failover plan is called "
        "for, it goes to escalation tier 2 and the playbook a plan applies"
    )


def test_the_lines_of_a_rule_say_all_that_it_asks() -> None:
    when = {
        "all": [
            {"signal": "quality_drift", "where": {"metric": "qa_score", "value": {"lt": {"threshold": "floor"}}}},
            {"any": [{"signal": "attrition_spike"}, {"fact": "served"}]},
            {"not": {"fact": "open_action", "within": "30d"}},
        ]
    }
    away = {"where": {"site": "BOG"}, "until": "2027-03-31", "reason": "Ramp-down", "approved_by": "operations-director"}
    more = {"for": "2w", "keep_open_for": "5w", "on_missing_data": "fire", "scope": {"client": "MER"}, "exceptions": [away]}
    assert told(rule(when, within="4w", then={"escalate": "tier-1"}, **more)) == {
        "Watches": ["measures of quality, how many people leave and the functions that a site serves"],
        "Must hold": [
            "all of these",
            "  quality score drifts from its usual level (value less than the floor of 82, for Cebu 78)",
            "  at least one of these",
            "    people leave faster than usual",
            "    a function is served there",
        ],
        "Where": ["at one site: one finding for each"],
        "Looks only at": ["client MER"],
        "Within": ["these lie at most 28 days apart"],
        "For": ["it must last for 14 days or more"],
        "Stays open": ["for 35 days after it was last true; what comes later is a new finding"],
        "Silenced": ["when, at the same place,", "  ‘open action’ is known in the last 30 days"],
        "Missing data": ["readings that are overdue count as the signal itself"],
        "Left out": ["site Bogotá, until Wed 31 Mar 2027: Ramp-down (approved by operations director)"],
        "Then": ["  it goes to escalation tier 1"],
    }


@pytest.mark.parametrize(
    ("when", "fields", "text"),
    [
        ({"signal": "quality_drift"}, {}, "until somebody closes its risk; it never ends by itself"),
        ({"fact": "cover"}, {}, "for as long as these facts are there"),
        ({"fact": "coverage_at_risk"}, {}, "until somebody closes its risk; it never ends by itself"),
    ],
)
def test_the_end_of_a_finding_is_told(when: Any, fields: dict[str, Any], text: str) -> None:
    assert told(rule(when, **fields))["Stays open"] == [text]


def test_lines_that_would_say_nothing_are_left_out() -> None:
    assert set(told(rule({"fact": "served"}, join=[]))) == {"Watches", "Must hold", "Where", "Stays open", "Then"}
    assert "Missing data" not in told(rule({"signal": "quality_drift", "at_least": 2}))


def test_the_shipped_rules_read_as_english() -> None:
    rules = {}
    for path in sorted(shipped("rules").glob("*.yaml")):
        if not path.name.endswith(".test.yaml"):
            one = Rule.model_validate(yaml.safe_load(path.read_text(encoding="utf-8")))
            rules[one.id] = plain(rule_sentence(one, NAMES))
            assert all(line.text or line.below for line in logic_lines(one))
    assert len(rules) >= 17
    for text in rules.values():
        assert text.startswith("When, ")
        assert text.endswith(".")
        assert not any(odd in text for odd in ("_", "  ", "{", " ,", "None", "()")), text
    assert rules["data-exposure-where-cards-are-taken"].startswith(
        "When, at one site, customer data is exposed (strength at least 3 of 5) and a function is served there "
        "(card data is handled), then the risk ‘data exposure’ is indicated with likelihood 5 and impact 5"
    )
    assert rules["site-loss-uncovered"].startswith(
        "When, at one site, if the site were lost, a function of tier 1 or 2 would not be covered, then the risk ‘site loss’"
    )
