"""Meridian Home is large and awkward enough to try everything on, and its people can do the work that they are given."""

import re
from collections import defaultdict
from datetime import UTC, datetime, timedelta

import pytest

from riskreg.model.content import Workspace
from riskreg.model.network import CLIENT, Network, need_refs
from riskreg.model.settings import Settings
from riskreg.model.times import WEEK_INTERVALS, from_instant

MONDAYS = [
    datetime(2026, 10, 19, tzinfo=UTC),  # Europe ends summer time on the 25th
    datetime(2026, 10, 26, tzinfo=UTC),  # the United States on 1 November
    datetime(2026, 11, 23, tzinfo=UTC),
    datetime(2027, 3, 8, tzinfo=UTC),  # the United States begin on the 14th
    datetime(2027, 3, 15, tzinfo=UTC),
    datetime(2027, 3, 22, tzinfo=UTC),  # Europe on the 28th
    datetime(2027, 7, 5, tzinfo=UTC),
]
PEAK_WEEK = MONDAYS[2]

# Tier: longest RTO, least MBCO, longest MTPD (hours, share, hours).
TIERS = {1: (1, 0.8, 4), 2: (4, 0.5, 24), 3: (8, 0.4, 48), 4: (24, 0.3, 72), 5: (72, 0.2, 168)}


@pytest.fixture(scope="module")
def network(meridian: Workspace) -> Network:
    return meridian.network


def load_and_capacity(network: Network, monday: datetime) -> dict[str, tuple[list[float], list[float]]]:
    """Per pool: what it is given to serve and what it can staff, tenths of a position, in the week from `monday` (UTC)."""
    demand = {f.id: from_instant(f.demand, monday, f.time_zone, WEEK_INTERVALS, most=True) for f in network.functions}
    load: dict[str, list[float]] = defaultdict(lambda: [0.0] * WEEK_INTERVALS)
    for function in network.functions:
        for part in function.served_by:
            load[part.pool] = [a + b * part.share for a, b in zip(load[part.pool], demand[function.id], strict=True)]
    return {
        pool.id: (
            load[pool.id],
            list(from_instant(pool.positions, monday, network.site_of(pool.id).time_zone, WEEK_INTERVALS, most=False)),
        )
        for pool in network.pools
    }


def test_it_has_the_size_that_it_claims(network: Network) -> None:
    offices = [site for site in network.sites if site.kind == "office"]
    assert len(network.vendors) == 3
    assert {site.party for site in offices} == {"altura", "beacon", "corvid", CLIENT}
    assert len(offices) == 11
    assert sum(site.seats for site in offices) == 2400
    assert len({site.country for site in offices}) == 6
    assert {site.id for site in network.sites if site.kind == "home"} == {"MNH", "BGH"}
    assert len(network.functions) >= 28
    assert {f.channel for f in network.functions} == {"voice", "chat", "email", "social", "back-office"}
    assert {f.language for f in network.functions} == {"en", "es", "de", "fr", "pl"}


@pytest.mark.parametrize("monday", MONDAYS, ids=str)
def test_every_pool_can_staff_what_it_is_given(network: Network, monday: datetime) -> None:
    for pool, (load, capacity) in load_and_capacity(network, monday).items():
        short = [number for number in range(WEEK_INTERVALS) if load[number] > capacity[number] + 1e-6]
        assert short == [], f"{pool} is short at intervals {short[:5]} of the week of {monday:%d %B %Y}"


def test_idle_time_is_realistic(network: Network) -> None:
    week = {pool: both for pool, both in load_and_capacity(network, PEAK_WEEK).items() if any(both[1])}
    total = 1 - sum(sum(load) for load, _ in week.values()) / sum(sum(capacity) for _, capacity in week.values())
    assert 0.10 <= total <= 0.20
    for pool, (load, capacity) in week.items():
        busiest = max(range(WEEK_INTERVALS), key=lambda number: load[number])
        assert 0.04 <= 1 - load[busiest] / capacity[busiest] <= 0.25, pool


def test_no_office_staffs_more_positions_than_it_has_desks(network: Network) -> None:
    for site in network.sites:
        pools = [pool.positions for pool in network.pools if pool.site == site.id]
        assert max(map(sum, zip(*pools, strict=True))) / 10 <= site.seats, site.id


def test_objectives_follow_the_tiers(network: Network) -> None:
    for function in network.functions:
        rto, mbco, mtpd = TIERS[function.tier]
        assert function.rto <= rto * 3600, function.id
        assert function.mbco >= mbco, function.id
        assert function.mtpd <= mtpd * 3600, function.id


def test_needs_nest_and_use_all_three_operators(network: Network) -> None:
    text = network.model_dump_json()
    assert all(f'"{word}":' in text for word in ("all", "any", "at_least"))
    nested = network.system["crm"].needs
    assert nested is not None
    assert set(need_refs(nested)) >= {"system:records-west", "system:records-europe"}


