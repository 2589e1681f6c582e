"""`riskreg run` ends with 1 where a rule test fails, and says so last: a build server must not take it for sound."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from riskreg.cli import main

RULE = """\
id: first
version: 1
title: Nobody can take over
owner: duty-manager
category: coverage-gap
severity: low
when: {fact: cover}
join: [site]
tests:
  - {name: it fires, given: [{fact: cover, site: MNL}], expect: [{rule: first, site: MNL}]}
  - {name: it is silent, given: [], expect: []}
"""
WRONG = "  - {name: it is wrong, given: [{fact: cover, site: MNL}], expect: []}\n"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "riskreg.yaml").write_text(
        "format: 1\ntitle: Acme\nclient: acme\nshipped_rules: false\nas_of: 2026-11-21T06:00:00Z\n"
    )
    (tmp_path / "people").mkdir()
    (tmp_path / "people" / "roles.yaml").write_text("roles:\n  - {id: duty-manager, title: Duty manager, holder: Ann}\n")
    (tmp_path / "rules").mkdir()
    return tmp_path


@pytest.mark.parametrize(("more", "status"), [("", 0), (WRONG, 1)])
def test_run_ends_as_its_rule_tests_do(root: Path, more: str, status: int) -> None:
    (root / "rules" / "first.yaml").write_text(RULE + more)
    done = CliRunner().invoke(main, ["run", str(root), "--no-build", "--engine", "reference"])
    assert done.exit_code == status, done.output
    last = "Everything was written, but a rule test fails, first first: it is wrong; riskreg rules test says why."
    assert (last in done.stderr) == bool(more)
    done = CliRunner().invoke(main, ["run", str(root), "--no-build", "--engine", "reference", "--format", "json"])
    assert done.exit_code == status
    assert json.loads(done.stdout)["rule_tests"]["failed"] == (["first: it is wrong"] if more else [])
