"""What holds for every detector: the schema, frozen pasts, any order of rows, odd input, time."""

import time
from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest
from detection_readings import LATER, START, UTC, WEEK, csat, exposures, leavers, metric, qa_score, readings, volume
from hypothesis import given, settings
from hypothesis import strategies as st

from riskreg.detection import detect, trace
from riskreg.detection.signals import TRACE_SCHEMA
from riskreg.model.reading import READING_SCHEMA, no_readings
from riskreg.model.signal import SIGNAL_SCHEMA, SIGNALS, to_facts

METRICS = [leavers(), qa_score(), csat(), volume(), exposures(2)]
SHORT = [
    leavers(baseline=4, run_length=20),
    qa_score(baseline=4, run_length=20),
    csat(worse="both", baseline=4, run_length=20),
    volume(memory=3),
    exposures(2, detector={"kind": "data_exposure", "event_level": 2, "baseline": 4}),
]


def _everything(seed, periods=60, sites=6):
    """Noise with planted changes in all five metrics, gaps included; headcounts with fractions, so that sums round."""
    rng = np.random.default_rng(seed)
    shape = (periods, sites)
    n = np.tile(rng.uniform(80, 400, sites), (periods, 1)) * rng.uniform(0.9, 1.1, shape)
    late = np.arange(periods)[:, None] > rng.integers(20, periods, sites)
    planned = rng.uniform(50, 4000, sites) * rng.uniform(0.8, 1.2, shape)
    frames = [
        readings("leavers", rng.poisson(n * 0.01 * (1 + late)), n),
        readings("qa_score", rng.normal(85, 12 / np.sqrt(n)) - 3 * late, n),
        readings("csat", np.clip(rng.binomial(300, 0.8, shape) / 300 - 0.06 * late, 0, 1), n),
        readings("volume", rng.poisson(planned * (1 + 0.2 * late))),
        readings("volume_forecast", planned),
        readings("exposures", rng.poisson(0.5 + 2 * late), n),
    ]
    every = pl.concat(frames)
    return every.filter(pl.Series(rng.random(every.height) > 0.05))


def test_every_signal_has_the_schema_and_an_id_of_its_own():
    found = detect(_everything(1), METRICS, client="meridian", as_of=LATER)
    assert found.schema == pl.Schema(SIGNAL_SCHEMA)
    assert set(found["signal"]) == set(SIGNALS) and found["id"].n_unique() == found.height > 50
    assert found.equals(found.sort("at", "signal", "id"))
    needed = ["value", "baseline", "limit", "delta", "n", "strength", "direction", "from", "to", "readings"]
    assert found.select(needed).null_count().sum_horizontal().item() == 0
    assert found.filter(pl.col("p_value").is_null() & pl.col("run_length").is_null()).is_empty()
    assert found["strength"].is_between(1, 5).all() and (found["from"] < found["to"]).all()
    assert len(to_facts(found)) == found.height


@pytest.mark.parametrize("seed", range(4))
def test_later_readings_never_rewrite_past_signals(seed):
    every = _everything(seed)
    whole = detect(every, METRICS, client="c", as_of=LATER)
    for week in (9, 27, 33, 48, 59):
        then = START + week * WEEK + timedelta(hours=5)
        past = whole.filter(pl.col("at") <= then)
        assert detect(every, METRICS, client="c", as_of=then).equals(past)
        assert detect(every.filter(pl.col("at") < then), METRICS, client="c", as_of=then).equals(past)


def test_the_order_of_rows_changes_nothing():
    every = _everything(5)
    first = detect(every, METRICS, client="c", as_of=LATER)
    assert detect(every.sample(fraction=1.0, shuffle=True, seed=3), METRICS, client="c", as_of=LATER).equals(first)
    assert detect(every, METRICS[::-1], client="c", as_of=LATER).equals(first)


def test_of_rows_for_the_same_scope_and_time_one_counts():
    every = _everything(6)
    doubled = pl.concat(
        [every.with_columns(id="a" + pl.col("id"), value=pl.col("value") / 2), every.with_columns(id="b" + pl.col("id"))]
    )
    plain = detect(every, METRICS, client="c", as_of=LATER)
    assert detect(doubled, METRICS, client="c", as_of=LATER).drop("readings").equals(plain.drop("readings"))


def test_a_period_counts_when_it_has_ended():
    value = np.full((30, 1), 3.0)
    value[-1] = 30
    frame = readings("leavers", value, 300)
    end = START + 30 * WEEK
    assert detect(frame, [leavers()], client="c", as_of=end - timedelta(microseconds=1)).is_empty()
    assert detect(frame, [leavers()], client="c", as_of=end).height == 1
    with pytest.raises(ValueError, match="zone"):
        detect(frame, [leavers()], client="c", as_of=datetime(2026, 1, 1))


