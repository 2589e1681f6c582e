"""Rules read alone, and what is kept of their tests: never an answer that is not true any more."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

import riskreg
from riskreg.inference.language.connections import Connection, Connections
from riskreg.model.faults import FaultError
from riskreg.workspace import RuleFiles, kept, load, read_folder, rulefiles, run_kept, thresholds_of

FIRST: dict[str, Any] = {
    "id": "first", "version": 1, "title": "First", "owner": "quality-lead", "category": "quality-drift", "severity": "low",
    "when": {"as": "drift", "signal": "quality_drift", "where": {"strength": {"gte": 3}}}, "join": ["site"],
    "then": {"conclude": {"fact": "worn"}},
}  # fmt: skip
SECOND = FIRST | {"id": "second", "title": "Second", "when": {"fact": "worn"}, "then": {}}
LIMIT = FIRST | {
    "id": "limit", "title": "Limit", "then": {},
    "when": {"signal": "quality_drift", "where": {"metric": "csat", "value": {"lt": {"threshold": "floor"}}}},
}  # fmt: skip
ALONE = FIRST | {"id": "alone", "title": "Alone", "when": {"signal": "data_exposure"}, "then": {}}
DRIFT = {"signal": "quality_drift", "at": "2026-11-15", "site": "MNL", "strength": 3, "metric": "csat", "value": 0.7}
METRIC = {
    "id": "csat",
    "name": "CSAT",
    "definition": "Happy customers",
    "unit": "share",
    "worse": "down",
    "thresholds": {"floor": 0.8},
}


def beside(ident: str, *, fires: bool = True, fact: dict[str, Any] = DRIFT) -> dict[str, Any]:
    expect = [{"rule": ident, "site": "MNL"}] if fires else []
    return {"rule": ident, "tests": [{"name": "a test", "given": [fact], "expect": expect}]}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    write(tmp_path, "riskreg.yaml", {"title": "A test", "client": "MER", "shipped_rules": False})
    for rule in (FIRST, SECOND, LIMIT, ALONE):
        write(tmp_path, f"rules/{rule['id']}.yaml", rule)
        fact = DRIFT | {"signal": "data_exposure"} if rule is ALONE else DRIFT
        write(tmp_path, f"rules/{rule['id']}.test.yaml", beside(rule["id"], fact=fact))
    write(tmp_path, "metrics/metrics.yaml", {"metrics": [METRIC]})
    return tmp_path


def write(root: Path, path: str, value: Any) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")


def said(root: Path, *only: str, engine: Any = "reference") -> dict[str, tuple[bool, bool]]:
    """Rule → did its test pass, and was that known before."""
    return {one.result.rule: (one.result.passed, one.cached) for one in run_kept(root, only, engine=engine)}


NEW, KNOWN, FAILS = (True, False), (True, True), (False, False)


def test_the_second_time_nothing_is_run(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fresh = run_kept(root, engine="reference")
    assert {one.result.rule: (one.result.passed, one.cached) for one in fresh} == dict.fromkeys(
        ["alone", "first", "limit", "second"], NEW
    )
    monkeypatch.setattr("riskreg.inference.proving.ruletests.run_tests", lambda *_, **__: pytest.fail("it was run"))
    monkeypatch.setattr(rulefiles, "_nouns", lambda *_: pytest.fail("a file was parsed"))
    known = run_kept(root, engine="reference")
    assert [one.result for one in known] == [one.result for one in fresh]
    assert all(one.cached for one in known)


EDITS: dict[str, tuple[Callable[[Path], None], set[str]]] = {
    "nothing": (lambda root: os.utime(root / "rules/first.yaml", (0, 0)), set()),
    "a rule": (lambda root: write(root, "rules/alone.yaml", ALONE | {"title": "Else"}), {"alone"}),
    "a rule that others count on": (lambda root: write(root, "rules/first.yaml", FIRST | {"title": "Else"}), {"first", "second"}),
    "its test": (lambda root: write(root, "rules/second.test.yaml", [beside("second"), beside("second")]), {"second"}),
    "another file of its tests": (lambda root: write(root, "rules/more.test.yaml", beside("first")), {"first"}),
    "the threshold that it names": (
        lambda root: write(root, "metrics/metrics.yaml", {"metrics": [METRIC | {"thresholds": {"floor": 0.75}}]}), {"limit"}),
    "another file of metrics": (lambda root: write(root, "metrics/more.yaml", {"metrics": [METRIC | {"id": "fcr"}]}), {"limit"}),
    "a new rule that concludes the same": (
        lambda root: write(root, "rules/new.yaml", FIRST | {"id": "new", "when": {"fact": "cover"}}), {"first", "second"}),
    "the place of a rule": (lambda root: (root / "rules/alone.yaml").rename(root / "rules/alone2.yaml") and None, {"alone"}),
}  # fmt: skip


@pytest.mark.parametrize("name", EDITS)
def test_what_is_edited_and_what_depends_on_it_is_run_again(root: Path, name: str) -> None:
    said(root)
    edit, again = EDITS[name]
    edit(root)
    assert {rule for rule, (_, cached) in said(root).items() if not cached} == again


def test_an_edit_that_breaks_a_test_is_seen_at_once_and_mended_again(root: Path) -> None:
    said(root)
    stricter = FIRST | {"when": {"as": "drift", "signal": "quality_drift", "where": {"strength": {"gte": 4}}}}
    write(root, "rules/first.yaml", stricter)
    assert said(root) == {"alone": KNOWN, "first": FAILS, "limit": KNOWN, "second": FAILS}
    assert said(root, "second") == {"second": FAILS}, "what failed is run again"
    write(root, "rules/first.yaml", FIRST)
    assert set(said(root).values()) <= {NEW, KNOWN}
    write(root, "metrics/metrics.yaml", {"metrics": [METRIC | {"thresholds": {"floor": 0.6}}]})
    assert said(root)["limit"] == FAILS
    write(root, "rules/alone.test.yaml", beside("alone", fires=False, fact=DRIFT | {"signal": "data_exposure"}))
    assert said(root)["alone"] == FAILS


def test_another_engine_version_or_code_is_another_answer(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said(root)
    assert set(said(root, engine="both").values()) == {NEW}
    assert set(said(root, engine="both").values()) == {KNOWN}
    for change in (
        lambda: monkeypatch.setattr(riskreg, "__version__", "99"),
        lambda: monkeypatch.setattr(kept, "_ROOMS", ("model",)),
    ):
        change()
        kept.maker.cache_clear()
        assert set(said(root, engine="both").values()) == {NEW}
        assert set(said(root, engine="both").values()) == {KNOWN}
    monkeypatch.undo()
    kept.maker.cache_clear()


def test_another_shipped_pack_is_another_answer(
    root: Path, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    pack = tmp_path_factory.mktemp("pack") / "rules"
    monkeypatch.setattr(rulefiles, "shipped", lambda _: pack)
    write(root, "riskreg.yaml", {"title": "A test", "client": "MER"})
    (root / "rules/first.yaml").unlink()
    write(pack.parent, "rules/first.yaml", FIRST)
    assert said(root)["second"] == NEW
    assert said(root)["second"] == KNOWN
    write(pack.parent, "rules/first.yaml", FIRST | {"title": "Else"})
    assert said(root)["second"] == NEW
    write(root, "rules/first.yaml", FIRST | {"title": "Our own"})
    assert said(root)["second"] == NEW
    assert RuleFiles(root).span("first").path == "rules/first.yaml"
    (root / "rules/first.yaml").unlink()
    write(root, "riskreg.yaml", {"title": "A test", "client": "MER", "shipped_rules": False})
    with pytest.raises(FaultError, match="no rule has the id 'first'"):
        said(root)


KEPT = ("rule-files.json", "rule-tests.json")
AN_HOUR = 3600 * 10**9


@pytest.mark.parametrize("damage", [b"", b"{", b"null", b"[]\n{}", b"\x00" * 100, None], ids=repr)
def test_what_is_damaged_is_made_again(root: Path, damage: bytes | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rulefiles, "_SETTLED", AN_HOUR)
    said(root)
    whole = {name: (root / ".riskreg" / name).read_bytes() for name in KEPT}
    for name, data in whole.items():
        changed = damage if damage is not None else data.replace(b"first", b"other")
        assert changed != data
        (root / ".riskreg" / name).write_bytes(changed)
    assert set(said(root).values()) == {NEW}
    assert {name: (root / ".riskreg" / name).read_bytes() for name in KEPT} == whole


def test_a_seal_does_not_make_nonsense_true(root: Path) -> None:
    said(root)
    for name in KEPT:
        body = json.dumps({"rules/first.yaml": "nonsense", "first": [1, 2]}).encode()
        (root / ".riskreg" / name).write_bytes(kept._seal(body) + b"\n" + body)
    assert set(said(root).values()) == {NEW}


def test_a_folder_that_cannot_be_written_costs_time_and_nothing_else(root: Path) -> None:
    (root / ".riskreg").write_text("a file in the way")
    assert set(said(root).values()) == {NEW}
    assert set(said(root).values()) == {NEW}
    (root / ".riskreg").unlink()
    elsewhere = root.parent / "elsewhere"
    elsewhere.mkdir()
    (root / ".riskreg").symlink_to(elsewhere)
    assert set(said(root).values()) == {NEW}
    assert list(elsewhere.iterdir()) == [], "no link leads out of the workspace"


def read_by(root: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The rule files that are read for an index of the workspace."""
    read: list[str] = []
    with monkeypatch.context() as patch:
        read_bytes = Path.read_bytes
        patch.setattr(Path, "read_bytes", lambda path: read.append(path.name) or read_bytes(path))  # type: ignore[func-returns-value]
        RuleFiles(root)
    return sorted(name for name in read if (root / "rules" / name).exists())


