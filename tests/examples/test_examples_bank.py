"""The bank's calls are real and stay as they were published; their forecast knows only the past."""

from datetime import date, time
from pathlib import Path
from types import ModuleType

import polars as pl
import pytest

from riskreg.detection import detect
from riskreg.model.content import Workspace
from riskreg.resources import shipped

FOLDER = shipped("examples") / "bank-calls"
KEYS = ["at", "metric", "function"]


@pytest.fixture(scope="module")
def calls() -> pl.DataFrame:
    return pl.read_parquet(FOLDER / "readings" / "calls.parquet")


def local(frame: pl.DataFrame) -> pl.DataFrame:
    here = pl.col("at").dt.convert_time_zone("America/New_York")
    return frame.with_columns(day=here.dt.date(), time=here.dt.time())


def test_nothing_of_the_published_calls_is_lost(calls: pl.DataFrame) -> None:
    assert calls.height == 27716
    days = local(calls).group_by("day").agg(pl.len(), first=pl.col("time").min(), last=pl.col("time").max()).sort("day")
    assert days.height == 164
    assert (days["day"][0], days["day"][-1]) == (date(2003, 3, 3), date(2003, 10, 24))
    assert set(days.select("len", "first", "last").iter_rows()) == {(169, time(7), time(21))}
    assert days["day"].dt.weekday().max() == 5


def test_local_times_become_utc_on_both_sides_of_the_change_of_clocks(make_forecast: ModuleType, tmp_path: Path) -> None:
    published = tmp_path / "bank_calls.csv"
    published.write_text("rownames,DateTime,Calls\n1,2003-04-03T07:00:00Z,100\n2,2003-04-08T07:00:00Z,90\n", encoding="utf-8")
    rows = make_forecast.published(published)
    assert rows["at"].dt.strftime("%Y-%m-%dT%H:%M").to_list() == ["2003-04-03T12:00", "2003-04-08T11:00"]
    assert rows["value"].to_list() == [100.0, 90.0]


def test_the_committed_forecast_is_the_one_that_the_script_makes(make_forecast: ModuleType, calls: pl.DataFrame) -> None:
    kept = pl.read_parquet(FOLDER / "readings" / "forecast.parquet")
    made = make_forecast.forecast(calls)
    assert made.select(KEYS).equals(kept.select(KEYS))
    assert (made["value"] - kept["value"]).abs().max() < 0.11  # one rounding step, should sums differ in the last bit


@pytest.mark.parametrize("last", [date(2003, 5, 26), date(2003, 7, 15), date(2003, 10, 14)], ids=str)
def test_a_forecast_knows_only_the_past(make_forecast: ModuleType, calls: pl.DataFrame, last: date) -> None:
    after = local(calls)["day"] > last
    whole = make_forecast.forecast(calls)
    early = whole.filter(local(whole)["day"] <= last)
    assert early.height > 0
    assert make_forecast.forecast(calls.filter(~after)).equals(early)
    changed = calls.with_columns(value=pl.when(after).then(pl.col("value") * 3 + 7).otherwise("value"))
    other = make_forecast.forecast(changed)
    first_after = local(calls).filter(after)["day"].min()
    # The first changed day is forecast before it is seen, so it too must be as it was.
    assert other.filter(local(other)["day"] <= first_after).equals(whole.filter(local(whole)["day"] <= first_after))
    assert not other.equals(whole)


def test_the_forecast_is_as_good_as_the_readme_says(make_forecast: ModuleType, calls: pl.DataFrame) -> None:
    both = local(calls).join(make_forecast.forecast(calls).rename({"value": "forecast"}).drop("metric"), on=["at", "function"])
    days = both.group_by("day").agg(pl.col("value", "forecast").sum())
    error = days.select(((pl.col("value") - pl.col("forecast")).abs() / pl.col("value")).mean()).item()
    assert f"{error:.1%}" == "5.1%"
    assert "5.1%" in (FOLDER / "README.md").read_text(encoding="utf-8")


def test_real_misses_are_found_on_the_right_days(bank: Workspace) -> None:
    assert bank.settings.as_of is not None
    found = detect(bank.readings, bank.metrics, client="bank", as_of=bank.settings.as_of)
    begun = found.with_columns(day=pl.col("from").dt.convert_time_zone("America/New_York").dt.date())
    up, down = (set(begun.filter(direction=way)["day"]) for way in ("up", "down"))
    labelled = {label.start for metric in bank.metrics for label in metric.labels}
    assert labelled <= up
    assert date(2003, 9, 8) in down  # the week after Labor Day still sits in the past that the forecast looks at
    assert len(up | down) <= 10


def test_terms_and_source_are_stated() -> None:
    terms = (FOLDER / "LICENSE.md").read_text(encoding="utf-8")
    assert "GPL-3" in terms
    assert "Journal of the American Statistical Association" in terms
    assert "GNU GENERAL PUBLIC LICENSE" in (FOLDER / "COPYING").read_text(encoding="utf-8")


def test_both_examples_stay_small() -> None:
    readings = [path for path in shipped("examples").glob("*/readings/*") if path.is_file()]
    assert len(readings) >= 8
    assert sum(path.stat().st_size for path in readings) < 6_000_000
