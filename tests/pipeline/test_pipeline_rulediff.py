"""What a change of rules changes: told before it is merged, from a folder, a workspace or a revision, and nothing is written."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from walked import ROOT, Walked

from riskreg.cli import main
from riskreg.model.faults import FaultError
from riskreg.model.rule import Pattern, Rule
from riskreg.pipeline.backtest import backtest, weekly
from riskreg.pipeline.earlier import rules_at
from riskreg.pipeline.facts import gather
from riskreg.pipeline.opening import known_risks
from riskreg.pipeline.rulediff import RuleDiff, rulediff

SPIKE = "attrition-spike"


def changed(rules: tuple[Rule, ...], ident: str, **fields: Any) -> tuple[Rule, ...]:
    return tuple(rule.model_copy(update=fields) if rule.id == ident else rule for rule in rules)


@pytest.fixture(scope="module")
def compare(meridian: Walked) -> Callable[..., RuleDiff]:
    """The change from the rules of the example to other rules, on its register."""
    workspace, as_of = meridian.report.content.workspace, meridian.report.content.as_of
    given, risks = gather(meridian.root, workspace, as_of=as_of), known_risks(meridian.root, workspace)

    def compared(before: tuple[Rule, ...], after: tuple[Rule, ...], *, history: bool = False) -> RuleDiff:
        def judge(rules: Any) -> Any:
            return backtest(rules, given.facts, metrics=workspace.metrics, moments=weekly(as_of))

        more = {"judge": judge} if history else {}
        return rulediff(before, after, workspace=workspace, given=given, risks=risks, as_of=as_of, **more)

    return compared


@pytest.fixture(scope="module")
def rules(meridian: Walked) -> tuple[Rule, ...]:
    return meridian.report.content.workspace.rules


def rule_of(rules: tuple[Rule, ...], ident: str = SPIKE) -> Rule:
    return next(rule for rule in rules if rule.id == ident)


def test_the_same_rules_are_no_difference(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...]) -> None:
    assert compare(rules, rules, history=True) == RuleDiff()
    assert not compare(rules, rules).matters


def test_words_are_told_from_logic(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...]) -> None:
    made = compare(rules, changed(rules, SPIKE, title="Another title", references=()))
    (change,) = made.rules
    assert (change.kind, change.fields, change.logic, change.must_be_raised) == ("changed", ("title", "references"), False, False)
    assert not made.matters


def test_logic_under_an_old_version_is_called_out(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...]) -> None:
    version = rule_of(rules).version
    (change,) = compare(rules, changed(rules, SPIKE, keep_open_for=1209600)).rules
    assert (change.fields, change.logic, change.must_be_raised) == (("keep_open_for",), True, True)
    (change,) = compare(rules, changed(rules, SPIKE, lasting=1209600, version=version + 1)).rules
    assert (change.fields, change.before, change.after, change.must_be_raised) == (("for",), version, version + 1, False)
    (change,) = compare(rules, changed(rules, SPIKE, status="test")).rules
    assert (change.logic, change.must_be_raised) == (True, False), "a status has a say, but needs no version"


def test_findings_appear_vanish_and_weigh_another_amount(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...]) -> None:
    gone = compare(rules, changed(rules, SPIKE, status="draft"))
    assert {(f.rule, f.key["site"], f.kind) for f in gone.findings} == {(SPIKE, "CEB", "vanishes"), (SPIKE, "KRK", "vanishes")}
    assert all(f.before == "medium, 3 × 3 = 9" and f.after == "" for f in gone.findings)
    back = compare(changed(rules, SPIKE, status="draft"), rules)
    assert {(f.key["site"], f.kind, f.after) for f in back.findings} == {
        ("CEB", "appears", "medium, 3 × 3 = 9"), ("KRK", "appears", "medium, 3 × 3 = 9"),
    }  # fmt: skip
    graver = compare(rules, changed(rules, SPIKE, severity="high"))
    assert {(f.kind, f.before, f.after) for f in graver.findings} == {("changes", "medium, 3 × 3 = 9", "high, 3 × 3 = 9")}
    assert "people left" in graver.findings[0].explain


def test_the_register_is_previewed(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...], meridian: Walked) -> None:
    before = (meridian.root / "register.db").read_bytes()
    ids = {risk.scope: risk.id for risk in meridian.report.content.risks if risk.category == "talent-attrition"}
    eased = compare(rules, changed(rules, SPIKE, status="draft"))
    assert {(r.risk, r.kind) for r in eased.risks} == {(ids["site:CEB"], "eased"), (ids["site:KRK"], "eased")}
    less = [rule for rule in rules if rule.category == "talent-attrition"]
    gone = compare(rules, tuple(rule for rule in rules if rule not in less))
    cebu = next(r for r in gone.risks if r.risk == ids["site:CEB"])
    assert (cebu.kind, cebu.after) == ("re-scored", None), "an open risk stays, without a score of the rules"
    assert cebu.before
    quality = compare(tuple(rule for rule in rules if rule.category != "sla-breach"), rules)
    assert not [r for r in quality.risks if r.kind == "raised" and r.risk], "a risk that the register has is not raised again"
    new = rule_of(rules).model_copy(update={"id": "new", "category": "cultural-mismatch"})
    raised = compare(rules, (*rules, new))
    assert [(r.risk, r.category, r.scope, r.kind, r.before, r.after, r.owner, r.told) for r in raised.risks] == [
        (None, "cultural-mismatch", "site:CEB", "raised", None, 9, "workforce-lead", ("tier-1",)),
        (None, "cultural-mismatch", "site:KRK", "raised", None, 9, "workforce-lead", ("tier-1",)),
    ]
    assert [r.kind for r in compare((*rules, new), rules).risks] == ["not-raised", "not-raised"]
    assert compare((*rules, new), rules).risks[0].told == ()
    assert (meridian.root / "register.db").read_bytes() == before


def test_the_history_shows_rules_that_would_have_fired_otherwise(compare: Callable[..., RuleDiff], rules: tuple[Rule, ...]) -> None:
    strict = Pattern.model_validate({"as": "spike", "signal": "attrition_spike", "where": {"strength": {"gte": 5}}})
    made = compare(rules, changed(rules, SPIKE, when=strict), history=True)
    (history,) = made.history
    assert (history.rule, history.before) == (SPIKE, 3)
    assert history.after is not None
    assert history.after < 3
    added = compare(tuple(rule for rule in rules if rule.id != SPIKE), rules, history=True)
    assert [(one.rule, one.before, one.after) for one in added.history] == [(SPIKE, None, 3)]


# Where the rules before come from.


def write(folder: Path, *rules: Rule) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for rule in rules:
        (folder / f"{rule.id}.yaml").write_text(json.dumps(rule.model_dump(mode="json", by_alias=True, exclude_unset=True)))
    return folder


def git(folder: Path, *command: str) -> str:
    who = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    return subprocess.run(["git", "-C", str(folder), *who, *command], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def repository(meridian: Walked, tmp_path: Path, rules: tuple[Rule, ...]) -> Path:
    """A repository that holds a workspace in a folder; its first commit has a rule of its own, its second changed it."""
    root = tmp_path / "repo" / "work"
    meridian.copy(root)
    shutil.rmtree(root / "public", ignore_errors=True)
    git(root.parent, "init", "-q")
    mine = rule_of(rules).model_copy(update={"status": "draft"})
    write(root / "rules", mine)
    git(root.parent, "add", "work/rules", "work/riskreg.yaml")
    git(root.parent, "commit", "-qm", "one")
    git(root.parent, "tag", "first")
    write(root / "rules", rule_of(rules))
    git(root.parent, "add", "work/rules")
    git(root.parent, "commit", "-qm", "two")
    return root


def test_a_folder_stands_over_the_shipped_rules(tmp_path: Path, rules: tuple[Rule, ...]) -> None:
    folder = write(tmp_path / "old", rule_of(rules).model_copy(update={"title": "Old"}))
    found = rules_at(str(folder), ROOT / "examples/meridian", on_shipped=True)
    own = {path.stem for path in (ROOT / "examples/meridian/rules").glob("*.yaml")}
    assert {rule.id for rule in found} == {rule.id for rule in rules} - own
    assert rule_of(found).title == "Old"
    assert [rule.id for rule in rules_at(str(folder), ROOT / "examples/meridian", on_shipped=False)] == [SPIKE]


def test_another_workspace_is_taken_with_its_own_settings(meridian: Walked, rules: tuple[Rule, ...]) -> None:
    assert rules_at(str(meridian.root), meridian.root, on_shipped=True) == rules


def test_a_revision_is_read_without_a_checkout(repository: Path, rules: tuple[Rule, ...]) -> None:
    then = rules_at("git:first", repository, on_shipped=True)
    assert rule_of(then).status == "draft"
    assert {rule.id for rule in then} == {rule.id for rule in rules}
    assert rule_of(rules_at("git:HEAD~1", repository, on_shipped=False)).status == "draft"
    assert rule_of(rules_at("git:HEAD", repository, on_shipped=False)).status == "stable"
    assert git(repository, "status", "--porcelain", "--untracked-files=no") == ""


@pytest.mark.parametrize(
    "revision",
    [
        "",
        "--upload-pack=touch${IFS}hacked",
        "-h",
        "HEAD;touch hacked",
        "$(touch hacked)",
        "HEAD:work",
        "no-such-branch",
        "a b",
        "x\ny",
    ],
)
def test_what_is_no_revision_is_refused_and_nothing_is_run(repository: Path, revision: str) -> None:
    before = sorted(path.name for path in repository.parent.rglob("*"))
    with pytest.raises(FaultError) as raised:
        rules_at(f"git:{revision}", repository, on_shipped=True)
    (fault,) = raised.value.faults
    assert fault.code == "no-such-rules"
    assert sorted(path.name for path in repository.parent.rglob("*")) == before


def test_links_in_a_revision_are_not_followed(repository: Path) -> None:
    (repository / "rules" / "link.yaml").symlink_to("/etc/passwd")
    git(repository.parent, "add", "work/rules")
    git(repository.parent, "commit", "-qm", "three")
    linked = {rule.id for rule in rules_at("git:HEAD", repository, on_shipped=False)}
    assert linked == {rule.id for rule in rules_at("git:HEAD~1", repository, on_shipped=False)} >= {SPIKE}


def test_a_place_that_is_none_and_a_file_that_cannot_be_read(tmp_path: Path, meridian: Walked) -> None:
    with pytest.raises(FaultError, match="no such folder"):
        rules_at(str(tmp_path / "none"), meridian.root, on_shipped=True)
    (tmp_path / "bad.yaml").write_text("id: bad\nversion: one\n")
    with pytest.raises(FaultError) as raised:
        rules_at(str(tmp_path), meridian.root, on_shipped=True)
    assert all(fault.span.path == "bad.yaml" and fault.span.line for fault in raised.value.faults)
    with pytest.raises(FaultError, match="not a git repository"):
        rules_at("git:HEAD", meridian.root, on_shipped=True)


def cli(*words: str) -> Any:
    return CliRunner().invoke(main, ["rules", "diff", *words], catch_exceptions=False)


def test_the_command_tells_rules_findings_risks_and_history(repository: Path) -> None:
    files = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in repository.rglob("*") if path.is_file()}
    done = cli("git:first", "-w", str(repository), "--backtest")
    assert done.exit_code == 0
    assert f"~ {SPIKE}: what it decides (status)" in done.output
    assert f"+ {SPIKE}, Cebu: medium, 3 × 3 = 9" in done.output
    assert "would be updated; told: workforce-lead, tier-1" in done.output
    assert f"{SPIKE}: fired not there → 3 times in 52 weeks" in done.output
    assert cli("git:first", "-w", str(repository), "--exit-code").exit_code == 1
    assert cli("git:HEAD", "-w", str(repository), "--exit-code").exit_code == 0
    assert cli("git:HEAD", "-w", str(repository)).output == "The rules are the same.\n"
    data = json.loads(cli("git:first", "-w", str(repository), "--format", "json").output)
    assert data["matters"] is True
    assert [rule["rule"] for rule in data["rules"]] == [SPIKE]
    after = {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in repository.rglob("*") if path.is_file()}
    assert after == files, "nothing is written"


def test_the_command_tells_what_is_wrong(meridian: Walked) -> None:
    done = cli("git:HEAD", "-w", str(meridian.root))
    assert done.exit_code == 1
    assert "not a git repository" in done.output
