"""A pipe in the place of a file is a fault at once; nobody may ever write into it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pipes among files")
FACT = '{"id": "s1", "signal": "attrition_spike", "at": "2026-11-16T00:00:00Z", "site": "MNL", "strength": 4}'


def riskreg(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "riskreg", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "riskreg.yaml").write_text("format: 1\ntitle: Acme\nclient: acme\nshipped_rules: false\n")
    (tmp_path / "rules").mkdir()
    return tmp_path


@pytest.mark.parametrize(
    ("pipe", "command"),
    [
        ("rules/a.yaml", ("rules", "test", "-w")),
        ("rules/a.yaml", ("rules", "lint", "-w")),
        ("rules/a.yaml", ("check",)),
        ("readings/a.csv", ("check",)),
        ("network/a.yaml", ("check",)),
    ],
)
def test_a_pipe_in_a_workspace_is_no_file(root: Path, pipe: str, command: tuple[str, ...]) -> None:
    (root / pipe).parent.mkdir(exist_ok=True)
    os.mkfifo(root / pipe)
    done = riskreg(*command, root)
    assert done.returncode == 1, done
    assert f"{pipe}" in done.stdout + done.stderr
    assert "this is not a file" in done.stdout + done.stderr


def test_a_pipe_of_facts_is_no_file_unless_the_shell_made_it(root: Path) -> None:
    facts = root / "facts.jsonl"
    os.mkfifo(facts)
    rules = Path(__file__).parents[2] / "rules"
    done = riskreg("rules", "eval", "--rules", rules, "--facts", facts)
    assert done.returncode == 1, done
    assert "this is not a file" in done.stderr
    reading, writing = os.pipe()
    os.write(writing, FACT.encode())
    os.close(writing)
    command = [sys.executable, "-m", "riskreg", "rules", "eval", "--rules", str(rules), "--facts", f"/dev/fd/{reading}"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, pass_fds=[reading])
    os.close(reading)
    assert "attrition-spike" in done.stdout, done
