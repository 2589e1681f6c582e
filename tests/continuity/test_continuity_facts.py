"""What the network tells the rules."""

from __future__ import annotations

import time
from datetime import date
from typing import Any

import pytest
from small_networks import contract, function, network, pool, site, two_sites

from riskreg.continuity import standing_facts
from riskreg.model.fact import STANDING
from riskreg.model.network import Network

TODAY = date(2026, 6, 15)


def facts(made: Network, kind: str, today: date = TODAY) -> list[dict[str, Any]]:
    return [one for one in standing_facts(made, {}, today, client="mer") if one["fact"] == kind]


@pytest.mark.parametrize(("today", "left", "to_notice"), [(date(2026, 11, 21), 130, 10), (date(2026, 12, 3), 118, -2)])
def test_a_contract_says_by_when_notice_must_be_given(today: date, left: int, to_notice: int) -> None:
    made = two_sites(contracts=[contract("acme", ["F", "G"], ends=date(2027, 3, 31), notice="120d")])
    (fact,) = facts(made, "contract", today)
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


def shared() -> Network:
    """F is served at A (vendor) and H (client), G at A alone; A's telephony has one trunk of two, H's has its own."""
    return network(
        sites=[site("A", needs="system:power"), site("H", party="client")],
        systems=[
            {"id": "power", "name": "Power", "kind": "power"},
            {"id": "phones", "name": "Phones", "kind": "telephony", "needs": {"any": ["system:trunk-1", "system:trunk-2"]}},
            {"id": "trunk-1", "name": "Trunk 1", "kind": "carrier"},
            {"id": "trunk-2", "name": "Trunk 2", "kind": "carrier"},
            {"id": "crm", "name": "Records", "kind": "crm"},
            {"id": "unused", "name": "Unused"},
        ],
        pools=[
            pool("a1", "A", 10, needs="system:phones"),
            pool("a2", "A", [{"days": "mon", "from": "08:00", "to": "20:00", "positions": 7.5}]),
            pool("h", "H", 10, needs="system:trunk-2"),
        ],
        functions=[
            function("F", {"a1": 0.6, "h": 0.4}, tier=1, impact=5, needs="system:crm", certificates=["pci-dss"]),
            function("G", {"a1": 0.5, "a2": 0.5}),
        ],
    )


def test_a_function_says_how_many_places_serve_it() -> None:
    cards, other = facts(shared(), "function")
    assert cards == {
        "id": "function:F",
        "fact": "function",
        "function": "F",
        "client": "mer",
        "channel": "voice",
        "language": "en",
        "tier": 1,
        "impact": 5,
        "pci": True,
        "sites": 2,
        "vendors": 1,
    }
    assert (other["sites"], other["vendors"], other["pci"]) == (1, 1, False)


def test_a_vendor_says_how_much_of_the_work_it_carries() -> None:
    (fact,) = facts(shared(), "vendor")
    hours = {"acme": 10 * 168 + 7.5 * 12, "client": 10 * 168}
    share = round(hours["acme"] / sum(hours.values()), 6)
    assert fact == {"id": "vendor:acme", "fact": "vendor", "vendor": "acme", "sites": 1, "functions": 2, "share": share}


def test_a_pool_says_how_many_positions_it_has_at_its_best() -> None:
    assert [(one["pool"], one["site"], one["vendor"], one["positions"], one["functions"]) for one in facts(shared(), "pool")] == [
        ("a1", "A", "acme", 10.0, 2),
        ("a2", "A", "acme", 7.5, 1),
        ("h", "H", "client", 10.0, 1),
    ]


def test_what_a_function_depends_on_and_what_can_stand_in() -> None:
    """A trunk has the other trunk at A and none at H; the pool without telephones carries G on when they are lost."""
    told = {(one["function"], one["site"], one["system"]): one["standby"] for one in facts(shared(), "depends")}
    assert told == {
        ("F", "A", "crm"): False,
        ("F", "A", "phones"): False,
        ("F", "A", "power"): False,
        ("F", "A", "trunk-1"): True,
        ("F", "A", "trunk-2"): True,
        ("F", "H", "crm"): False,
        ("F", "H", "trunk-2"): False,
        ("G", "A", "phones"): True,
        ("G", "A", "power"): False,
        ("G", "A", "trunk-1"): True,
        ("G", "A", "trunk-2"): True,
    }


def test_facts_have_the_fields_that_rules_may_name() -> None:
    for made in (two_sites(), shared()):
        for fact in standing_facts(made, {}, TODAY, client="mer"):
            sample = STANDING[fact["fact"]]
            assert {name: type(value) for name, value in fact.items() if name not in ("id", "fact")} == {
                name: type(value) for name, value in sample.items()
            }, fact["id"]


def test_the_facts_of_two_hundred_sites_are_told_at_once() -> None:
    from networks import make_network

    made = make_network(200, seed=1)
    begun = time.process_time()
    told = standing_facts(made, {}, TODAY, client="mer")
    assert time.process_time() - begun < 1.0
    assert len({one["id"] for one in told}) == len(told) > 3000
