"""A drill from a plan: its times, its questions, what each pack may show, and that it is the same every time."""

from __future__ import annotations

import csv
import io
import json
import os
import re
from html import unescape
from pathlib import Path

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_plan import AS_OF, DAY, HOUR, NETWORK, PLAN, ROLES, SETTINGS, all_covered, nothing_covered

from riskreg.drills import make, msel_rows, packs
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.drill import Drill, DrillOrder, Inject
from riskreg.model.network import Network
from riskreg.model.plan import CoverPoint, Eligible, FailoverPlan, Step, Verdict

GOLDEN = Path(__file__).parent / "golden"
PLANS = {"mixed": PLAN, "covered": all_covered(), "nothing": nothing_covered()}


def drilled(plan: FailoverPlan = PLAN, **more: object) -> Drill:
    return make(plan, network=NETWORK, roles=ROLES, as_of=AS_OF, **more)  # type: ignore[arg-type]


def packed(drill: Drill, plan: FailoverPlan = PLAN) -> tuple[str, str]:
    made = packs(drill, plan=plan, network=NETWORK, roles=ROLES, settings=SETTINGS)
    assert list(made) == [f"{drill.id}-facilitator", f"{drill.id}-player"]
    return made[f"{drill.id}-facilitator"], made[f"{drill.id}-player"]


@pytest.mark.parametrize("minutes", [15, 45, 90, 480])
@pytest.mark.parametrize("name", PLANS)
def test_the_timeline_is_whole_for_every_plan_and_length(name: str, minutes: int) -> None:
    drill = drilled(PLANS[name], minutes=minutes)
    injects = drill.injects
    assert 10 <= len(injects) <= 20
    assert [inject.number for inject in injects] == list(range(1, len(injects) + 1))
    assert [inject.minute for inject in injects] == sorted(inject.minute for inject in injects)
    assert [inject.scenario for inject in injects] == sorted(inject.scenario for inject in injects)
    assert round(minutes * 0.1) <= injects[0].minute
    assert injects[-1].minute < minutes * 0.8 + 1
    assert {inject.type for inject in injects} == {"standard", "contingency", "adaptive", "complexity"}
    assert all(inject.text.startswith("EXERCISE EXERCISE EXERCISE. ") for inject in injects)
    assert all(inject.expected_action and inject.expected_outcome for inject in injects)
    assert all(inject.condition for inject in injects if inject.trigger != "scheduled")
    known = {objective.id for objective in drill.objectives}
    assert all(inject.objectives and known.issuperset(inject.objectives) for inject in injects)
    assert {inject.target for inject in injects} == set(drill.players)
    assert "{" not in json.dumps([inject.model_dump() for inject in injects])[1:].replace('{"number"', "")


def test_safety_comes_first_and_handing_back_last() -> None:
    first, second, *_, last = drilled().injects
    assert "ask about people before anything else" in first.expected_action
    assert second.objectives == ("O1",)
    assert "Nobody goes into danger" in second.expected_action
    assert "works again" in last.text


def test_injects_stand_at_the_boundaries_of_the_plan() -> None:
    at = {inject.scenario: inject for inject in drilled(minutes=120).injects if inject.type == "standard"}
    assert at[30 * 60].text.endswith("has 6\u00a0positions signed in to Safety and recalls, voice. What else is needed from there?")
    assert "Trade accounts, German voice is below its minimum" in at[8 * HOUR].text
    assert "short 4.8\u00a0positions" in at[8 * HOUR].text
    assert "2\u00a0days after the loss, Trade accounts, German voice is below its minimum" in at[2 * DAY].text
    due = [inject.text for inject in drilled(minutes=120).injects if inject.scenario == 4 * HOUR]
    assert [("Orders" in text, "Payments" in text) for text in due] == [(True, False), (False, True)]


def course(verdict: Verdict, *points: tuple[int, int, int]) -> Verdict:
    cover = tuple(
        CoverPoint(at=at, demand=2 * minimum, minimum=minimum, served=proven, proven=proven) for at, minimum, proven in points
    )
    return verdict.model_copy(update={"cover": cover})


def replaced(plan: FailoverPlan, *points: tuple[int, int, int], function: str = "TRADE-DE") -> FailoverPlan:
    return plan.model_copy(update={"verdicts": tuple(course(v, *points) if v.function == function else v for v in plan.verdicts)})


def test_a_shortage_that_shows_later_is_asked_about_when_it_shows() -> None:
    drill = drilled(replaced(PLAN, (0, 48, 48), (3 * DAY, 48, 0)), minutes=120)
    asked = [inject for inject in drill.injects if "Trade accounts" in inject.text]
    assert [inject.scenario for inject in asked] == [3 * DAY, 3 * DAY]
    assert all("3\u00a0days after the loss" in inject.text for inject in asked)
    assert "works again" in drill.injects[-1].text


