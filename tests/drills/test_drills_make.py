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
from riskreg.model.drill import Drill, DrillOrder
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan

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
    assert at[20 * 60].text.endswith("6\u00a0positions are signed in to Safety and recalls, voice. What else is needed from there?")
    assert "Trade accounts, German voice is below its minimum" in at[8 * HOUR].text
    assert "passes what is tolerable, 2\u00a0days after the loss" in at[2 * DAY].text
    due = [inject.text for inject in drilled(minutes=120).injects if inject.scenario == 4 * HOUR]
    assert [("Orders" in text, "Payments" in text) for text in due] == [(True, False), (False, True)]


def test_a_shortage_that_shows_later_is_asked_about_when_it_shows() -> None:
    later = tuple(v.model_copy(update={"short_from": 3 * DAY}) if v.function == "TRADE-DE" else v for v in PLAN.verdicts)
    drill = drilled(PLAN.model_copy(update={"verdicts": later}), minutes=120)
    asked = [inject for inject in drill.injects if "Trade accounts" in inject.text]
    assert [inject.scenario for inject in asked] == [3 * DAY, 3 * DAY]
    assert "3\u00a0days after the loss" in asked[0].text + asked[1].text
    assert "works again" in drill.injects[-1].text


def test_who_only_gives_positions_is_not_asked_about() -> None:
    donors = tuple(v.model_copy(update={"outcome": "met"}) if v.function == "RETURNS" else v for v in all_covered().verdicts)
    drill = drilled(all_covered().model_copy(update={"verdicts": donors}), minutes=120)
    assert not any("Returns, e-mail is" in inject.text or "Returns, e-mail must" in inject.text for inject in drill.injects)


def test_contingencies_come_from_the_alternates_of_the_plan() -> None:
    texts = {inject.text: inject for inject in drilled().injects if inject.type == "contingency"}
    declined = next(inject for text, inject in texts.items() if "second vendor declines" in text)
    assert "Orders and delivery, voice" in declined.text
    assert declined.expected_action.startswith("The plan has no other option.")
    assert any("Bogotá duty manager. Nobody picks up. The deputy, Nelcy Fandiña" in text for text in texts)
    assert any("6 of 10\u00a0positions have signed in" in text for text in texts)
    assert any("takes twice as long as promised" in text for text in texts)
    assert not any("24\u00a0positions are signed in" in inject.text for inject in drilled().injects)  # who declined cannot come

    spare = PLAN.options[0].model_copy(update={"id": "gla-overtime", "kind": "overtime", "positions": 30, "opens": 2 * HOUR})
    richer = PLAN.model_copy(update={"options": (*PLAN.options, spare)})
    declined = next(inject for inject in drilled(richer).injects if "second vendor declines" in inject.text)
    assert declined.expected_action.startswith("Turn to overtime at Glasgow, up to 3\u00a0positions, after 2\u00a0h.")


def test_a_known_time_to_restore_is_doubled_in_numbers() -> None:
    fallen = tuple(item.model_copy(update={"until": 5 * DAY}) for item in PLAN.fallen)
    drill = drilled(PLAN.model_copy(update={"fallen": fallen}))
    assert any("twice as long as promised, 10\u00a0days instead of 5\u00a0days" in inject.text for inject in drill.injects)


def test_objectives_name_the_weak_points_and_the_moves() -> None:
    objectives = {objective.id: objective for objective in drilled().objectives}
    assert list(objectives) == ["O1", "O2", "O3", "O4", "O5"]
    assert objectives["O4"].tasks[0] == "Trade accounts, German voice: short 4.8\u00a0positions from 8\u00a0h"
    assert objectives["O4"].tasks[2].endswith("rests on options that were never tested")
    assert "24\u00a0positions of Orders and delivery, voice at Bogotá (surge positions), after 4\u00a0h" in objectives["O3"].tasks
    held = {objective.id: objective for objective in drilled(all_covered()).objectives}
    assert held["O4"].text == "Know what the cover rests on"
    assert all("smallest margin" in task for task in held["O4"].tasks)


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
    assert rows[10]["scenario_seconds"] == 12600
    assert rows[10]["scenario"] == "3\u00a0h 30\u00a0min"


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
