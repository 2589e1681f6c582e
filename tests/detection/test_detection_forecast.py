"""Forecast misses: noise is not one, over and under are told apart, intervals add up to the days of their own place."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from detection_readings import LATER, START, WEEK, readings, volume

from riskreg.detection import detect, trace

NEW_YORK = ZoneInfo("America/New_York")


def _both(actual, forecast, **fields):
    fields = {"field": "function"} | fields
    return pl.concat([readings("volume", actual, **fields), readings("volume_forecast", forecast, **fields)])


def _detect(actual, forecast, **detector):
    return detect(_both(actual, forecast), [volume(**detector)], client="c", as_of=LATER)


def test_counting_noise_gives_nothing():
    rng = np.random.default_rng(1)
    forecast = np.tile(rng.uniform(5, 5000, 400), (52, 1))
    assert _detect(rng.poisson(forecast), forecast).height / forecast.size < 0.001


def test_five_minute_noise_is_not_a_miss_of_the_day():
    # Twelve calls in five minutes scatter by 23 % around a perfect forecast.
    rng = np.random.default_rng(2)
    forecast = np.full((40 * 288, 1), 12.0)
    metric = volume(grain="interval", period="day")
    frame = _both(rng.poisson(forecast), forecast, step=timedelta(minutes=5))
    assert detect(frame, [metric], client="c", as_of=LATER).height <= 2, "one day in twenty at most, of forty"
    line = trace(frame, metric, site=None, vendor=None, function="S0000", as_of=LATER)
    assert line.height == 40 and line["value"].min() > 20 and line["baseline"].to_numpy() == pytest.approx(23.0, abs=1.5)
    wrong = _both(rng.poisson(forecast * 1.3), forecast, step=timedelta(minutes=5))
    assert detect(wrong, [metric], client="c", as_of=LATER).height == 40


def test_over_and_under_are_told_apart():
    actual, forecast = np.full((20, 2), 1000.0), np.full((20, 2), 1000.0)
    actual[15, 0], actual[15, 1] = 1250, 750
    more, less = _detect(actual, forecast).to_dicts()
    assert (more["direction"], less["direction"]) == ("up", "down")
    # The error is weighed by the volume, as a WAPE is; the bias by the forecast, as contracts count it.
    assert more["value"] == pytest.approx(250 / 1250) and more["delta"] == pytest.approx(250 / 1000) and more["n"] == 1250
    assert less["value"] == pytest.approx(250 / 750) and less["delta"] == pytest.approx(-250 / 1000)
    assert more["at"] == START + 16 * WEEK and more["from"] == START + 15 * WEEK
    assert more["limit"] == pytest.approx(0.10, abs=0.005) and more["p_value"] < 1e-6 and more["strength"] >= 4
    assert len(more["readings"]) == 2


def test_a_miss_within_the_limit_is_none_and_small_counts_need_more():
    actual, forecast = np.full((20, 1), 1000.0), np.full((20, 1), 1000.0)
    actual[15] = 1090
    assert _detect(actual, forecast).is_empty()
    assert _detect(np.full((6, 1), 14.0), np.full((6, 1), 10.0)).is_empty(), "14 calls where 10 were expected is chance"


def test_a_lasting_bias_is_found_by_the_tracking_signal():
    rng = np.random.default_rng(3)
    forecast = np.full((40, 1), 40_000.0)
    actual = rng.poisson(forecast).astype(float)
    actual[28:] *= 0.93
    found = _detect(actual, forecast)
    first = found.row(0, named=True)
    assert first["direction"] == "down" and -0.09 < first["delta"] < -0.05
    assert first["from"] == first["at"] - 8 * WEEK and len(first["readings"]) == 16 and first["value"] < first["limit"]
    assert first["at"] <= START + 36 * WEEK and _detect(actual, forecast, bias=0.10).is_empty()


def test_an_evening_counts_for_its_own_day():
    day = datetime(2026, 10, 23, tzinfo=NEW_YORK)
    fields = {"start": day + timedelta(hours=7), "step": timedelta(minutes=30)}
    actual, forecast = np.full((30, 1), 100.0), np.full((30, 1), 100.0)
    actual[26:] = 400  # 20:00 to 22:00 in New York is after midnight in UTC
    metric = volume(grain="interval", period="day", time_zone="America/New_York")
    frame = _both(actual, forecast, **fields)
    assert detect(frame, [metric], client="c", as_of=LATER)["at"].to_list() == [day + timedelta(days=1)]
    assert detect(frame, [metric], client="c", as_of=day + timedelta(hours=23)).is_empty()


def test_days_add_up_to_weeks_over_a_change_of_the_clocks():
    daily = volume(grain="day", period="week", time_zone="Europe/London")
    starts = [datetime(2026, 10, 19, tzinfo=ZoneInfo("Europe/London")) + timedelta(days=number) for number in range(14)]
    frame = _both(np.full((14, 1), 500.0), np.full((14, 1), 300.0))
    frame = frame.with_columns(at=pl.Series([*starts, *starts], dtype=pl.Datetime("us", "UTC")))
    ends = detect(frame, [daily], client="c", as_of=LATER)["at"].to_list()
    assert [end.astimezone(ZoneInfo("Europe/London")).strftime("%a %d %H:%M") for end in ends] == ["Mon 26 00:00", "Mon 02 00:00"]


def test_only_what_has_both_is_compared():
    actual, forecast = np.full((10, 1), 1000.0), np.full((10, 1), 1000.0)
    frame = _both(actual, forecast)
    holed = frame.filter((pl.col("metric") == "volume") | (pl.col("at") != START + 4 * WEEK))
    assert trace(holed, volume(), site=None, vendor=None, function=None, as_of=LATER).height == 9
    assert detect(readings("volume", actual), [volume()], client="c", as_of=LATER).is_empty()


def test_no_volume_and_no_forecast_have_finite_numbers():
    actual, forecast = np.array([[0.0], [0.0], [300.0], [0.0]]), np.array([[0.0], [300.0], [0.0], [0.2]])
    found = _detect(actual, forecast)
    assert found["direction"].to_list() == ["down", "up"] and found["value"].to_list() == [1.0, 1.0]
    assert found["delta"].to_list() == [-1.0, 1.0]
    assert found.select(pl.col(pl.Float64).is_finite().all()).row(0) is not None
    line = trace(_both(actual, forecast), volume(), site=None, vendor=None, function=None, as_of=LATER)
    assert all(np.isfinite(line[name].to_numpy()).all() for name in ("value", "baseline", "limit"))
