"""Exposures: one grave event is a signal; lesser ones when there are more than usual for the seats."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from detection_readings import LATER, START, UTC, WEEK, exposures, readings
from pydantic import ValidationError

from riskreg.detection import detect, trace


def _detect(value, n, level, **fields):
    return detect(readings("exposures", value, n), [exposures(level, **fields)], client="c", as_of=LATER)


@pytest.mark.parametrize("level", [4, 5])
def test_one_grave_event_is_a_signal_by_itself(level):
    value = np.zeros((10, 300))
    value[0, 3] = value[7, 100] = 1
    found = _detect(value, None, level)
    assert found["site"].to_list() == ["S0003", "S0100"] and found["strength"].to_list() == [level] * 2
    assert found["p_value"].null_count() == 2 and found["limit"].to_list() == [1.0, 1.0]


def test_an_event_is_known_at_once():
    at = datetime(2026, 11, 18, 13, 42, 7, 250, tzinfo=UTC)
    frame = readings("exposures", [[1.0], [1.0]], start=at, step=timedelta(microseconds=1), names=["BOG"])
    found = detect(frame, [exposures(5, grain="event")], client="c", as_of=at)
    assert found["at"].to_list() == [at] and found["readings"].to_list() == [["exposures.csv:2"]]
    both = detect(frame, [exposures(5, grain="event")], client="c", as_of=LATER)
    assert both["id"].n_unique() == 2 and both["readings"].to_list() == [["exposures.csv:2"], ["exposures.csv:3"]]


def test_weeks_with_any_false_signal_stay_under_the_false_discovery_rate():
    weeks = bad = 0
    for seed in range(3):
        rng = np.random.default_rng(seed)
        seats = np.tile(rng.integers(60, 600, 400), (52, 1))
        bad, weeks = bad + _detect(rng.poisson(seats * 0.01), seats, 2)["at"].n_unique(), weeks + 46
    assert bad / weeks <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / weeks)


def test_more_lesser_events_than_usual_for_the_seats():
    rng = np.random.default_rng(4)
    seats = np.full((40, 8), 300.0)
    value = rng.poisson(seats * 0.004)
    value[30, 2] = 11
    seats[30, 5], value[30, 5] = 3000, 12
    found = _detect(value, seats, 2)
    assert found["site"].to_list() == ["S0002"], "ten times the seats have ten times the events"
    only = found.row(0, named=True)
    assert only["value"] == 11 >= only["limit"] > only["baseline"] and only["p_value"] < 0.01 and only["at"] == START + 31 * WEEK


def test_a_missing_number_of_seats_is_the_last_known():
    rng = np.random.default_rng(5)
    seats = np.full((40, 3), 300.0)
    frame = readings("exposures", rng.poisson(1.2, (40, 3)), seats)
    gaps = frame.with_columns(n=pl.when(pl.col("at") == START + 20 * WEEK).then(None).otherwise("n"))
    line = [trace(f, exposures(2), site="S0001", vendor=None, function=None, as_of=LATER) for f in (frame, gaps)]
    assert line[0].equals(line[1])
    none = detect(readings("exposures", [[1.0]] * 30 + [[12.0]]), [exposures(2)], client="c", as_of=LATER)
    assert none["value"].to_list() == [12.0]


def test_single_lesser_events_must_be_counted_first():
    with pytest.raises(ValidationError, match="count them per day, week or month"):
        exposures(3, grain="event")
