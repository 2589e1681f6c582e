"""Attrition: planted spikes are found, noise is not, and the rates that are promised are measured."""

from datetime import timedelta

import numpy as np
import polars as pl
import pytest
from detection_readings import LATER, START, WEEK, leavers, readings

from riskreg.detection import detect, trace


def _detect(value, n, **detector):
    return detect(readings("leavers", value, n), [leavers(**detector)], client="c", as_of=LATER)


def _sites(sites, periods, weekly, seed, spread=0.0):
    rng = np.random.default_rng(seed)
    heads = np.tile(rng.integers(150, 500, sites), (periods, 1))
    return rng, heads, np.tile(weekly * np.exp(rng.normal(0, spread, sites)), (periods, 1))


@pytest.mark.parametrize(("weekly", "spread"), [(0.009, 0.0), (0.009, 0.4), (0.05, 0.4)])
def test_weeks_with_any_false_spike_stay_under_the_false_discovery_rate(weekly, spread):
    weeks = bad = 0
    for seed in range(3):
        rng, heads, rate = _sites(400, 52, weekly, seed, spread)
        found = _detect(rng.poisson(heads * rate), heads, ratio=1.0).filter(pl.col("p_value").is_not_null())
        bad, weeks = bad + found["at"].n_unique(), weeks + 46
    assert bad / weeks <= 0.05 + 2 * np.sqrt(0.05 * 0.95 / weeks)


def test_slow_rise_signals_come_no_more_often_than_the_run_length_says():
    rng, heads, rate = _sites(3000, 126, 0.009, 5, 0.4)
    rises = _detect(rng.poisson(heads * rate), heads)["run_length"].is_not_null().sum()
    assert 500 * 0.9 <= 3000 * 100 / rises <= 500 * 1.5


def _found(weekly, sites, within, runs, seed):
    """Share of runs in which the doubling at the first of `sites` is found within so many weeks; headcount 300."""
    rng, periods = np.random.default_rng(seed), 40
    heads = np.full((periods, sites * runs), 300)
    rate = np.full(heads.shape, weekly)
    rate[-within:, ::sites] *= 2
    value = rng.binomial(heads, rate)
    begins = START + WEEK * (periods - within)
    hits = 0
    for run in range(runs):
        part = slice(run * sites, (run + 1) * sites)
        found = _detect(value[:, part], heads[:, part])
        hits += found.filter(pl.col("site") == "S0000", pl.col("at") > begins).height > 0
    return hits / runs


def test_a_doubling_at_headcount_300_is_found():
    # 1.5 % a week is 78 % a year, the level of the busier floors of DOMAIN: one site watched alone within three weeks.
    assert _found(0.015, 1, 3, 100, 1) >= 0.80
    # At 60 % a year and beside eleven others it takes the CUSUM eight weeks.
    assert _found(0.0115, 12, 8, 60, 2) >= 0.80


def test_a_spike_carries_its_numbers():
    value = np.full((40, 3), 3.0)
    value[-1, 1] = 15
    frame = readings("leavers", value, 300)
    found = detect(frame, [leavers()], client="meridian", as_of=LATER).to_dicts()
    assert len(found) == 1
    signal = found[0]
    assert (signal["client"], signal["site"], signal["vendor"], signal["metric"]) == ("meridian", "S0001", None, "leavers")
    assert signal["at"] == signal["to"] == START + 40 * WEEK and signal["from"] == START + 39 * WEEK
    assert signal["value"] == 15 and signal["n"] == 300 and signal["direction"] == "up"
    assert 2.9 < signal["baseline"] < 3.1 and signal["delta"] == signal["value"] - signal["baseline"]
    assert signal["p_value"] < 1e-3 and signal["strength"] >= 4 and signal["limit"] <= 15
    assert signal["readings"] == [frame.filter(pl.col("value") == 15)["id"][0]]
    line = trace(frame, leavers(), site="S0001", vendor=None, function=None, as_of=LATER)
    last = line.row(-1, named=True)
    assert last["signal"] and last["value"] == pytest.approx(5.0)
    assert last["baseline"] == pytest.approx(signal["baseline"] / 3) and last["limit"] == pytest.approx(signal["limit"] / 3)
    assert line["signal"].sum() == 1 and line["limit"].head(6).null_count() == 6 and line["limit"].tail(34).null_count() == 0


