"""What the network tells the rules."""

from __future__ import annotations

from datetime import date

import pytest
from small_networks import contract, two_sites

from riskreg.continuity import standing_facts
from riskreg.model.fact import STANDING


@pytest.mark.parametrize(("today", "left", "to_notice"), [(date(2026, 11, 21), 130, 10), (date(2026, 12, 3), 118, -2)])
def test_a_contract_says_by_when_notice_must_be_given(today: date, left: int, to_notice: int) -> None:
    made = two_sites(contracts=[contract("acme", ["F", "G"], ends=date(2027, 3, 31), notice="120d")])
    (fact,) = [one for one in standing_facts(made, {}, today) if one["fact"] == "contract"]
    assert fact == {
        "id": "contract:acme-msa@2026-12-01",
        "fact": "contract",
        "vendor": "acme",
        "contract": "acme-msa",
        "title": "Agreement",
        "ends": "2027-03-31",
        "days_left": left,
        "notice_days": 120,
        "notice_by": "2026-12-01",
        "days_to_notice": to_notice,
    }


def test_facts_have_the_fields_that_rules_may_name() -> None:
    for fact in standing_facts(two_sites(), {}, date(2026, 6, 15)):
        assert set(fact) - {"id", "fact"} == set(STANDING[fact["fact"]]), fact["id"]
