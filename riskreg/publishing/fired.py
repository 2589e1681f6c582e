"""When a rule fired: a year of weeks as rows of dots, the same as a table, and what labelled periods say about it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from markupsafe import Markup

from riskreg.model.backtest import Backtest, Episode, Period, RuleHistory
from riskreg.model.rule import Rule
from riskreg.publishing import views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.svg import drawing, path, tag, text

_WIDE, _NARROW = 720, 344
_MOST_ROWS = 12
_BESIDE = 26
"""Names of up to this many letters stand left of their row, longer ones above it."""
_EXPLAINED = {"false-alarm": "false alarm", "expected": "expected", "unlabelled": "not labelled"}
_SIGN = {"false-alarm": "not-covered", "expected": "covered", "unlabelled": "not-known"}

_NO_HISTORY = "It looks at nothing that has a time: it speaks of the network as it is today, so it has no history."
_NOTE = (
    "Each week was judged with the readings that were known by then, and with the network as it is today. Readings that are "
    "overdue now play no part in earlier weeks."
)
_NOTHING: dict[str, Any] = {
    "near": "", "labels": [], "charts": [], "folded": [], "places": 0, "caption": "", "rows": [], "amount": 0, "note": "",
}  # fmt: skip

Places = dict[str, list[Episode]]
"""Name of a place → its episodes, oldest first."""


def told(edition: Edition, rule: Rule) -> dict[str, Any] | None:
    """All that the page of a rule says about its past; None where nothing was looked at."""
    past = edition.content.backtest
    history = past.of(rule.id) if past else None
    if past is None or history is None:
        return None
    if history.standing:
        return _NOTHING | {"sentence": _NO_HISTORY}
    places = _places(edition, history)
    shown, rest = list(places.items())[:_MOST_ROWS], list(places.items())[_MOST_ROWS:]
    return {
        "sentence": sentence(edition, past, history),
        "near": "" if history.episodes else near(edition, rule),
        "labels": _labels(edition, history),
        "charts": _charts(edition, past, dict(shown), rule.title) if shown else [],
        "folded": _charts(edition, past, dict(rest), rule.title) if rest else [],
        "places": len(rest),
        "caption": _caption(history),
        "rows": [_row(edition, episode, past) for episode in reversed(history.episodes)],
        "amount": history.fired,
        "note": _NOTE,
    }


def sentence(edition: Edition, past: Backtest, history: RuleHistory) -> str:
    """`Fired three times in 52 weeks, at two places, and was open 27 % of the time; last open Sat 21 Nov.`"""
    weeks = f"{len(past.moments)} weeks"
    if not history.episodes or history.last is None:
        return f"Has not fired in {weeks}."
    often = "once" if history.fired == 1 else f"{words.spelled(history.fired)} times"
    where = f", at {words.counted(history.places, 'place')}," if any(episode.key for episode in history.episodes) else ""
    share = words.percent(history.open_share).replace(" ", words.NBSP)
    last = "is open now" if history.last.last == past.moments[-1] else f"last open {views.short_day(edition, history.last.last)}"
    return f"Fired {often} in {weeks}{where} and was open {share} of the time; {last}."


def near(edition: Edition, rule: Rule) -> str:
    """What is nearest to make a silent rule fire: `Closest: Bogotá, 3.3 % against 3.4 %.`"""
    found = edition.content.near.get(rule.id, "").rstrip(".")
    return f"Closest: {found}." if found else ""


def short(edition: Edition, history: RuleHistory | None) -> str:
    """The same for a cell of a table: `fired 3 times, open now since Mon 2 Nov`, `fired once, last open until Sat 8 Aug`."""
    if history is None:
        return "not looked at"
    if history.standing:
        return "has no history"
    past = edition.content.backtest
    if not history.last or past is None:
        return "did not fire"
    often = "once" if history.fired == 1 else f"{history.fired}{words.NBSP}times"
    open_now = [episode.first for episode in history.episodes if episode.last == past.moments[-1]]
    if open_now:
        return f"fired {often}, open now since {views.short_day(edition, min(open_now))}"
    return f"fired {often}, last open until {views.short_day(edition, history.last.last)}"


def judged(history: RuleHistory | None) -> str:
    """What labels say, for a cell of a table: `1 false alarm, missed 2`; what nobody has labelled is not called false."""
    if history is None or history.standing:
        return "no history"
    said = [words.count(len(history.false_alarms), "false alarm")] if history.false_alarms else []
    said += [f"missed{words.NBSP}{len(history.missed)}"] if history.missed else []
    if said:
        return ", ".join(said)
    if history.judged or history.found:
        return "none known"
    return "nobody has labelled" if history.fired else "nothing to judge"


def _places(edition: Edition, history: RuleHistory) -> Places:
    """Places in the order in which they were open last, newest first."""
    places: Places = {}
    for episode in sorted(
        history.episodes, key=lambda episode: (-episode.last.timestamp(), -episode.steps, where(edition, episode.key))
    ):
        places.setdefault(where(edition, episode.key), []).append(episode)
    return places


def where(edition: Edition, key: dict[str, str]) -> str:
    """The places of a key in words; `everywhere` where the rule speaks of no place."""
    return words.listed([edition.name(f"{field}:{value}") for field, value in sorted(key.items())]) or "everywhere"


def _labels(edition: Edition, history: RuleHistory) -> list[str]:
    """What labelled periods say: which firings were right, which were not, after how long events were found, what was missed."""
    said = [_verdicts(history)] if history.fired else []
    for episode in history.false_alarms:
        span = _span(edition, episode.first, episode.last)
        said.append(f"False alarm: {where(edition, episode.key)}, {span}, labelled as no event: “{episode.label}”.")
    if history.recall is not None:
        asked = history.found + len(history.missed)
        half = (
            f"; half of them within {_days(history.found_after)}" if history.found_after is not None and history.found > 1 else ""
        )
        found = words.spelled(history.found) if history.found else "none"
        said.append(f"Of {words.counted(asked, 'labelled event')} that it could have seen, it found {found}{half}.")
    said += [f"Found {_days(period.after or 0)} after it began: {_period(edition, period)}." for period in history.finds]
    said += [f"Missed: {_period(edition, period)}." for period in history.missed]
    said += [f"Left out on purpose: {_period(edition, period)}. {period.left_out.rstrip('.')}." for period in history.excused]
    return said


def _verdicts(history: RuleHistory) -> str:
    """`Of its four firings one was expected, one was a false alarm, and two are not labelled: nobody has said …`."""
    false = len(history.false_alarms)
    right, silent = history.judged - false, history.fired - history.judged
    if not history.judged:
        return (
            f"Nobody has labelled what happened at its {words.counted(history.fired, 'firing')}: nobody knows whether it was right."
        )
    parts = [f"{words.spelled(right)} {words.plural(right, 'was', 'were')} expected"] if right else []
    parts += [f"{words.spelled(false)} {words.plural(false, 'was a false alarm', 'were false alarms')}"] if false else []
    parts += [f"{words.spelled(silent)} {words.plural(silent, 'is', 'are')} not labelled: nobody has said"] if silent else []
    return f"Of its {words.counted(history.fired, 'firing')}, {words.listed(parts)}."


def _days(amount: float) -> str:
    return f"{words.number(amount)}{words.NBSP}{'day' if amount == 1 else 'days'}"


def _caption(history: RuleHistory) -> str:
    rings = " A ring is a week of a false alarm." if history.false_alarms else ""
    return f"A dot is a week at whose end the rule was open.{rings} Small dots are weeks in which it was silent."


def _period(edition: Edition, period: Period) -> str:
    place = where(edition, period.place) if period.place else "the client"
    year = edition.content.as_of.year
    return f"“{period.title}”, {place}, {words.day(period.start, year)} to {words.day(period.end, year)}"


def _span(edition: Edition, first: datetime, last: datetime) -> str:
    begin, end = views.short_day(edition, first), views.short_day(edition, last)
    return begin if begin == end else f"{begin} to {end}"


def _row(edition: Edition, episode: Episode, past: Backtest) -> dict[str, str]:
    since = "before " if episode.first == past.moments[0] else ""
    until = "still open" if episode.last == past.moments[-1] else views.short_day(edition, episode.last)
    return {
        "where": where(edition, episode.key),
        "first": f"{since}{views.short_day(edition, episode.first)}",
        "last": until,
        "weeks": f"open {words.count(episode.steps, 'week')}",
        "sign": _SIGN[episode.verdict],
        "word": words.capital(_EXPLAINED[episode.verdict]),
        "label": episode.label,
    }


def _charts(edition: Edition, past: Backtest, places: Places, title: str) -> list[dict[str, Markup]]:
    label = f"{title}: {_summary(places, past)}"
    return [{"wide": _drawn(edition, past, places, label, _WIDE), "narrow": _drawn(edition, past, places, label, _NARROW)}]


def _summary(places: Places, past: Backtest) -> str:
    said = [f"{name} {words.count(sum(episode.steps for episode in found), 'week')}" for name, found in places.items()]
    return f"weeks in which it was open, of the last {len(past.moments)}: {words.listed(said)}"


def _drawn(edition: Edition, past: Backtest, places: Places, label: str, width: int) -> Markup:
    """A row for each place, a mark for each week: a dot where it was open, a ring where that was a false alarm."""
    beside = width > _NARROW and max(map(len, places)) <= _BESIDE
    left, right = (24 + round(6.8 * max(map(len, places))) if beside else 6), width - 6
    height, step = (22 if beside else 40), (right - left) / max(1, len(past.moments) - 1)
    radius = min(4.2, step * 0.42)
    parts: list[str] = []
    for number, (name, episodes) in enumerate(places.items()):
        y = 14 + height * number + (0 if beside else 18)
        parts.append(text(left - 14, y + 4, name, anchor="end") if beside else text(0, y - 12, name))
        open_at = {moment: episode for episode in episodes for moment in past.moments if episode.first <= moment <= episode.last}
        for index, moment in enumerate(past.moments):
            episode = open_at.get(moment)
            style = "rr-week" if episode is None else "rr-fired rr-fired--false" if episode.verdict == "false-alarm" else "rr-fired"
            parts.append(tag("circle", cx=left + step * index, cy=y, r=1.1 if episode is None else radius, cls=style))
    foot = 14 + height * len(places)
    parts.append(path([(left, foot), (right, foot)], "rr-axis"))
    parts += _months(past.moments, edition.zone, left, step, foot, width)
    return drawing(width, foot + 24, label, parts, "rr-year")


def _months(moments: Sequence[datetime], zone: str, left: float, step: float, foot: float, width: int) -> list[Markup]:
    """The name of a month under its first week, where there is room; the year with January."""
    out: list[Markup] = []
    room, before = 0.0, moments[0].astimezone(ZoneInfo(zone)).month
    for index, moment in enumerate(moments):
        day, at = moment.astimezone(ZoneInfo(zone)), left + step * index
        if day.month == before:
            continue
        before = day.month
        _, _, month, year = words.day(day).split(words.NBSP)
        name = f"{month} {year}" if day.month == 1 and width > _NARROW else month
        if room <= at <= width - 26:
            out += [path([(at, foot), (at, foot + 4)], "rr-axis"), text(at, foot + 18, name)]
            room = at + 8 * len(name)
    return out
