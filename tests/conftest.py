"""Rules for all tests: where CI has installed what a test needs, a skip is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Generator
from datetime import UTC, datetime

import pytest
from walked import ROOT, Walked


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    report = yield
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("RISKREG_FAIL_ON_SKIP"):
        report.outcome = "failed"
        report.longrepr = f"skipped where nothing may be skipped: {report.longrepr}"
    return report


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The long run is asked for by name: `pytest -m long`."""
    if "long" not in str(config.getoption("-m")):
        deselected = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=deselected)
        items[:] = [item for item in items if not item.get_closest_marker("long")]


@pytest.fixture(scope="session")
def meridian(tmp_path_factory: pytest.TempPathFactory) -> Walked:
    """`examples/meridian`, run once with its site built."""
    from riskreg.pipeline import run

    root = tmp_path_factory.mktemp("walked") / "meridian"
    made = shutil.ignore_patterns("public", ".riskreg", "register.db*", "__pycache__")
    shutil.copytree(ROOT / "examples" / "meridian", root, ignore=made)
    return Walked(root, run(root, now=datetime(2026, 11, 21, 6, tzinfo=UTC)))