def test_a_closed_line_is_not_asked_about_before_it_opens() -> None:
    drill = drilled(replaced(all_covered(), (0, 0, 0), (11 * HOUR, 48, 60)), minutes=120)
    (asked,) = [inject for inject in drill.injects if "Trade accounts" in inject.text]
    assert asked.scenario == 11 * HOUR
    assert "its minimum is 5\u00a0positions" in asked.text, "4.8, in whole people"


@pytest.mark.parametrize("minutes", [60, 480])
def test_what_the_plan_covers_is_never_said_to_go_beyond_what_is_tolerable(minutes: int) -> None:
    assert not any("can be tolerated" in inject.text for inject in drilled(all_covered(), minutes=minutes).injects)
    back_in_time = replaced(PLAN, (0, 48, 0), (DAY, 48, 48))
    others = [v for v in back_in_time.verdicts if v.function == "TRADE-DE"]
    alone = back_in_time.model_copy(update={"verdicts": tuple(others)})
    assert not any("can be tolerated" in inject.text for inject in drilled(alone, minutes=minutes).injects)


def test_after_the_return_that_the_plan_counts_on_nothing_is_short() -> None:
    fallen = tuple(item.model_copy(update={"until": DAY}) for item in PLAN.fallen)
    drill = drilled(replaced(PLAN, (0, 48, 48), (3 * DAY, 48, 0)).model_copy(update={"fallen": fallen}), minutes=120)
    assert not any("Trade accounts" in inject.text for inject in drill.injects)
    assert drill.injects[-1].scenario == 2 * DAY + HOUR, "twice as long as promised, then an hour of tests"


def test_who_only_gives_positions_is_not_asked_about() -> None:
    donors = tuple(v.model_copy(update={"outcome": "met"}) if v.function == "RETURNS" else v for v in all_covered().verdicts)
    drill = drilled(all_covered().model_copy(update={"verdicts": donors}), minutes=120)
    assert not any("Returns, e-mail is" in inject.text or "Returns, e-mail has" in inject.text for inject in drill.injects)


def contingency(drill: Drill, part: str) -> Inject:
    return next(inject for inject in drill.injects if inject.type == "contingency" and part in inject.text)


def test_contingencies_come_from_the_alternates_of_the_plan() -> None:
    drill = drilled()
    declined = contingency(drill, "Beacon declines")
    assert "Orders and delivery, voice" in declined.text
    assert declined.expected_action.startswith("Nobody else who may do this work is free at this hour.")
    assert "Name clause beacon 7.2" in declined.expected_action
    assert contingency(drill, "10\u00a0positions were planned for Payments and refunds, chat. 6 signed in")
    assert contingency(drill, "Nobody can say any more when Manila works again")
    assert not any("24\u00a0positions signed in" in inject.text for inject in drill.injects), "who declined cannot come"


def spare(pool: str = "gla-care", *steps: tuple[int, int], function: str = "ORD-EN", opens: int = 2 * HOUR) -> FailoverPlan:
    option = PLAN.options[0].model_copy(
        update={"id": "spare", "kind": "overtime", "pool": pool, "opens": opens, "positions": 90, "clause": "12.1",
                "free": tuple(Step(at=at, positions=positions) for at, positions in steps)}
    )  # fmt: skip
    pair = Eligible(function=function, option="spare", opens=opens, grade="tested")
    return PLAN.model_copy(update={"options": (*PLAN.options, option), "eligible": (pair,)})


def test_an_alternate_is_sized_at_the_hour_at_which_it_would_come() -> None:
    # Beacon declines at 3 h 30 min; overtime that is called then comes two hours later, and the rest of 24 is named as missing.
    declined = contingency(drilled(spare("gla-care", (0, 90), (5 * HOUR, 37), (9 * HOUR, 80))), "Beacon declines")
    assert declined.expected_action.startswith(
        "Turn to Glasgow (overtime): up to 3\u00a0positions 2\u00a0h after the call, proven. Call clause 12.1. "
        "Still missing: 21\u00a0positions."
    )


@pytest.mark.parametrize(
    "plan",
    [
        spare("gla-care", (0, 90), (5 * HOUR, 0)),
        spare("gla-care", (0, 9)),
        spare("gla-care", (0, 90), function="PAY-EN"),
        spare("bog-care", (0, 90)),
    ],
    ids=["nobody is there then", "less than one person", "other work only", "of the vendor that declines"],
)
def test_nobody_is_named_who_may_not_or_cannot_come(plan: FailoverPlan) -> None:
    assert contingency(drilled(plan), "Beacon declines").expected_action.startswith("Nobody else who may do this work is free")


