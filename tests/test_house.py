"""The house as a stranger finds it: one public surface, what a wheel carries, and documents that keep step."""

from __future__ import annotations

import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from walked import ROOT

import riskreg


def test_the_public_surface_is_what_the_package_says() -> None:
    documented = set(re.findall(r"`(\w+)\(", riskreg.__doc__ or ""))
    assert documented <= set(riskreg.__all__)
    assert set(riskreg.__all__) == {"FaultError", "__version__", "load", "open_register", "parse_loss", "plan", "run"}
    for name in riskreg.__all__:
        assert getattr(riskreg, name)
    with pytest.raises(AttributeError):
        _ = riskreg.nothing


def test_importing_the_package_loads_no_engine() -> None:
    code = "import sys, riskreg; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"polars", "networkx", "sqlalchemy", "pydantic", "mkdocs"} & set(loaded)


def test_a_wheel_carries_what_a_run_needs_and_nothing_that_a_run_made(tmp_path: Path) -> None:
    left_over = ROOT / "examples" / "meridian" / ".riskreg" / "left-over"
    left_over.parent.mkdir(exist_ok=True)
    left_over.touch()
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    subprocess.run(build, cwd=ROOT, capture_output=True, check=True)
    left_over.unlink()
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()
    for part in ("rules/attrition-spike.yaml", "playbooks/site-lost.md.j2", "site/assets/riskreg.css", "site/guide/index.md"):
        assert f"riskreg/shipped/{part}" in names
    assert "riskreg/shipped/examples/meridian/riskreg.yaml" in names
    assert {"riskreg/py.typed", "riskreg/web/templates/risk.html", "riskreg/publishing/templates/home.html"} <= set(names)
    assert not [name for name in names if "/public/" in name or "register.db" in name or "/.riskreg/" in name]
    assert not [name for name in names if "bank-calls" in name], "its readings have a licence of their own"


def test_every_decision_is_in_the_index_and_the_architecture_names_every_room() -> None:
    decisions = ROOT / "docs" / "decisions"
    index = (decisions / "README.md").read_text()
    assert [page.name for page in sorted(decisions.glob("0*.md")) if page.name not in index] == []
    text = (ROOT / "docs" / "architecture.md").read_text()
    picture = (ROOT / "docs" / "architecture.svg").read_text()
    for room in (path.name for path in (ROOT / "riskreg").iterdir() if (path / "__init__.py").is_file()):
        assert f"`{room}`" in text, f"the architecture does not mention {room}"
        assert f">{room}<" in picture, f"the picture does not show {room}"


def test_links_in_the_documents_lead_somewhere() -> None:
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")), *sorted((ROOT / "examples").glob("*/*.md"))]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(ROOT)} links to {target}"


def test_the_lock_files_pin_with_hashes_and_name_no_registry() -> None:
    for name in ("requirements.lock", "requirements-dev.lock", "requirements-engine.lock"):
        text = (ROOT / name).read_text()
        assert "://" not in text and "--index" not in text and "--find-links" not in text
        entries = re.findall(r"^\S+==\S+.*?(?=^\S|\Z)", text, re.MULTILINE | re.DOTALL)
        assert entries and all("--hash=sha256:" in entry for entry in entries)
