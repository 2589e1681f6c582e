"""Meridian's readings come from the script beside them, and say what they were made to say."""

from datetime import UTC, datetime
from pathlib import Path
from types import ModuleType

import openpyxl
import polars as pl
import pytest

from riskreg.detection import detect
from riskreg.model.content import Workspace
from riskreg.resources import shipped

READINGS = shipped("examples") / "meridian" / "readings"
AUTUMN = datetime(2026, 9, 15, tzinfo=UTC)


@pytest.fixture(scope="module")
def made(make_readings: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readings")
    make_readings.make(folder)
    return folder


@pytest.fixture(scope="module")
def signals(meridian: Workspace) -> pl.DataFrame:
    assert meridian.settings.as_of is not None
    return detect(meridian.readings, meridian.metrics, client="meridian", as_of=meridian.settings.as_of)


@pytest.mark.parametrize("name", ["people.csv", "quality.csv", "workforce.csv", "exposure.jsonl"])
def test_the_script_makes_the_committed_bytes(made: Path, name: str) -> None:
    assert (made / name).read_bytes() == (READINGS / name).read_bytes()


def test_the_script_makes_the_committed_tables(made: Path) -> None:
    assert pl.read_parquet(made / "volume.parquet").equals(pl.read_parquet(READINGS / "volume.parquet"))
    sheets = [openpyxl.load_workbook(folder / "monthly.xlsx")["monthly"] for folder in (made, READINGS)]
    assert list(sheets[0].values) == list(sheets[1].values)


def test_running_it_twice_gives_the_same_bytes(make_readings: ModuleType, made: Path, tmp_path: Path) -> None:
    make_readings.make(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(path.name for path in READINGS.iterdir() if path.is_file())
    assert all((tmp_path / path.name).read_bytes() == path.read_bytes() for path in made.iterdir())


def test_volumes_fit_the_company(meridian: Workspace, make_readings: ModuleType) -> None:
    offered = meridian.readings.filter(metric="volume")["value"].sum()
    assert 18.5e6 < offered < 19.5e6
    hours = sum(sum(f.demand) / 20 for f in meridian.network.functions) / make_readings.season(make_readings.PEAK) * 52
    assert 440 < hours * make_readings.OCCUPANCY * 3600 / offered < 480


def test_the_planted_events_are_found(signals: pl.DataFrame) -> None:
    recent = signals.filter(pl.col("at") > AUTUMN)
    found = set(recent.select("signal", "metric", "site", "function", "direction").unique().iter_rows())
    assert found == {
        ("attrition_spike", "leavers", "CEB", None, "up"),
        ("attrition_spike", "leavers", "KRK", None, "up"),
        ("quality_drift", "qa_score", "KRK", None, "down"),
        ("quality_drift", "qa_score", "IDR", None, "down"),
        ("quality_drift", "reopen_rate", "IDR", None, "up"),
        ("forecast_miss", "volume", None, "ORD-UK", "up"),
        ("data_exposure", "exposure_critical", "BOG", None, "up"),
    }
    assert recent.filter(signal="forecast_miss").height == 3
    assert recent.filter(signal="data_exposure")["strength"].to_list() == [5]


def test_a_planned_ramp_down_looks_like_a_spike_and_is_labelled(meridian: Workspace, signals: pl.DataFrame) -> None:
    durban = signals.filter(signal="attrition_spike", site="DUR")
    leavers = next(metric for metric in meridian.metrics if metric.id == "leavers")
    label = next(label for label in leavers.labels if label.site == "DUR")
    assert label.expect == "none"
    assert durban.height == 3
    assert all(label.start <= day <= label.end for day in durban["from"].dt.date())


def test_most_of_it_means_nothing(meridian: Workspace, signals: pl.DataFrame) -> None:
    judged = {metric.id for metric in meridian.metrics if metric.detector}
    rows = meridian.readings.filter(pl.col("metric").is_in(judged))
    assert rows.height > 8000
    stray = signals.filter(pl.col("at") <= AUTUMN, pl.col("site").ne_missing("DUR"))
    assert stray.height <= 6
    assert stray["strength"].max() <= 3


def test_gaps_are_left_open(meridian: Workspace, make_readings: ModuleType) -> None:
    rows = meridian.readings.with_columns(day=pl.col("at").dt.strftime("%Y-%m-%d"))
    for metric, scope, day in make_readings.GAPS:
        here = rows.filter(pl.col("metric") == metric, (pl.col("site") == scope) | (pl.col("function") == scope))
        assert here.height >= 50
        assert day not in here["day"].to_list()


def test_every_format_is_read(meridian: Workspace) -> None:
    assert {"csv", "parquet", "jsonl", "xlsx"} <= {path.rpartition(".")[2] for path in meridian.files_read}
    assert {metric.id for metric in meridian.metrics} == set(meridian.readings["metric"].unique())
    wide = meridian.readings.filter(metric="adherence")
    assert wide.height == 52 * 13
    assert wide["n"].null_count() == 0
