"""`riskreg rules` as a person and a build server type it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import yaml
from click.testing import CliRunner, Result
from walked import Walked

from riskreg.cli import main
from riskreg.inference.proving.lock import LOCK
from riskreg.model.rule import Rule, RuleTests
from riskreg.resources import shipped

FACTS = [
    {"id": "b", "signal": "quality_drift", "at": "2026-11-15T00:00:00Z", "site": "MNL", "metric": "qa_score", "strength": 2},
    {"id": "a", "signal": "attrition_spike", "at": "2026-10-26T00:00:00Z", "site": "MNL", "strength": 3, "value": 31},
]
RULE: dict[str, Any] = {
    "id": "cover-short", "version": 1, "title": "Too few", "owner": "nobody-known", "category": "coverage-gap", "severity": "low",
    "when": {"all": [{"as": "one", "signal": "unheard_of", "where": {"size": {"gte": 2}}}, {"not": {"fact": "pause"}}]},
    "join": ["vendor", "site"], "then": {"playbooks": ["no-such-playbook"]},
}  # fmt: skip


@pytest.fixture
def root(meridian: Walked, tmp_path: Path) -> Path:
    return meridian.copy(tmp_path / "copy")


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A workspace with nothing in it but the shipped rules."""
    return write(tmp_path / "small" / "riskreg.yaml", {"title": "Small", "client": "MER"}).parent


def call(*arguments: str | Path, status: int = 0, given: str | bytes | None = None) -> Result:
    result = CliRunner().invoke(main, ["rules", *map(str, arguments)], input=given, catch_exceptions=False)
    assert result.exit_code == status, result.output
    return result


def data(*arguments: str | Path, status: int = 0) -> Any:
    return json.loads(call(*arguments, "--format", "json", status=status).stdout)


def write(path: Path, value: Any) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(yaml.safe_dump(value, sort_keys=False), encoding="utf-8")
    return path


def lines(path: Path, facts: list[dict[str, Any]]) -> Path:
    path.write_text("".join(json.dumps(fact) + "\n" for fact in facts), encoding="utf-8")
    return path


# --- eval ---


@pytest.mark.parametrize("engine", ["both", "durable", "reference"])
def test_eval_gives_rule_key_and_facts_sorted_and_needs_no_workspace(tmp_path: Path, engine: str) -> None:
    facts = lines(tmp_path / "facts.jsonl", FACTS)
    assert data("eval", "--rules", shipped("rules"), "--facts", facts, "--engine", engine) == [
        {"rule": "attrition-spike", "key": {"site": "MNL"}, "facts": ["a"]},
        {"rule": "attrition-with-quality-drift", "key": {"site": "MNL"}, "facts": ["a", "b"]},
        {"rule": "quality-drift", "key": {"site": "MNL"}, "facts": ["b"]},
    ]
    assert not any(tmp_path.glob("*/")), "nothing is written"


def test_eval_of_rules_that_name_what_nobody_knows(tmp_path: Path) -> None:
    rules = write(tmp_path / "rules" / "mine.yaml", [RULE, RULE | {"id": "draft", "status": "draft"}]).parent.parent
    at = "2026-11-15T00:00:00Z"
    big = {"signal": "unheard_of", "at": at, "size": 2}
    facts = lines(
        tmp_path / "facts.jsonl",
        [
            big | {"id": "2", "site": "B", "vendor": "v"}, big | {"id": "1", "site": "A", "vendor": "v"},
            big | {"id": "3", "site": "A", "vendor": "u"}, {"id": "p", "fact": "pause", "vendor": "u"},
            big | {"id": "4", "site": "A", "vendor": "v", "at": "2026-11-14T00:00:00Z"},
        ],
    )  # fmt: skip
    found = data("eval", "--rules", rules, "--facts", facts)
    assert found == [
        {"rule": "cover-short", "key": {"site": "A", "vendor": "v"}, "facts": ["1", "4"]},
        {"rule": "cover-short", "key": {"site": "B", "vendor": "v"}, "facts": ["2"]},
    ]
    earlier = data("eval", "--rules", rules / "rules" / "mine.yaml", "--facts", facts, "--as-of", "2026-11-14T12:00:00Z")
    assert [one["facts"] for one in earlier] == [["4"]]
    assert "No rule fires" in call("eval", "--rules", rules, "--facts", facts, "--as-of", "2020-01-01T00:00:00Z").output


