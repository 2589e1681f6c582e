"""An example on which the main job was walked once, shared by the tests of the edges."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from riskreg.pipeline import Report

ROOT = Path(__file__).parent.parent


@dataclass(frozen=True)
class Walked:
    """A copy of an example on which the main job was walked once; tests that write take a `copy` of it."""

    root: Path
    report: Report

    def copy(self, target: Path) -> Path:
        shutil.copytree(self.root, target, ignore=shutil.ignore_patterns("lock"))
        return target
