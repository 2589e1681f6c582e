"""A spreadsheet as people really send it: saved by LibreOffice, its cells typed by LibreOffice."""

from __future__ import annotations

import subprocess
from pathlib import Path
from shutil import copytree, ignore_patterns, which

import pytest
from walked import ROOT

from riskreg.workspace import load

SOFFICE = which("soffice")
pytestmark = [
    pytest.mark.libreoffice,
    pytest.mark.skipif(SOFFICE is None, reason="LibreOffice is not installed (Debian: apt-get install libreoffice-calc)"),
]
GOOD = "at,metric,site,value,n,source\n2027-01-04,leavers,CEB,3,300,typed by hand\n2027-01-11,leavers,CEB,4,298,typed by hand\n"


def saved_by_libreoffice(folder: Path, text: str) -> Path:
    table = folder / "sent.csv"
    table.write_text(text)
    profile = f"-env:UserInstallation=file://{folder}/profile"
    command = [str(SOFFICE), profile, "--headless", "--convert-to", "xlsx", "--outdir", str(folder), str(table)]
    subprocess.run(command, check=True, capture_output=True, timeout=180)
    return folder / "sent.xlsx"


def workspace_with(tmp_path: Path, text: str) -> Path:
    root = tmp_path / "meridian"
    copytree(ROOT / "examples" / "meridian", root, ignore=ignore_patterns("public", ".riskreg", "register.db*", "__pycache__"))
    saved_by_libreoffice(tmp_path, text).rename(root / "readings" / "sent.xlsx")
    return root


def test_its_rows_are_read(tmp_path: Path) -> None:
    loaded = load(workspace_with(tmp_path, GOOD))
    assert loaded.faults == () and loaded.workspace is not None
    rows = loaded.workspace.readings.filter(loaded.workspace.readings["id"].str.starts_with("readings/sent.xlsx"))
    assert [(f"{row['at']:%Y-%m-%d}", row["site"], row["value"], row["n"]) for row in rows.to_dicts()] == [
        ("2027-01-04", "CEB", 3.0, 300.0),
        ("2027-01-11", "CEB", 4.0, 298.0),
    ]


def test_its_mistakes_are_named_by_cell(tmp_path: Path) -> None:
    loaded = load(workspace_with(tmp_path, GOOD.replace("CEB,3", "CBE,3").replace("CEB,4", "CEB,=2+2")))
    assert {str(fault.span) for fault in loaded.faults} == {"readings/sent.xlsx:sent!C2", "readings/sent.xlsx:sent!D3"}