def test_eval_takes_thresholds_from_a_folder_of_metrics_or_a_workspace(tmp_path: Path) -> None:
    when = {"signal": "quality_drift", "where": {"metric": "csat", "value": {"lt": {"threshold": "floor"}}}}
    rules = write(tmp_path / "rules" / "mine.yaml", RULE | {"when": when, "join": ["site"]})
    metric = {"id": "csat", "name": "CSAT", "definition": "Happy", "thresholds": {"floor": 0.8}}
    write(tmp_path / "metrics" / "all.yaml", {"metrics": [metric]})
    facts = lines(tmp_path / "facts.jsonl", [FACTS[0] | {"metric": "csat", "value": 0.7}])
    asked = ("eval", "--rules", rules, "--facts", facts)
    silent = call(*asked, "--format", "json")
    assert json.loads(silent.stdout) == []
    assert "[rule-threshold] rule cover-short names the threshold floor" in silent.stderr and "--metrics" in silent.stderr
    assert len(data(*asked, "--metrics", tmp_path / "metrics")) == len(data(*asked, "--workspace", tmp_path)) == 1
    write(tmp_path / "metrics" / "all.yaml", {"metrics": [{"id": "csat"}]})
    assert {fault["code"] for fault in data(*asked, "--workspace", tmp_path, status=1)["faults"]} == {"missing-field"}


def test_eval_tells_every_fault_of_rules_and_facts_and_judges_nothing(tmp_path: Path) -> None:
    cycle = RULE | {"id": "loop", "when": {"fact": "worn"}, "then": {"conclude": {"fact": "worn"}}}
    rules = write(tmp_path / "mine.yaml", [cycle, {"id": "broken"}])
    told = data(
        "eval", "--rules", rules, "--facts", lines(tmp_path / "f.jsonl", [{"id": "a", "signal": "x", "site": "no id!"}]), status=1
    )
    spans = {(fault["code"], fault["span"]["path"], fault["span"]["line"]) for fault in told["faults"]}
    assert ("rule-cycle", "mine.yaml", 1) in spans
    assert ("fact-place", str(tmp_path / "f.jsonl"), 1) in spans
    assert any(code == "missing-field" for code, _, _ in spans)
    said = call("eval", "--rules", rules, "--facts", "-", given=b"oops\n" * 300, status=1)
    assert said.stdout == ""
    assert "stdin:1:1: error [fact-syntax]" in said.stderr and "and 200 more faults" in said.stderr


def test_eval_prints_findings_and_fails_where_a_rule_would_explode(tmp_path: Path) -> None:
    wide = RULE | {"id": "wide", "when": {"all": [{"signal": "a"}, {"signal": "b"}]}, "join": []}
    small = RULE | {"id": "small", "when": {"signal": "c"}, "join": []}
    rules = write(tmp_path / "mine.yaml", [wide, small])
    facts = [{"id": f"{kind}{n}", "signal": kind, "at": "2026-11-15T00:00:00Z"} for kind in "ab" for n in range(1000)]
    facts.append({"id": "c", "signal": "c"})
    result = call("eval", "--rules", rules, "--facts", lines(tmp_path / "f.jsonl", facts), "--format", "json", status=1)
    assert json.loads(result.stdout) == [{"rule": "small", "key": {}, "facts": ["c"]}]
    assert "mine.yaml:1:" in result.stderr and "rule-explodes" in result.stderr


def test_eval_says_what_an_exception_hides_and_what_cannot_be_judged(tmp_path: Path) -> None:
    left_out = [{"where": {"site": "BOG"}, "until": "2027-01-01", "reason": "Ramp-down", "approved_by": "somebody"}]
    rule = RULE | {"when": {"signal": "quality_drift"}, "join": ["site"], "exceptions": left_out}
    rules = write(tmp_path / "rules" / "mine.yaml", rule)
    late = {"id": "m", "fact": "missing_data", "watches": "quality_drift", "site": "MNL", "days_late": 9}
    file = lines(tmp_path / "facts.jsonl", [FACTS[0] | {"site": "BOG"}, late])
    told = [
        "Left out by an exception: cover-short, site BOG (on b).",
        "Not judged: cover-short, site MNL, because readings are overdue (m).",
    ]
    said = call("eval", "--rules", rules, "--facts", file)
    assert said.stdout.splitlines()[1:] == told and said.stdout.startswith("No rule fires: 1 rule on 2 facts")
    machine = call("eval", "--rules", rules, "--facts", file, "--format", "json")
    assert json.loads(machine.stdout) == [] and machine.stderr.splitlines() == told


