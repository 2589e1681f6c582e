"""What a verdict says, in the words that tables, maps and captions share."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import timedelta

from riskreg.model.orders import whole
from riskreg.model.plan import FailoverPlan, Move, Verdict
from riskreg.model.telling import shortage
from riskreg.model.times import say_duration, say_positions
from riskreg.model.words import tenths, weekday_clock
from riskreg.publishing import words
from riskreg.publishing.edition import Edition


def by_notice(verdicts: Iterable[Verdict]) -> list[Verdict]:
    """In the order in which customers notice: the shortest recovery time objective first."""
    return sorted(verdicts, key=lambda verdict: (verdict.rto, verdict.function))


def outcome(edition: Edition, plan: FailoverPlan, verdict: Verdict) -> dict[str, str]:
    """Sign, word and detail of a verdict."""
    zone = edition.network.function[verdict.function].time_zone
    gap = shortage(verdict, plan.disruption.onset, zone)
    held = _held(plan, verdict, zone)
    detail = {
        "met": held,
        "untouched": "loses nobody",
        "late": gap or held,
        "breach": gap or "minimum not back in time",
        "not-known": _if_it_holds(verdict, held),
    }[verdict.outcome]
    return {"sign": words.STATUS[verdict.outcome], "word": words.OUTCOME[verdict.outcome], "detail": detail}


def _held(plan: FailoverPlan, verdict: Verdict, zone: str) -> str:
    """When the minimum is there: after a time, all the time, or from the hour at which work begins at all."""
    if verdict.minimum_at is None:
        return "minimum not back in this time"
    if verdict.minimum_at:
        return f"minimum back after {say_duration(verdict.minimum_at)}"
    due = next((point.at for point in verdict.cover if point.demand), 0)
    if due:
        return f"nobody is due before {weekday_clock(plan.disruption.onset + timedelta(seconds=due), zone)}"
    return "never below its minimum"


def _if_it_holds(verdict: Verdict, held: str) -> str:
    """A result that rests on what nobody has tested: what it would be, on which condition, and what is left otherwise."""
    name, _, known = verdict.weakest.rstrip(".").partition(": ")
    condition = (
        f"if {name}{',' if ',' in name else ''} holds" + (f" ({known})" if known else "") if name else "if untested options hold"
    )
    return f"{held} {condition}; otherwise short by up to {tenths(verdict.short)}" if verdict.short else f"{held} {condition}"


def taken(move: Move) -> str:
    """`16 at once`, `2 after 30 min, up to 16 later`: what a move brings at first, and at most, in whole people."""
    first, most = whole(move.steps[0].positions), whole(move.positions)
    since = f"{say_positions(first)} {f'after {say_duration(move.starts)}' if move.starts else 'at once'}"
    return since if first == most else f"{since}, up to {say_positions(most)} later"


def first_gap(verdict: Verdict) -> str:
    """`short 2.5 from 1 h`: what is missing first, and since when."""
    if not verdict.short:
        return "not proven" if verdict.outcome == "not-known" else "not back in time"
    since = f"from {say_duration(verdict.short_from)}" if verdict.short_from else "from the start"
    gap = f"short {tenths(verdict.short_first or verdict.short)} {since}"
    return f"{gap} unless untested options hold" if verdict.outcome == "not-known" else gap


def caption(verdict: Verdict) -> str:
    """The result of a cover chart in one sentence, for the picture and for who does not see it."""
    if verdict.outcome == "untouched":
        return "nothing is lost here."
    due = f"the minimum is due by {say_duration(verdict.rto)}"
    short = f"short by up to {words.positions(verdict.short)}"
    if verdict.minimum_at is None:
        return f"{due} and does not come back in this time{f', {short}' if verdict.short else ''}."
    back = "never missing" if not verdict.minimum_at else f"back after {say_duration(verdict.minimum_at)}"
    if verdict.outcome == "not-known":
        rest = f"; on tested options alone it is {short}" if verdict.short else ""
        return f"{due} and {'is ' if verdict.minimum_at else ''}{back} if untested options hold{rest}."
    return f"{due} and {'is ' if verdict.minimum_at else ''}{back}{f', {short} until then' if verdict.short else ''}."
