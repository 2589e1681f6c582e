"""Who answers at the hour of a plan, and what a plan says of its first hour."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sample_plan import AS_OF, NETWORK, PLAN, ROLES, SETTINGS, situation

from riskreg.model.disruption import Disruption, Loss
from riskreg.model.languages import language
from riskreg.model.network import Function, Network
from riskreg.model.plan import Donor, FailoverPlan
from riskreg.model.playbook import PlaybookTemplate
from riskreg.model.role import Role
from riskreg.playbooks import render
from riskreg.playbooks.duty import desk, on_duty
from riskreg.playbooks.onset import onset_of

SATURDAY = datetime(2026, 11, 21, 6, tzinfo=UTC)


def role(hours: str, zone: str = "Europe/London", ident: str = "r", party: str = "client", **more: object) -> Role:
    return Role.model_validate(
        {"id": ident, "title": ident, "holder": "H", "hours": hours, "time_zone": zone, "party": party, **more}
    )


@pytest.mark.parametrize(
    ("hours", "zone", "answer"),
    [
        ("round the clock", "UTC", True),
        ("always reachable", "UTC", True),
        ("mon–fri 08:00–18:00", "UTC", False),
        ("all days 05:00–24:00", "UTC", True),
        ("all days 05:00–24:00", "America/Bogota", False),
        ("mon-sat 06:00-06:30", "UTC", True),
        ("mon–sat 05:00–06:00", "UTC", False),
        ("sat, sun 20:00–04:00", "UTC", False),
        ("fri 22:00–07:00", "UTC", True),
        ("fri–mon 06:00–07:00", "UTC", True),
        ("", "UTC", None),
        ("by arrangement", "UTC", None),
        ("most days 08:00–18:00", "UTC", None),
        ("mon–wed–fri 08:00–18:00", "UTC", None),
    ],
)
def test_whether_hours_cover_a_saturday_at_six(hours: str, zone: str, answer: bool | None) -> None:
    assert on_duty(role(hours, zone), SATURDAY) is answer


def test_the_desk_is_the_one_that_escalation_reaches_and_that_is_awake() -> None:
    people = [
        role("round the clock", ident="a-site", party="altura"),
        role("round the clock", ident="z-desk", party="altura", tiers=("tier-1",)),
        role("mon–fri 08:00–18:00", ident="b-desk", party="altura", tiers=("tier-1",)),
        role("round the clock", ident="other", party="beacon", tiers=("tier-1",)),
    ]
    found = desk(people, "altura", SATURDAY)
    assert found is not None
    assert found.id == "z-desk"
    assert desk(people, "corvid", SATURDAY) is None


def test_the_first_hour_costs_what_is_moved_within_it() -> None:
    options = tuple(option.model_copy(update={"price": 20.0}) for option in PLAN.options)
    found = onset_of(PLAN.model_copy(update={"options": options}))
    assert found.cost == 6 * 0.75 * 20, "six positions from a quarter past on"
    assert onset_of(PLAN).cost == 0


def test_a_plan_is_asked_again_in_the_words_of_the_command_line() -> None:
    losses = (Loss(ref="site:MNL", kind="people", share=0.15), Loss(ref="pool:ceb-voice"))
    plan = PLAN.model_copy(update={"disruption": Disruption(losses=losses, onset=AS_OF)})
    assert onset_of(plan).again.startswith("riskreg plan --lose site:MNL/people=15% --lose pool:ceb-voice --onset 2026-11-21T18:00")


def page(template: PlaybookTemplate, plan: FailoverPlan = PLAN, network: Network = NETWORK, roles: tuple[Role, ...] = ROLES) -> str:
    wanted = situation(template.id, plan=plan)
    return render(template, wanted, network=network, roles=roles, settings=SETTINGS).text.replace("\u00a0", " ")


def with_hours(**hours: str) -> tuple[Role, ...]:
    given = {ident.replace("_", "-"): text for ident, text in hours.items()}
    return tuple(r.model_copy(update={"hours": given[r.id], "time_zone": "Europe/London"} if r.id in given else {}) for r in ROLES)


def test_who_is_not_on_duty_is_said_and_the_vendor_s_desk_is_named(templates: dict[str, PlaybookTemplate]) -> None:
    asleep = page(templates["site-lost"], roles=with_hours(vendor_manager="mon–fri 08:00–18:00"))
    step = asleep[asleep.index("call the clauses that were decided") :]
    assert "Not on duty at the hour of this plan. Ring as well: Manila duty manager: " in step[: step.index("</li>")]
    assert "Not on duty" not in page(templates["site-lost"], roles=with_hours(vendor_manager="all days 00:00–24:00"))


def test_a_call_at_a_later_hour_is_judged_by_that_hour(templates: dict[str, PlaybookTemplate]) -> None:
    text = page(templates["site-lost"], roles=with_hours(bog_duty_manager="all days 12:00–24:00"))
    rows = [line for line in text.splitlines() if line.strip().startswith("| **after") and "Bogotá duty manager" in line]
    assert ["not on duty then" in row for row in rows] == [True, False], "four hours after six it is ten, after twelve it is six"


def test_the_decision_comes_before_the_routes_and_the_clauses(templates: dict[str, PlaybookTemplate]) -> None:
    for ident in ("site-lost", "vendor-exit"):
        text = page(templates[ident])
        assert text.index("declare the level, and decide") < text.index("Call the Routing desk") < text.index("call the clauses")
    other = PLAN.model_copy(update={"decision": PLAN.decision.model_copy(update={"authority": ("vendor-manager",), "clauses": ()})})
    text = page(templates["site-lost"], other)
    assert "Call the Operations director: declare the level</strong>" in text
    assert "Vendor manager: Aileen Sorrel, " in text[text.index("declare the level") : text.index("has to agree too")]
    assert "no clause is called" in text
    assert "Done when they know, and keep surge and standby ready." in text


def test_lost_work_that_gives_way_stands_apart_and_in_the_first_message(templates: dict[str, PlaybookTemplate]) -> None:
    way = Donor.model_validate(
        PLAN.donors[0].model_dump() | {"function": "ORD-EN", "keeps": 36, "minimum": 96, "gives": 10, "to": ("SAFETY-EN",)}
    )
    text = page(templates["site-lost"], PLAN.model_copy(update={"donors": (*PLAN.donors, way)}))
    standing, _, lost = text.partition("### Lost work that gives way to a legal minimum")
    assert "keeps 12 in all, its minimum is 12 |" in standing
    assert "keeps 3.6 in all, its minimum is 9.6 |" in lost
    assert "Orders and delivery, voice gives way to Safety and recalls, voice, which the law puts first." in lost


def test_the_phone_message_is_recorded_in_the_languages_of_the_lost_work(templates: dict[str, PlaybookTemplate]) -> None:
    def spoken(function: Function) -> Function:
        return function.model_copy(update={"language": "de"}) if function.id == "TRADE-DE" else function

    german = Network(
        vendors=NETWORK.vendors, sites=NETWORK.sites, pools=NETWORK.pools, functions=tuple(map(spoken, NETWORK.functions))
    )
    assert "at once, recorded in English and German" in page(templates["site-lost"], network=german)
    assert language("xx") == "xx"


def test_a_line_that_is_closed_at_the_onset_says_when_it_opens(templates: dict[str, PlaybookTemplate]) -> None:
    first = PLAN.verdicts[0]
    night = first.cover[0].model_copy(update={"demand": 0, "minimum": 0})
    later = first.model_copy(update={"cover": (night, *(p.model_copy(update={"at": p.at + 8 * 3600}) for p in first.cover))})
    text = page(templates["site-lost"], PLAN.model_copy(update={"verdicts": (later, *PLAN.verdicts[1:])}))
    assert "| **Safety and recalls, voice**, opens in 8 h |" in text
    spared = first.model_copy(update={"outcome": "untouched", "lost": 0})
    text = page(templates["site-lost"], PLAN.model_copy(update={"verdicts": (spared, *PLAN.verdicts[1:])}))
    assert "Touched, but nobody is missing: Safety and recalls, voice." in text
