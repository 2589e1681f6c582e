"""Quality drift: run lengths measured with an estimated norm, drifts found, only the worse direction counted."""

import numpy as np
import polars as pl
import pytest
from detection_readings import LATER, START, WEEK, csat, qa_score, readings

from riskreg.detection import detect, trace


def _detect(metric, value, n):
    return detect(readings(metric.id, value, n), [metric], client="c", as_of=LATER)


@pytest.mark.parametrize("kind", ["mean", "rate", "both"])
def test_series_without_drift_signal_no_more_often_than_the_run_length_says(kind):
    rng, weeks, sites = np.random.default_rng(7), 116, 2000
    n = np.tile(rng.integers(50, 400, sites), (weeks, 1))
    metric = qa_score() if kind == "mean" else csat(worse="both" if kind == "both" else "down")
    value = rng.normal(85, 12 / np.sqrt(n)) if kind == "mean" else rng.binomial(n, 0.8) / n
    disturbed = _detect(metric, value, n)["site"].n_unique() / sites
    nominal = 1 - np.exp(-100 / 500)
    assert 0.4 * nominal < disturbed <= nominal


def test_a_drift_is_found_dated_and_graded():
    rng, sites = np.random.default_rng(8), 300
    value = rng.normal(85, 12 / np.sqrt(200), (52, sites))
    value[30:] -= 2 * 12 / np.sqrt(200)
    found = _detect(qa_score(), value, 200).filter(pl.col("at") > START + 30 * WEEK)
    first = found.group_by("site", maintain_order=True).first()
    late = (first["at"] - START).dt.total_days() / 7 - 30
    assert (late <= 8).sum() / sites >= 0.9
    begins = (first["since"] - START).dt.total_days() / 7 - 30
    assert abs(begins.median()) <= 1
    assert found.height / (22 * sites) > 0.7, "one signal a week while it is out of control"
    assert found.filter(pl.col("at") == START + 52 * WEEK)["strength"].median() >= 3
    assert (
        (found["level"] < found["baseline"]).all() and (found["direction"] == "down").all() and (found["run_length"] == 500).all()
    )


def test_only_the_worse_direction_and_only_what_matters():
    value = np.full((40, 1), 85.0)
    value[25:] = 92.0
    assert _detect(qa_score(), value, 200).is_empty()
    value[25:] = 82.0
    assert _detect(qa_score(), value, 200).height > 8
    assert _detect(qa_score(least_change=3.5), value, 200).is_empty()
    up = csat(worse="up")
    assert _detect(up, np.r_[np.full(20, 0.1), np.full(15, 0.2)][:, None], 200)["direction"].unique().to_list() == ["up"]


def test_the_level_returns_and_the_signals_stop():
    value = np.full((60, 1), 85.0)
    value[25:35] = 80.0
    found = _detect(qa_score(), value, 200)["at"]
    assert found.min() <= START + 28 * WEEK and found.max() <= START + 47 * WEEK


def test_overdispersed_weeks_widen_the_chart():
    rng, sites, weeks = np.random.default_rng(9), 500, 68
    rate = np.clip(rng.normal(0.8, 0.05, (weeks, sites)), 0, 1)
    value = rng.binomial(400, rate) / 400
    disturbed = _detect(csat(), value, 400)["site"].n_unique() / sites
    assert disturbed < 0.2, "sampling error alone is 0.02; weeks differ by 0.05"


def test_the_trace_is_in_per_cent_and_has_the_numbers_of_the_signals():
    rng = np.random.default_rng(10)
    value = rng.binomial(300, 0.8, (40, 1)) / 300
    value[28:] -= 0.12
    frame = readings("csat", value, 300)
    found = detect(frame, [csat()], client="c", as_of=LATER)
    line = trace(frame, csat(), site="S0000", vendor=None, function=None, as_of=LATER)
    drawn = line.filter("signal")
    assert drawn["at"].to_list() == found["at"].to_list()
    for name, field in (("value", "level"), ("baseline", "baseline"), ("limit", "limit")):
        assert drawn[name].to_numpy() == pytest.approx(100 * found[field].to_numpy())
    assert line["limit"].head(16).null_count() == 16 and line["value"][0] == pytest.approx(100 * value[0, 0])
    assert (line.tail(24)["limit"] < line.tail(24)["baseline"]).all()
    assert found["readings"].list.len().max() > 5, "a drift is made from every week since it began"


def test_a_signal_tells_what_was_reported_beside_the_smoothed_level():
    value, n = np.full((40, 1), 85.0), np.full((40, 1), 200.0)
    value[25:] = 80.0
    value[30], n[30] = 81.5, 150.0
    found = {signal["at"]: signal for signal in _detect(qa_score(), value, n).to_dicts()}
    signal, before = found[START + 31 * WEEK], found[START + 30 * WEEK]
    assert (signal["value"], signal["n"], signal["delta"]) == (81.5, 150.0, -3.5)
    assert signal["from"] == START + 30 * WEEK and signal["to"] == signal["at"] and signal["since"] == START + 25 * WEEK
    assert signal["level"] == pytest.approx(0.8 * before["level"] + 0.2 * 81.5) and signal["level"] < signal["limit"] < 85.0


def test_perfect_scores_constant_scores_and_missing_samples():
    perfect = np.ones((40, 1))
    assert _detect(csat(), perfect, 300).is_empty()
    perfect[20:] = 0.9
    assert _detect(csat(), perfect, 300).height >= 18
    assert _detect(qa_score(), np.full((40, 3), 85.0), 50).is_empty()
    assert _detect(csat(), perfect, None).is_empty() and _detect(csat(), perfect[:10], 300).is_empty()
    n = np.full((40, 1), 300.0)
    n[22] = 0
    assert trace(readings("csat", perfect, n), csat(), site=None, vendor=None, function=None, as_of=LATER).height == 39