def test_who_does_not_answer_has_reported_nothing() -> None:
    drill = drilled()
    silent = contingency(drill, "Bogotá duty manager. Nobody picks up. The deputy, Nelcy Fandiña")
    assert "Bogotá duty manager" not in {inject.source for inject in drill.injects}
    assert any(inject.source == "a team leader at Bogotá" for inject in drill.injects if inject.scenario > silent.scenario)


def test_the_director_declares_the_level_and_the_authority_of_the_plan_decides() -> None:
    def asked(*authority: str) -> Inject:
        decision = PLAN.decision.model_copy(update={"authority": authority})
        drill = drilled(PLAN.model_copy(update={"decision": decision}))
        return next(inject for inject in drill.injects if "written order" in inject.text)

    assert asked("vendor-manager").target == "vendor-manager"
    assert "Operations director declares the level; Vendor manager decides for" in asked("vendor-manager").expected_action
    assert asked().target == "operations-director"
    assert "Operations director declares the level, decides for" in asked().expected_action
    assert "decide for" in asked("operations-director", "vendor-manager").expected_action


def test_a_report_and_an_owner_speak_of_the_amount_of_their_moment() -> None:
    grown = PLAN.moves[0].model_copy(update={"steps": (Step(at=900, positions=12), Step(at=9 * HOUR, positions=60))})
    drill = drilled(PLAN.model_copy(update={"moves": (grown, *PLAN.moves[1:])}), minutes=120)
    report = next(inject for inject in drill.injects if "Glasgow" in inject.text and "signed in" in inject.text)
    assert "has 2\u00a0positions signed in" in report.text, "1.2, in whole people"
    assert "up to 6\u00a0positions after 9\u00a0h" in report.controller_notes
    owner = next(inject for inject in drill.injects if "owner of Returns" in inject.text)
    assert owner.scenario == 4 * HOUR + 1800, "after its people were taken"
    assert "who took 8\u00a0positions away" in owner.text


def test_a_known_time_to_restore_is_doubled_in_numbers() -> None:
    fallen = tuple(item.model_copy(update={"until": 5 * DAY}) for item in PLAN.fallen)
    drill = drilled(PLAN.model_copy(update={"fallen": fallen}))
    assert any("twice as long as promised, 10\u00a0days instead of 5\u00a0days" in inject.text for inject in drill.injects)


def test_objectives_name_the_weak_points_and_the_moves() -> None:
    objectives = {objective.id: objective for objective in drilled().objectives}
    assert list(objectives) == ["O1", "O2", "O3", "O4", "O5"]
    assert objectives["O4"].tasks[0] == "Trade accounts, German voice: short 4.8 from 8\u00a0h, no end known"
    assert objectives["O4"].tasks[2].endswith("rests on options that were never tested")
    assert "24\u00a0positions of Orders and delivery, voice at Bogotá (surge positions), after 4\u00a0h" in objectives["O3"].tasks
    held = {objective.id: objective for objective in drilled(all_covered()).objectives}
    assert held["O4"].text == "Know what the cover rests on"
    assert all(
        re.search(r"smallest margin -?[\d.]+, [\d.]+ proven of [\d.]+, \w{3}\u00a0\d\d:\d\d", task) for task in held["O4"].tasks
    )


@pytest.mark.parametrize("name", PLANS)
def test_a_player_sees_the_opening_and_nothing_that_comes_later(name: str) -> None:
    drill = drilled(PLANS[name], minutes=100)
    facilitator, player = (unescape(text) for text in packed(drill, PLANS[name]))
    for inject in drill.injects:
        assert unescape(inject.text) in facilitator
        assert inject.expected_action in facilitator
        assert (inject.text in player) == (inject.number == 1)
        assert inject.text.removeprefix("EXERCISE EXERCISE EXERCISE. ") not in player or inject.number == 1
        for hidden in (inject.expected_action, inject.expected_outcome, inject.controller_notes, inject.condition):
            assert not hidden or hidden not in player
    assert "real event: stop" in player
    assert "real event: stop" in facilitator
    assert "☐" in facilitator
    assert "☐" not in player
    assert not any(task in player for objective in drill.objectives for task in objective.tasks)
    assert "../playbooks/site-lost--site-MNL.html" in player


def test_packs_are_pages_that_markdown_understands() -> None:
    extensions = ["attr_list", "md_in_html", "tables", "def_list", "admonition"]
    facilitator, player = packed(drilled())
    html = markdown.markdown(facilitator, extensions=extensions)
    assert html.count("<h1") == 1
    assert html.count("<blockquote>") == html.count("<h3>Inject ") == len(drilled().injects)
    assert "| ---" not in html
    assert html.count("<dt>") == 4
    assert "<h2>Hot wash</h2>" in html
    assert markdown.markdown(player, extensions=extensions).count("<tr>") == 1 + 5 + 1 + 14


