"""The example workspaces as the program reads them, and their scripts as modules."""

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

from riskreg.model.content import Workspace
from riskreg.resources import shipped
from riskreg.workspace import load

EXAMPLES = shipped("examples")


def workspace(name: str) -> Workspace:
    loaded = load(EXAMPLES / name)
    assert loaded.faults == ()
    assert loaded.workspace is not None
    return loaded.workspace


def script(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def meridian() -> Workspace:
    return workspace("meridian")


@pytest.fixture(scope="session")
def bank() -> Workspace:
    return workspace("bank-calls")


@pytest.fixture(scope="session")
def make_readings() -> ModuleType:
    return script(EXAMPLES / "meridian" / "make_readings.py")


@pytest.fixture(scope="session")
def make_forecast() -> ModuleType:
    return script(EXAMPLES / "bank-calls" / "make_forecast.py")
