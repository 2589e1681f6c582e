"""Orders in whole people: right at every moment, and never more of anybody than there is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest
from small_networks import MONDAY_NOON, YEAR, function, plan, two_sites

from networks import make_network  # isort: skip
from riskreg.continuity import make_plan
from riskreg.continuity.allocation import Ground
from riskreg.continuity.market import open_market
from riskreg.continuity.options import Evidenced, Offer
from riskreg.continuity.stretch import Segment, segments
from riskreg.continuity.timeline import states, unfold
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.network import Network
from riskreg.model.orders import Duty, duties, orders, whole
from riskreg.model.plan import FailoverPlan, Move, Option, Step, Verdict
from riskreg.model.telling import ordered, shortage, thinnest
from riskreg.workspace import load

MERIDIAN = Path(__file__).parents[2] / "examples" / "meridian"
HOUR = 3600


def replayed(found: tuple[Duty, ...], times: list[int]) -> Iterator[tuple[int, dict[tuple[str, str], int]]]:
    """What is on duty at each moment if nothing but the orders is followed."""
    waiting, now = list(orders(found)), dict[tuple[str, str], int]()
    for time in times:
        while waiting and waiting[0].at <= time:
            order = waiting.pop(0)
            key = order.duty.move.function, order.duty.move.option
            now[key] = now.get(key, 0) + order.more
            assert order.more % 10 == 0
            if order.source is not None:
                now[order.source.move.function, order.source.move.option] -= order.more
        yield time, dict(now)


def within_what_there_is(net: Network, made: FailoverPlan, as_of: datetime) -> None:
    """The sum of orders per option is at most its size, and per pool at most who is present and who has come in addition."""
    disruption = made.disruption
    timeline = states(net, disruption, made.horizon)
    market = open_market(net, disruption, timeline, Evidenced(as_of, YEAR))
    ground = Ground(net, unfold(net, disruption.onset, made.horizon), [f.id for f in net.functions])
    stretches: dict[int, Segment] = {segment.start: segment for segment in segments(timeline, market.offers, made.horizon)}
    offers: dict[str, Offer] = {}
    for offer in market.offers:
        offers.setdefault(offer.ident, offer)
    found = duties(made)
    for time, now in replayed(found, sorted(stretches)):
        assert all(units >= 0 for units in now.values())
        exact: dict[str, int] = {}
        for move in made.moves:
            exact[move.option] = exact.get(move.option, 0) + move.at(time)
        stretch = ground.at(stretches[time])
        own: dict[str, int] = {}
        for option in sorted(exact):
            sent = sum(units for (_, ident), units in now.items() if ident == option)
            offer = offers[option]
            assert sent <= whole(exact[option]), (option, time)
            if offer.kind in ("idle", "takeover"):
                own[offer.pool] = own.get(offer.pool, 0) + sent
            else:
                assert sent <= whole(stretch.size(offer)), (option, time)
        assert sum(now.values()) >= sum(exact.values()), "rounded up, never down"
        for pool, sent in own.items():
            assert sent <= whole(stretch.present[pool]) + whole(stretch.bench(pool)), (pool, time)


@pytest.fixture(scope="module")
def meridian() -> tuple[Network, datetime]:
    workspace = load(MERIDIAN, readings=False).workspace
    assert workspace is not None
    assert workspace.settings.as_of is not None
    return workspace.network, workspace.settings.as_of


@pytest.mark.parametrize("ref", ["site:MNL", "site:BOG", "system:telephony-east", "vendor:altura"])
def test_the_orders_of_meridian_never_send_the_same_people_twice(ref: str, meridian: tuple[Network, datetime]) -> None:
    net, as_of = meridian
    made = make_plan(net, Disruption(losses=(Loss(ref=ref),), onset=as_of), as_of=as_of, evidence_expires=YEAR, horizon=2 * 86400)
    assert made.moves
    within_what_there_is(net, made, as_of)


@pytest.mark.parametrize("seed", range(6))
def test_the_orders_of_any_network_never_send_the_same_people_twice(seed: int) -> None:
    net = make_network(6, seed)
    within_what_there_is(net, plan(net, f"site:S{seed % 6}", horizon=86400), MONDAY_NOON)


def test_a_move_has_the_amount_of_its_moment() -> None:
    """Monday noon: ten positions are lost, from 18:00 on four; the sister site has six idle people, all the time."""
    demand = [
        {"days": "all", "from": "00:00", "to": "18:00", "positions": 10},
        {"days": "all", "from": "18:00", "to": "24:00", "positions": 4},
    ]
    (move,) = plan(two_sites(functions=[function("F", "a", demand), function("G", "b", 4)]), "site:A", horizon=86400).moves
    assert (move.positions, move.starts) == (60, HOUR)
    assert [(step.at, step.positions) for step in move.steps][:3] == [(HOUR, 60), (6 * HOUR, 40), (12 * HOUR, 60)]
    assert [move.at(time) for time in (0, HOUR, 6 * HOUR - 1, 6 * HOUR)] == [0, 60, 60, 40]


def shared(*rows: tuple[str, list[tuple[int, int]]]) -> FailoverPlan:
    """A plan in which functions share one option, with these steps."""
    base = plan(two_sites(functions=[function("F", "a"), function("G", "b", 1)]), "site:A")
    moves = tuple(
        base.moves[0].model_validate(
            base.moves[0].model_dump(exclude={"steps"})
            | {"function": name, "starts": steps[0][0], "positions": max(amount for _, amount in steps), "ends": None}
            | {"steps": [{"at": at, "positions": amount} for at, amount in steps]}
        )
        for name, steps in rows
    )
    return base.model_copy(update={"moves": moves})


def test_the_parts_of_an_option_are_rounded_up_together() -> None:
    found = duties(shared(("F", [(0, 12)]), ("G", [(0, 12)])))
    assert [(duty.move.function, duty.at(0)) for duty in found] == [("F", 20), ("G", 10)], "three people do 2.4, not four"


def test_people_change_over_before_others_come_and_the_rest_is_released() -> None:
    made = shared(("F", [(0, 120), (HOUR, 40)]), ("G", [(HOUR, 50), (2 * HOUR, 60)]))
    net = two_sites(functions=[function("F", "a"), function("G", "b", 1)])
    found = [(order.at, ordered(order, net).replace("\u00a0", " ")) for order in orders(duties(made))]
    f, g = net.function["F"].name, net.function["G"].name
    assert found == [
        (0, f"12 positions of {f} (free positions)"),
        (HOUR, f"5 positions from {f} to {g} (free positions)"),
        (HOUR, f"release 3 positions from {f} (free positions), 4 stay"),
        (2 * HOUR, f"1 more of {g} (free positions), now 6"),
    ]


def told(**figures: object) -> Verdict:
    plain = {"function": "F", "outcome": "breach", "minimum_at": None, "full_at": None, "rto": HOUR, "mtpd": 4 * HOUR, "lost": 100}
    return Verdict.model_validate({**plain, "short": 0, **figures})


def test_a_shortage_is_told_by_its_first_and_its_worst_amount() -> None:
    found = told(short=60, short_from=HOUR, short_first=25, short_worst=20 * HOUR, short_until=72 * HOUR)
    words = shortage(found, MONDAY_NOON, "UTC").replace("\u00a0", " ")
    assert words == "short 2.5 from 1 h, worst 6 from Tue 08:00 UTC, until 3 days"
    even = told(short=60, short_from=HOUR, short_first=60, short_worst=HOUR)
    assert shortage(even, MONDAY_NOON, "UTC").replace("\u00a0", " ") == "short 6 from 1 h, no end known"
    assert shortage(told(), MONDAY_NOON, "UTC") == ""


def test_the_thinnest_moment_counts_what_is_proven_and_names_what_is_not() -> None:
    cover = [
        {"at": 0, "demand": 100, "minimum": 50, "served": 0, "proven": 0},
        {"at": HOUR, "demand": 300, "minimum": 208, "served": 260, "proven": 208},
        {"at": 2 * HOUR, "demand": 300, "minimum": 100, "served": 300, "proven": 150},
        {"at": 3 * HOUR, "demand": 10, "minimum": 10, "served": 10, "proven": 10},
    ]
    found = told(outcome="met", minimum_at=900, cover=cover)
    standby = Move(
        function="F", pool="b", option="standby:b", kind="standby", relation="sister-site", positions=52, starts=0, grade="asserted"
    )
    made = plan(two_sites(), "site:A").model_copy(update={"moves": (standby,)})
    words = thinnest(found, made, "UTC").replace("\u00a0", " ")
    assert words == "20.8 proven of 20.8, Mon 13:00 UTC (26 if the untested standby positions come)"
    assert found.no_margin
    assert not told(outcome="met", minimum_at=900, cover=cover[2:]).no_margin
    assert told(outcome="met", minimum_at=HOUR, cover=cover[2:]).no_margin, "back exactly at the recovery time"
    assert told().thinnest is None


def test_a_move_refuses_steps_that_do_not_fit_it() -> None:
    good = plan(two_sites(), "site:A").moves[0]
    for steps in ((Step(at=0, positions=60),), (Step(at=HOUR, positions=50),)):
        with pytest.raises(ValueError, match="steps follow each other"):
            Move.model_validate(good.model_dump() | {"steps": [step.model_dump() for step in steps]})


def test_an_option_is_never_asked_for_more_than_its_size(meridian: tuple[Network, datetime]) -> None:
    net, as_of = meridian
    made = make_plan(
        net, Disruption(losses=(Loss(ref="site:MNL"),), onset=as_of), as_of=as_of, evidence_expires=YEAR, horizon=86400
    )
    sizes: dict[str, Option] = {option.id: option for option in made.options}
    for time, now in replayed(duties(made), list(range(0, made.horizon, 1800))):
        for ident, option in sizes.items():
            assert sum(units for (_, used), units in now.items() if used == ident) <= whole(option.positions), (ident, time)
