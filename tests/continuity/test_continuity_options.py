"""Which ways are open to lost work, which are closed, and why."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import pytest
from small_networks import MONDAY_NOON, TESTED, contract, function, network, plan, pool, routing, site, two_sites, verdict

from riskreg.model.disruption import Loss
from riskreg.model.plan import FailoverPlan


def refusal(made: FailoverPlan, option: str, ident: str = "F") -> tuple[str, str]:
    return next((r.code, r.reason) for r in made.refusals if r.function == ident and r.option == option)


@pytest.mark.parametrize(
    ("code", "of_pool", "of_function", "words"),
    [
        ("language", {"languages": ["pl"]}, {}, "does not speak English"),
        ("channel", {"channels": ["chat"]}, {}, "does not work on voice"),
        ("skill", {"skills": ["sales"]}, {}, "is not trained in care"),
        ("certificate", {}, {"certificates": ["pci"]}, "is not certified for pci"),
        ("residency", {}, {"countries": ["DE"]}, "may not handle this data in PL, only in DE"),
        ("no-routing", {"routing": None}, {}, "no routing leads"),
        ("not-firm", {"routing": routing(firmness="hoped")}, {}, "hoped only"),
    ],
)
def test_what_keeps_a_pool_from_the_work(code: str, of_pool: dict[str, Any], of_function: dict[str, Any], words: str) -> None:
    net = two_sites(
        pools=[pool("a", "A"), pool("b", "B", **({"routing": routing()} | of_pool))],
        functions=[function("F", "a", **of_function), function("G", "b", 4)],
    )
    made = plan(net, "site:A")
    found, reason = refusal(made, "idle:b")
    assert found == code
    assert words in reason
    assert verdict(made, "F").outcome == "breach"
    assert made.decision.choice == "not-covered"
    assert made.moves == ()


@pytest.mark.parametrize(
    ("contracts", "code"),
    [
        ([contract("acme", ["F"])], "contract"),
        ([contract("acme", ["F"]), contract("bolt", ["F"], ends=date(2026, 6, 14))], "contract-ended"),
        ([contract("acme", ["F"]), contract("bolt", ["F"], starts=date(2026, 7, 1))], "contract-ended"),
        ([contract("acme", ["F"], exclusive=["F"]), contract("bolt", ["F"])], "exclusive"),
    ],
)
def test_a_second_vendor_needs_a_contract_in_force_and_nobody_s_exclusivity(contracts: list[Any], code: str) -> None:
    net = two_sites(sites=[site("A"), site("B", "bolt")], contracts=contracts)
    made = plan(net, "site:A")
    assert refusal(made, "idle:b")[0] == code
    assert made.moves == ()


def test_an_option_closes_when_its_contract_ends() -> None:
    net = two_sites(sites=[site("A"), site("B", "bolt")], contracts=[contract("bolt", ["F"], ends=date(2026, 6, 15))])
    made = plan(net, "site:A")
    (move,) = made.moves
    assert move.ends == 12 * 3600, "noon to midnight"
    assert verdict(made, "F").outcome == "breach"


def test_the_same_vendor_s_pool_needs_the_work_in_scope_too() -> None:
    assert refusal(plan(two_sites(contracts=[contract("acme", ["G"])]), "site:A"), "idle:b")[0] == "contract"


def with_client(takeover: list[dict[str, Any]] | None = None, **more: Any) -> FailoverPlan:
    net = two_sites(sites=[site("A"), site("B", "client")], contracts=[contract("acme", ["F"], takeover=takeover or [])], **more)
    return plan(net, "site:A")


CLAUSE = {
    "pool": "b",
    "positions": 5.5,
    "opens": "2h",
    "authority": "operations-director",
    "trigger": "Site lost",
    "evidence": TESTED,
}


def test_the_client_takes_a_vendor_s_work_back_only_under_a_clause() -> None:
    made = with_client()
    assert refusal(made, "takeover:acme:b") == ("contract", "no contract with Acme lets the client take its work back to Pool b")
    assert made.moves == ()


def test_free_people_of_the_client_are_refused_to_a_vendor_s_work_with_a_reason_and_what_is_open_is_listed() -> None:
    made = with_client([CLAUSE])
    assert refusal(made, "idle:b")[0] == "contract"
    assert [(pair.function, pair.option, pair.opens) for pair in made.eligible] == [("F", "takeover:acme-msa:b", 7200)]
    refused = {(r.function, r.option) for r in made.refusals}
    assert not any((pair.function, pair.option) in refused for pair in made.eligible)


def test_what_the_plan_uses_of_an_option_is_not_free_in_that_hour() -> None:
    made = plan(two_sites(), "site:A")
    sizes = {option.id: option.positions for option in made.options}
    for option in made.options:
        times = sorted({0, 900, 7200, 86400, *(step.at for step in option.free)})
        used = [sum(move.at(time) for move in made.moves if move.option == option.id) for time in times]
        assert all(0 <= option.free_at(time) <= sizes[option.id] - taken for time, taken in zip(times, used, strict=True))
    assert any(option.free for option in made.options)


def test_a_takeover_is_no_larger_than_its_clause_says() -> None:
    made = with_client([CLAUSE])
    (move,) = made.moves
    assert (move.kind, move.relation, move.positions, move.starts) == ("takeover", "client", 55, 7200)
    assert made.decision.choice == "client-takeover"
    assert made.decision.authority == ("operations-director",)
    assert made.decision.clauses == ("acme-msa, client takeover (when: Site lost)",)


def test_the_client_s_own_work_goes_to_its_own_pools_without_a_clause() -> None:
    net = two_sites(sites=[site("A", "client"), site("B", "client")], contracts=[])
    made = plan(net, "site:A")
    assert [(m.option, m.relation, m.positions) for m in made.moves] == [("idle:b", "sister-site", 60)]
    assert made.decision.choice == "same-vendor"


def test_without_a_clause_only_the_client_s_own_part_goes_to_the_client() -> None:
    net = two_sites(
        sites=[site("A"), site("B", "client"), site("C", "client")],
        pools=[pool("a", "A"), pool("b", "B", routing=routing()), pool("c", "C", 5)],
        functions=[function("F", {"a": 0.7, "c": 0.3}), function("G", "b", 4)],
    )
    assert [(m.option, m.positions) for m in plan(net, "site:A", "site:C").moves] == [("idle:b", 30)]


def test_the_client_s_reserve_is_counted_once_whichever_contract_calls_it() -> None:
    net = network(
        sites=[site("A"), site("C", "bolt"), site("B", "client")],
        pools=[pool("a", "A"), pool("c", "C"), pool("b", "B", 0)],
        functions=[function("F", "a"), function("H", "c")],
        contracts=[contract("acme", ["F"], takeover=[CLAUSE]), contract("bolt", ["H"], takeover=[CLAUSE])],
    )
    made = plan(net, "site:A", "site:C")
    served = {f: max(point.served for point in verdict(made, f).cover) for f in ("F", "H")}
    assert served == {"F": 50, "H": 5}


def test_all_extra_people_of_a_site_share_its_free_seats() -> None:
    levers = [{"pool": "b", "positions": 5, "opens": "1h", "evidence": TESTED}]
    net = two_sites(
        sites=[site("A"), site("B", seats=12)],
        pools=[pool("a", "A"), pool("b", "B", routing=routing(), overtime={"share": 0.5, "opens": "1h", "evidence": TESTED})],
        contracts=[contract("acme", ["F", "G"], surge=levers, standby=levers)],
    )
    made = plan(net, "site:A")
    assert max(point.served for point in verdict(made, "F").cover) == 80, "six idle positions and the two free seats"


def test_people_go_home_when_the_place_is_lost() -> None:
    home = {"share": 0.5, "opens": "2h", "price": 3, "evidence": TESTED}
    net = two_sites(pools=[pool("a", "A", home=home), pool("b", "B")])
    (move,) = plan(net, "site:A").moves
    assert (move.kind, move.positions, move.starts, move.cost) == ("home", 50, 7200, 5 * 46 * 3)
    partly = plan(net, Loss(ref="site:A", share=0.8))
    assert [m.positions for m in partly.moves] == [40], "half of the eight that lost their desk"
    assert plan(net, Loss(ref="site:A", kind="people")).moves == ()


@pytest.mark.parametrize(
    ("of_function", "lost", "code"),
    [({"certificates": ["pci"]}, [], "certificate"), ({}, ["system:vpn"], "fallen")],
)
def test_what_does_not_go_home(of_function: dict[str, Any], lost: list[str], code: str) -> None:
    home = {"share": 0.5, "opens": "2h", "evidence": TESTED}
    net = two_sites(
        systems=[{"id": "vpn", "name": "VPN"}],
        pools=[pool("a", "A", home=home, home_needs="system:vpn"), pool("b", "B")],
        functions=[function("F", "a", **of_function), function("G", "b", 4)],
    )
    made = plan(net, "site:A", *lost)
    assert refusal(made, "home:a")[0] == code
    assert made.moves == ()


def test_step_in_runs_the_lost_vendor_s_operation() -> None:
    lever = {"share": 0.6, "opens": "8h", "authority": "operations-director", "trigger": "Insolvency", "evidence": TESTED}
    net = two_sites(sites=[site("A"), site("B", "bolt")], contracts=[contract("acme", ["F"], step_in=lever)])
    made = plan(net, "vendor:acme")
    (move,) = made.moves
    assert (move.kind, move.relation, move.positions, move.starts) == ("step-in", "step-in", 60, 8 * 3600)
    assert verdict(made, "F").outcome == "late"
    assert made.decision.choice == "client-takeover"
    assert plan(net, "site:A").moves == (), "a lost site is no reason to step in"


@pytest.mark.parametrize(
    ("evidence", "words"),
    [
        ({}, "asserted, never tested"),
        ({"grade": "discussed", "on": date(2026, 5, 1)}, "discussed on 2026-05-01, never tested"),
        ({"grade": "tested", "on": date(2025, 5, 1)}, "tested on 2025-05-01, too long ago to count"),
        ({"grade": "used", "on": date(2026, 7, 1)}, "used on 2026-07-01, too long ago to count"),
    ],
)
def test_untested_is_not_known(evidence: dict[str, Any], words: str) -> None:
    net = two_sites(pools=[pool("a", "A"), pool("b", "B", routing={"opens": "1h", "evidence": evidence})])
    found = verdict(plan(net, "site:A"), "F")
    assert found.outcome == "not-known"
    assert found.weakest.startswith("Pool b routing: ")
    assert found.binding is not None
    assert found.binding.what == "evidence"
    if "2026-07" not in words:
        assert found.weakest.endswith(words)


def test_evidence_counts_to_its_last_day() -> None:
    net = two_sites(pools=[pool("a", "A"), pool("b", "B", routing=routing(evidence={"grade": "tested", "on": date(2025, 6, 15)}))])
    assert verdict(plan(net, "site:A"), "F").outcome == "met"
    later = datetime(2026, 6, 17, 12, tzinfo=UTC)
    assert verdict(plan(net, "site:A", onset=later), "F").outcome == "not-known"


def test_a_surge_of_work_that_the_pool_does_not_do_today_needs_routing_as_well() -> None:
    lever = {"pool": "b", "positions": 8, "opens": "30m", "evidence": TESTED}
    contracts = [contract("acme", ["F", "G"], surge=[lever])]
    busy = [function("F", "a"), function("G", "b", 10, mbco=1.0)]
    late = two_sites(pools=[pool("a", "A"), pool("b", "B", routing=routing("2h"))], contracts=contracts, functions=busy)
    assert [(m.kind, m.starts) for m in plan(late, "site:A").moves] == [("surge", 7200)]
    unproven = two_sites(pools=[pool("a", "A"), pool("b", "B", routing={"opens": "1h"})], contracts=contracts, functions=busy)
    assert verdict(plan(unproven, "site:A"), "F").outcome == "not-known"


def test_the_pool_that_already_does_the_work_takes_more_of_it_at_once() -> None:
    net = two_sites(functions=[function("F", {"a": 0.6, "b": 0.4}), function("G", "b", 1)], pools=[pool("a", "A"), pool("b", "B")])
    found = plan(net, "site:A")
    assert [(m.option, m.positions, m.starts) for m in found.moves] == [("idle:b", 50, 0)]
    assert verdict(found, "F").minimum_at == 0
    assert found.as_of == MONDAY_NOON


def test_an_option_that_brings_nobody_is_refused_with_that_reason() -> None:
    net = two_sites(functions=[function("F", "a"), function("G", "b", 10, mbco=1.0)])
    made = plan(net, "site:A")
    assert made.options == ()
    assert refusal(made, "idle:b")[0] == "no-capacity"


def test_the_levers_of_the_lost_pool_fall_with_it() -> None:
    overtime = {"share": 0.5, "opens": "1h", "evidence": TESTED}
    made = plan(two_sites(pools=[pool("a", "A", overtime=overtime), pool("b", "B")]), "site:A")
    assert refusal(made, "overtime:a") == ("fallen", "Pool a itself is down")


def test_two_untested_options_that_are_needed_together_are_named_together() -> None:
    net = two_sites(
        sites=[site("A"), site("B"), site("C")],
        pools=[pool("a", "A"), pool("b", "B", 3, routing={"opens": "1h"}), pool("c", "C", 3, routing={"opens": "2h"})],
        functions=[function("F", "a")],
        contracts=[contract("acme", ["F"])],
    )
    found = verdict(plan(net, "site:A"), "F")
    assert found.outcome == "not-known"
    assert found.binding is not None
    assert found.binding.advice == "Test Pool b routing and Pool c routing: together they would turn not known into met."


def test_a_late_outcome_that_rests_on_an_untested_option_is_not_known_either() -> None:
    net = two_sites(pools=[pool("a", "A"), pool("b", "B", routing={"opens": "6h"})])
    found = verdict(plan(net, "site:A"), "F")
    assert (found.outcome, found.minimum_at) == ("not-known", 6 * 3600)
    assert found.binding is not None
    assert found.binding.advice == "Test Pool b routing: it would turn not known into late."


def test_people_who_go_home_are_the_nearest_option_wherever_else_the_work_is_done() -> None:
    home = {"share": 1.0, "opens": "1h", "evidence": TESTED}
    net = two_sites(
        sites=[site("A"), site("B", "bolt")],
        pools=[pool("a", "A", home=home), pool("b", "B")],
        functions=[function("F", {"a": 0.8, "b": 0.2}, mbco=0.9), function("G", "b", 4)],
    )
    made = plan(net, "site:A")
    assert {(m.option, m.relation) for m in made.moves} == {("home:a", "same-site")}
    assert made.decision.choice == "same-vendor"


def test_an_option_is_shown_as_it_is_for_work_that_the_pool_does_not_do_today() -> None:
    lever = {"pool": "b", "positions": 8, "opens": "30m", "evidence": TESTED}
    net = two_sites(
        pools=[pool("a", "A"), pool("b", "B", 12, routing={"opens": "2h"})],
        functions=[function("F", "a"), function("G", {"a": 0.5, "b": 0.5}, 4)],
        contracts=[contract("acme", ["F", "G"], surge=[lever])],
    )
    made = plan(net, "site:A")
    shown = {option.id: (option.grade, option.opens) for option in made.options}
    assert shown == {"idle:b": ("asserted", 7200), "surge:acme-msa:b": ("tested", 7200)}
    assert {(m.function, m.option): m.grade for m in made.moves}["F", "idle:b"] == "asserted"