def test_scopes_do_not_mix_and_a_trace_takes_the_widest_that_fits():
    rng = np.random.default_rng(1)
    wide = readings("leavers", rng.poisson(3, (30, 1)), 300, names=["CEB"]).with_columns(vendor=pl.lit("altura"))
    narrow = readings("leavers", rng.poisson(3, (30, 1)) + 100, 300, names=["CEB"]).with_columns(function=pl.lit("ORD-EN"))
    line = trace(pl.concat([narrow, wide]), leavers(), site="CEB", vendor="altura", function=None, as_of=LATER)
    assert line.height == 30 and line["value"].max() < 10
    line = trace(pl.concat([narrow, wide]), leavers(), site="CEB", vendor=None, function="ORD-EN", as_of=LATER)
    assert line["value"].min() > 30
    assert trace(wide, leavers(), site="MNL", vendor=None, function=None, as_of=LATER).is_empty()


def test_a_metric_without_detector_is_drawn_and_not_judged():
    plain, frame = metric("occupancy", unit="share"), readings("occupancy", [[0.8], [0.95]])
    assert detect(frame, [plain], client="c", as_of=LATER).is_empty()
    line = trace(frame, plain, site=None, vendor=None, function=None, as_of=LATER)
    assert line.schema == pl.Schema(TRACE_SCHEMA) and line["value"].to_list() == [0.8, 0.95] and not line["signal"].any()


def test_nothing_read_is_nothing_found():
    found = detect(no_readings(), METRICS, client="c", as_of=LATER)
    assert found.is_empty() and found.schema == pl.Schema(SIGNAL_SCHEMA)
    assert detect(_everything(1), [], client="c", as_of=LATER).is_empty()
    for every in METRICS:
        assert trace(no_readings(), every, site=None, vendor=None, function=None, as_of=LATER).schema == pl.Schema(TRACE_SCHEMA)


VALUES = st.one_of(st.none(), st.sampled_from([0.0, -1.0, 0.5, 1.0, 1e-9, 1e15, float("nan"), float("inf")]), st.floats(0, 1e4))
ROWS = st.lists(
    st.tuples(
        st.sampled_from(["leavers", "qa_score", "csat", "volume", "volume_forecast", "exposures"]),
        st.sampled_from([None, "A", "B"]),
        st.integers(0, 14),
        VALUES,
        VALUES,
    ),
    max_size=120,
)


@settings(max_examples=50, deadline=None, derandomize=True)
@given(ROWS)
def test_odd_readings_give_the_schema_and_finite_numbers(rows):
    frame = pl.DataFrame(
        [
            {"id": f"r:{n}", "at": START + week * WEEK, "metric": name, "site": site, "value": value, "n": size}
            | {"vendor": None, "function": None, "source": ""}
            for n, (name, site, week, value, size) in enumerate(rows)
        ],
        schema=READING_SCHEMA,
    )
    found = detect(frame, SHORT, client="c", as_of=LATER)
    assert found.schema == pl.Schema(SIGNAL_SCHEMA)
    numbers = found.select("value", "baseline", "limit", "delta", "n")
    assert numbers.null_count().sum_horizontal().item() == 0
    assert np.isfinite(numbers.to_numpy()).all()
    for every in SHORT:
        line = trace(frame, every, site="A", vendor=None, function=None, as_of=LATER)
        assert line.schema == pl.Schema(TRACE_SCHEMA) and line["value"].is_finite().all()


def test_skipped_and_doubled_midnights_are_periods_too():
    # In Santiago the clocks go forward at midnight: 6 September 2026 has no 00:00.
    starts = [datetime(2026, 9, day, 4, tzinfo=UTC) for day in range(1, 12)]
    frame = readings("leavers", np.full((11, 1), 2.0), 300).with_columns(at=pl.Series(starts, dtype=pl.Datetime("us", "UTC")))
    daily = leavers(baseline=4).model_copy(update={"grain": "day", "time_zone": "America/Santiago"})
    line = trace(frame, daily, site=None, vendor=None, function=None, as_of=LATER)
    assert line.height == 11 and line["at"].is_sorted() and line["at"].n_unique() == 11


def test_two_thousand_series_take_seconds():
    rng = np.random.default_rng(1)
    heads = np.tile(rng.integers(60, 600, 2000), (52, 1))
    frame = readings("leavers", rng.poisson(heads * 0.01), heads)
    began = time.process_time()
    detect(frame, [leavers()], client="c", as_of=LATER)
    assert time.process_time() - began < 5
