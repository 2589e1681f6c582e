"""Golden files of what the tree holds: a change of a page is seen in review. `RISKREG_WRITE_GOLDEN=1` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

GOLDEN = Path(__file__).parent / "golden"
PAGES = (
    "index", "unsure", "register/R-001", "rules/attrition-spike", "rules/index", "rules/data-exposed", "functions/TRADE-DE",
    "playbooks/index",
)  # fmt: skip


@pytest.mark.parametrize("page", PAGES)
def test_golden_pages(tree: Path, page: str) -> None:
    made = (tree / f"docs/{page}.md").read_text("utf-8")
    kept = GOLDEN / f"{page.replace('/', '_')}.md"
    if os.environ.get("RISKREG_WRITE_GOLDEN"):
        kept.write_text(made, "utf-8")
    assert made == kept.read_text("utf-8")


def test_the_tree_is_complete_in_itself(tree: Path) -> None:
    config = (tree / "mkdocs.yml").read_text("utf-8")
    assert "site_dir: ../public" in config
    assert "custom_dir: theme" in config
    assert str(tree) not in config
    assert (tree / "docs/assets/riskreg.css").is_file()
    assert (tree / "docs/guide/index.md").is_file()
    assert (tree / "theme/main.html").is_file()
