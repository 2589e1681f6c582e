"""Rule tests against what could come: the same checks for tests in a rule and in a file beside it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from riskreg.workspace import run_kept
from riskreg.workspace.rulelint import lint

SETTINGS = (
    "format: 1\ntitle: Small\nclient: northwind\ncurrency: EUR\ntime_zone: UTC\nas_of: 2026-11-21T06:00:00Z\nshipped_rules: false\n"
)
RULE = """\
id: drifting
version: 1
title: Quality drifts
owner: vendor-manager
category: quality-drift
severity: high
when: {as: drift, signal: quality_drift, where: {strength: {gte: 3}}}
join: [site]
keep_open_for: 5w
then: {raise: {likelihood: 4, impact: 3}}
explain: "{{ drift.site }}"
"""
FIRES = (
    'name: fires, given: [{signal: quality_drift, site: MNL, at: "2026-11-16", strength: 3}], expect: [{rule: drifting, site: MNL}]'
)
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def root(folder: Path, silent: str, *, inline: bool) -> Path:
    tests = f"tests:\n  - {{{FIRES}}}\n  - {{name: silent, {silent}}}\n"
    files = {"riskreg.yaml": SETTINGS, "rules/drifting.yaml": RULE + (tests if inline else "")}
    if not inline:
        files["rules/drifting.test.yaml"] = f"rule: drifting\n{tests}"
    for name, text in files.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    return folder


WRONG = {
    "given: [{signal: quality_drfit, site: MNL}], expect: []": "unknown-signal",
    "given: [{signal: quality_drift, siet: MNL, strength: 1}], expect: []": "unknown-fact-field",
    'given: [{signal: quality_drift, site: MNL, strength: "1"}], expect: []': "wrong-type",
    "given: [{signal: quality_drift, site: MNL, strength: 9}], expect: []": "out-of-range",
    "given: [{signal: quality_drift, site: MNL, direction: upwards}], expect: []": "unknown-choice",
    "given: [{signal: quality_drift, site: MNL, at: soon}], expect: []": "bad-date",
    "given: [{site: MNL}], expect: []": "bad-value",
    "given: [{signal: quality_drift, site: MNL, strength: 1}], expect: [{rule: driftin, site: MNL}]": "unknown-rule",
}


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("silent", WRONG)
def test_a_test_that_gives_what_cannot_come_is_an_error_and_does_not_pass(tmp_path: Path, silent: str, inline: bool) -> None:
    folder = root(tmp_path, silent, inline=inline)
    path, line = ("rules/drifting.yaml", 14) if inline else ("rules/drifting.test.yaml", 4)
    found = [one for one in lint(folder, now=NOW).faults if one.code == WRONG[silent]]
    assert [(one.severity, one.span.path, one.span.line) for one in found] == [("error", path, line)]
    fires, silence = (one.result for one in run_kept(folder, engine="reference"))
    assert fires.passed and not silence.passed
    assert silence.span is not None and (silence.span.path, silence.span.line, silence.span.col) == (path, line, 5)
    assert f"{path}:{line}:" in silence.got[-1]["fault"]


DOUBTFUL = {
    "given: [], expect: []": True,
    "given: [{signal: attrition_spike, site: MNL, strength: 3}], expect: []": True,
    'as_of: "2026-01-01T00:00:00Z", given: [{signal: quality_drift, site: MNL, at: "2026-11-16", strength: 3}], expect: []': True,
    "given: [{signal: quality_drift, site: MNL, strength: 2}], expect: []": False,
    "given: [{fact: missing_data, watches: quality_drift, site: MNL}], expect: []": False,
}


@pytest.mark.parametrize("inline", [True, False])
@pytest.mark.parametrize("silent", DOUBTFUL)
def test_silence_that_holds_whatever_the_rule_says_is_doubtful(tmp_path: Path, silent: str, inline: bool) -> None:
    codes = [(one.code, one.severity) for one in lint(root(tmp_path, silent, inline=inline), now=NOW).faults]
    assert (("test-vacuous", "warning") in codes) == DOUBTFUL[silent]
    assert not any(severity == "error" for _, severity in codes)


def test_an_expected_key_is_that_of_its_rule(tmp_path: Path) -> None:
    folder = root(tmp_path, "given: [{signal: quality_drift, strength: 2}], expect: [{rule: drifting, siet: MNL}]", inline=True)
    assert "test-expect" in {one.code for one in lint(folder, now=NOW).faults}
    result = run_kept(folder, engine="reference")[1].result
    assert result.near == ("drifting does not join on siet, so that no finding has it",)


def test_a_failed_test_says_what_its_finding_misses(tmp_path: Path) -> None:
    silent = "given: [{signal: quality_drift, site: BOG, strength: 2}], expect: [{rule: drifting, site: BOG}]"
    (near,) = run_kept(root(tmp_path, silent, inline=False), engine="reference")[1].result.near
    assert near.startswith("nearest of drifting, site BOG: ") and "strength" in near
