"""Whole plans on networks that can be solved by hand, and what must hold for every plan."""

from __future__ import annotations

import random
from datetime import UTC, datetime
from typing import Any

import pytest
from small_networks import (
    MONDAY_NOON,
    TESTED,
    YEAR,
    contract,
    function,
    lose,
    network,
    plan,
    pool,
    routing,
    site,
    two_sites,
    verdict,
)

from networks import make_network  # isort: skip
from riskreg.continuity.allocation import Book, Ground
from riskreg.continuity.market import open_market
from riskreg.continuity.options import Evidenced
from riskreg.continuity.proof import walk
from riskreg.continuity.stretch import segments
from riskreg.continuity.timeline import split, states, unfold
from riskreg.model.disruption import Loss
from riskreg.model.network import Network

HOUR = 3600


def test_idle_people_of_a_sister_site_take_the_work() -> None:
    made = plan(two_sites(), "site:A")
    found = verdict(made, "F")
    assert [(m.function, m.option, m.relation, m.positions, m.starts, m.ends) for m in made.moves] == [
        ("F", "idle:b", "sister-site", 60, HOUR, None)
    ]
    assert (found.outcome, found.minimum_at, found.full_at, found.lost, found.short) == ("met", HOUR, None, 100, 0)
    assert [(p.at, p.demand, p.minimum, p.served, p.proven) for p in found.cover] == [(0, 100, 50, 0, 0), (HOUR, 100, 50, 60, 60)]
    assert made.donors == ()
    assert (made.decision.choice, made.decision.authority) == ("same-vendor", ())
    assert made.holds
    assert [(f.ref, f.because, f.until) for f in made.fallen] == [
        ("function:F", ("pool:a",), None),
        ("pool:a", ("site:A",), None),
        ("site:A", (), None),
    ]


def test_work_of_a_lower_tier_gives_down_to_its_minimum_and_is_named() -> None:
    net = two_sites(functions=[function("F", "a", tier=1), function("G", "b", 4, tier=4)])
    made = plan(net, "site:A")
    (donor,) = made.donors
    assert (donor.function, donor.pool, donor.gives, donor.keeps, donor.minimum, donor.to) == ("G", "b", 20, 20, 20, ("F",))
    assert max(point.served for point in verdict(made, "F").cover) == 80
    assert verdict(made, "G").outcome == "met"


def test_work_that_stands_does_not_give_to_full_service_of_its_own_tier() -> None:
    assert plan(two_sites(), "site:A").donors == ()


def test_a_donor_s_work_moves_on_to_idle_people_elsewhere() -> None:
    net = network(
        sites=[site("A"), site("B"), site("C")],
        pools=[pool("a", "A"), pool("b", "B", 5, routing=routing()), pool("c", "C", 8, skills=["sales"], routing=routing())],
        functions=[function("F", "a", tier=1), function("G", {"b": 0.5, "c": 0.5}, 4, tier=3, skill="sales")],
        contracts=[contract("acme", ["F", "G"])],
    )
    net = net.model_copy(
        update={"pools": tuple(p.model_copy(update={"skills": ("care", "sales")}) if p.id == "b" else p for p in net.pools)}
    )
    made = plan(net, "site:A")
    assert [(m.function, m.option, m.positions) for m in made.moves] == [("F", "idle:b", 50), ("G", "idle:c", 20)]
    assert [(d.function, d.gives, d.keeps) for d in made.donors] == [("G", 20, 40)]
    assert verdict(made, "G").full_at is not None


def test_nobody_is_taken_off_other_work_before_it_can_be_decided() -> None:
    both = function("F", {"a": 0.5, "b": 0.5}, tier=1, mbco=0.7)
    made = plan(two_sites(functions=[both, function("G", "b", 5, tier=4)], pools=[pool("a", "A"), pool("b", "B")]), "site:A")
    assert [(p.at, p.served) for p in verdict(made, "F").cover] == [(0, 50), (900, 75)]


def test_minimums_come_in_tier_order_before_any_full_service_and_law_before_all() -> None:
    def moved(**of_second: Any) -> list[tuple[str, int]]:
        net = two_sites(
            pools=[pool("a", "A", 20), pool("b", "B", routing=routing())],
            functions=[function("F", "a", tier=1), function("H", "a", 4, tier=3, **of_second), function("G", "b", 4, tier=1)],
            contracts=[contract("acme", ["F", "G", "H"])],
        )
        return [(m.function, m.positions) for m in plan(net, "site:A").moves]

    assert moved() == [("F", 50), ("H", 20)], "G gives one of its four to H's minimum, and none to F's full service"
    assert moved(mbco=1.0) == [("F", 50), ("H", 30)], "G gives two, down to its own minimum"
    assert moved(mbco=1.0, legal_minimum=1.0) == [("F", 40), ("H", 40)]


