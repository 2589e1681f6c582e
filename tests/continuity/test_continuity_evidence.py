"""What an option may claim: from when it is open, and how much of it somebody has seen."""

from __future__ import annotations

from typing import Any

from small_networks import TESTED, contract, function, network, plan, pool, routing, site, two_sites, verdict

from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan

CLAUSE = {
    "pool": "b",
    "positions": 5,
    "opens": "2h",
    "authority": "boss",
    "trigger": "Below minimum for an hour",
    "evidence": TESTED,
}


def shown(positions: float) -> dict[str, Any]:
    return TESTED | {"positions": positions}


def taken_back(**more: Any) -> FailoverPlan:
    net = two_sites(
        sites=[site("A"), site("B", "client")],
        functions=[function("F", "a", rto="2h"), function("G", "b", 4)],
        contracts=[contract("acme", ["F"], takeover=[CLAUSE | more])],
    )
    return plan(net, "site:A")


def test_a_clause_is_called_only_once_its_trigger_has_held() -> None:
    at_once, waits = taken_back(), taken_back(after="1h")
    assert (verdict(at_once, "F").outcome, at_once.moves[0].starts) == ("met", 2 * 3600)
    assert (verdict(waits, "F").outcome, waits.moves[0].starts) == ("late", 3 * 3600)
    assert waits.options[0].opens == 3 * 3600


def test_how_long_a_clause_lasts_counts_from_when_it_is_open() -> None:
    (option,) = taken_back(after="1h", lasts="1d").options
    assert (option.opens, option.closes) == (3 * 3600, 27 * 3600)


def stepped_in(**more: Any) -> FailoverPlan:
    step = {"share": 0.6, "opens": "1h", "authority": "boss", "trigger": "Insolvency", "evidence": TESTED}
    net = network(sites=[site("A")], pools=[pool("a", "A")], functions=[function("F", "a")],
                  contracts=[contract("acme", ["F"], step_in=step | more)])  # fmt: skip
    return plan(net, "vendor:acme")


def test_step_in_waits_for_its_trigger_too() -> None:
    assert verdict(stepped_in(), "F").outcome == "met"
    late = stepped_in(after="10h")
    assert (verdict(late, "F").outcome, late.moves[0].starts) == ("late", 11 * 3600)


def rerouted(evidence: dict[str, Any], **more: Any) -> tuple[Network, FailoverPlan]:
    net = two_sites(pools=[pool("a", "A"), pool("b", "B", routing=routing(evidence=evidence), **more)])
    return net, plan(net, "site:A")


def sizes(made: FailoverPlan, ident: str = "F") -> dict[str, tuple[int, str]]:
    return {move.option: (move.positions, move.grade) for move in made.moves if move.function == ident}


def test_a_test_proves_no_more_positions_than_it_showed() -> None:
    whole = rerouted(TESTED)[1]
    assert (verdict(whole, "F").outcome, sizes(whole)) == ("met", {"idle:b": (60, "tested")})
    part = rerouted(shown(4.5))[1]
    assert sizes(part) == {"idle:b": (45, "tested"), "idle:b:beyond": (15, "asserted")}
    found = verdict(part, "F")
    assert (found.outcome, found.short) == ("not-known", 5)
    assert max(point.proven for point in found.cover) == 45
    assert max(point.served for point in found.cover) == 60
    assert found.weakest == "Pool b routing beyond the 4.5 positions that were tested: asserted, never tested"
    assert found.binding is not None
    assert "beyond the 4.5 positions that were tested: it would turn not known into met" in found.binding.advice


def test_a_test_of_enough_positions_is_proof() -> None:
    assert verdict(rerouted(shown(5))[1], "F").outcome == "met"
    assert "idle:b:beyond" not in sizes(rerouted(shown(6))[1])


def test_options_are_as_large_as_their_parts() -> None:
    options = {option.id: option for option in rerouted(shown(4.5))[1].options}
    assert (options["idle:b"].positions, options["idle:b"].beyond) == (45, 0)
    assert (options["idle:b:beyond"].beyond, options["idle:b:beyond"].tested) == (45, None)
    assert options["idle:b"].positions + options["idle:b:beyond"].positions == 80, "ten, of which two are the minimum of G"


def test_work_that_the_pool_does_every_day_needs_no_test_of_a_switch() -> None:
    net = two_sites(
        pools=[pool("a", "A"), pool("b", "B", routing=routing(evidence=shown(1)))],
        functions=[function("F", {"a": 0.9, "b": 0.1}), function("G", "b", 4)],
    )
    assert verdict(plan(net, "site:A"), "F").outcome == "met"


def test_what_a_lever_adds_was_not_part_of_a_routing_s_test() -> None:
    overtime = {"share": 0.5, "opens": "1h", "evidence": TESTED}
    made = rerouted(shown(6), overtime=overtime)[1]
    assert sizes(made) == {"idle:b": (60, "tested"), "overtime:b": (40, "asserted")}


def test_the_parts_of_a_lever_add_up_to_its_size() -> None:
    surge = [{"pool": "b", "positions": 8, "opens": "1h", "evidence": shown(6)}]
    net = two_sites(
        pools=[pool("a", "A"), pool("b", "B", 4, routing=routing())],
        contracts=[contract("acme", ["F", "G"], surge=surge)],
    )
    assert sizes(plan(net, "site:A")) == {
        "surge:acme-msa:b": (60, "tested"),
        "surge:acme-msa:b:beyond": (20, "asserted"),
    }
    home = {"share": 0.5, "opens": "1h", "evidence": shown(3)}
    homes = plan(two_sites(pools=[pool("a", "A", home=home), pool("b", "B")]), "site:A")
    assert sizes(homes) == {"home:a": (30, "tested"), "home:a:beyond": (20, "asserted")}


def test_a_donor_s_work_moves_on_by_what_is_proven_in_full() -> None:
    net = network(
        sites=[site("A"), site("B"), site("C")],
        pools=[
            pool("a", "A"),
            pool("b", "B", routing=routing()),
            pool("c", "C", routing=routing(evidence=shown(4)), skills=["out"]),
        ],
        functions=[function("F", "a", tier=1), function("G", "b", 10, skill="out", mbco=0.4)],
        contracts=[contract("acme", ["F", "G"])],
    )
    (moved,) = sizes(plan(net, "site:A"), "G").values()
    assert moved[1] == "asserted"


def test_the_clause_says_when_it_can_be_called_at_the_earliest() -> None:
    assert taken_back(after="1h").decision.clauses == (
        "acme-msa, client takeover (when: Below minimum for an hour; not before 1\u00a0h after the loss)",
    )


def test_what_is_lost_at_the_onset_is_told_apart_from_what_is_lost_later() -> None:
    later = [{"days": "all", "from": "14:00", "to": "18:00", "positions": 10}]
    net = two_sites(functions=[function("F", "a", later), function("G", "b", 4)])
    found = verdict(plan(net, "site:A"), "F")
    assert (found.lost_first, found.lost) == (0, 100)
