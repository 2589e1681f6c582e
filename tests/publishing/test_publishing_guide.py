"""The guide's first ten minutes with rules: every command of it is run, in its order, on the example."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner
from walked import ROOT, Walked

from riskreg.cli import main

GUIDE = ROOT / "site" / "guide" / "risk-engineer.md"
SECTION = "A rule in ten minutes"
SAYS = {
    "rules new": "both tests pass",
    "rules lint": "0 errors",
    "rules test": "2 of 2 rule tests pass",
    "rules coverage": "vendor-loses-people",
    "rules explain": "Alturavia Contact",
    "rules backtest": "fired 3 times",
    "rules diff": "+ vendor-loses-people, Alturavia Contact: high, 4 × 3 = 12",
    "rules lock": "vendor-loses-people",
}
"""What a reader sees after each command."""


def commands() -> Iterator[str]:
    section = GUIDE.read_text("utf-8").split(f"## {SECTION}\n")[1].split("\n## ")[0]
    for block in re.findall(r"```\n(.*?)```", section, re.DOTALL):
        yield from block.strip().splitlines()


def test_every_command_of_the_first_ten_minutes_works(meridian: Walked, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = meridian.copy(tmp_path / "continuity")
    monkeypatch.chdir(root)
    monkeypatch.delenv("RISKREG_WORKSPACE", raising=False)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "x")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "x@example.org")
    seen = set()
    for command in commands():
        words = shlex.split(command)
        if words[0] != "riskreg":
            subprocess.run(words, check=True, capture_output=True)
            continue
        done = CliRunner().invoke(main, words[1:], catch_exceptions=False)
        assert done.exit_code == 0, done.output
        assert SAYS[" ".join(words[1:3])] in done.output, done.output
        seen.add(" ".join(words[1:3]))
    assert seen == SAYS.keys()
    assert (root / "rules" / "rules.lock.json").is_file()
