"""What is left when a move fails: who may do that work, has people at that hour, and is not who has just failed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from riskreg.drills.reading import Scene
from riskreg.model import words
from riskreg.model.plan import Eligible, Move, Option
from riskreg.model.telling import KINDS
from riskreg.model.times import TENTHS

RELIEF = {
    "voice": "Put the delay message on the line and offer a call-back.",
    "chat": "Limit chat to customers who have signed in.",
    "email": "State the new answer time in the automatic reply.",
    "social": "Pin one public notice.",
    "back-office": "Do only what has a legal or payment date.",
}


@dataclass(frozen=True)
class Alternate:
    """`positions` (whole, in tenths) of an option that the plan leaves free at `there`, seconds after the loss."""

    option: Option
    pair: Eligible
    there: int
    positions: int


def alternates(scene: Scene, move: Move, at: int, *, without: str, needed: int) -> tuple[Alternate, ...]:
    """What could stand in for `needed` positions of a move that fails at a moment, soonest first.

    Never from `without`: a site or a party.

    Only what is eligible for the function counts, in the amount that is free when it comes: an option that the plan already
    uses takes more at once, any other opens as long after the call as it would have after the loss.
    """
    options = {option.id: option for option in scene.plan.options}
    called = {other.option for other in scene.plan.moves if other.starts <= at}
    found = []
    for pair in scene.plan.eligible:
        option = options[pair.option]
        site = scene.network.site_of(option.pool)
        if pair.function != move.function or without in (site.id, site.party):
            continue
        there = at if option.id in called else at + pair.opens
        positions = min(option.free_at(there) // TENTHS * TENTHS, needed)
        if positions and there < scene.plan.horizon:
            found.append(Alternate(option, pair, there, positions))
    return tuple(sorted(found, key=lambda a: (a.there, a.pair.grade not in ("tested", "used"), -a.positions, a.option.id)))


def instead(scene: Scene, move: Move, at: int, *, without: str, needed: int) -> str:
    """What the players should turn to, in words: one or two alternates at different places, and less demand for the rest."""
    relief = f"{RELIEF[scene.network.function[move.function].channel]} Say that the function is short."
    found = alternates(scene, move, at, without=without, needed=needed)
    if not found:
        return f"Nobody else who may do this work is free at this hour. {relief}"
    chosen = [found[0]]
    if found[0].positions < needed:
        site = scene.network.site_of(found[0].option.pool).id
        left = needed - found[0].positions
        others = [other for other in found if scene.network.site_of(other.option.pool).id != site][:1]
        chosen += [replace(other, positions=min(other.positions, left)) for other in others]
    missing = needed - sum(alternate.positions for alternate in chosen)
    rest = f" Still missing: {words.positions(missing)}. {relief}" if missing > 0 else ""
    return f"Turn to {' Then turn to '.join(_named(scene, alternate, at) for alternate in chosen)}{rest}"


def _named(scene: Scene, alternate: Alternate, at: int) -> str:
    option = alternate.option
    wait = f"{words.elapsed(alternate.there - at)} after the call" if alternate.there > at else "at once"
    kind = KINDS[option.kind] + (", other work there at its minimum" if option.kind == "idle" else "")
    graded = "proven" if alternate.pair.grade in ("tested", "used") else f"{alternate.pair.grade} only, so count who signs in"
    clause = f" Call clause {option.clause}." if option.clause else ""
    aside = f" The plan leaves this way aside: {scene.director} decides." if scene.aside(option) else ""
    place = scene.network.site_of(option.pool).name
    return f"{place} ({kind}): up to {words.positions(alternate.positions)} {wait}, {graded}.{clause}{aside}"
