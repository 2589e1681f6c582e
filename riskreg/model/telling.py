"""How orders and verdicts are told, in the same words in the terminal, on pages and in playbooks."""

from __future__ import annotations

from datetime import datetime, timedelta

from riskreg.model.network import Network
from riskreg.model.orders import Order
from riskreg.model.plan import FailoverPlan, OptionKind, Verdict
from riskreg.model.times import say_positions
from riskreg.model.words import NBSP, elapsed, positions, tenths, weekday_clock

KINDS: dict[OptionKind, str] = {
    "home": "home working",
    "idle": "free positions",
    "overtime": "overtime",
    "surge": "surge positions",
    "standby": "standby positions",
    "takeover": "client seats",
    "step-in": "step-in",
}


def after(seconds: int) -> str:
    """`after 4 h`, or `at once`."""
    return f"after {elapsed(seconds)}" if seconds else "at once"


def ordered(order: Order, network: Network) -> str:
    """What somebody is told to do at the moment of the order.

    `12 positions of Orders (overtime)`; `4 more of Orders (overtime), now 16`; `8 positions from Outages to Technical help
    (free positions)`; `release 8 positions from Outages (free positions), 2 stay`.
    """
    move = order.duty.move
    name, how = network.function[move.function].name, KINDS[move.kind]
    if order.more < 0:
        left = f", {say_positions(order.now)} stay" if order.now else ""
        return f"release {positions(-order.more)} from {name} ({how}){left}"
    now = f", now {say_positions(order.now)}" if order.now != order.more else ""
    if order.source is not None:
        leaves = network.function[order.source.move.function].name
        return f"{positions(order.more)} from {leaves} to {name} ({how}){now}"
    return f"{say_positions(order.more)}{NBSP}more of {name} ({how}){now}" if now else f"{positions(order.more)} of {name} ({how})"


def shortage(verdict: Verdict, onset: datetime, zone: str) -> str:
    """`short 2.5 from 1 h, worst 6 from Sat 08:00 Bogotá, until 3 days`: what is missing first, most, and until when.

    Empty where nothing is missing from the RTO on. `zone` is that of the function's customers.
    """
    if not verdict.short:
        return ""
    first = verdict.short_first or verdict.short
    worst = ""
    if first != verdict.short and verdict.short_worst is not None:
        worst = f", worst {tenths(verdict.short)} from {weekday_clock(onset + timedelta(seconds=verdict.short_worst), zone)}"
    since = "the start" if not verdict.short_from else elapsed(verdict.short_from)
    until = ", no end known" if verdict.short_until is None else f", until {elapsed(verdict.short_until)}"
    return f"short {tenths(first)} from {since}{worst}{until}"


def thinnest(verdict: Verdict, plan: FailoverPlan, zone: str) -> str:
    """`20.8 proven of 20.8, Sat 17:00 New York (26 if the untested standby comes)`: when proof leaves least above the minimum.

    Empty where no minimum is due from the RTO on.
    """
    point = verdict.thinnest
    if point is None:
        return ""
    moment = weekday_clock(plan.disruption.onset + timedelta(seconds=point.at), zone)
    hope = ""
    if point.served > point.proven:
        hope = f" ({tenths(point.served)} if {_untested(plan, verdict.function, point.at)})"
    return f"{tenths(point.proven)} proven of {tenths(point.minimum)}, {moment}{hope}"


def _untested(plan: FailoverPlan, function: str, time: int) -> str:
    """Whose coming nobody has tested, among those that serve the function at a moment."""
    expired = {option.id for option in plan.options if option.expired}
    kinds = sorted(
        {
            KINDS[move.kind]
            for move in plan.moves
            if move.function == function and move.at(time) and (move.grade not in ("tested", "used") or move.option in expired)
        }
    )
    if not kinds:
        return "what is untested comes"
    many = len(kinds) > 1 or kinds[0].endswith("s")
    return f"the untested {' and '.join(kinds)} {'come' if many else 'comes'}"


def back(verdict: Verdict, plan: FailoverPlan, network: Network) -> str:
    """The verdict's result in one phrase: its shortage, else its thinnest moment, else that nothing is due."""
    zone = network.function[verdict.function].time_zone
    told = shortage(verdict, plan.disruption.onset, zone)
    if told:
        return f"{told}, unless what nobody has tested comes" if verdict.outcome == "not-known" else told
    thin = thinnest(verdict, plan, zone)
    return f"thinnest:{NBSP}{thin}" if thin else "no minimum is due in this time"
