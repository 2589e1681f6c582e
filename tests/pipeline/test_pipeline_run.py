"""The main job end to end on the fictional client: what must be found is found, twice is once, and bad input changes nothing."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from walked import Walked

from riskreg.model.faults import FaultError
from riskreg.pipeline import check, open_register, open_workspace, run

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def digest(folder: Path) -> dict[str, str]:
    """Every file below `folder` with the hash of its bytes."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def test_what_was_planted_is_found(meridian: Walked) -> None:
    found = {
        (finding.rule, finding.key.get("site") or finding.key.get("function", "")) for finding in meridian.report.content.findings
    }
    assert ("attrition-spike", "CEB") in found
    assert ("quality-drift", "IDR") in found
    assert ("data-exposure-critical", "BOG") in found
    assert any(rule == "forecast-miss-under" for rule, _ in found)


def test_what_means_nothing_stays_silent(meridian: Walked) -> None:
    found = {(finding.category, finding.key.get("site")) for finding in meridian.report.content.findings}
    spikes = {site for category, site in found if category == "talent-attrition"}
    drifts = {site for category, site in found if category == "quality-drift"}
    assert spikes <= {"CEB", "KRK", "DUR"}, "the planned ramp-down at Durban may speak; no other site's noise does"
    assert drifts == {"IDR", "KRK"}


def test_both_engines_decided_and_agree(meridian: Walked) -> None:
    assert not [fault for fault in meridian.report.faults if fault.severity == "error"]
    assert all(result.passed for result in meridian.report.content.tests)


def test_every_site_has_a_plan_and_not_all_hold(meridian: Walked) -> None:
    content = meridian.report.content
    plans = {ref: plan for ref, plan in content.plans.items() if ref.startswith("site:")}
    assert plans.keys() == {f"site:{site.id}" for site in content.workspace.network.sites}
    assert 0 < sum(plan.holds for plan in plans.values()) < len(plans)


def test_running_again_changes_nothing(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "again")
    before = digest(root)
    report = run(root, now=NOW)
    assert report.changes.head == meridian.report.changes.head
    assert not (report.changes.raised or report.changes.updated or report.changes.eased)
    assert report.published is not None and not report.published.built
    after = digest(root)
    assert {name: after[name] for name in before if name.startswith("public/")} == {
        name: before[name] for name in before if name.startswith("public/")
    }


@pytest.mark.parametrize(
    ("file", "old", "new", "code"),
    [
        ("riskreg.yaml", "title:", "titel:", "unknown-field"),
        ("playbooks/broken.md.j2", "", "---\nid: broken\nversion: 1\n---\n{{ 1 +", ""),
        ("rules/broken.yaml", "", "- id: broken\n  version: one\n", ""),
    ],
)
def test_a_fault_changes_nothing(meridian: Walked, tmp_path: Path, file: str, old: str, new: str, code: str) -> None:
    root = meridian.copy(tmp_path / "faulty")
    path = root / file
    path.parent.mkdir(exist_ok=True)
    path.write_text(path.read_text().replace(old, new, 1) if old else new)
    before = digest(root / "public"), (root / "register.db").read_bytes()
    with pytest.raises(FaultError) as raised:
        run(root, now=NOW)
    assert any(fault.span.path == file and fault.span.line for fault in raised.value.faults), raised.value.faults
    assert not code or code in {fault.code for fault in raised.value.faults}
    assert (digest(root / "public"), (root / "register.db").read_bytes()) == before


def test_a_template_that_fails_while_rendering_changes_nothing(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "failing")
    (root / "playbooks").mkdir(exist_ok=True)
    shipped = Path(__file__).parents[2] / "playbooks" / "retention-surge.md.j2"
    head, _, body = shipped.read_text().partition("\n---\n")
    (root / "playbooks" / "retention-surge.md.j2").write_text(f"{head}\n---\n{body}\n{{{{ 1 // 0 }}}}\n")
    journal = (root / "register.db").read_bytes()
    with pytest.raises(FaultError) as raised:
        run(root, now=NOW)
    assert {fault.span.path for fault in raised.value.faults} == {"playbooks/retention-surge.md.j2"}
    assert (root / "register.db").read_bytes() == journal


def test_killed_while_it_writes_the_next_run_is_whole(meridian: Walked, tmp_path: Path) -> None:
    """Kills at the moments around the birth and the filling of the register, which are found by watching for its files."""
    root = meridian.copy(tmp_path / "killed")
    landed = 0
    for delay in (0.0, 0.01, 0.03):
        for file in root.glob("register.db*"):
            file.unlink()
        process = subprocess.Popen([sys.executable, "-m", "riskreg", "run", str(root), "--no-build"], stdout=subprocess.DEVNULL)
        while process.poll() is None and not any(root.glob("register.db*")):
            time.sleep(0.001)
        time.sleep(delay)
        landed += process.poll() is None
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        run(root, now=NOW, build=False)
        workspace, _ = open_workspace(root, readings=False)
        with open_register(root, workspace) as register:
            assert register.verify() == ()
            assert register.head == meridian.report.changes.head, "the journal is the one of an undisturbed run"
    assert landed >= 2, "the kills came while it wrote"


def test_readings_after_the_moment_judged_are_a_warning(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "later")
    (root / "readings" / "later.csv").write_text("at,metric,site,value,n\n2027-01-04,leavers,CEB,3,100\n")
    report = run(root, now=NOW, build=False)
    told = [fault for fault in report.faults if fault.code == "later-readings"]
    assert [fault.severity for fault in told] == ["warning"]
    assert told[0].message.startswith("1 reading is later than the moment judged")
    assert told[0].message.endswith("one of them is readings/later.csv:2")
    assert not [fault for fault in meridian.report.faults if fault.code == "later-readings"]


def test_an_untested_rule_is_told_where_it_stands(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "untested")
    (root / "rules" / "mine.yaml").parent.mkdir(exist_ok=True)
    (root / "rules" / "mine.yaml").write_text(
        "- {id: mine, version: 1, title: Mine, owner: hr-lead, category: talent-attrition, severity: low, join: [site],\n"
        "   when: {all: [{as: spike, signal: attrition_spike}]}, then: {}, explain: 'x'}\n"
    )
    faults, _ = check(root, now=NOW)
    assert {str(fault.span) for fault in faults if fault.code == "rule-untested"} == {"rules/mine.yaml:1:3"}