# --- test, coverage ---


def test_test_says_what_it_ran_and_what_was_known(small: Path) -> None:
    first = call("test", "-w", small).output
    assert "rule tests pass" in first and "known from before" not in first and "FAIL" not in first
    again = data("test", "attrition-spike", "-w", small)
    assert again and all(one["cached"] and one["passed"] and one["rule"] == "attrition-spike" for one in again)
    assert "known from before" in call("test", "-w", small).output
    assert "attrition-spike" in call("test", "atrition-spike", "-w", small, status=2).stderr


def failing(root: Path) -> None:
    write(root / "rules" / "mine.yaml", RULE | {"when": {"signal": "data_exposure"}, "join": ["site"], "then": {}})
    given = [{"signal": "data_exposure", "at": "2026-11-15", "site": "MNL"}]
    tests = [{"name": 'a <b> & "c"', "given": given, "expect": []}, {"name": "fires", "given": given, "expect": [KEY]}]
    write(root / "rules" / "mine.test.yaml", {"rule": "cover-short", "tests": tests})


KEY = {"rule": "cover-short", "site": "MNL"}


def test_a_test_that_fails_says_what_was_expected_and_what_came(small: Path) -> None:
    failing(small)
    said = call("test", "cover-short", "-w", small, status=1).output
    assert 'FAIL  cover-short: a <b> & "c"' in said
    assert "expected  nothing" in said and "got       rule cover-short, site MNL" in said
    assert [(one["passed"], one["got"]) for one in data("test", "cover-short", "-w", small, status=1)] == [
        (False, [KEY]),
        (True, [KEY]),
    ]


def test_junit_has_a_suite_for_each_rule_and_a_case_for_each_test(small: Path) -> None:
    failing(small)
    file = small / "out" / "rules.xml"
    assert "Written to" in call("test", "-w", small, "--format", "junit", "--output", file, status=1).output
    tree = ElementTree.parse(file).getroot()
    assert tree.tag == "testsuites" and tree.get("failures") == "1"
    suites = {suite.get("name"): suite for suite in tree}
    assert int(str(tree.get("tests"))) == sum(len(suite) for suite in suites.values()) > 50
    mine = suites["cover-short"]
    assert (mine.get("tests"), mine.get("failures"), mine.get("errors")) == ("2", "1", "0")
    first, second = mine
    assert (first.tag, first.get("classname"), first.get("name")) == ("testcase", "cover-short", 'a <b> & "c"')
    failure = first.find("failure")
    place, expected, got, why = str(failure.text if failure is not None else "").split("\n")
    assert (expected, got) == ("expected: nothing", "got:      rule cover-short, site MNL")
    assert why == "why:      cover-short, site MNL fires on given-1"
    assert first.get("file") == "rules/mine.test.yaml" and place.startswith(f"rules/mine.test.yaml:{first.get('line')}:")
    assert len(second) == 0
    only = call("test", "cover-short", "-w", small, "--format", "junit", status=1).stdout
    assert len(ElementTree.fromstring(only)) == 1


def test_coverage_names_what_no_test_holds_and_the_test_that_would(small: Path) -> None:
    failing(small)
    write(
        small / "rules" / "mine.yaml", RULE | {"when": {"signal": "data_exposure", "where": {"strength": {"gte": 3}}}, "then": {}}
    )
    said = call("coverage", "cover-short", "-w", small).output
    assert "rules/mine.yaml:1:5: cover-short: \u2018data expos" in said and "a test in which" in said
    made = data("coverage", "cover-short", "-w", small)
    assert made["percent"] < 100 and made["rules"][0]["rule"] == "cover-short"
    assert "under 100 %" in call("coverage", "cover-short", "-w", small, "--fail-under", "100", status=1).stderr
    call("coverage", "attrition-spike", "-w", small, "--fail-under", "100")


# --- list, show ---


def test_list_counts_tests_and_filters(root: Path) -> None:
    everything = data("list", "-w", root)
    assert len(everything) >= 18 and all(one["tests"]["fires"] and one["tests"]["silent"] for one in everything)
    drift = data("list", "-w", root, "--category", "quality-drift", "--status", "stable")
    assert drift == [one for one in everything if one["category"] == "quality-drift" and one["status"] == "stable"]
    spike = next(one for one in everything if one["id"] == "attrition-spike")
    row = next(line for line in call("list", "-w", root).output.splitlines() if line.startswith("attrition-spike "))
    assert f"{spike['tests']['fires']}+{spike['tests']['silent']}" in row and "stable" in row
    assert "No rule is so" in call("list", "-w", root, "--status", "draft").output


