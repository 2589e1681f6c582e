"""What a finding says: the explain text, and the reason line by line."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from inference_rules import AS_OF, rule, signal

from riskreg.inference import decide
from riskreg.inference.words import explain
from riskreg.inference.words.conditions import Voice, held
from riskreg.inference.words.wording import day, listed, measured, num, pct, period, time
from riskreg.model.finding import Finding, Step
from riskreg.model.metric import Threshold
from riskreg.model.rule import Pattern


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
        (
            {"metric": "csat", "unit": "share", "value": 0.712, "baseline": 0.8},
            "csat 71.2\u00a0%, usually 80\u00a0%",
        ),
        ({"metric": "qa_score", "value": 82, "baseline": 86, "limit": 85}, "qa score 82, usually 86, unusual below 85"),
        ({"metric": "csat", "unit": "score", "value": 4.3, "baseline": 4.5}, "csat 4.3, usually 4.5"),
        (
            {"metric": "abandon_rate", "unit": "share", "value": 0.08, "limit": 0.07},
            "abandon rate 8\u00a0%, unusual above 7\u00a0%",
        ),
        ({"metric": "reopen_rate", "unit": "share", "value": 0.08, "limit": 0.07}, "reopen rate 8\u00a0%, unusual above 7\u00a0%"),
        (
            {"metric": "qa_score", "value": 85.5, "baseline": 86, "limit": 85},
            "qa score 85.5, usually 86, a small change that lasts",
        ),
        (
            {"metric": "quality score", "value": 86.06, "level": 87.34, "baseline": 90.29, "limit": 89.13},
            "quality score 86.1 reported, smoothed 87.3, usually 90.3, unusual below 89.1",
        ),
        (
            {"metric": "quality score", "value": 84.2, "level": 85.5, "baseline": 86, "limit": 85},
            "quality score 84.2 reported, smoothed 85.5, usually 86, a small change that lasts",
        ),
        ({"signal": "attrition_spike", "value": 9, "baseline": 2.7, "limit": 9}, "9 left, usually 2.7, unusual from 9"),
        ({"signal": "data_exposure", "metric": "grave exposures", "value": 1, "limit": 1}, "1 grave exposure, and one is enough"),
        (
            {"signal": "data_exposure", "metric": "minor exposures", "value": 9, "baseline": 3.1, "limit": 8},
            "9 minor exposures, usually 3.1, unusual from 8",
        ),
        (
            {"signal": "forecast_miss", "value": 0.22, "delta": -0.2, "limit": 0.12},
            "20\u00a0% less than forecast (error 22\u00a0% of the volume, unusual above 12\u00a0%)",
        ),
        ({"signal": "forecast_miss", "value": 0.09, "limit": 0.12}, "error 9\u00a0% of the volume, a small miss that lasts"),
        ({"signal": "forecast_miss", "value": 0.22}, "error 22\u00a0% of the volume"),
        ({"metric": "csat"}, ""),
        ({"metric": "csat", "value": "high", "baseline": 0.8}, "csat high"),
        ({"fact": "missing_data", "last": "2026-10-18"}, "no data since Sun 18\u00a0Oct\u00a02026"),
        ({"fact": "missing_data"}, "no data yet"),
    ],
)
def test_measured(fact: dict[str, object], text: str) -> None:
    assert measured(fact) == text


@pytest.mark.parametrize(
    ("days", "text"),
    [(0, "the period to"), (1, "the day to"), (7, "the week to"), (9, "the 9\u00a0days to"), (28, "the 4\u00a0weeks to")],
)
def test_period(days: int, text: str) -> None:
    at = datetime(2026, 11, 16, tzinfo=UTC)
    since = {"from": at - timedelta(days=days)} if days else {}
    assert period({"at": at, **since}) == f"{text} Mon 16\u00a0Nov\u00a02026"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["Payments, German", "Safety line, German"], "Payments (German) and Safety line (German)"),
        (["Manila", "Cebu", "Manila", "Kraków"], "Manila, Cebu and Kraków"),
        (["Manila"], "Manila"),
        ([], "none"),
    ],
)
def test_listed(names: list[str], text: str) -> None:
    assert listed(names) == text


def test_functions_are_said_as_a_list_can_hold_them_and_others_as_they_are() -> None:
    facts = [signal("attrition_spike", "s", function="PAY-DE", vendor="acme")]
    text = "{{ key.function }} at {{ s.vendor }}"
    names = {"function:PAY-DE": "Payments, German", "vendor:acme": "Acme, Inc."}
    one = rule({"as": "s", "signal": "attrition_spike"}, join=["function"], explain=text)
    (finding,) = decide([one], facts, as_of=AS_OF, names=names).findings
    assert finding.explain == "Payments (German) at Acme, Inc."
    assert finding.reason.text == "Payments (German): something is wrong"


VOICE = Voice(
    {
        "metric:qa_score": "quality score",
        "metric:csat": "customer satisfaction",
        "metric:fcr": "first-contact resolution",
        "site:MNL": "Manila",
    },
    {"qa_score": {"floor": Threshold.model_validate({"value": 82, "overrides": [{"site": "MNL", "value": 80}]})}},
)


@pytest.mark.parametrize(
    ("kind", "field", "asked", "value", "text"),
    [
        ("signal", "strength", {"gte": 3}, 5, "signal strength 5 of 5 (the rule asks for at least 3)"),
        ("fact", "tier", {"lte": 2}, 1, "most urgent work: tier 1 (the rule asks for tier 1 or 2)"),
        ("fact", "tier", {"gte": 3}, 4, "work that can wait: tier 4 (the rule asks for at least 3)"),
        ("fact", "pci", {"eq": True}, True, "handles card data"),
        ("fact", "outcome", {"eq": "breach"}, "breach", "cover without the site: not covered"),
        (
            "fact",
            "outcome",
            {"in": ["late", "breach"]},
            "late",
            "cover without the site: late (the rule asks for late or not covered)",
        ),
        ("fact", "share", {"gte": 0.2}, 0.4, "40\u00a0% of the work is done there (the rule asks for at least 20\u00a0%)"),
        ("signal", "metric", {"not_in": ["csat", "fcr"]}, "qa_score",
         "the measure is quality score (the rule asks for anything but customer satisfaction and first-contact resolution)"),
        ("signal", "delta", {"gt": 3}, 5.5, "5.5 above the usual (the rule asks for more than 3)"),
        ("forecast_miss", "delta", {"gte": 0.15}, 0.17, "17\u00a0% above the forecast (the rule asks for at least 15\u00a0%)"),
        ("signal", "direction", {"eq": "up"}, "up", "the change is upward"),
        ("fact", "days_left", {"gte": 0, "lte": 60}, 10,
         "10 days until the contract ends (the rule asks for at least 0 and at most 60)"),
        ("fact", "days_to_notice", {"lte": 60}, -3, "notice was due 3 days ago (the rule asks for at most 60)"),
        ("signal", "site", {"exists": False}, None, "site not known"),
        ("fact", "queue_name", {"ne": "sales"}, "care", "queue name care (the rule asks for anything but sales)"),
    ],
)  # fmt: skip
def test_conditions_speak_as_people_do(kind: str, field: str, asked: dict[str, Any], value: object, text: str) -> None:
    word, name = ("signal", kind) if kind == "forecast_miss" else (kind, "thing")
    pattern = Pattern.model_validate({word: name, "where": {field: asked}})
    assert held(pattern, field, {word: name, field: value}, VOICE) == text


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
        "MNL: people leave while quality drifts",
        "  all of these hold",
        "    more leavers than usual at MNL, Sun 8\u00a0Nov\u00a02026: 31 left, usually 14.2, unusual from 22",
        "      signal strength 4 of 5 (the rule asks for at least 3)",
        "      the measure is leavers",
        "    quality drift at MNL, Sun 15\u00a0Nov\u00a02026: qa score 81.2",
        "    FRAUD is served at MNL",
        "      urgent work: tier 2 (the rule asks for tier 1 or 2)",
        "    ORD-EN is served at MNL",
        "      most urgent work: tier 1 (the rule asks for tier 1 or 2)",
        "    no open action (kind retention-plan) for site MNL",
        "  they lie 7\u00a0days apart; the rule allows 28\u00a0days between them",
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
    assert told[2:] == ["    more leavers than usual at MNL, Mon 16\u00a0Nov\u00a02026", "    no a plan for site MNL"]


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


CONTRACT = {"as": "c", "fact": "contract"}


def contract(ident: str, notice_by: object) -> dict[str, Any]:
    return {"id": ident, "fact": "contract", "vendor": "altura", "notice_by": notice_by}


def test_a_finding_bears_the_earliest_deadline_of_its_facts() -> None:
    facts = [contract("a", "2027-01-20"), contract("b", "2026-12-01"), contract("c", None)]
    then = {"raise": {"likelihood": 3, "impact": 4, "due": "c.notice_by"}}
    assert only(CONTRACT, facts, join=["vendor"], then=then).due == date(2026, 12, 1)
    assert only(CONTRACT, [contract("c", None)], join=["vendor"], then=then).due is None
    assert only(CONTRACT, facts, join=["vendor"], then={"raise": {"likelihood": 3, "impact": 4}}).due is None


def test_a_deadline_that_is_no_date_is_a_warning_and_the_finding_stands() -> None:
    then = {"raise": {"likelihood": 3, "impact": 4, "due": "c.notice_by"}}
    one = rule(CONTRACT, join=["vendor"], then=then, explain="At {{ key.vendor }}")
    decided = decide([one], [contract("a", "soon")], as_of=AS_OF)
    assert [(fault.code, fault.severity) for fault in decided.faults] == [("rule-due", "warning")]
    assert decided.findings[0].due is None


def test_all_facts_at_the_same_time_are_said_to_be_so() -> None:
    when = {"all": [{"signal": "attrition_spike"}, {"signal": "quality_drift"}]}
    told = lines(only(when, [signal("attrition_spike", "s"), signal("quality_drift", "d")], within="4w").reason)
    assert told[-1] == "  they come at the same time; the rule allows 28\u00a0days between them"


NAMES = {"site:MNL": "Manila", "site:CEB": "Cebu", "vendor:altura": "Altura", "metric:qa_score": "Quality score"}


def told(when: object, facts: list[dict[str, Any]], **fields: Any) -> list[str]:
    """The reason with names, without non-breaking spaces."""
    limits = {"qa_score": {"floor": Threshold.model_validate({"value": 82, "overrides": [{"site": "MNL", "value": 80}]})}}
    (finding,) = decide([rule(when, **fields)], facts, as_of=AS_OF, names=NAMES, thresholds=limits).findings
    return [line.replace("\u00a0", " ") for line in lines(finding.reason)]


def drifts(number: int, apart: int = 7, **fields: Any) -> list[dict[str, Any]]:
    return [signal("quality_drift", f"d{at:02}", days=apart * at, **fields) for at in range(number)]


def test_a_counted_pattern_says_how_many_and_folds_the_older_ones() -> None:
    assert told({"signal": "quality_drift", "at_least": 3, "within": "4w"}, drifts(3, 14)) == [
        "Manila: something is wrong",
        "  quality drift 3 times within 28 days; the rule asks for at least 3",
        "    quality drift at Manila, Mon 16 Nov 2026",
        "    quality drift at Manila, Mon 2 Nov 2026",
        "    quality drift at Manila, Mon 19 Oct 2026",
    ]
    many = told({"signal": "quality_drift", "at_least": 3, "within": "4w"}, drifts(18))
    assert many[1] == "  quality drift 18 times since Mon 20 Jul 2026, up to 5 within 28 days; the rule asks for at least 3"
    assert many[6:] == ["    quality drift at Manila, Mon 19 Oct 2026", "    and 13 earlier, the first on Mon 20 Jul 2026"]


def test_facts_of_one_pattern_fold_and_six_are_told_in_full() -> None:
    assert told({"signal": "quality_drift"}, drifts(6))[-1] == "  quality drift at Manila, Mon 12 Oct 2026"
    assert told({"signal": "quality_drift"}, drifts(7))[-1] == "  and 2 earlier, the first on Mon 5 Oct 2026"
    served = [{"id": f"s{n}", "fact": "served", "site": "MNL", "function": f"F{n}", "tier": 1} for n in range(9)]
    assert told({"fact": "served"}, served)[-1] == "  and 4 more"


def test_different_names_the_places_and_whose_they_are() -> None:
    facts = [signal("quality_drift", place, days=n, site=place, vendor="altura") for n, place in enumerate(("MNL", "CEB"))]
    when = {"signal": "quality_drift", "at_least": 2, "different": "site"}
    assert told(when, facts, join=["vendor"], within="2w")[1] == (
        "  quality drift at 2 sites of Altura: Cebu and Manila, within 14 days; the rule asks for at least 2"
    )
    metrics = [signal("quality_drift", name, metric=name) for name in ("qa_score", "csat")]
    assert told({"signal": "quality_drift", "at_least": 2, "different": "metric"}, metrics)[1] == (
        "  quality drift of 2 different metrics: csat and quality score; the rule asks for at least 2"
    )


def test_a_threshold_is_told_by_name_place_and_number() -> None:
    when = {"signal": "quality_drift", "where": {"value": {"lt": {"threshold": "floor"}}}}
    assert told(when, [signal("quality_drift", "d", metric="qa_score", value=79.5)])[-1] == (
        "    quality score 79.5 is below Manila’s floor of 80"
    )
    cebu = [signal("quality_drift", "d", metric="qa_score", value=79.5, site="CEB")]
    assert told(when, cebu)[-1] == "    quality score 79.5 is below the floor of 82"


def test_times_say_since_when_and_until_when() -> None:
    facts = [signal("quality_drift", "a", days=40), signal("quality_drift", "b", days=5)]
    assert told({"signal": "quality_drift"}, facts, **{"for": "2w", "keep_open_for": "6w"})[-2:] == [
        "  it has held since Wed 7 Oct 2026, 35 days; the rule asks for 14 days",
        "  open until Wed 23 Dec 2026: 42 days after it was last true, Wed 11 Nov 2026",
    ]


def test_a_counted_pattern_lies_apart_by_its_stretch() -> None:
    when = {"all": [{"signal": "attrition_spike"}, {"signal": "quality_drift", "at_least": 2, "within": "2w"}]}
    facts = [signal("attrition_spike", "s"), signal("quality_drift", "a", days=20), signal("quality_drift", "b", days=10)]
    assert told(when, facts, within="4w")[-1] == "  they lie 20 days apart; the rule allows 28 days between them"


def test_missing_data_that_stands_in_says_so_and_the_text_copes() -> None:
    late = {
        "id": "m", "fact": "missing_data", "watches": "quality_drift", "site": "MNL", "metric": "qa_score",
        "last": "2026-10-18", "due": "2026-10-25", "days_late": 21,
    }  # fmt: skip
    text = "{{ key.site }}: {{ d | measured }}{% if d.value %}, {{ d.value | num }}{% endif %}"
    one = rule({"as": "d", "signal": "quality_drift"}, on_missing_data="fire", explain=text)
    decided = decide([one], [late], as_of=AS_OF, names=NAMES)
    assert decided.faults == ()
    assert decided.findings[0].explain == "Manila: no data since Sun 18\u00a0Oct\u00a02026"
    assert told({"signal": "quality_drift"}, [late], on_missing_data="fire") == [
        "Manila: something is wrong",
        "  no quality score from Manila since Sun 18 Oct 2026, 21 days late; missing data counts as ‘quality drift’ here",
    ]


def test_scope_and_exceptions_that_could_touch_the_key_are_told() -> None:
    away = {"where": {"metric": "csat"}, "until": "2027-03-31", "reason": "ramp-down", "approved_by": "operations"}
    over, elsewhere = away | {"until": "2026-11-15"}, away | {"where": {"site": "CEB"}}
    facts = [signal("quality_drift", "d", client="MER", metric="qa_score")]
    assert told({"signal": "quality_drift"}, facts, scope={"client": "MER"}, exceptions=[away, over, elsewhere])[2:] == [
        "  the rule looks only at client MER",
        "  left out until Wed 31 Mar 2027 by operations: metric csat (ramp-down)",
    ]


def test_an_empty_explain_is_the_title() -> None:
    assert only({"signal": "attrition_spike"}, [signal("attrition_spike", "s")], explain="").explain == "Something is wrong"
    assert explain.check(rule({"signal": "attrition_spike"}, explain=""), {}) == ()


def test_the_name_of_a_counted_pattern_is_its_newest_fact_and_every_has_all() -> None:
    text = "{{ d.at | date }}, in all {{ every.d | length }}"
    finding = only({"as": "d", "signal": "quality_drift", "at_least": 2}, drifts(3), explain=text)
    assert finding.explain == "Mon 16\u00a0Nov\u00a02026, in all 3"


@pytest.mark.parametrize(
    ("text", "missing", "faults"),
    [
        ("{{ d | measured }}", "fire", 0),
        ("{{ d.value | num }}", "flag", 0),
        ("{{ d.value | num }}", "fire", 1),
        ("{{ d.at | date }}", "fire", 1),
        ("{{ d.at | date if d.at else 'now' }} {{ d | period }}", "fire", 0),
    ],
)
def test_check_tries_missing_data_where_it_counts_as_the_signal(text: str, missing: str, faults: int) -> None:
    wrong = explain.check(rule({"as": "d", "signal": "quality_drift"}, explain=text, on_missing_data=missing), {})
    assert len(wrong) == faults
    assert all(one.startswith("where missing data stands in for a signal: there is no ") for one in wrong)


@pytest.mark.parametrize(
    ("text", "sound"),
    [
        ("{{ x.seats | num }} {{ x.day | date }} {{ x.name | upper }} {% if x.days > 3 and x.days <= 90 %}!{% endif %}", True),
        ("{{ every.x | map(attribute='seats') | sum | round(1) }} {{ every.x | map(attribute='day') | max | date }}", True),
        ("{{ x.seats.more }}", False),
        ("{{ x | num }}", False),
    ],
)
def test_check_tries_kinds_that_nobody_describes(text: str, sound: bool) -> None:
    assert (explain.check(rule({"as": "x", "fact": "hiring_freeze"}, explain=text), {}) == ()) == sound


@pytest.mark.parametrize(
    ("fact", "line"),
    [
        ({"fact": "site", "vendor": "altura"}, "Manila is a site of Altura"),
        ({"fact": "depends", "function": "ORD", "system": "telephony"}, "ORD needs telephony at Manila"),
        ({"fact": "pool", "pool": "MNL-day", "positions": 120.0}, "MNL-day is a pool of 120 positions at Manila"),
        (
            {"fact": "risk", "category": "talent-attrition", "state": "identified", "likelihood": 4, "impact": 3},
            "the register has a risk ‘talent attrition’ for Manila, identified, likelihood 4 and impact 3",
        ),
        (
            {"fact": "risk", "category": "talent-attrition", "state": "identified"},
            "the register has a risk ‘talent attrition’ for Manila, identified, not yet scored",
        ),
        ({"fact": "missing_data", "metric": "qa_score", "days_late": 3}, "no quality score from Manila yet, 3 days late"),
        ({"fact": "hiring_freeze"}, "hiring freeze at Manila"),
    ],
)
def test_standing_facts_are_sentences(fact: dict[str, Any], line: str) -> None:
    assert told({"fact": fact["fact"]}, [{"id": "f", "site": "MNL", **fact}])[-1] == f"  {line}"


@pytest.mark.parametrize(("after", "day"), [("", 15), (" + 3h", 15), (" + 4h", 16), (" + 3d", 18)])
def test_a_deadline_can_be_so_long_after_a_time(after: str, day: int) -> None:
    facts = [signal("data_exposure", "s", at=datetime(2026, 11, 15, 20, 40, tzinfo=UTC))]
    then = {"raise": {"likelihood": 5, "impact": 4, "due": f"s.at{after}"}}
    assert only({"as": "s", "signal": "data_exposure"}, facts, then=then).due == date(2026, 11, day)


def test_a_time_is_said_with_its_zone_and_can_be_later() -> None:
    at = datetime(2026, 11, 15, 20, 40, tzinfo=UTC)
    assert time(at) == "Sun 15\u00a0Nov\u00a02026, 20:40 UTC" and time(at, "72h") == "Wed 18\u00a0Nov\u00a02026, 20:40 UTC"
