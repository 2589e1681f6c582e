"""`riskreg run` on examples/meridian, stage by stage: the first run, the same again, and again after one reading changed."""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from riskreg.pipeline import run

EXAMPLE = Path(__file__).parent.parent / "examples" / "meridian"
NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def stages(root: Path) -> dict[str, float]:
    """Seconds of wall clock per stage, in the order in which the run names them."""
    marks: list[tuple[str, float]] = []

    def watch(stage: str, _done: float) -> None:
        marks.append((stage, time.perf_counter()))

    run(root, now=NOW, watch=watch)
    marks.append(("", time.perf_counter()))
    spent: dict[str, float] = {}
    for (stage, start), (_, end) in zip(marks, marks[1:], strict=False):
        spent[stage] = spent.get(stage, 0.0) + end - start
    return spent


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "meridian"
        shutil.copytree(EXAMPLE, root, ignore=shutil.ignore_patterns("public", ".riskreg", "register.db*"))
        first, again = stages(root), stages(root)
        readings = next(root.glob("readings/*.csv"))
        head, *rows = readings.read_text().splitlines()
        readings.write_text("\n".join([head, *rows[:-1]]) + "\n")
        changed = stages(root)
    print(f"{'riskreg run, seconds':<24}{'first':>9}{'again':>9}{'ratio':>9}{'one reading less':>20}")
    for stage in first:
        ratio = first[stage] / max(again[stage], 1e-3)
        print(f"{stage:<24}{first[stage]:>9.2f}{again[stage]:>9.2f}{ratio:>8.1f}x{changed[stage]:>20.2f}")
    total = sum(first.values()), sum(again.values()), sum(changed.values())
    print(f"{'all':<24}{total[0]:>9.2f}{total[1]:>9.2f}{total[0] / total[1]:>8.1f}x{total[2]:>20.2f}")


if __name__ == "__main__":
    sys.exit(main())