def test_manila_and_cebu_share_carrier_and_identity_provider(network: Network) -> None:
    shared = set(need_refs(network.site["MNL"].needs)) & set(need_refs(network.site["CEB"].needs))
    assert shared == {"system:carrier-archipelago"}
    assert {"archipelago-carrier", "altura-identity"} <= set(network.site["MNL"].hazards) & set(network.site["CEB"].hazards)
    for pool in network.pools:
        logs_in = "system:identity-altura-ph" in need_refs(pool.needs)
        assert logs_in == (pool.site in ("MNL", "CEB", "MNH")), pool.id


def test_two_vendors_hang_on_one_telephony_region(network: Network) -> None:
    for pool in network.pools:
        telephony = {ref for ref in need_refs(pool.needs) if ref.startswith("system:telephony")}
        party = network.site_of(pool.id).party
        if "voice" in pool.channels:
            assert (telephony == {"system:telephony-east"}) == (party in ("altura", "corvid")), pool.id


def test_some_languages_have_one_home(network: Network) -> None:
    where = defaultdict(set)
    for pool in network.pools:
        for language in pool.languages:
            where[language].add((network.site_of(pool.id).party, pool.site))
    assert {party for party, _ in where["es"]} == {"beacon"}
    assert where["de"] == where["pl"] == {("beacon", "KRK")}


def test_durban_and_cape_town_share_a_grid(network: Network) -> None:
    for site in ("CPT", "DUR"):
        assert "eskom-grid" in network.site[site].hazards
        assert "system:eskom" in need_refs(network.site[site].needs)
    assert "generator" not in str(network.site["DUR"].needs)


def test_indore_is_overdue(meridian: Workspace, network: Network) -> None:
    settings: Settings = meridian.settings
    assert settings.as_of is not None
    routing = network.pool["idr-digital"].routing
    assert routing is not None
    assert routing.evidence.at is not None
    assert settings.as_of.date() - routing.evidence.at > timedelta(seconds=2 * settings.evidence_expires)
    reviews = meridian.readings.filter(metric="access_reviews").sort("at")
    assert reviews.filter(site="IDR")["value"][-1] < 0.5 < reviews.filter(site="PNQ")["value"][-1]


def test_options_are_of_every_kind_and_grade(meridian: Workspace, network: Network) -> None:
    contracts = network.contracts
    assert all(c.surge and c.standby and c.takeover and c.penalties for c in contracts)
    assert [bool(c.step_in) for c in sorted(contracts, key=lambda c: c.id)] == [True, True, False]
    assert any(c.exclusive for c in contracts)
    levers = [lever for p in network.pools for lever in (p.routing, p.overtime, p.home) if lever is not None]
    levers += [lever for c in contracts for lever in (*c.surge, *c.standby, *c.takeover)]
    assert {lever.evidence.grade for lever in levers} == {"asserted", "discussed", "tested", "used"}
    assert {lever.firmness for lever in levers} == {"firm", "best-effort"}
    assert meridian.settings.as_of is not None
    oldest = meridian.settings.as_of.date() - timedelta(seconds=meridian.settings.evidence_expires)
    tested = [lever.evidence.at for lever in levers if lever.evidence.grade == "tested" and lever.evidence.at]
    assert min(tested) < oldest < max(tested)


def test_one_contract_is_near_its_notice_date(meridian: Workspace, network: Network) -> None:
    assert meridian.settings.as_of is not None
    today = meridian.settings.as_of.date()
    left = {c.id: (c.ends - timedelta(seconds=c.notice) - today).days for c in network.contracts}
    assert left["corvid-msa"] == 10
    assert min(days for contract, days in left.items() if contract != "corvid-msa") > 180


def test_every_role_that_is_named_is_held(meridian: Workspace, network: Network) -> None:
    named = {site.contact for site in network.sites} | {system.contact for system in network.systems if system.contact}
    named |= {function.owner for function in network.functions} | {vendor.manager for vendor in network.vendors}
    named |= {clause.authority for contract in network.contracts for clause in contract.takeover}
    assert named <= {role.id for role in meridian.roles}
    assert {f"tier-{step}" for step in (1, 2, 3)} == {tier for role in meridian.roles for tier in role.tiers}


def test_nobody_can_be_rung_by_mistake(meridian: Workspace) -> None:
    for role in meridian.roles:
        for phone in filter(None, (role.phone, role.deputy_phone)):
            assert re.fullmatch(r"\+44 1632 960\d{3}|\+(?!44|1 )\d+ \d+ 555 01\d\d", phone), (role.id, phone)
        assert re.fullmatch(r"[a-z.-]+@[a-z]+\.example", role.email), role.id