def test_the_limit_on_the_chart_is_where_a_count_becomes_a_spike():
    rng, heads, rate = _sites(20, 60, 0.01, 3)
    value = rng.binomial(heads, rate)
    value[rng.random(value.shape) < 0.03] += 12
    frame = readings("leavers", value, heads)
    spikes = detect(frame, [leavers()], client="c", as_of=LATER).filter(pl.col("p_value").is_not_null())
    assert spikes.height > 20
    for site in range(20):
        line = trace(frame, leavers(), site=f"S{site:04d}", vendor=None, function=None, as_of=LATER)
        beyond = line.filter(pl.col("value") >= pl.col("limit") - 1e-9)["at"].to_list()
        assert beyond == spikes.filter(pl.col("site") == f"S{site:04d}")["at"].to_list()


def test_a_slow_rise_tells_the_whole_rise():
    value = np.full((60, 1), 3.0)
    value[40:] = 5
    found = _detect(value, 300, ratio=3.0).filter(pl.col("run_length").is_not_null())
    first = found.row(0, named=True)
    assert first["from"] == START + 40 * WEEK and first["p_value"] is None and first["run_length"] == 500
    weeks = (first["to"] - first["from"]) // WEEK
    assert first["value"] == 5 * weeks == 5 * len(first["readings"]) and first["n"] == 300
    assert first["baseline"] == pytest.approx(3 * weeks, rel=0.02) and first["value"] > first["limit"] > first["baseline"]
    assert found.height >= 2, "after a signal the chart begins again"


def test_a_missing_week_is_not_zero_and_no_headcount_is_not_judged():
    rng, heads, rate = _sites(1, 50, 0.01, 9)
    value = rng.binomial(heads, rate)
    whole, holed = readings("leavers", value, heads), readings("leavers", value, heads).filter(pl.col("at") != START + 20 * WEEK)
    line = trace(holed, leavers(), site=None, vendor=None, function=None, as_of=LATER)
    assert START + 21 * WEEK not in line["at"].to_list() and line.height == 49
    unknown = whole.with_columns(n=pl.when(pl.col("at") == START + 20 * WEEK).then(0.0).otherwise("n"))
    assert trace(unknown, leavers(), site=None, vendor=None, function=None, as_of=LATER).equals(line)


def test_all_zero_past_a_constant_past_and_a_short_past():
    zeros = np.zeros((40, 1))
    assert _detect(zeros, 200).is_empty()
    zeros[-1] = 1
    assert _detect(zeros, 200).is_empty(), "one leaver after forty quiet weeks is no spike"
    zeros[-1] = 9
    assert _detect(zeros, 200)["strength"].to_list() == [5]
    assert _detect(np.full((80, 5), 4.0), 200).is_empty()
    assert _detect([[40.0]] * 6, 200).is_empty() and _detect([[1.0]], 200).is_empty()


def test_a_short_past_borrows_from_the_family():
    rng = np.random.default_rng(3)
    long = readings("leavers", rng.poisson(3, (40, 10)), 300)
    value = np.array([[0.0], [0.0], [0.0], [1.0], [3.0], [3.0], [6.0]])
    short = readings("leavers", value, 300, names=["NEW"], start=START + 33 * WEEK)
    alone = detect(short, [leavers()], client="c", as_of=LATER)
    among = detect(pl.concat([long, short]), [leavers()], client="c", as_of=LATER).filter(pl.col("site") == "NEW")
    assert alone.height == 1 and among.is_empty(), "four quiet first weeks alone would make six leavers a spike"


def test_months_end_with_the_calendar():
    value = np.full((14, 1), 12.0)
    value[-1] = 40
    starts = [START.replace(year=2025 + month // 12, month=month % 12 + 1, day=1) for month in range(14)]
    frame = readings("leavers", value, 300).with_columns(at=pl.Series(starts, dtype=pl.Datetime("us", "UTC")))
    monthly = leavers(baseline=8).model_copy(update={"grain": "month"})
    assert detect(frame, [monthly], client="c", as_of=LATER)["at"].to_list() == [START.replace(year=2026, month=3, day=1)]
    early = START.replace(year=2026, month=3, day=1) - timedelta(seconds=1)
    assert detect(frame, [monthly], client="c", as_of=early).is_empty()