@pytest.mark.parametrize(
    ("opens", "outcome", "minimum_at"),
    [
        ("15m", "met", 900),
        ("4h", "met", 4 * HOUR),
        ("5h", "late", 5 * HOUR),
        ("24h", "late", 24 * HOUR),
        ("25h", "breach", 25 * HOUR),
    ],
)
def test_met_by_rto_late_by_mtpd_else_a_breach(opens: str, outcome: str, minimum_at: int) -> None:
    made = plan(two_sites(pools=[pool("a", "A"), pool("b", "B", routing=routing(opens))]), "site:A")
    found = verdict(made, "F")
    assert (found.outcome, found.minimum_at) == (outcome, minimum_at)
    if outcome != "met":
        assert found.counterexample.startswith("4\u00a0h after the loss (Mon 16:00 local time), 5 of the 5 positions")
        assert (found.short, found.short_from, found.short_until) == (50, 4 * HOUR, minimum_at)
        assert found.binding is not None
        assert (found.binding.what, found.binding.ref) == ("opens too late", "idle:b")


def test_a_loss_at_night_needs_nothing_until_the_morning() -> None:
    by_day = [{"days": "all", "from": "08:00", "to": "20:00", "positions": 10}]
    net = two_sites(
        functions=[function("F", "a", by_day), function("G", "b", 4)],
        pools=[pool("a", "A"), pool("b", "B", routing=routing("10h"))],
    )
    night = datetime(2026, 6, 15, 21, tzinfo=UTC)
    assert verdict(plan(net, "site:A", onset=night), "F").minimum_at == 0
    assert verdict(plan(net, "site:A", onset=night), "F").outcome == "met"
    assert verdict(plan(net, "site:A"), "F").outcome == "late"


def test_overtime_that_runs_out_is_a_breach_and_is_named() -> None:
    overtime = {"share": 0.5, "opens": "1h", "lasts": "10h", "evidence": TESTED}
    net = two_sites(
        pools=[pool("a", "A"), pool("b", "B", routing=routing(), overtime=overtime)],
        functions=[function("F", "a"), function("G", "b", 10, mbco=1.0)],
    )
    found = verdict(plan(net, "site:A"), "F")
    assert (found.outcome, found.minimum_at, found.short_from, found.short_until) == ("breach", None, 11 * HOUR, None)
    assert found.binding is not None
    assert (found.binding.what, found.binding.ref) == ("ends too soon", "overtime:b")


def test_a_partial_loss_that_leaves_the_minimum_needs_nothing() -> None:
    made = plan(two_sites(), Loss(ref="site:A", share=0.4, length="10h"))
    found = verdict(made, "F")
    assert (found.outcome, found.lost, found.minimum_at, found.full_at) == ("met", 40, 0, 10 * HOUR)
    assert made.decision.choice == "none-needed"
    assert made.moves == ()
    assert {f.ref: (f.share, f.until) for f in made.fallen}["pool:a"] == (0.4, 10 * HOUR)


def test_spare_people_of_a_half_lost_pool_carry_its_work() -> None:
    made = plan(two_sites(pools=[pool("a", "A", 20), pool("b", "B")]), Loss(ref="site:A", share=0.5))
    assert verdict(made, "F").outcome == "untouched"
    assert (verdict(made, "F").lost, made.decision.choice) == (0, "none-needed")


def test_a_function_whose_own_system_is_down_is_served_by_nobody() -> None:
    crm = [{"id": "crm", "name": "Records", "restore": "6h"}]
    made = plan(two_sites(systems=crm, functions=[function("F", "a", needs="system:crm"), function("G", "b", 4)]), "system:crm")
    found = verdict(made, "F")
    assert (found.outcome, found.minimum_at, found.lost) == ("late", 6 * HOUR, 100)
    assert found.binding is not None
    assert (found.binding.what, found.binding.ref) == ("system", "system:crm")


