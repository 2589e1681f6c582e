"""The closed forms against scipy's distributions and against simulation."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from riskreg.detection import statistics as s

COUNTS = st.integers(0, 400)
MEANS = st.floats(0.01, 300.0)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(COUNTS, MEANS)
def test_poisson_tails_are_exact(count, mean):
    assert s.poisson_tail(count, mean) == pytest.approx(stats.poisson.sf(count - 1, mean), rel=1e-8, abs=1e-12)
    both = min(1.0, 2 * min(stats.poisson.sf(count - 1, mean), stats.poisson.cdf(count, mean)))
    assert s.poisson_two_sided(count, mean) == pytest.approx(both, rel=1e-6, abs=1e-12)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(COUNTS, st.floats(0.5, 500.0), st.floats(1.0, 1e4), st.floats(0.1, 1e3))
def test_predicted_tail_is_the_negative_binomial(count, events, past, exposure):
    expected = stats.nbinom.sf(count - 1, events, past / (past + exposure))
    assert s.predicted_tail(count, events, past, exposure) == pytest.approx(expected, rel=1e-8, abs=1e-14)


def test_predicted_tail_takes_the_uncertainty_of_the_rate_into_account():
    rng = np.random.default_rng(1)
    rate = rng.gamma(10.0, 1 / 2600.0, 400_000)
    simulated = (rng.poisson(rate * 300) >= 4).mean()
    assert s.predicted_tail(4, 10.0, 2600.0, 300.0) == pytest.approx(simulated, abs=0.003)
    assert s.predicted_tail(8, 10.0, 2600.0, 300.0) > s.predicted_tail(8, 100.0, 26000.0, 300.0) > s.poisson_tail(8, 300 / 260)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(1e-6, 0.2), st.floats(0.5, 200.0), st.floats(1.0, 1e4), st.floats(0.1, 1e3))
def test_predicted_limit_is_the_least_surprising_count(chance, events, past, exposure):
    limit = s.predicted_limit(chance, events, past, exposure)
    assert s.predicted_tail(limit, events, past, exposure) <= chance * (1 + 1e-9)
    assert s.predicted_tail(limit - 1, events, past, exposure) > chance * (1 - 1e-9)


@settings(max_examples=100, deadline=None, derandomize=True)
@given(st.floats(0.01, 200.0), st.floats(0.0, 250.0))
def test_absolute_error_of_a_poisson_volume(mean, forecast):
    counts = np.arange(0, 900)
    assert s.absolute_error(mean, forecast) == pytest.approx(
        (abs(counts - forecast) * stats.poisson.pmf(counts, mean)).sum(), rel=1e-6, abs=1e-9
    )


@pytest.mark.parametrize("rows", [1, 5, 200])
def test_gamma_tail_holds_its_level_for_one_error_and_for_many(rows):
    rng = np.random.default_rng(rows)
    forecast = np.full(rows, 80.0)
    noise = s.absolute_error(forecast, forecast)
    total = abs(rng.poisson(forecast, (40_000, rows)) - forecast).sum(axis=1)
    p = s.gamma_tail(total, noise.sum(), (forecast - noise**2).sum())
    assert 0.004 < (p <= 0.01).mean() < 0.014
    assert 0.03 < (p <= 0.05).mean() < 0.065


def test_gamma_limit_turns_gamma_tail_round_and_knows_no_spread():
    limit = s.gamma_limit(0.01, [3.0, 5.0, 0.0], [4.0, 0.0, 0.0])
    assert s.gamma_tail(limit[:1], 3.0, 4.0) == pytest.approx(0.01)
    assert limit[1:].tolist() == [5.0, 0.0]
    assert s.gamma_tail([4.9, 5.1], 5.0, 0.0).tolist() == [1.0, 0.0]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(st.tuples(st.integers(0, 2), st.one_of(st.none(), st.floats(0.0, 1.0))), min_size=1, max_size=40))
def test_benjamini_hochberg_is_that_of_scipy_family_by_family(rows):
    frame = pl.DataFrame({"family": [f for f, _ in rows], "p": [p for _, p in rows]}, schema={"family": pl.Int64, "p": pl.Float64})
    got = frame.with_columns(adjusted=s.benjamini_hochberg(pl.col("p")).over("family"))
    assert got.filter(pl.col("p").is_null())["adjusted"].null_count() == frame["p"].null_count()
    for _, part in got.drop_nulls("p").group_by("family"):
        assert part["adjusted"].to_numpy() == pytest.approx(stats.false_discovery_control(part["p"].to_numpy()))


def test_the_cut_of_a_family_separates_rejected_from_kept():
    p = pl.DataFrame({"p": [0.0005, 0.02, 0.012, 0.6, 0.9, 0.03]})
    told = p.with_columns(a=s.benjamini_hochberg(pl.col("p"))).with_columns(cut=s.rejected_below(pl.col("a"), 0.05))
    assert ((told["p"] <= told["cut"]) == (told["a"] <= 0.05)).all()
    assert (told["a"] <= 0.05).sum() == 4  # 0.03 ≤ 4/6 · 0.05


def test_strength_needs_evidence_and_effect():
    chance, effect = [0.04, 0.04, 1e-9, 1e-9, 5e-4], [1.0, 9.0, 1.0, 9.0, 2.0]
    assert s.strength(chance, effect).tolist() == [1, 3, 3, 5, 3]
    grid = s.strength(np.logspace(-9, -1, 30)[:, None], np.linspace(0.5, 8, 30)[None, :])
    assert grid.min() == 1 and grid.max() == 5
    assert (np.diff(grid, axis=0) <= 0).all() and (np.diff(grid, axis=1) >= 0).all()
