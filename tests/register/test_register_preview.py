"""The preview says what applying would do, and the facts say what rules may look at."""

from __future__ import annotations

import pytest
from register_cases import NOW, finding, later, score

from riskreg.model.fact import STANDING
from riskreg.model.finding import Finding
from riskreg.register import Register, preview, risk_facts


def in_order(register: Register) -> tuple[object, ...]:
    """The risks in the order of their numbers."""
    return tuple(sorted(register.risks(), key=lambda risk: risk.id))


@pytest.mark.parametrize(
    ("earlier", "now"),
    [
        ([], [finding("a"), finding("b", key={"site": "BOG"}, likelihood=2), finding("c", likelihood=None)]),
        ([finding("a")], [finding("a"), finding("b", 5, 5)]),
        ([finding("a"), finding("b", key={"site": "BOG"})], [finding("a")]),
        ([finding("a")], [finding("a")]),
    ],
    ids=["new", "one more", "one less", "the same"],
)
def test_the_preview_is_what_applying_gives(register: Register, earlier: list[Finding], now: list[Finding]) -> None:
    register.apply(earlier, as_of=NOW)
    head, risks = register.head, in_order(register)
    told, expected = preview(risks, now, as_of=later(days=1))
    assert (register.head, in_order(register)) == (head, risks), "nothing was written"
    changes = register.apply(now, as_of=later(days=1))
    assert in_order(register) == expected
    assert told == changes.model_copy(update={"head": ""})


def test_the_preview_knows_what_people_decided(register: Register) -> None:
    register.apply([finding("a")], as_of=NOW)
    register.assess("R-001", score(2, 2), "team was hired", "workforce-lead", later(hours=1), 3)
    register.close("R-001", "over", "workforce-lead", later(hours=2), 4)
    assert risk_facts(preview(register.risks(), [finding("a")], as_of=later(days=1))[1], "mer") == []
    (fact,) = risk_facts(preview(register.risks(), [finding("a"), finding("b")], as_of=later(days=1))[1], "mer")
    assert (fact["state"], fact["likelihood"], fact["impact"]) == ("reopened", 2, 2)


@pytest.mark.parametrize(
    ("key", "ident", "place"),
    [
        ({"site": "MNL"}, "risk:talent-attrition:site:MNL", {"site": "MNL"}),
        ({"function": "ORD-EN", "site": "MNL"}, "risk:talent-attrition:function:ORD-EN", {"function": "ORD-EN"}),
        ({"pool": "MNL-day"}, "risk:talent-attrition:pool:MNL-day", {"pool": "MNL-day"}),
        ({"system": "telephony"}, "risk:talent-attrition:system:telephony", {"system": "telephony"}),
        ({"vendor": "altura"}, "risk:talent-attrition:vendor:altura", {"vendor": "altura"}),
        ({}, "risk:talent-attrition:client", {}),
    ],
)
def test_a_risk_is_a_fact_at_the_place_of_its_scope(key: dict[str, str], ident: str, place: dict[str, str]) -> None:
    (fact,) = risk_facts(preview((), [finding("a", key=key)], as_of=NOW)[1], "mer")
    said = {"category": "talent-attrition", "state": "identified", "likelihood": 4, "impact": 3}
    assert fact == {"id": ident, "fact": "risk", "client": "mer"} | place | said
    assert set(fact) - {"id", "fact"} <= set(STANDING["risk"])


def test_a_risk_that_nobody_scored_has_no_score(register: Register) -> None:
    register.add("quality-drift", "client", "Calls get longer", "quality-lead", None, "heard it", "quality-lead", NOW)
    (fact,) = risk_facts(register.risks(), "mer")
    assert not {"likelihood", "impact"} & set(fact)


def test_facts_come_in_the_order_of_their_ids() -> None:
    findings = [finding(site, key={"site": site}) for site in ("MNL", "BOG", "CEB")]
    assert [fact["site"] for fact in risk_facts(preview((), findings, as_of=NOW)[1], "mer")] == ["BOG", "CEB", "MNL"]