def test_a_file_is_read_where_its_size_or_times_are_others_or_younger_than_they_can_tell(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    everything = sorted(file.name for file in (root / "rules").iterdir())
    monkeypatch.setattr(rulefiles, "_SETTLED", AN_HOUR)
    said(root)
    assert read_by(root, monkeypatch) == everything
    monkeypatch.setattr(rulefiles, "_SETTLED", 0)
    said(root)
    assert read_by(root, monkeypatch) == []
    file = root / "rules/first.yaml"
    before, text = file.stat(), file.read_text()
    file.write_text(text.replace("gte: 3", "gte: 4"))
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert read_by(root, monkeypatch) == ["first.yaml"], "the same size and time of change, written all the same"
    assert said(root)["first"] == FAILS


def test_a_question_about_one_rule_parses_no_other(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    said(root)
    parsed: list[str] = []
    nouns = rulefiles._nouns
    monkeypatch.setattr(rulefiles, "_nouns", lambda source, desk: parsed.append(source.path) or nouns(source, desk))  # type: ignore[func-returns-value]
    write(root, "rules/second.yaml", SECOND | {"title": "Else"})
    assert said(root, "second") == {"second": NEW}
    assert sorted(set(parsed)) == ["rules/first.yaml", "rules/second.test.yaml", "rules/second.yaml"]


@pytest.mark.parametrize(
    ("path", "text", "code"),
    [
        ("rules/x.yaml", "id: [", "yaml-syntax"),
        ("rules/x.yaml", "id: x\n", "missing-field"),
        ("rules/x.test.yaml", "rule: first\ntests: []\n", "bad-value"),
        ("rules/x.test.yaml", "rule: frist\ntests: [{name: a, given: [], expect: []}]\n", "unknown-rule"),
        ("rules/x.yaml", yaml.safe_dump(FIRST | {"id": "First"}), "duplicate-id"),
        ("rules/x.yaml", b"id: \xff", "encoding"),
        ("metrics/x.yaml", "metrics: [{id: m}]", "missing-field"),
    ],
)
def test_a_file_with_a_fault_is_told_with_its_place_every_time(root: Path, path: str, text: str | bytes, code: str) -> None:
    said(root)
    (root / path).write_bytes(text if isinstance(text, bytes) else text.encode())
    write(root, "rules/limit.yaml", LIMIT | {"title": "Else"})
    for _ in range(2):
        with pytest.raises(FaultError) as raised:
            said(root, "limit")
        assert code in {fault.code for fault in raised.value.faults}
        assert all(fault.span.path == path and fault.span.line for fault in raised.value.faults if fault.code == code)


def test_rules_read_alone_are_those_that_a_workspace_has(meridian: Any, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "copy")
    workspace = load(root, readings=False).workspace
    assert workspace is not None
    read = RuleFiles(root).read()
    assert read.rules == workspace.rules
    assert {rule: tests for rule, tests in read.tests.items() if tests} == {rule: t for rule, t in workspace.tests.items() if t}
    assert thresholds_of(root) == {metric.id: metric.thresholds for metric in workspace.metrics if metric.thresholds}
    some = RuleFiles(root).read(["coverage-at-risk"])
    assert "attrition-with-quality-drift" in {rule.id for rule in some.rules}
    assert set(some.tests) == {"coverage-at-risk"}
    assert "data-exposure-critical" not in {rule.id for rule in some.rules}


def test_what_is_connected_by_conclusions() -> None:
    known = Connections(
        {
            "a": Connection("x", ()), "b": Connection("x", ("site",)), "c": Connection("y", ("x",)),
            "d": Connection(None, ("y", "x")), "e": Connection("z", ("z",)), "f": Connection(None, ("cover",)),
        }
    )  # fmt: skip
    assert known.around(["a"]) == ("a", "b"), "those that conclude the same"
    assert known.around(["d"]) == ("a", "b", "c", "d"), "over any number of rules"
    assert known.around(["e"]) == ("e",), "a circle ends"
    assert known.around(["f", "nobody"]) == ("f",)


def test_a_folder_needs_no_workspace(tmp_path: Path) -> None:
    write(tmp_path, "one.yaml", [FIRST, SECOND])
    write(tmp_path, "rules/two.yaml", ALONE)
    write(tmp_path, "rules/two.test.yaml", {"nonsense": 1})
    found = read_folder(tmp_path)
    assert [rule.id for rule in found.rules] == ["alone", "first", "second"] and not found.faults
    assert str(found.spans["first"]) == "one.yaml:1:7"
    assert [rule.id for rule in read_folder(tmp_path / "one.yaml").rules] == ["first", "second"]


def test_every_fault_of_a_folder_comes_in_one_pass(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", [FIRST, FIRST, SECOND | {"version": 0}])
    (tmp_path / "b.yaml").write_text("a: [")
    (tmp_path / "c.yaml").write_text("- id: x\n\tversion: 1")
    assert [fault.code for fault in read_folder(tmp_path).faults] == ["duplicate-id", "out-of-range", "yaml-syntax", "yaml-tab"]
    (empty := tmp_path / "empty").mkdir()
    assert [fault.code for fault in read_folder(empty).faults] == ["cannot-read"]