def test_show_tells_all_about_one_rule(small: Path) -> None:
    exceptions = [
        {"where": {"site": "BOG"}, "until": day, "reason": reason, "approved_by": "operations"}
        for day, reason in (("2999-12-31", "it closes"), ("2020-01-01", "it was new"))
    ]
    failing(small)
    write(small / "rules" / "mine.yaml", RULE | {"when": {"signal": "data_exposure"}, "exceptions": exceptions, "then": {}})
    said = call("show", "cover-short", "-w", small).output
    parts = ["cover-short, version 1: Too few", "rules/mine.yaml:1:5", "customer data is exposed", "Lock: there is none"]
    for part in (*parts, "until 2999-12-31: it closes", "no longer in force since 2020-01-01", "fires: FAILS"):
        assert part in said, part
    told = data("show", "attrition-spike", "-w", small)
    assert told["logic"]["sentence"].startswith("When, at one site") and told["logic"]["lines"]
    assert all(one["passed"] for one in told["results"]) and told["file"].startswith("shipped/rules/attrition-spike.yaml:")
    assert "there is no rule 'x'" in call("show", "x", "-w", small, status=2).stderr


# --- lock ---


def test_lock_holds_the_workspaces_own_rules(small: Path) -> None:
    assert "no rule here" in call("lock", "-w", small).output
    failing(small)
    assert "does not hold 1 of 1" in call("lock", "--check", "-w", small, status=1).output
    assert not (small / "rules" / LOCK).exists()
    assert data("lock", "-w", small)["added"] == ["cover-short"]
    written = (small / "rules" / LOCK).read_bytes()
    assert data("lock", "--check", "-w", small) == {"added": [], "faults": [], "rules": 1, "same": True}
    assert "as it was locked" in call("show", "cover-short", "-w", small).output

    changed = RULE | {"when": {"signal": "data_exposure"}, "join": ["site"], "then": {}, "severity": "high"}
    write(small / "rules" / "mine.yaml", changed)
    for more in ((), ("--check",)):
        (fault,) = data("lock", *more, "-w", small, status=1)["faults"]
        assert fault["code"] == "rule-changed" and fault["message"].endswith("severity")
        assert (fault["span"]["path"], fault["span"]["line"]) == ("rules/mine.yaml", 1)
    assert (small / "rules" / LOCK).read_bytes() == written
    write(small / "rules" / "mine.yaml", changed | {"version": 2})
    assert "Locked cover-short" in call("lock", "-w", small).output
    assert set(json.loads((small / "rules" / LOCK).read_text())["rules"]["cover-short"]) == {"1", "2"}


def test_lock_of_a_folder_and_a_lock_that_was_edited(tmp_path: Path) -> None:
    write(tmp_path / "mine.yaml", RULE)
    call("lock", "--rules", tmp_path)
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["mine.yaml", LOCK], "no workspace is made of it"
    call("lock", "--rules", tmp_path, "--check")
    (tmp_path / LOCK).write_text('{"rules": 3}')
    assert LOCK in call("lock", "--rules", tmp_path, status=1).stderr


def test_a_lock_beside_the_rules_is_not_taken_for_a_mistake(small: Path) -> None:
    failing(small)
    call("lock", "-w", small)
    from riskreg.workspace import load

    assert "ignored" not in {fault.code for fault in load(small, readings=False).faults}


# --- new ---


def made(root: Path, ident: str) -> tuple[Rule, RuleTests]:
    read = [yaml.safe_load((root / "rules" / f"{ident}{end}").read_text()) for end in (".yaml", ".test.yaml")]
    return Rule.model_validate(read[0]), RuleTests.model_validate(read[1])


LOOKS = [
    ("attrition_spike",), ("cover",), ("quality_drift", "data_exposure"), ("data_exposure", "data_exposure"),
    ("contract", "quality_drift"), ("attrition_spike", "coverage_at_risk", "cover"), ("risk", "missing_data"),
]  # fmt: skip


