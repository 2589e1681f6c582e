"""Injects from a plan: its phase boundaries give the times, its weak points the questions, its alternates the contingencies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from riskreg.drills.reading import KINDS, Scene, begins
from riskreg.model import words
from riskreg.model.base import Frozen
from riskreg.model.drill import Delivery, Inject, InjectType, Trigger
from riskreg.model.plan import Move, Verdict
from riskreg.model.times import Duration, say_duration

EXERCISE = "EXERCISE EXERCISE EXERCISE."
FEWEST, MOST = 10, 20

_RELIEF = {
    "voice": "Put the delay message on the line and offer a call-back.",
    "chat": "Limit chat to customers who have signed in.",
    "email": "State the new answer time in the automatic reply.",
    "social": "Pin one public notice.",
    "back-office": "Do only what has a legal or payment date.",
}
_HOUR = 3600


class Draft(Frozen):
    """One entry of the catalogue; texts have places for the values of the part of the plan that `each` names."""

    each: str
    after: Duration
    rank: int
    text: str
    action: str
    outcome: str
    target: str
    source: str
    objectives: tuple[str, ...]
    delivery: Delivery = "phone"
    notes: str = ""
    type: InjectType = "standard"
    trigger: Trigger = "scheduled"
    condition: str = ""


Values = dict[str, str]


def injects(scene: Scene, minutes: int) -> tuple[Inject, ...]:
    """Between 10 and 20 injects for a drill of `minutes`, about one in five minutes; numbers, minutes and scenario times ascend.

    The first tenth of the time is left for the briefing, the last fifth for the hot wash.
    """
    filled = [
        (base + draft.after, draft, values) for group, base, values in _parts(scene) for draft in catalogue() if draft.each == group
    ]
    by_rank = sorted(filled, key=lambda item: (item[1].rank, item[0], item[1].text, sorted(item[2].items())))
    kept = by_rank[: max(FEWEST, min(MOST, minutes // 5))]
    kept.sort(key=lambda item: (item[0], item[1].rank, item[1].text, sorted(item[2].items())))
    begin, end = round(minutes * 0.1), round(minutes * 0.8)
    return tuple(
        _inject(number, begin + (end - begin) * (number - 1) // len(kept), moment, draft, values)
        for number, (moment, draft, values) in enumerate(kept, 1)
    )


@cache
def catalogue() -> tuple[Draft, ...]:
    """Every inject that a drill can be made of, as it stands in catalogue.yaml."""
    text = Path(__file__).with_name("catalogue.yaml").read_text("utf-8")
    return tuple(Draft.model_validate(entry) for entry in yaml.safe_load(text))


def _inject(number: int, minute: int, scenario: int, draft: Draft, values: Values) -> Inject:
    def fill(text: str) -> str:
        return text.format_map(values).strip()

    return Inject(
        number=number,
        minute=minute,
        scenario=scenario,
        source=fill(draft.source),
        target=draft.target,
        delivery=draft.delivery,
        text=f"{EXERCISE} {fill(draft.text)}",
        expected_action=fill(draft.action),
        expected_outcome=fill(draft.outcome),
        controller_notes=fill(draft.notes),
        type=draft.type,
        trigger=draft.trigger,
        condition=fill(draft.condition),
        objectives=draft.objectives,
    )


def _parts(scene: Scene) -> Iterator[tuple[str, int, Values]]:
    """The parts of the plan that injects speak of: name in the catalogue, seconds after the loss, values for the texts."""
    always = _always(scene)
    yield "once", 0, always
    yield scene.kind, 0, always
    for move in scene.kept[:2]:
        yield "move", move.starts, always | _move(scene, move)
    for move in scene.kept[:1]:
        yield "strained", max(move.starts, 3 * _HOUR), always | _move(scene, move)
    if scene.declined:
        yield "declined", max(scene.declined.starts - _HOUR // 2, _HOUR // 4), always | _move(scene, scene.declined)
    if scene.doubtful:
        yield "doubtful", scene.doubtful.starts, always | _move(scene, scene.doubtful)
    for donor in scene.plan.donors[:1]:
        said = {name: words.positions(getattr(donor, name)) for name in ("gives", "keeps", "minimum")}
        yield "donor", 0, always | said | {"function": scene.function(donor.function)}
    for verdict in scene.weakest[:3]:
        group = {"breach": "short", "late": "short", "not-known": "unknown"}.get(verdict.outcome, "margin")
        yield group, begins(verdict), always | _verdict(scene, verdict)
    for verdict in scene.weakest[:1]:
        yield "worst", max(verdict.mtpd, begins(verdict)), always | _verdict(scene, verdict)
    ends = [max(verdict.mtpd, begins(verdict)) for verdict in scene.touched]
    ends += [max(move.starts, 3 * _HOUR) for move in scene.moves]
    yield "end", max(ends, default=8 * _HOUR), always


def _always(scene: Scene) -> Values:
    loss, decision = scene.plan.disruption.losses[0], scene.plan.decision
    deputy = scene.roles[scene.rung].deputy if scene.rung in scene.roles else ""
    restore = max((item.until for item in scene.plan.fallen if item.until), default=0)
    return {
        "lost": scene.lost,
        "share": "all of it" if loss.share == 1 else f"about {words.percent(loss.share)} of it",
        "when": f"{words.day(scene.onset.astimezone(scene.local))}, {words.clock(scene.onset, scene.zone, scene.zone)}",
        "rung": scene.title(scene.rung),
        "second": f"The deputy, {deputy}, does not answer either." if deputy else "No deputy is named.",
        "choice": scene.choice,
        "clause": "; ".join(decision.clauses) or "no clause of a contract",
        "who": scene.signs,
        "why": decision.why,
        "longer": f", {say_duration(2 * restore)} instead of {say_duration(restore)}" if restore else "",
    }


def _move(scene: Scene, move: Move) -> Values:
    return {
        "function": scene.function(move.function),
        "place": scene.place(move),
        "taker": scene.title(scene.taker(move)),
        "amount": words.positions(move.positions),
        "came": str(move.positions * 6 // 100),
        "grade": move.grade,
        "says": scene.says(move),
        "instead": _instead(scene, move),
    }


def _verdict(scene: Scene, verdict: Verdict) -> Values:
    function = scene.network.function[verdict.function]
    advice = verdict.binding.advice.rstrip(". ") if verdict.binding else ""
    return {
        "function": function.name,
        "owner": scene.title(function.owner or "operations-director"),
        "begins": words.elapsed(begins(verdict)),
        "due": say_duration(verdict.rto),
        "mtpd": say_duration(verdict.mtpd),
        "amount": words.positions(verdict.short),
        "advice": f"{advice}. " if advice else "",
        "relief": _RELIEF[function.channel],
        "cause": verdict.counterexample or verdict.weakest,
    }


def _instead(scene: Scene, move: Move) -> str:
    """What is left when a move fails: the next option of the plan elsewhere, or less demand."""
    for option in scene.unused(move.function):
        if option.pool != move.pool:
            site, most = scene.network.site_of(option.pool).name, words.positions(option.positions)
            return f"Turn to {KINDS[option.kind]} at {site}, up to {most}, after {say_duration(option.opens)}."
    return f"The plan has no other option. {_RELIEF[scene.network.function[move.function].channel]} Say that the function is short."
