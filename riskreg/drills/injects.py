"""Injects from a plan: its phase boundaries give the times, its weak points the questions, its alternates the contingencies."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yaml

from riskreg.drills.alternates import RELIEF, instead
from riskreg.drills.reading import Scene, falls_due, falls_short
from riskreg.model import words
from riskreg.model.base import Frozen
from riskreg.model.drill import Delivery, Inject, InjectType, Trigger
from riskreg.model.orders import whole
from riskreg.model.plan import Donor, Move, Verdict
from riskreg.model.telling import KINDS
from riskreg.model.times import TENTHS, Duration, say_duration

EXERCISE = "EXERCISE EXERCISE EXERCISE."
FEWEST, MOST = 10, 20

_HOUR = 3600
_AFTER_DECISION = 1500
_ALWAYS_THERE = ("round the clock", "always reachable")


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
Filled = tuple[int, Draft, Values]


def injects(scene: Scene, minutes: int) -> tuple[Inject, ...]:
    """Between 10 and 20 injects for a drill of `minutes`, about one in five minutes; numbers, minutes and scenario times ascend.

    The first tenth of the time is left for the briefing, the last fifth for the hot wash.
    """
    filled = list(_parts(scene))
    back = _back(scene)
    last = max(2 * back if back else 8 * _HOUR, *(moment for moment, _, _ in filled))
    filled += _of("end", last, _always(scene))
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
        target=fill(draft.target),
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


def _of(group: str, base: int, values: Values) -> Iterator[Filled]:
    """The entries of the catalogue that speak of one part, with their moments."""
    yield from ((base + draft.after, draft, values) for draft in catalogue() if draft.each == group)


def _parts(scene: Scene) -> Iterator[Filled]:
    """All that the plan gives to speak of, but for the end; what is said of a part is said of that moment."""
    always, back = _always(scene), _back(scene)
    yield from _of("once", 0, always)
    yield from _of(scene.kind, 0, always)
    yield from _of("longer", min(2 * _HOUR, back // 2), always) if back else _of("endless", 2 * _HOUR, always)
    moved = [("move", move, move.starts) for move in scene.reports]
    moved += [("strained", move, 3 * _HOUR) for move in scene.working(7 * _HOUR // 2)[:1]]
    moved += [("doubtful", move, move.starts) for move in (scene.doubtful,) if move]
    for group, move, base in moved:
        for at, draft, _ in _of(group, base, always):
            yield at, draft, always | _move(scene, move, at)
    if scene.declined:
        before = max(scene.declined.starts - _HOUR // 2, _AFTER_DECISION)
        party = scene.network.site_of(scene.declined.pool).party
        yield from _of("declined", before, always | _move(scene, scene.declined, before, without=party))
    for donor in sorted(scene.plan.donors, key=lambda d: (d.steps[0].at if d.steps else 0, d.function, d.pool)):
        found = [
            (at, draft, always | said) for at, draft, _ in _of("donor", _taken(donor), always) if (said := _donor(scene, donor, at))
        ]
        yield from found
        if found:
            break
    yield from _weak(scene)


def _weak(scene: Scene) -> Iterator[Filled]:
    """The weakest functions, each when its minimum is due or missing; and when it goes beyond what can be tolerated."""
    back = _back(scene)
    for verdict in scene.weakest[:3]:
        due = falls_due(verdict, verdict.rto)
        gap = verdict in scene.gaps
        # A plan without a course of the cover still says when a shortage begins.
        short = falls_short(verdict, verdict.rto) or (max(verdict.rto, verdict.short_from or 0), verdict.short)
        moment = short[0] if gap else due[0] if due else 0
        group = "margin" if not gap else "unknown" if verdict.outcome == "not-known" else "short"
        if (gap or due) and not (back and moment >= back):
            yield from _of(group, moment, _always(scene) | _verdict(scene, verdict, moment, short[1]))
    for verdict in scene.gaps:
        past = falls_short(verdict, verdict.mtpd)
        if past and not (back and past[0] >= back):
            yield from _of("worst", past[0], _always(scene) | _verdict(scene, verdict, *past))
            return


def _back(scene: Scene) -> int:
    """When all that fell works again by the plan, seconds after the loss; 0 where nobody knows."""
    ends = [item.until for item in scene.plan.fallen]
    return 0 if None in ends else max((end for end in ends if end), default=0)


def _always(scene: Scene) -> Values:
    loss, decision, director = scene.plan.disruption.losses[0], scene.plan.decision, scene.director
    known = scene.roles.get(scene.rung)
    deputy, back = known.deputy if known else "", _back(scene)
    first, hours = scene.deciders[0], [scene.roles[role] for role in scene.deciders if role in scene.roles]
    office = [f"{r.title}: {r.hours}, {words.place(r.time_zone)}" for r in hours if r.hours not in ("", *_ALWAYS_THERE)]
    one = len(scene.deciders) == 1
    signed = f"{scene.signs} {'decides' if one else 'decide'} for {scene.choice} and {'signs' if one else 'sign'} it"
    return {
        "lost": scene.lost,
        "share": "all of it" if loss.share == 1 else f"about {words.percent(loss.share)} of it",
        "when": f"{words.day(scene.onset.astimezone(scene.local))}, {words.clock(scene.onset, scene.zone, scene.zone)}",
        "rung": scene.title(scene.rung),
        "second": f"The deputy, {deputy}, does not answer either." if deputy else "No deputy is named.",
        "clause": f"the clauses are {'; '.join(decision.clauses)}" if decision.clauses else "no clause of a contract is needed",
        "decider": first,
        "decides": f"{director} declares the level, {signed.removeprefix(director + ' ')}"
        if scene.deciders == ("operations-director",)
        else f"{director} declares the level; {signed}",
        "why": f"{decision.why.partition(' Clauses to call:')[0].rstrip('. ')}."
        + (f" Hours of {'; '.join(office)}: who decides at this one?" if office else ""),
        "longer": f", {words.elapsed(2 * back)} instead of {words.elapsed(back)}" if back else "",
        "ends": _ends(scene, 2 * back),
    }


def _ends(scene: Scene, until: int) -> str:
    """What the plan uses and what ends before a moment, soonest first."""
    used = {move.option for move in scene.plan.moves}
    over = sorted((o.closes, o.id, o) for o in scene.plan.options if o.id in used and o.closes is not None and o.closes < until)
    named = dict.fromkeys(f"{KINDS[o.kind]} at {scene.network.site_of(o.pool).name} after {words.elapsed(at)}" for at, _, o in over)
    return f"By the plan these end before that: {'; '.join(named)}." if named else ""


def _move(scene: Scene, move: Move, at: int, without: str = "") -> Values:
    amount = scene.amount(move, max(at, move.starts))
    came = amount * 6 // (10 * TENTHS)
    option = next((option for option in scene.plan.options if option.id == move.option), None)
    return {
        "function": scene.function(move.function),
        "place": scene.place(move),
        "how": KINDS[move.kind],
        "party": scene.network.name_of(f"vendor:{scene.network.site_of(move.pool).party}"),
        "taker": scene.reporter(move),
        "amount": words.positions(amount),
        "came": str(came),
        "grade": move.grade,
        "says": scene.says(move),
        "named": f"Name clause {option.clause}, and ask" if option and option.clause else "Ask",
        "instead": instead(
            scene,
            move,
            at,
            without=without or scene.network.pool[move.pool].site,
            needed=amount if without else amount - came * TENTHS,
        ),
    }


def _taken(donor: Donor) -> int:
    """When a donor first gives a whole person."""
    return next((step.at for step in donor.steps if step.positions >= TENTHS), 0)


def _donor(scene: Scene, donor: Donor, at: int) -> Values | None:
    """What its owner hears at a moment; None where it gives nobody then, or is lost work that gives way to a legal minimum."""
    points = [point for v in scene.plan.verdicts if v.function == donor.function for point in v.cover if point.at <= at]
    if donor.at(at) < TENTHS or not points or points[-1].served < points[-1].minimum:
        return None
    said = {"gives": words.positions(whole(donor.at(at))), "keeps": words.positions(points[-1].served)}
    return said | {"function": scene.function(donor.function), "minimum": words.positions(points[-1].minimum)}


def _verdict(scene: Scene, verdict: Verdict, at: int, missing: int) -> Values:
    function = scene.network.function[verdict.function]
    advice = verdict.binding.advice.rstrip(". ") if verdict.binding else ""
    cause = verdict.counterexample or (f"It rests on: {verdict.weakest}" if verdict.weakest else "")
    gone = scene.declined
    lacking = gone is not None and gone.function == verdict.function and gone.starts <= at
    points = [point for point in verdict.cover if point.at <= at]
    return {
        "function": function.name,
        "owner": scene.title(function.owner or "operations-director"),
        "begins": words.elapsed(at),
        "due": say_duration(verdict.rto),
        "mtpd": say_duration(verdict.mtpd),
        "amount": f"{words.tenths(missing)}{words.NBSP}{'position' if missing == TENTHS else 'positions'}",
        "minimum": words.positions(whole(points[-1].minimum)) if points else "not stated in the plan",
        "proven": words.tenths(points[-1].proven) if points else "0",
        "advice": f" Afterwards: {advice}." if advice else "",
        "relief": RELIEF[function.channel],
        "cause": " ".join(
            [f"{cause.rstrip('. ')}."] * bool(cause) + ["What was declined, and not replaced, is missing on top of it."] * lacking
        ),
    }