@pytest.mark.parametrize("looks", LOOKS, ids=",".join)
def test_new_writes_a_draft_with_two_tests_that_pass(root: Path, looks: tuple[str, ...]) -> None:
    asked = [part for name in looks for part in ("--look", name)]
    options = ("--title", 'It: goes "wrong"', "--category", "sla-breach", "--playbook", "site-lost", "--yes", "-w", root)
    written = data("new", *asked, *options)
    assert written["rule"] == "it-goes-wrong"
    rule, tests = made(root, "it-goes-wrong")
    assert (rule.title, rule.status, rule.version, rule.then.playbooks) == ('It: goes "wrong"', "draft", 1, ("site-lost",))
    assert [bool(test.expect) for test in tests.tests] == [True, False]
    assert [one["passed"] for one in data("test", "it-goes-wrong", "-w", root)] == [True, True]
    result = CliRunner().invoke(main, ["check", str(root)])
    assert result.exit_code == 0, result.output


def test_new_asks_and_explains(root: Path) -> None:
    answers = [
        "Calls pile up",
        "calls-pile-up",
        "sla-breach",
        "high",
        "forecast_mis",
        "forecast_miss,cover",
        "function",
        "",
        "2w",
        "4",
        "",
    ]
    result = call("new", "-w", root, given="\n".join(answers) + "\n")
    assert "Did you mean 'forecast_miss'?" in result.stderr and "attrition_spike" in result.stderr
    rule, _ = made(root, "calls-pile-up")
    assert (rule.severity, rule.join, rule.keep_open_for, rule.category) == ("high", ("function",), 14 * 86400, "sla-breach")
    assert rule.then.raises is not None and rule.then.raises.likelihood == 4
    assert "# " in (root / "rules" / "calls-pile-up.yaml").read_text()


def test_new_writes_over_nothing_and_says_what_is_missing(root: Path) -> None:
    given = ("new", "--title", "A", "--category", "sla-breach", "--look", "cover", "--yes", "-w", root)
    assert "--look is needed" in call("new", "--title", "A", "--category", "sla-breach", "--yes", "-w", root, status=2).stderr
    call(*given, "--id", "mine")
    before = {path.name: path.read_bytes() for path in (root / "rules").iterdir()}
    for taken in ("mine", "Mine", "attrition-spike"):
        assert "duplicate-id" in call(*given, "--id", taken, status=1).stderr
    (root / "rules" / "other.test.yaml").write_text("")
    assert "is there already" in call(*given, "--id", "other", status=1).stderr
    for wrong in (("--look", "covr"), ("--join", "system"), ("--playbook", "site-lst"), ("--owner", "x"), ("--within", "4 weeks")):
        call(*given, "--id", "third", *wrong, status=2)
    after = {path.name: path.read_bytes() for path in (root / "rules").iterdir() if path.name != "other.test.yaml"}
    assert after == before


# --- speed ---


@pytest.fixture(scope="module")
def thousand(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    root = tmp_path_factory.mktemp("thousand")
    write(root / "riskreg.yaml", {"title": "Many rules", "client": "MER"})
    when = {"all": [{"signal": "attrition_spike", "where": {"strength": {"gte": 3}}}, {"signal": "quality_drift"}]}
    fact = {"signal": "attrition_spike", "at": "2026-11-15", "site": "MNL", "strength": 3}
    given = [fact, fact | {"signal": "quality_drift"}]
    for number in range(1000):
        ident = f"r{number:03}"
        write(root / "rules" / f"{ident}.yaml", RULE | {"id": ident, "when": when, "join": ["site"], "within": "4w", "then": {}})
        tests = [
            {"name": "fires", "given": given, "expect": [KEY | {"rule": ident}]},
            {"name": "silent", "given": [fact], "expect": []},
        ]
        write(root / "rules" / f"{ident}.test.yaml", {"rule": ident, "tests": tests})
    yield root
    shutil.rmtree(root)


def test_one_rule_of_a_thousand_is_tested_without_what_it_does_not_need(thousand: Path) -> None:
    call("test", "-w", thousand, "--engine", "reference")
    file = thousand / "rules" / "r500.yaml"
    file.write_text(file.read_text().replace("Too few", "Far too few"))
    code = "import sys; from riskreg.cli import main; main(sys.argv[1:], standalone_mode=False); print(*sys.modules)"
    asked = ["rules", "test", "r500", "-w", str(thousand)]
    printed = subprocess.run([sys.executable, "-c", code, *asked], capture_output=True, text=True, check=True).stdout.splitlines()
    assert "2 of 2 rule tests pass" in printed[-2] and "known from before" not in printed[-2]
    heavy = {"polars", "jinja2", "networkx", "sqlalchemy", "riskreg.model.network", "riskreg.workspace.loading", "numpy.ma"}
    assert sorted(heavy & set(printed[-1].split())) == []
