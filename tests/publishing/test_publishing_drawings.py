"""Charts and maps: well-formed, in bounds, the same bytes each time, and saying what they show."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from publishing_fixture import plan

from riskreg.publishing.charts import Measured, control, cover, cover_span
from riskreg.publishing.maps import MOST, Box, Link, around, layered

SVG = "{http://www.w3.org/2000/svg}"


def texts(drawing: Element) -> list[str]:
    return ["".join(item.itertext()) for item in drawing.iter(f"{SVG}text")]


def in_bounds(drawing: Element) -> bool:
    width, height = (float(drawing.get(name, "0")) for name in ("width", "height"))
    numbers = [
        (float(item.get("x", "0")), float(item.get("y", "0")))
        for item in drawing.iter()
        if item.get("x") and not item.tag.endswith("pattern")
    ]
    return all(-1 <= x <= width + 1 and -1 <= y <= height + 1 for x, y in numbers)


@pytest.mark.parametrize(
    ("index", "says"),
    [
        (0, "the minimum is due by 15\u00a0min and is back after 15\u00a0min."),
        (2, "is back after 12\u00a0h, short by up to 4\u00a0positions until then."),
        (3, "does not come back in this time, short by up to 4.8\u00a0positions."),
    ],
)
def test_cover_charts_say_their_result(index: int, says: str) -> None:
    verdict = plan("site:CEB", "x").verdicts[index]
    drawing = fromstring(cover(verdict, "A & B"))
    assert str(drawing.get("aria-label")).endswith(says)
    assert str(drawing.get("aria-label")).startswith("A & B: ")
    assert in_bounds(drawing)
    stripes = [item for item in drawing.iter(f"{SVG}rect") if item.get("class") == "rr-short"]
    assert bool(stripes) == (verdict.short > 0)
    assert any(text.startswith("short") for text in texts(drawing)) == (verdict.short > 0)


def test_cover_charts_show_as_long_as_the_objective_needs() -> None:
    verdicts = plan("site:CEB", "x").verdicts
    assert [cover_span(verdict) // 3600 for verdict in verdicts] == [24, 24, 24, 24, 72]


def rows(values: list[float | None], limit: float = 5.0) -> list[Measured]:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    return [
        Measured(start + timedelta(weeks=week), value, 2.0, limit, signal=value is not None and value > limit)
        for week, value in enumerate(values)
    ]


def say(value: float) -> str:
    return f"{value:g} %"


def test_a_control_chart_marks_signals_names_its_lines_and_leaves_gaps() -> None:
    drawing = fromstring(control(rows([2, 3, None, 2, 6, 7]), say=say, label="Leavers", width=720))
    assert "limit 5 %" in texts(drawing)
    assert "usual 2 %" in texts(drawing)
    assert "7 %" in texts(drawing)
    assert "0 %" in texts(drawing)
    marks = [item for item in drawing.iter(f"{SVG}path") if item.get("class") == "rr-mark"]
    lines = [item for item in drawing.iter(f"{SVG}path") if item.get("class") == "rr-value"]
    assert (len(marks), len(lines)) == (2, 2)


def test_scores_in_the_upper_part_of_a_scale_do_not_start_at_zero() -> None:
    high = [row.__class__(row.at, row.value, 90.0, 88.0, row.signal) for row in rows([91.0, 90.0, 89.5, 90.2])]
    ticks = texts(fromstring(control(high, say=say, label="Score", width=344, worse="down")))
    assert "0 %" not in ticks


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.one_of(st.none(), st.floats(-1e6, 1e6, width=32)), min_size=1, max_size=30))
def test_no_series_breaks_a_chart(values: list[float | None]) -> None:
    first, second = (control(rows(values), say=say, label="x", width=344) for _ in range(2))
    assert first == second
    fromstring(first)
    assert "nan" not in first


def boxes(amount: int, kind: str) -> list[Box]:
    return [
        Box(f"{kind}:{index}", f"{kind} <{index}>", "a note", "not-covered" if index % 2 else "covered", "x.html")
        for index in range(amount)
    ]


def test_maps_are_drawn_wide_and_narrow_with_every_name() -> None:
    wide, narrow = around(
        Box("s", "Cebu & co", "", ""), boxes(3, "need"), boxes(4, "function"), left="Needs", right="Need it", label="Cebu"
    )
    for drawing, width in ((fromstring(wide), "760"), (fromstring(narrow), "344")):
        assert drawing.get("width") == width
        assert in_bounds(drawing)
        assert {"need <0>", "function <3>", "Cebu & co", "Needs"} <= set(texts(drawing))
        assert len(list(drawing.iter(f"{SVG}a"))) == 7


def test_a_side_with_too_many_boxes_says_how_many_are_left_out() -> None:
    wide, _ = around(Box("s", "Cebu", "", ""), [], boxes(30, "function"), left="a", right="b", label="Cebu")
    assert "13 more" in texts(fromstring(wide))


def test_layered_maps_do_not_depend_on_the_order_of_files() -> None:
    systems, sites, functions = boxes(4, "system"), boxes(3, "site"), boxes(5, "function")
    links = [Link(f"system:{index}", f"site:{index % 3}") for index in range(4)]
    links += [Link(f"site:{index % 3}", f"function:{index}", "standby") for index in range(5)]
    one = layered([("a", systems), ("b", sites), ("c", functions)], links, label="All")
    other = layered([("a", systems[::-1]), ("b", sites[::-1]), ("c", functions[::-1])], links[::-1], label="All")
    assert one == other
    assert in_bounds(fromstring(one))
    assert len(re.findall("rr-line--standby", one)) == 5


def test_a_map_never_has_more_boxes_than_can_be_read() -> None:
    with pytest.raises(ValueError, match="at most 40 boxes"):
        layered([("a", boxes(MOST + 1, "system"))], [], label="x")
