"""One built publication for all tests that read it; what is built here is never changed by a test."""

from __future__ import annotations

from pathlib import Path

import pytest
from publishing_fixture import content

from riskreg.publishing import Published, publish


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Published:
    folder = tmp_path_factory.mktemp("publication")
    return publish(content(), folder / "tree", folder / "public")


@pytest.fixture(scope="session")
def public(built: Published) -> Path:
    return built.index.parent


@pytest.fixture(scope="session")
def tree(built: Published) -> Path:
    return built.index.parent.parent / "tree"