def test_an_order_gives_id_title_and_length() -> None:
    drill = drilled(order=DrillOrder(id="spring", title="Spring drill", lose=(Loss(ref="site:MNL"),), minutes=30))
    assert (drill.id, drill.title, drill.minutes, len(drill.injects)) == ("spring", "Spring drill", 30, 10)
    assert (drilled().id, drilled().title) == ("site-MNL", "Manila lost")


@pytest.mark.parametrize("ref", ["site:MNL", "system:telephony", "vendor:altura", "pool:mnl-care", "site:MNL!"])
@pytest.mark.parametrize("share", [1.0, 0.15])
def test_every_kind_of_loss_has_its_own_opening(ref: str, share: float) -> None:
    ref, cut_off = ref.rstrip("!"), ref.endswith("!")
    lost = Disruption(losses=(Loss(ref=ref, share=share, kind="access" if cut_off else None),), onset=AS_OF)
    drill = drilled(PLAN.model_copy(update={"disruption": lost}))
    assert NETWORK.name_of(ref) in drill.injects[0].text
    facilitator, player = packed(drill)
    assert facilitator.startswith(f"# {NETWORK.name_of(ref)} lost: facilitator pack\n")
    assert ("../playbooks/index.html" in player) == (ref.startswith("pool:"))
    if cut_off or not ref.startswith("site:"):
        assert ("15\u00a0%" in drill.injects[0].text) == (share < 1)


def test_rows_of_the_list_go_through_csv_and_json_unchanged() -> None:
    rows = msel_rows(drilled())
    assert json.loads(json.dumps(rows)) == rows
    text = io.StringIO()
    writer = csv.DictWriter(text, fieldnames=list(rows[0]))
    writer.writeheader()
    writer.writerows(rows)
    back = list(csv.DictReader(io.StringIO(text.getvalue(), newline="")))
    assert back == [{key: str(value) for key, value in row.items()} for row in rows]
    declined = next(row for row in rows if "declines" in row["text"])
    assert (declined["scenario_seconds"], declined["scenario"]) == (12600, "3\u00a0h 30\u00a0min")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.data())
def test_the_order_of_the_plan_and_of_the_roles_does_not_matter(data: st.DataObject) -> None:
    parts = ("moves", "verdicts", "donors", "options", "refusals", "fallen")
    shuffled = PLAN.model_copy(update={name: tuple(data.draw(st.permutations(getattr(PLAN, name)))) for name in parts})
    roles = data.draw(st.permutations(ROLES))
    drill = make(shuffled, network=NETWORK, roles=roles, as_of=AS_OF)
    assert drill == drilled()
    assert packs(drill, plan=shuffled, network=NETWORK, roles=roles, settings=SETTINGS) == packs(
        drilled(), plan=PLAN, network=NETWORK, roles=ROLES, settings=SETTINGS
    )


def test_hostile_names_stay_text() -> None:
    hostile = "<script>x</script> | `c` {{ 7*7 }} {0.__class__} {nothing} **b** \n# Øst 東京"

    def renamed(items: tuple[object, ...]) -> tuple[object, ...]:
        return tuple(item.model_copy(update={"name": hostile}) for item in items)  # type: ignore[attr-defined]

    named = ("sites", "pools", "functions", "vendors", "systems")
    evil = Network(**{name: renamed(getattr(NETWORK, name)) for name in named}, contracts=NETWORK.contracts)
    drill = make(PLAN, network=evil, roles=ROLES, as_of=AS_OF)
    plain = packed(drilled())
    for made, usual in zip(packs(drill, plan=PLAN, network=evil, roles=ROLES, settings=SETTINGS).values(), plain, strict=True):
        html = markdown.markdown(made, extensions=["attr_list", "md_in_html", "tables", "def_list"])
        regular = markdown.markdown(usual, extensions=["attr_list", "md_in_html", "tables", "def_list"])
        assert set(re.findall(r"<(\w+)", html)) == set(re.findall(r"<(\w+)", regular))
        assert html.count("<td") == regular.count("<td")
        assert html.count("<h2") == regular.count("<h2")
        assert "Øst 東京" in html
        assert "{nothing}" in unescape(html)


@pytest.mark.parametrize("role", ["facilitator", "player"])
def test_golden(role: str) -> None:
    made = packs(drilled(), plan=PLAN, network=NETWORK, roles=ROLES, settings=SETTINGS)[f"site-MNL-{role}"]
    kept = GOLDEN / f"{role}.md"
    if os.environ.get("RISKREG_WRITE_GOLDEN"):
        kept.parent.mkdir(exist_ok=True)
        kept.write_text(made, "utf-8")
    assert made == kept.read_text("utf-8")