def test_the_week_follows_the_clock_when_it_changes() -> None:
    by_day = [{"days": "all", "from": "08:00", "to": "20:00", "positions": 10}]
    net = two_sites(functions=[function("F", "a", by_day, time_zone="Europe/Warsaw"), function("G", "b", 4)])
    made = plan(net, "site:A", onset=datetime(2026, 10, 24, tzinfo=UTC))
    starts = [point.at // HOUR for point in verdict(made, "F").cover if point.demand]
    assert starts == [6, 31], "08:00 is 06:00 UTC on Saturday and 07:00 UTC on Sunday"


def decision_on(*, sister: float = 0, second: float = 0, taken_over: float = 0) -> Any:
    """F needs 5 of its 10; how many positions each party could give."""
    clause = [
        {
            "pool": "d",
            "positions": taken_over,
            "opens": "1h",
            "authority": "operations-director",
            "trigger": "T",
            "evidence": TESTED,
        }
    ]
    net = network(
        sites=[site("A"), site("B"), site("C", "bolt"), site("D", "client")],
        pools=[
            pool("a", "A"),
            pool("b", "B", sister, routing=routing()),
            pool("c", "C", second, routing=routing()),
            pool("d", "D", 0),
        ],
        functions=[function("F", "a")],
        contracts=[contract("acme", ["F"], takeover=clause if taken_over else []), contract("bolt", ["F"])],
    )
    return plan(net, "site:A").decision


@pytest.mark.parametrize(
    ("sources", "choice"),
    [
        ({"sister": 5, "second": 9, "taken_over": 9}, "same-vendor"),
        ({"sister": 4, "second": 5, "taken_over": 9}, "dual-source"),
        ({"sister": 4, "taken_over": 5}, "client-takeover"),
        ({"second": 3, "taken_over": 3}, "both"),
        ({"sister": 1, "second": 1}, "not-covered"),
        ({}, "not-covered"),
    ],
)
def test_the_simplest_choice_that_gives_the_best_outcome(sources: dict[str, float], choice: str) -> None:
    made = decision_on(**sources)
    assert made.choice == choice
    assert [a.choice for a in made.alternatives] == ["same-vendor", "dual-source", "client-takeover", "both"]
    assert ("operations-director" in made.authority) == (choice in ("client-takeover", "both"))
    if choice != "not-covered":
        assert ("vendor-manager" in made.authority) == (choice in ("dual-source", "both"))


def test_a_plan_that_cannot_reach_the_minimum_still_serves_what_it_can() -> None:
    made = decision_on(sister=1, second=1, taken_over=1)
    assert made.choice == "not-covered"
    assert "still serves what it can, with dual-sourcing and client takeover together" in made.why
    assert made.authority == ("operations-director", "vendor-manager")


def test_the_plan_uses_only_what_the_decision_chose_and_costs_what_it_says() -> None:
    net = two_sites(pools=[pool("a", "A"), pool("b", "B", routing=routing(price=10))])
    made = plan(net, "site:A")
    assert made.moves[0].cost == 6 * 47 * 10
    assert made.decision.alternatives[0].cost_per_day == 6 * 47 * 10 / 2


@pytest.mark.parametrize(
    ("pools", "functions", "what"),
    [
        ([pool("b", "B", routing=routing(), languages=["de"])], [], "language"),
        ([pool("b", "B")], [], "no-routing"),
        ([pool("b", "B", 6, routing=routing())], [function("G", "b", 4, mbco=1.0)], "positions"),
    ],
)
def test_advice_holds_when_it_is_followed(pools: list[Any], functions: list[Any], what: str) -> None:
    served = functions or [function("G", "b", 4)]
    net = two_sites(pools=[pool("a", "A"), *pools], functions=[function("F", "a"), *served])
    found = verdict(plan(net, "site:A"), "F")
    assert found.binding is not None
    assert (found.binding.what, found.binding.ref) == (what, "pool:b")
    change = {
        "language": {"languages": ("de", "en")},
        "no-routing": {"routing": two_sites().pool["b"].routing},
        "positions": {"positions": tuple(p + found.binding.missing for p in net.pool["b"].positions)},
    }[what]
    better = net.model_copy(update={"pools": tuple(p.model_copy(update=change) if p.id == "b" else p for p in net.pools)})
    better = Network.model_validate(better.model_dump(mode="json", by_alias=True))
    assert verdict(plan(better, "site:A"), "F").outcome == "met"


def test_seats_bind_where_people_could_come_but_not_sit() -> None:
    surge = [{"pool": "b", "positions": 8, "opens": "1h", "evidence": TESTED}]
    net = two_sites(
        sites=[site("A"), site("B", seats=10)],
        functions=[function("F", "a"), function("G", "b", 10, mbco=1.0)],
        contracts=[contract("acme", ["F", "G"], surge=surge)],
    )
    found = verdict(plan(net, "site:A"), "F")
    assert found.binding is not None
    assert (found.binding.what, found.binding.ref, found.binding.missing) == ("seats", "site:B", 50)
    assert found.binding.advice == "5 more seats at Site B would serve 5 of them."


def shuffled(net: Network, dice: random.Random) -> Network:
    tables = {name: list(getattr(net, name)) for name in type(net).model_fields}
    for rows in tables.values():
        dice.shuffle(rows)
    tables["functions"] = [f.model_copy(update={"served_by": tuple(reversed(f.served_by))}) for f in tables["functions"]]
    return Network(**{name: tuple(rows) for name, rows in tables.items()})


@pytest.mark.parametrize("seed", range(3))
def test_the_order_of_the_files_changes_nothing(seed: int) -> None:
    net = make_network(6, seed)
    other = net.model_copy(update={name: tuple(reversed(getattr(net, name))) for name in type(net).model_fields})
    first = plan(net, "site:S0", "system:cloud-a", horizon=86400)
    assert first == plan(Network(**dict(other)), "site:S0", "system:cloud-a", horizon=86400)
    again = plan(shuffled(net, random.Random(seed)), "site:S0", "system:cloud-a", horizon=86400)
    assert again.model_dump(exclude={"id", "network_hash"}) == first.model_dump(exclude={"id", "network_hash"})


@pytest.mark.parametrize("seed", range(8))
def test_no_plan_uses_more_than_there_is_or_cuts_a_donor_below_its_minimum(seed: int) -> None:
    net = make_network(8, seed)
    disruption = lose(f"site:S{seed}")
    timeline = states(net, disruption, 86400)
    market = open_market(net, disruption, timeline, Evidenced(MONDAY_NOON, YEAR))
    touched = {f.id for f in net.functions_at(f"S{seed}")}
    ground = Ground(net, unfold(net, MONDAY_NOON, 86400), touched | {offer.function for offer in market.offers})
    run = walk(ground, segments(timeline, market.offers, 86400), market.offers)
    offers = {offer.key: offer for offer in market.offers}
    for segment, found in zip(run.segments, run.allocations, strict=True):
        stretch = ground.at(segment)
        extra: dict[str, int] = {}
        onto: dict[str, int] = {}
        for key, units in found.moves.items():
            offer = offers[key]
            assert offer.open_at(segment.start)
            if offer.kind == "idle":
                onto[offer.pool] = onto.get(offer.pool, 0) + units
            else:
                assert sum(u for k, u in found.moves.items() if k[1] == offer.ident) <= stretch.size(offer)
            if offer.kind in ("overtime", "surge", "standby"):
                place = net.pool[offer.pool].site
                extra[place] = extra.get(place, 0) + units
        for place, units in extra.items():
            free = stretch.free_seats(place)
            assert free is None or units <= free
        for pool_id, units in onto.items():
            given = sum(u for (_, at), u in found.gives.items() if at == pool_id)
            own = sum(stretch.standing[f][pool_id] for f in ground.where.at_pool.get(pool_id, ()) if f in stretch.hit)
            assert units <= stretch.idle(pool_id) + given + own
        for ident, served in found.served.items():
            stands = sum(stretch.standing[ident].values())
            assert served <= stretch.demand[ident]
            if ident not in stretch.hit:
                assert served >= min(stretch.minimum(ident), stands), (ident, segment.start)


def test_a_subset_of_offers_never_serves_the_first_layers_better() -> None:
    net = make_network(8, 3)
    disruption = lose("site:S1")
    timeline = states(net, disruption, 43200)
    market = open_market(net, disruption, timeline, Evidenced(MONDAY_NOON, YEAR))
    ground = Ground(net, unfold(net, MONDAY_NOON, 43200), {offer.function for offer in market.offers})
    for segment in segments(timeline, market.offers, 43200):
        fresh = Ground(net, ground.week, ground.functions)
        few = Book([offer for offer in market.offers if offer.proven])
        ground.solve(segment, Book(market.offers))
        assert ground.solve(segment, few).served == fresh.solve(segment, few).served, "a reused answer is the answer"


@pytest.mark.parametrize(
    ("amount", "shares"), [(100, [0.6, 0.4]), (7, [1 / 3, 1 / 3, 1 / 3]), (1, [0.5, 0.5]), (0, [1.0]), (99, [0.333333] * 3)]
)
def test_shares_split_into_whole_parts(amount: int, shares: list[float]) -> None:
    parts = split(amount, shares)
    assert sum(parts) == amount
    assert all(abs(part - amount * share / sum(shares)) < 1 for part, share in zip(parts, shares, strict=True))


def test_a_late_mtpd_extends_the_horizon_and_titles_name_what_is_lost() -> None:
    made = plan(two_sites(functions=[function("F", "a", mtpd="5d"), function("G", "b", 4)]), "site:A", horizon=86400)
    assert made.horizon == 5 * 86400
    assert made.title == "Loss of Site A"
    assert len(made.id) == 12
    assert made.id != plan(two_sites(), "site:A").id
