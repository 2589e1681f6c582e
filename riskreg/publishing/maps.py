"""Maps drawn as SVG: what one thing needs and what needs it, and the network in layers. Same network, same bytes.

Every map is drawn twice, wide and narrow, and the style sheet shows the one that fits. Each has a table beside it.
"""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from markupsafe import Markup

from riskreg.publishing.svg import drawing, glyph, short, tag, text

Line = Literal["stops", "standby", "unknown"]
MOST = 40
"""At most so many boxes a map: more cannot be read, and the table says the same."""
_SIDE = 18


@dataclass(frozen=True)
class Box:
    """One thing on a map. `status` names its sign; `line` says how it hangs on the thing in the middle."""

    key: str
    name: str
    note: str
    status: str
    href: str | None = None
    line: Line = "stops"

    @property
    def grave(self) -> bool:
        return self.status == "not-covered"


@dataclass(frozen=True)
class Link:
    """`target` needs `source`; layered maps draw it from left to right."""

    source: str
    target: str
    line: Line = "stops"


def around(centre: Box, needs: Sequence[Box], needed: Sequence[Box], *, left: str, right: str, label: str) -> tuple[Markup, Markup]:
    """Needs → the thing → what needs it; a wide drawing (760 px) and a narrow one (344 px)."""
    needs, needed = _few(needs), _few(needed)
    return _wide(centre, needs, needed, left, right, label), _narrow(centre, needs, needed, left, right, label)


def _few(boxes: Sequence[Box]) -> list[Box]:
    if len(boxes) <= _SIDE:
        return list(boxes)
    rest = len(boxes) - _SIDE + 1
    return [*boxes[: _SIDE - 1], Box("", f"{rest} more", "all are in the table", "", line="unknown")]


def _wide(centre: Box, needs: Sequence[Box], needed: Sequence[Box], left: str, right: str, label: str) -> Markup:
    size, middle, gap, top = 244, 136, 14, 30
    columns = [[_height(box, size) for box in side] for side in (needs, needed)]
    totals = [sum(column) + gap * max(0, len(column) - 1) for column in columns]
    height = max(*totals, 96) + top + 6
    core = max(72, 26 + 20 * len(_wrap(centre.name, middle, 16)) + (22 if centre.note else 0))
    mid_x, mid_y = 380, top + (height - top) / 2
    lines: list[tuple[bool, Markup]] = []
    boxes: list[Markup] = []
    for side, column, total, x in ((needs, columns[0], totals[0], 0), (needed, columns[1], totals[1], 760 - size)):
        y = mid_y - total / 2
        for box, tall in zip(side, column, strict=True):
            start, end = (size, mid_x - middle / 2) if x == 0 else (760 - size, mid_x + middle / 2)
            lines.append((box.grave, _curve(start, y + tall / 2, end, mid_y, box)))
            boxes.append(_box(box, x + 1, y, size - 2, tall))
            y += tall + gap
    parts: list[Markup] = [text(0, 14, left, "rr-label"), text(760, 14, right, "rr-label", "end")]
    parts += [line for _, line in sorted(lines, key=lambda pair: pair[0])] + boxes
    parts.append(_core(centre, mid_x - middle / 2, mid_y - core / 2, middle, core))
    return drawing(760, height, label, parts, "rr-map rr-wide")


def _narrow(centre: Box, needs: Sequence[Box], needed: Sequence[Box], left: str, right: str, label: str) -> Markup:
    width, indent, gap = 344, 24, 10
    y = 18.0
    parts: list[Markup] = []
    rails: list[Markup] = []
    core = 26 + 20 * len(_wrap(centre.name, 220, 16)) + (20 if centre.note else 0)
    above = y + 10 + sum(_height(box, width - indent) + gap for box in needs)
    for title, side, first in ((left, needs, True), (right, needed, False)):
        if not first:
            parts.append(_core(centre, 0, above, width, core))
            y = above + core + 24
        parts.append(text(indent, y, title, "rr-label"))
        y += 10
        rail = above if first else above + core
        for box in side:
            tall = _height(box, width - indent)
            rails.append(
                tag("path", d=f"M{indent} {short(y + tall / 2)} L12 {short(y + tall / 2)} L12 {short(rail)}", cls=_stroke(box))
            )
            parts.append(_box(box, indent, y, width - indent - 1, tall))
            y += tall + gap
    return drawing(width, y + 2, label, [*rails, *parts], "rr-map rr-narrow")


