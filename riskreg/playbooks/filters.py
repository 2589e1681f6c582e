"""The filters of a template: values in the words that every page uses, and the few pieces of HTML that pages share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup

from riskreg.model import words
from riskreg.model.role import Role
from riskreg.model.times import parse_duration, say_duration, say_positions
from riskreg.playbooks.duty import desk, on_duty
from riskreg.playbooks.sandbox import BUDGET

MOST_DECIMALS = 6
_WORDS = {"covered": "Covered", "partly": "Late", "not-covered": "Not covered", "not-known": "Not known"}


def _html(text: str) -> Markup:
    # every caller passes data through words.plain_text or words.dialled first
    return Markup(text)  # noqa: S704


def _tel(phone: str) -> Markup:
    number = words.dialled(phone)
    shown = words.plain_text(phone).replace("&#43;", "+").replace(" ", words.NBSP)
    return _html(f'<a href="tel:{number}">{shown}</a>' if number else "no phone known")


def _call(role: Role) -> Markup:
    """The large button of a step; words where there is no number, because a gap must show."""
    if not words.dialled(role.phone):
        return _html('<span class="rr-call rr-call--none">No phone known</span>')
    return _html(str(_tel(role.phone)).replace("<a ", '<a class="rr-call" ', 1))


def _who(role: Role) -> Markup:
    """`Routing desk: Ana Torres, +44…`: title, holder and number, for tables."""
    holder = "" if role.holder == role.title else f": {words.plain_text(role.holder)}"
    number = f", {_tel(role.phone)}" if words.dialled(role.phone) else ""
    return _html(f"{words.plain_text(role.title)}{holder}{number}")


def _away(context: Context, role: Role | None, at: datetime | None = None) -> bool:
    """Whether a role states hours that do not cover a moment; without one, the hour of the plan."""
    moment = at or (context["onset"].at if context["onset"] else None)
    return role is not None and moment is not None and on_duty(role, moment) is False


@pass_context
def _is_away(context: Context, role: Role | None, at: datetime | None = None) -> bool:
    return _away(context, role, at)


@pass_context
def _desks(context: Context, role: Role, at: datetime | None = None) -> tuple[Role, ...]:
    """Who of the same party is on duty at that hour: nobody or one."""
    moment = at or (context["onset"].at if context["onset"] else None)
    found = desk(context["roles"].values(), role.party, moment) if moment else None
    return (found,) if found else ()


@pass_context
def _reach(context: Context, role: Role, at: datetime | None = None) -> Markup:
    """`who`, and where the role's hours do not cover that moment, so, and who is on duty."""
    if not _away(context, role, at):
        return _who(role)
    others = "".join(f"; ring {_who(other)}" for other in _desks(context, role, at)) or "; ring the deputy"
    return _html(
        f"{_who(role)} (not on duty {'then' if at else 'at the hour of this plan'}: {words.plain_text(role.hours)}{others})"
    )


def _otherwise(role: Role) -> Markup:
    """Who is rung where the first does not answer."""
    if not role.deputy:
        return _html("no deputy is named")
    return _html(f"{words.plain_text(role.deputy)}, {_tel(role.deputy_phone)}")


def _status(state: str, word: str = "") -> Markup:
    return _html(f'<span class="rr-status rr-status--{state}">{words.plain_text(word or _WORDS[state])}</span>')


def _percent(share: float, decimals: int = 0) -> str:
    return words.percent(share, min(max(int(decimals), 0), MOST_DECIMALS))


@pass_context
def _money(_context: Context, amount: float, currency: str) -> str:
    return words.money(amount, currency)


@pass_context
def _due(context: Context, length: str) -> str:
    """`2d` → `by Mon 23 Nov 2026 (2 days)`, from the first finding; `within 2 days` after a loss or where no day is known."""
    seconds, start = parse_duration(length), context["day_zero"]
    if start is None or seconds < 86400 or context["playbook"].kind == "continuity":
        return f"within {say_duration(seconds)}"
    on = (start + timedelta(seconds=seconds)).astimezone(ZoneInfo(context["zone"]))
    return f"by {words.day(on)} ({say_duration(seconds)})"


@pass_context
def _clock(context: Context, at: datetime, zone: str, name: str | None = None) -> str:
    return words.clock(at, zone, context["zone"], name)


@pass_context
def _weekday(_context: Context, at: datetime, zone: str, name: str | None = None) -> str:
    return words.weekday_clock(at, zone, name)


@pass_context
def _day(context: Context, on: date) -> str:
    return words.day(on.astimezone(ZoneInfo(context["zone"])) if isinstance(on, datetime) else on)


@pass_context
def _cap(_context: Context, text: Any) -> Any:
    """First letter large, the rest as it is; markup stays markup."""
    BUDGET.get().spend(characters=len(text))
    return type(text)(text[:1].upper() + text[1:])


@pass_context
def _indent(_context: Context, text: Markup) -> Markup:
    lines = text.strip().split("\n")
    BUDGET.get().spend(characters=len(text) + 4 * len(lines))
    return Markup("\n").join(Markup("    ") + line if line.strip() else Markup("") for line in lines)


@pass_context
def _cell(_context: Context, text: Markup) -> Markup:
    """A piece of template in one table cell: its lines become one."""
    BUDGET.get().spend(characters=len(text))
    return Markup(" ").join(text.split())


FILTERS: dict[str, Callable[..., Any]] = {
    "positions": words.positions,
    "number": say_positions,
    "duration": say_duration,
    "count": words.count,
    "percent": _percent,
    "money": _money,
    "day": _day,
    "clock": _clock,
    "weekday": _weekday,
    "due": _due,
    "tel": _tel,
    "call": _call,
    "who": _who,
    "reach": _reach,
    "away": _is_away,
    "desks": _desks,
    "otherwise": _otherwise,
    "status": _status,
    "cap": _cap,
    "indent": _indent,
    "cell": _cell,
}
"""Name in a template → function. Amounts are tenths of a position, lengths are seconds (`due` reads `2d`), money is whole units."""
