"""A drill from a failover plan: objectives from its weak points, and injects from its times and alternates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from riskreg.drills.injects import injects
from riskreg.drills.reading import Scene, scene
from riskreg.model import telling, words
from riskreg.model.drill import Drill, DrillOrder, Objective
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan, Verdict
from riskreg.model.role import Role


def make(
    plan: FailoverPlan,
    *,
    network: Network,
    roles: Sequence[Role],
    as_of: datetime,
    minutes: int = 90,
    order: DrillOrder | None = None,
) -> Drill:
    """A tabletop exercise for the loss that the plan answers: the same input gives the same drill.

    Args:
        minutes: the whole meeting, briefing and hot wash included; an `order` brings its own, with id and title.

    Raises:
        KeyError: the plan names a function or a pool that the network does not have.
    """
    told = scene(plan, network, roles)
    length = order.minutes if order else minutes
    timeline = injects(told, length)
    players = dict.fromkeys(inject.target for inject in timeline)
    return Drill(
        id=order.id if order else "-".join(loss.ref.replace(":", "-") for loss in plan.disruption.losses),
        title=order.title if order else f"{told.lost} lost",
        disruption=plan.disruption,
        plan=plan.id,
        minutes=length,
        made_for=as_of,
        network_hash=network.hash,
        purpose=_purpose(told),
        assumptions=_assumptions(told),
        objectives=_objectives(told),
        players=tuple(sorted(players)),
        injects=timeline,
    )


def msel_rows(drill: Drill) -> list[dict[str, Any]]:
    """The master scenario events list as flat rows for JSON and CSV: one inject a row, scenario time in seconds after the loss."""
    return [
        {
            "number": inject.number,
            "minute": inject.minute,
            "scenario_seconds": inject.scenario,
            "scenario": words.elapsed(inject.scenario),
            "type": inject.type,
            "trigger": inject.trigger,
            "condition": inject.condition,
            "source": inject.source,
            "target": inject.target,
            "delivery": inject.delivery,
            "text": inject.text,
            "expected_action": inject.expected_action,
            "expected_outcome": inject.expected_outcome,
            "controller_notes": inject.controller_notes,
            "objectives": " ".join(inject.objectives),
        }
        for inject in drill.injects
    ]


def _purpose(told: Scene) -> str:
    weak = [told.function(verdict.function) for verdict in told.gaps[:3]]
    hard = f"It looks hardest at {'; '.join(weak)}: there the proof does not hold."
    easy = "The proof holds; we look for what it missed."
    about = f"We talk through the loss of {told.lost}, decide as on the day, and find what is missing in plan and people."
    return f"{about} {hard if weak else easy}"


def _assumptions(told: Scene) -> tuple[str, ...]:
    return (
        f"The loss begins on {words.day(told.onset.astimezone(told.local))} at {words.clock(told.onset, told.zone, told.zone)}. "
        "Amounts and expected actions are computed for that hour and hold for no other.",
        "Everyone acts in the role that they hold; deputies act where the holder is absent.",
        "What the vendors, customers and authorities say comes from the facilitator only. Nobody outside the room is called.",
        "Time jumps from one inject to the next; the facilitator says the scenario time each time.",
        "A tabletop discusses and measures decisions. It proves no capacity: only a test with people signed in does.",
        "The plan says what can be covered at best: it counts firm capacity only, and its proof only what was tested or used.",
    )


def _objectives(told: Scene) -> tuple[Objective, ...]:
    moves = [told.says(move) for move in told.moves[:4]]
    return (
        Objective(
            id="O1",
            text="Put people first",
            capability="Within 30 min everyone at the place is counted by name, and nobody has been sent into danger for work",
            tasks=(
                "Ask about people before routing",
                "Refuse to send anybody back in",
                "Name who owns the count, and when it is due",
            ),
        ),
        Objective(
            id="O2",
            text="Lead and decide",
            capability="Within 30 min one named person leads, and whoever has the authority has decided, in writing",
            tasks=(
                "Say who leads and who stands in",
                f"Declare the level ({told.director})",
                f"Decide for {told.choice}, signed by {told.signs}",
                "Go round a person who does not answer within 2 min",
                "Keep data in the tools",
            ),
        ),
        Objective(
            id="O3",
            text="Move the work",
            capability="Work moves as the plan says, and is counted from people who are signed in",
            tasks=(*moves, "Choose an alternate within 10 min when one fails")
            if moves
            else ("Place urgent work by hand, in the order of tiers",),
        ),
        Objective(
            id="O4",
            text="Face what is not covered" if told.gaps else "Know what the cover rests on",
            capability="For each function below, what is short and what customers hear is said before its recovery time ends"
            if told.gaps
            else "For each function below, somebody knows how many must be signed in at its thinnest hour, and who else could come",
            tasks=tuple(_weakness(told, verdict) for verdict in told.weakest[:3]) or ("Say which option the plan leans on most",),
        ),
        Objective(
            id="O5",
            text="Tell, and go back",
            capability="The first message goes out within 15 min, the next when it was promised, and work goes back by conditions",
            tasks=(
                "Send message 1 within 15 min",
                "Keep the promised times of the next ones",
                "Give work back in steps, after test contacts",
            ),
        ),
    )


def _weakness(told: Scene, verdict: Verdict) -> str:
    zone, name = told.network.function[verdict.function].time_zone, told.function(verdict.function)
    if verdict.outcome in ("breach", "late"):
        return f"{name}: {telling.shortage(verdict, told.onset, zone)}"
    if verdict.outcome == "not-known":
        return f"{name}: rests on options that were never tested"
    point = verdict.thinnest
    margin = words.tenths(point.proven - point.minimum) if point else "no"
    return f"{name}: smallest margin {margin}, {telling.thinnest(verdict, told.plan, zone)}"
