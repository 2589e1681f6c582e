"""Run lengths that the limits stand for, measured by simulation."""

import numpy as np
import pytest

from riskreg.detection.charts import cusum, ewma_limit, normal_cusum_limit, poisson_cusum_limit


def _periods_per_signal(steps, limit):
    """Alarms of charts that begin again after each: periods by signals is the average run length."""
    _, out = cusum(steps, np.full(steps.shape, limit), restart=True)
    return out.size / out.sum()


@pytest.mark.parametrize("run_length", [100.0, 500.0, 1000.0])
def test_normal_cusum_keeps_its_run_length(run_length):
    values = np.random.default_rng(1).normal(size=(20_000, 100))
    assert _periods_per_signal(values - 0.5, normal_cusum_limit(run_length)) == pytest.approx(run_length, rel=0.10)


def test_siegmund_agrees_with_published_run_lengths():
    # Montgomery, Introduction to Statistical Quality Control: k = 0.5, one side: h = 4 runs 335.4 periods, h = 5 runs 930.9.
    assert normal_cusum_limit(335.4) == pytest.approx(4.0, abs=0.02)
    assert normal_cusum_limit(930.9) == pytest.approx(5.0, abs=0.02)


@pytest.mark.parametrize("weight", [0.05, 0.2, 1.0])
def test_ewma_keeps_its_run_length(weight):
    rng, sites, run_length = np.random.default_rng(2), 2500, 100.0
    limit = ewma_limit(run_length, weight) * np.sqrt(weight / (2 - weight))
    level, runs, waiting = np.zeros(sites), np.zeros(sites), np.ones(sites, bool)
    while waiting.any():
        level = (1 - weight) * level + weight * rng.normal(size=sites)
        runs += waiting
        waiting &= level <= limit
    assert runs.mean() == pytest.approx(run_length, rel=0.10)


def test_ewma_with_weight_one_is_a_shewhart_chart():
    assert ewma_limit(740.8, 1.0) == pytest.approx(3.0, abs=0.02)  # one tail beyond three standard errors is 0.00135


@pytest.mark.parametrize(
    ("mean", "off"), [(10**-0.5, 0.10), (1.0, 0.10), (10**0.5, 0.10), (10.0, 0.10), (0.7, 0.25), (12.0, 0.25), (31.62, 0.25)]
)
def test_poisson_cusum_keeps_its_run_length(mean, off):
    counts = np.random.default_rng(3).poisson(mean, (10_000, 200))
    limit = float(poisson_cusum_limit([mean], 1.5, 500.0)[0])
    assert _periods_per_signal(counts * np.log(1.5) - mean * 0.5, limit) == pytest.approx(500.0, rel=off)


def test_poisson_cusum_between_its_nodes_and_with_a_headcount_that_varies():
    rng = np.random.default_rng(4)
    mean = rng.uniform(2.0, 5.0, (4000, 500))
    limit = poisson_cusum_limit(mean, 1.5, 500.0)
    _, out = cusum(rng.poisson(mean) * np.log(1.5) - mean * 0.5, limit, restart=True)
    assert out.size / out.sum() == pytest.approx(500.0, rel=0.10)


def test_extreme_settings_have_limits():
    assert np.isfinite(poisson_cusum_limit([0.0, 1e-9, 0.5, 1e9], 20.0, 100_000.0)).all()
    assert np.isfinite(poisson_cusum_limit([0.01, 3.0], 1.05, 11.0)).all()
    assert poisson_cusum_limit(np.empty((0, 3)), 1.5, 500.0).shape == (0, 3)
    for run_length in (10.5, 400_000.0):
        assert normal_cusum_limit(run_length) > 0
        assert ewma_limit(run_length, 0.02) > 0


def test_cusum_says_where_the_rise_began_and_begins_again():
    steps = np.array([[-1.0], [2.0], [-3.0], [1.0], [1.5], [1.0], [1.0], [np.nan]])
    since, out = cusum(steps, np.full(steps.shape, 3.0), restart=True)
    assert out[:, 0].tolist() == [False, False, False, False, False, True, False, False]
    assert since[5, 0] == 3 and since[6, 0] == 6
    _, held = cusum(steps, np.full(steps.shape, 3.0), restart=False)
    assert held[:, 0].tolist() == [False, False, False, False, False, True, True, False]
