"""The drills of the shipped example: what they say can be found in the plan, at the hour at which it is said."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from riskreg.continuity import make_plan
from riskreg.drills import make
from riskreg.drills.alternates import alternates
from riskreg.drills.reading import falls_short, scene
from riskreg.model.disruption import Disruption
from riskreg.model.times import TENTHS
from riskreg.workspace import load

EXAMPLE = Path(__file__).parents[2] / "examples" / "meridian"


@pytest.fixture(scope="module", params=["manila-dark", "krakow-lost"])
def played(request: pytest.FixtureRequest) -> Any:
    workspace = load(EXAMPLE, readings=False).workspace
    order = next(order for order in workspace.drills if order.id == request.param)
    as_of = workspace.settings.as_of
    plan = make_plan(
        workspace.network,
        Disruption(losses=order.lose, onset=as_of),
        as_of=as_of,
        evidence_expires=workspace.settings.evidence_expires,
    )
    drill = make(plan, order=order, network=workspace.network, roles=workspace.roles, as_of=as_of)
    return workspace, plan, drill, scene(plan, workspace.network, workspace.roles)


def test_every_alternate_may_do_the_work_and_has_people_who_are_not_in_use(played: Any) -> None:
    workspace, plan, drill, told = played
    refused = {(refusal.function, refusal.option) for refusal in plan.refusals}
    sizes = {option.id: option for option in plan.options}
    found = 0
    for move in plan.moves:
        for at in (900, 2700, 8 * 3600, 3 * 86400):
            for alternate in alternates(told, move, at, without=workspace.network.pool[move.pool].site, needed=1000):
                found += 1
                ident = alternate.option.id
                used = sum(other.at(alternate.there) for other in plan.moves if other.option == ident)
                assert (move.function, ident) not in refused
                assert TENTHS <= alternate.positions <= sizes[ident].positions - used
    assert bool(found) == (drill.id == "manila-dark"), "what Kraków speaks is spoken nowhere else"


def test_a_team_that_was_not_trained_is_never_an_alternate(played: Any) -> None:
    workspace, plan, _, told = played
    network = workspace.network
    for move in plan.moves:
        skill = network.function[move.function].skill
        for alternate in alternates(told, move, 900, without=workspace.network.pool[move.pool].site, needed=1000):
            assert skill in network.pool[alternate.option.pool].skills, (move.function, alternate.option.id)


def test_what_is_called_intolerable_or_short_is_so_in_the_plan(played: Any) -> None:
    workspace, plan, drill, _ = played
    names = {function.name: function.id for function in workspace.network.functions}
    verdicts = {verdict.function: verdict for verdict in plan.verdicts}
    for inject in drill.injects:
        told = [verdicts[ident] for name, ident in names.items() if f"{name} is below its minimum" in inject.text]
        for verdict in told:
            assert verdict.outcome in ("breach", "late", "not-known")
            short = falls_short(verdict, inject.scenario)
            assert short is not None
            assert short[0] == inject.scenario


def test_nobody_reports_who_does_not_answer(played: Any) -> None:
    _, _, drill, told = played
    assert told.title(told.rung) not in {inject.source for inject in drill.injects}
    assert told.rung not in drill.players
    assert drill.injects[-1].scenario > max(inject.scenario for inject in drill.injects[:-1])
