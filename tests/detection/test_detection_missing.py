"""Overdue readings: when a series is missed and when it is not, in every grain and on its own clocks."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from detection_readings import START, UTC, WEEK, csat, exposures, leavers, metric, readings, volume

from riskreg.detection import missing
from riskreg.detection.missing import ENDED
from riskreg.model.fact import STANDING
from riskreg.model.reading import READING_SCHEMA, no_readings

SECOND = timedelta(seconds=1)


def at_times(name, times, **scope):
    """One reading at each time."""
    rows = [{"id": f"r{number}", "at": at, "metric": name, "value": 1.0, "n": 100.0} | scope for number, at in enumerate(times)]
    return pl.DataFrame(rows, schema=READING_SCHEMA)


def overdue(frame, of, as_of):
    return [(fact["last"], fact["due"], fact["days_late"]) for fact in missing(frame, [of], client="mer", as_of=as_of)]


def test_a_week_is_missed_once_its_grace_is_over():
    frame = readings("leavers", np.ones((3, 1)), 100)  # the third week ends on 27 January
    grace = START + 5 * WEEK
    assert overdue(frame, leavers(), START + 4 * WEEK) == []
    assert overdue(frame, leavers(), grace - SECOND) == []
    assert overdue(frame, leavers(), grace) == [("2025-01-27", "2025-02-03", 7)]
    assert overdue(frame, leavers(), grace + timedelta(days=13, hours=23)) == [("2025-01-27", "2025-02-03", 20)]


def test_it_has_the_fields_that_rules_may_name():
    frame = at_times("csat", [START], vendor="altura", site="MNL", function="ORD-EN")
    (fact,) = missing(frame, [csat()], client="mer", as_of=START + 9 * WEEK)
    assert fact == {
        "id": "missing_data:csat:altura/MNL/ORD-EN",
        "fact": "missing_data",
        "watches": "quality_drift",
        "client": "mer",
        "vendor": "altura",
        "site": "MNL",
        "function": "ORD-EN",
        "metric": "csat",
        "last": "2025-01-13",
        "due": "2025-01-20",
        "days_late": 49,
    }
    assert set(fact) - {"id", "fact"} == set(STANDING["missing_data"])


def test_each_series_is_missed_for_itself_and_says_only_its_own_place():
    frame = pl.concat([readings("leavers", np.ones((9, 2)), 100, names=["MNL", "CEB"]), readings("leavers", np.ones((4, 1)), 100)])
    (fact,) = missing(frame, [leavers()], client="mer", as_of=START + 9 * WEEK)
    assert (fact["id"], fact["site"]) == ("missing_data:leavers:-/S0000/-", "S0000")
    assert not {"vendor", "function"} & set(fact)


def test_a_gap_that_was_followed_by_readings_is_over():
    frame = readings("leavers", np.ones((9, 1)), 100).filter(pl.col("at") != START + 5 * WEEK)
    assert overdue(frame, leavers(), START + 9 * WEEK) == []


def test_what_had_not_ended_at_that_moment_does_not_count():
    frame = readings("leavers", np.ones((3, 1)), 100, start=START).vstack(
        readings("leavers", np.ones((9, 1)), 100, start=START + 5 * WEEK)
    )
    assert overdue(frame, leavers(), START + 5 * WEEK) == [("2025-01-27", "2025-02-03", 7)]
    assert overdue(frame, leavers(), START + 6 * WEEK) == []


def test_a_series_that_ended_long_ago_is_not_missed_for_ever():
    frame = readings("leavers", np.ones((3, 1)), 100)
    due = START + 4 * WEEK
    assert [late for *_, late in overdue(frame, leavers(), due + ENDED)] == [365]
    assert overdue(frame, leavers(), due + ENDED + SECOND) == []


@pytest.mark.parametrize("grain", ["week", "month"])
def test_only_what_a_detector_waits_for_is_missed(grain):
    frame = readings("occupancy", np.ones((3, 1)))
    assert overdue(frame, metric("occupancy", grain=grain), START + 9 * WEEK) == []
    assert missing(no_readings(), [leavers()], client="mer", as_of=START) == []


def test_events_have_no_rhythm():
    frame = readings("exposures", np.ones((3, 1)))
    assert overdue(frame, exposures(5, grain="event"), START + 9 * WEEK) == []
    assert overdue(frame, exposures(2), START + 9 * WEEK) == [("2025-01-27", "2025-02-03", 35)]


def test_a_forecast_is_missed_like_the_volume_that_it_is_held_against():
    plan = metric("volume_forecast", grain="week")
    frame = pl.concat([readings("volume", np.ones((9, 1))), readings("volume_forecast", np.ones((3, 1)))])
    (fact,) = missing(frame, [volume(), plan], client="mer", as_of=START + 9 * WEEK)
    assert (fact["metric"], fact["watches"]) == ("volume_forecast", "forecast_miss")


def test_months_are_as_long_as_they_are():
    monthly = metric("csat", grain="month", detector={"kind": "quality_drift", "measure": "rate"})
    frame = at_times("csat", [datetime(2024, 12, 1, tzinfo=UTC), datetime(2025, 1, 1, tzinfo=UTC)], site="MNL")
    assert overdue(frame, monthly, datetime(2025, 4, 1, tzinfo=UTC) - SECOND) == []
    assert overdue(frame, monthly, datetime(2025, 4, 1, tzinfo=UTC)) == [("2025-02-01", "2025-03-01", 31)]


def test_days_are_those_of_the_metric_s_zone_through_a_change_of_the_clocks():
    """New York goes to summer time on 9 March 2025: that day has 23 hours, and midnight moves from 05:00 to 04:00 UTC."""
    zone = ZoneInfo("America/New_York")
    days = [datetime(2025, 3, day, tzinfo=zone) for day in range(1, 9)]
    frame = at_times("volume", days, function="ORD-US")
    watch = volume(grain="day", time_zone="America/New_York", period="day")
    grace = datetime(2025, 3, 11, tzinfo=zone)  # the 8th was there, the 9th is due at its end, the 10th is the grace
    assert grace.astimezone(UTC).hour == 4
    assert overdue(frame, watch, grace - SECOND) == []
    assert overdue(frame, watch, grace) == [("2025-03-09", "2025-03-10", 1)]


def test_closed_weekends_are_not_missed():
    """Mondays to Fridays only: after Friday the 17th, Monday the 20th is the next day that is due."""
    weekdays = [START + timedelta(days=day) for day in range(12) if day % 7 < 5]
    frame = at_times("volume", weekdays, function="ORD-UK")
    watch = volume(grain="day", period="day")
    wednesday = START + timedelta(days=16)
    assert overdue(frame, watch, wednesday - SECOND) == []
    assert overdue(frame, watch, wednesday) == [("2025-01-18", "2025-01-21", 1)]


def test_closed_nights_are_not_missed_and_half_hours_have_a_day_of_grace():
    """Open from 09:00 to 17:00; the first half hour of the second Tuesday is due at 09:30, and missed a day after."""
    opening = [START + timedelta(days=day, minutes=540 + 30 * half) for day in range(8) for half in range(16)]
    frame = at_times("volume", opening, function="ORD-UK")
    watch = volume(grain="interval", period="day")
    due = START + timedelta(days=8, hours=9, minutes=30)
    assert overdue(frame, watch, due + timedelta(days=1) - SECOND) == []
    assert overdue(frame, watch, due + timedelta(days=1)) == [("2025-01-13", "2025-01-14", 1)]


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="zone"):
        missing(no_readings(), [leavers()], client="mer", as_of=datetime(2025, 1, 6))


def test_the_order_of_rows_and_metrics_changes_nothing():
    frame = pl.concat([readings("leavers", np.ones((3, 5)), 100), readings("csat", np.ones((3, 5)), 100)])
    expected = missing(frame, [leavers(), csat()], client="mer", as_of=START + 9 * WEEK)
    assert len(expected) == 10
    assert missing(frame.reverse(), [csat(), leavers()], client="mer", as_of=START + 9 * WEEK) == expected
