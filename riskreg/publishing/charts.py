"""Charts drawn as SVG at real size: cover of a function over the first hours, and readings against their limit.

Nothing is added up over functions: a surplus in one would hide a gap in another. Sizes are pixels; text is 12 px.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from markupsafe import Markup

from riskreg.model.plan import CoverPoint, Verdict
from riskreg.model.times import say_positions
from riskreg.publishing import words
from riskreg.publishing.outcomes import caption
from riskreg.publishing.svg import drawing, path, short, tag, text

_SPANS = (86400, 3 * 86400, 7 * 86400)
_TICKS = {86400: (4, 8, 12, 24), 3 * 86400: (12, 24, 48, 72), 7 * 86400: (24, 72, 120, 168)}
_MOST_LABELS = 5
_LABEL_ROOM = 38
_LINE = 14
_STEP_ROOM = 26
_SHORT_ROOM = 66


def cover_span(verdict: Verdict) -> int:
    """The shortest of a day, three days and a week in which the objectives of the function and its first shortage can be seen."""
    wanted = max(verdict.rto * 4 // 3, verdict.minimum_at or 0, (verdict.short_from or 0) * 10 // 9)
    return next((span for span in _SPANS if wanted <= span), _SPANS[-1])


def cover(verdict: Verdict, name: str) -> Markup:
    """Step lines of one function after a loss, in positions: what the plan serves (a line), what of it is proven (filled), the
    demand, the minimum from the RTO on, and the shortage against it (striped)."""
    span = cover_span(verdict)
    points = [point for point in verdict.cover if point.at < span]
    width, left, right, top, bottom = 344, 30, 340, 24, 132
    most = max([1, *(max(point.demand, point.served) for point in points)])

    def x(at: float) -> float:
        return left + (right - left) * min(at, span) / span

    def y(amount: float) -> float:
        return bottom - (bottom - top) * amount / most

    def steps(pick: Callable[[CoverPoint], int], since: int = 0) -> list[tuple[float, float]]:
        line: list[tuple[float, float]] = []
        for point, until in _segments(points, span):
            if until > since:
                line += [(x(max(point.at, since)), y(pick(point))), (x(until), y(pick(point)))]
        return line

    served = steps(lambda point: point.served)
    parts: list[str] = []
    if served:
        proven = steps(lambda point: min(point.proven, point.served))
        parts.append(path([(left, bottom), *proven, (right, bottom)], "rr-area", close=True))
        parts.append(path(steps(lambda point: point.demand), "rr-usual"))
        parts += _shortage(verdict.function, points, span, verdict.rto, x, y)
        parts.append(path(served, "rr-value"))
        parts.append(path(steps(lambda point: point.minimum, verdict.rto), "rr-limit"))
        short = _shortest(points, span, verdict.rto, x, y, right)
        parts += [short[0]] if short else []
        parts += _step_labels(points, x, y, top, right, short[1] if short else None)
    parts.append(path([(left, bottom), (right, bottom)], "rr-axis"))
    parts.append(text(left - 6, bottom + 4, "0", anchor="end"))
    parts += [text(x(hour * 3600), bottom + 16, _hour(hour), anchor="end" if hour * 3600 == span else "middle")
              for hour in (0, *_TICKS[span])]  # fmt: skip
    peak = max((point.demand for point in points), default=0)
    floor = max((point.minimum for point in points), default=0)
    parts.append(text(right, 12, f"normally up to {say_positions(peak)} · minimum up to {say_positions(floor)}", anchor="end"))
    return drawing(width, bottom + 22, f"{name}: {caption(verdict)}", parts, "rr-cover-chart")


def _hour(hour: int) -> str:
    return "0" if not hour else f"{hour}{words.NBSP}h" if hour <= 48 else f"{hour // 24}{words.NBSP}days"


def _segments(points: Sequence[CoverPoint], span: int) -> list[tuple[CoverPoint, int]]:
    ends = [*(point.at for point in points[1:]), span]
    return list(zip(points, ends, strict=True)) if points else []


def _shortage(
    function: str, points: Sequence[CoverPoint], span: int, rto: int, x: Callable[[float], float], y: Callable[[float], float]
) -> list[Markup]:
    """Striped rectangles where less than the minimum is served after the RTO."""
    boxes = [
        (max(point.at, rto), until, point.served, point.minimum)
        for point, until in _segments(points, span)
        if until > rto and point.served < point.minimum
    ]
    if not boxes:
        return []
    ident = f"rr-stripes-{function}"
    drawn = [
        tag("rect", x=x(start), y=y(high), width=x(end) - x(start), height=y(low) - y(high), cls="rr-short", fill=f"url(#{ident})")
        for start, end, low, high in boxes
    ]
    stripe = tag("rect", width=2.2, height=6, cls="rr-stripe")
    pattern = tag("pattern", stripe, id=ident, width=6, height=6, patternUnits="userSpaceOnUse", patternTransform="rotate(45)")
    return [tag("defs", pattern), *drawn]


def _shortest(
    points: Sequence[CoverPoint], span: int, rto: int, x: Callable[[float], float], y: Callable[[float], float], right: float
) -> tuple[Markup, float] | None:
    """The label of the deepest shortage, and where it stands."""
    short = [point for point, until in _segments(points, span) if until > rto and point.served < point.minimum]
    if not short:
        return None
    worst = max(short, key=lambda point: (point.minimum - point.served, -point.at))
    at = min(x(max(worst.at, rto)) + 2, right - _SHORT_ROOM)
    return text(at, y(worst.minimum) - 5, f"short {say_positions(worst.minimum - worst.served)}", "rr-bad"), at


def _step_labels(
    points: Sequence[CoverPoint],
    x: Callable[[float], float],
    y: Callable[[float], float],
    top: float,
    right: float,
    short: float | None,
) -> list[Markup]:
    """A dot where people arrive, and a number where there is room for one; nothing where cover moves all the time."""
    rises = [
        point for before, point in zip([None, *points], points, strict=False) if point.served > (before.served if before else 0)
    ]
    if len(rises) > _MOST_LABELS:
        return []
    out: list[Markup] = []
    last = float(-_STEP_ROOM)
    for point in rises:
        at = x(point.at)
        out.append(tag("circle", cx=at, cy=y(point.served), r=3.2, cls="rr-dot"))
        below = point.served < point.minimum or y(point.served) < top + 8
        hidden = short is not None and not below and short - _STEP_ROOM < at < short + _SHORT_ROOM
        if at - last < _STEP_ROOM or hidden:
            continue
        last = at
        beyond = at > right - 40
        left, down = (-5 if beyond else 5), (14 if below else -6)
        anchor = "end" if beyond else "start"
        out.append(text(at + left, y(point.served) + down, say_positions(point.served), "rr-strong", anchor))
    return out


@dataclass(frozen=True)
class Measured:
    """One period of a control chart: the value, its usual level and its limit where they were known, and whether it signalled."""

    at: datetime
    value: float | None
    baseline: float | None
    limit: float | None
    signal: bool


def control(
    rows: Sequence[Measured],
    *,
    say: Callable[[float], str],
    label: str,
    width: int,
    worse: str = "up",
    agreed: Mapping[str, float] | None = None,
) -> Markup:
    """A control chart: value solid with open dots, limit dashed and usual level thin, both named at their end, signals as diamonds.

    `agreed` are limits by name that rules ask for, such as a floor: lines of their own.
    The axis begins at zero unless all values lie in the upper part of a scale; then at a round number below the least.
    """
    room = 96 if width > 400 else 0
    left, right, top, bottom = 46, width - 8 - room, 18, 190 if width > 400 else 168
    known = [value for row in rows for value in (row.value, row.baseline, row.limit) if value is not None]
    levels = dict(agreed or {}) if known else {}
    low, high, step = _axis([*known, *levels.values()])

    def x(index: float) -> float:
        return left + (right - left) * (index / max(1, len(rows) - 1))

    def y(value: float) -> float:
        return bottom - (bottom - top) * (value - low) / (high - low)

    parts: list[str] = _beyond(rows, x, y, top if worse == "up" else bottom) if worse != "both" else []
    parts.append(path([(left, bottom), (right, bottom)], "rr-axis"))
    ticks = round((high - low) / step)
    parts += [text(left - 8, y(low + step * index) + 4, say(low + step * index), anchor="end") for index in range(ticks + 1)]
    ends: list[tuple[float, str]] = []
    for name, value in sorted(levels.items()):
        parts.append(path([(left, y(value)), (right, y(value))], "rr-limit"))
        ends.append((y(value), f"{name} {say(value)}"))
    for pick, style, name in (("baseline", "rr-usual", "usual"), ("limit", "rr-limit", "limit")):
        for run in _runs([getattr(row, pick) for row in rows]):
            parts.append(path([(x(index), y(value)) for index, value in run], style))
        last = next((getattr(row, pick) for row in reversed(rows) if getattr(row, pick) is not None), None)
        if last is not None:
            ends.append((y(last), f"{name} {say(last)}"))
    parts += [text(right + 8, at + 4, said) if room else text(left + 2, at - 5, said) for at, said in _spread(ends)]
    for run in _runs([row.value for row in rows]):
        parts.append(path([(x(index), y(value)) for index, value in run], "rr-value"))
    parts += _marks(rows, x, y, say, up=worse != "down")
    every = max(1, -(-len(rows) // (7 if width > 400 else 4)))
    parts += [
        text(x(index), bottom + 18, words.day(row.at).split(words.NBSP, 1)[1].rsplit(words.NBSP, 1)[0], anchor="middle")
        for index, row in enumerate(rows) if (len(rows) - 1 - index) % every == 0
    ]  # fmt: skip
    return drawing(width, bottom + 26, label, parts, "rr-control")


def _spread(ends: Sequence[tuple[float, str]]) -> list[tuple[float, str]]:
    """Names of lines, top down, moved apart where they would run into each other."""
    out: list[tuple[float, str]] = []
    for at, said in sorted(ends):
        out.append((max(at, out[-1][0] + _LINE) if out else at, said))
    return out


def _axis(known: Sequence[float]) -> tuple[float, float, float]:
    """Low end, high end and step of an axis over these values: at most six round steps."""
    least, most = min(known, default=0.0), max(known, default=1.0)
    floor = 0.0 if least <= 0.5 * most else least - 0.5 * (most - least or most * 0.1)
    raw = (most - floor or 1.0) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(size * power for size in (1, 2, 2.5, 5, 10) if size * power >= raw * 0.999)
    low = int(floor / step) * step
    ticks = 1
    while low + ticks * step < most * (1 + 1e-9):
        ticks += 1
    return low, low + ticks * step, step


def _runs(values: Sequence[float | None]) -> list[list[tuple[int, float]]]:
    """Stretches without a gap: a missing week is a gap in the line, not a zero."""
    runs: list[list[tuple[int, float]]] = [[]]
    for index, value in enumerate(values):
        if value is None:
            runs.append([])
        else:
            runs[-1].append((index, value))
    return [run for run in runs if run]


def _beyond(rows: Sequence[Measured], x: Callable[[float], float], y: Callable[[float], float], edge: float) -> list[str]:
    """The side of the limit on which a signal lies."""
    return [
        path(
            [(x(run[0][0]), edge), *((x(index), y(value)) for index, value in run), (x(run[-1][0]), edge)], "rr-beyond", close=True
        )
        for run in _runs([row.limit for row in rows])
        if len(run) > 1
    ]


def _marks(
    rows: Sequence[Measured], x: Callable[[float], float], y: Callable[[float], float], say: Callable[[float], str], *, up: bool
) -> list[Markup]:
    out: list[Markup] = []
    labelled: list[float] = []
    for index, row in reversed(list(enumerate(rows))):
        if row.value is None:
            continue
        if not row.signal:
            out.append(tag("circle", cx=x(index), cy=y(row.value), r=2.9, cls="rr-dot"))
            continue
        at = f"translate({short(x(index))} {short(y(row.value))})"
        out.append(tag("path", d="M0 -5.5L5.5 0 0 5.5-5.5 0Z", transform=at, cls="rr-mark"))
        # Numbers that would run into each other help nobody: the newest stands, then those far enough from it.
        if all(abs(x(index) - other) > _LABEL_ROOM for other in labelled):
            labelled.append(x(index))
            out.append(text(x(index), y(row.value) + (-10 if up else 20), say(row.value), "rr-bad", "middle"))
    return out