def layered(columns: Sequence[tuple[str, Sequence[Box]]], links: Iterable[Link], *, label: str) -> Markup:
    """Three columns from left to right, 760 px; each column is ordered by the mean place of its neighbours.

    ValueError where there are more than `MOST` boxes: the caller divides the network first.
    """
    if sum(len(boxes) for _, boxes in columns) > MOST:
        raise ValueError(f"a map has at most {MOST} boxes")
    links = sorted(set(links), key=lambda link: (link.source, link.target))
    into: dict[str, list[str]] = defaultdict(list)
    for link in links:
        into[link.target].append(link.source)
    size, gap, top = 200, 12, 30
    step = (760 - size) / max(1, len(columns) - 1)
    out: dict[str, list[str]] = defaultdict(list)
    for link in links:
        out[link.source].append(link.target)
    rank: dict[str, float] = {}
    ordered = [sorted(boxes, key=lambda box: box.key) for _, boxes in columns]
    # One sweep forth and one back: each column goes by the mean place of its neighbours, which leaves few crossings.
    for near, indices in ((into, range(len(ordered))), (out, range(len(ordered) - 2, -1, -1))):
        for index in indices:
            ordered[index].sort(key=lambda box: (_mean(rank, near[box.key]), box.key))
            rank |= {box.key: place / max(1, len(ordered[index]) - 1) for place, box in enumerate(ordered[index])}
    totals = [sum(_height(box, size) + gap for box in column) for column in ordered]
    height = max(totals) + top
    place: dict[str, tuple[float, float]] = {}
    drawn: list[Markup] = []
    parts: list[Markup] = []
    for index, ((title, _), column) in enumerate(zip(columns, ordered, strict=True)):
        x = step * index
        anchor, at = (("start", x), ("middle", x + size / 2), ("end", x + size))[min(index, 2) if len(columns) == 3 else 0]
        parts.append(text(at, 14, title, "rr-label", anchor))
        # Shorter columns spread over the whole height: lines then cross less and run flatter.
        spare = (height - top - totals[index]) / max(1, len(column))
        y = top + spare / 2
        for box in column:
            tall = _height(box, size)
            place[box.key] = (x, y + tall / 2)
            drawn.append(_box(box, x + 1, y, size - 2, tall))
            y += tall + gap + spare
    for link in links:
        (x1, y1), (x2, y2) = place[link.source], place[link.target]
        if x1 < x2:
            parts.append(_curve(x1 + size, y1, x2, y2, Box("", "", "", "", line=link.line)))
    return drawing(760, height, label, [*parts, *drawn], "rr-map rr-wide")


def _mean(rank: Mapping[str, float], keys: Sequence[str]) -> float:
    known = [rank[key] for key in keys if key in rank]
    return sum(known) / len(known) if known else 0.5


def _wrap(name: str, width: int, size: int = 14) -> list[str]:
    """Names wrap and are never cut: 0.6 of the type size is a generous mean width of a bold letter."""
    return textwrap.wrap(name, max(8, int(width / (size * 0.6))), break_long_words=True) or [""]


def _lines(box: Box, width: float) -> tuple[list[str], list[str]]:
    room = int(width) - (48 if box.status else 24)
    return _wrap(box.name, room), _wrap(box.note, room, 12) if box.note else []


def _height(box: Box, width: float) -> int:
    names, notes = _lines(box, width)
    return 20 + 18 * len(names) + 16 * len(notes)


def _stroke(box: Box) -> str:
    return f"rr-line rr-line--{box.line}{' rr-line--grave' if box.grave else ''}"


def _curve(x1: float, y1: float, x2: float, y2: float, box: Box) -> Markup:
    bend = (x2 - x1) / 2
    shape = f"M{short(x1)} {short(y1)}C{short(x1 + bend)} {short(y1)} {short(x2 - bend)} {short(y2)} {short(x2)} {short(y2)}"
    return tag("path", d=shape, cls=_stroke(box))


def _box(box: Box, x: float, y: float, width: float, height: float) -> Markup:
    frame = " rr-box--grave" if box.grave else " rr-box--unknown" if box.status == "not-known" or not box.key else ""
    names, notes = _lines(box, width + 2)
    at = x + (38 if box.status else 14)
    parts: list[Markup] = [tag("rect", x=x, y=y, width=width, height=height, rx=6, cls=f"rr-box{frame}")]
    if box.status:
        parts.append(glyph(box.status, x + 11, y + height / 2 - 8, f"rr-glyph rr-glyph--{box.status}"))
    line = y + 24
    for words in names:
        parts.append(text(at, line, words, "rr-name"))
        line += 18
    for words in notes:
        parts.append(text(at, line - 1, words, "rr-note rr-bad" if box.grave else "rr-note"))
        line += 16
    drawn = Markup("").join(parts)
    return tag("a", drawn, href=box.href) if box.href else drawn


def _core(box: Box, x: float, y: float, width: float, height: float) -> Markup:
    parts = [tag("rect", x=x, y=y, width=width, height=height, rx=8, cls="rr-core")]
    names = _wrap(box.name, int(width) - 16, 16)
    line = y + (height - 20 * len(names) - (20 if box.note else 0)) / 2 + 16
    for words in names:
        parts.append(text(x + width / 2, line, words, "rr-core-name", "middle"))
        line += 20
    if box.note:
        parts.append(text(x + width / 2, line, box.note, "rr-core-note", "middle"))
    return Markup("").join(parts)
