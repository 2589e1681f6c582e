"""The browser application: the publication, and a form with which an owner re-assesses a risk. This machine only."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.applications import Starlette

__all__ = ["create_app"]


def create_app(root: Path) -> Starlette:
    """The application for one workspace. FaultError where its files or its register have faults."""
    from riskreg.web.app import build

    return build(root)
