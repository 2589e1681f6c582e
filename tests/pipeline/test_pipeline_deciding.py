"""What a run judges, and rules that look at the register: the first run sees what the second will."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from walked import Walked

from riskreg import inference
from riskreg.detection import detect
from riskreg.inference.facts.table import Facts
from riskreg.model.content import Workspace
from riskreg.model.fact import STANDING
from riskreg.model.faults import FaultError
from riskreg.model.network import Network
from riskreg.model.reading import no_readings
from riskreg.model.risk import Risk
from riskreg.model.rule import Rule
from riskreg.model.settings import Settings
from riskreg.pipeline import open_register, open_workspace, run, summary
from riskreg.pipeline.deciding import Judged, judge
from riskreg.pipeline.facts import OVERDUE, RISK, Given, facts_of, gather
from riskreg.register import Register, preview

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)


def rule(ident: str, category: str, when: dict[str, Any], **more: Any) -> Rule:
    """A rule that raises a risk at a site."""
    given = {
        "id": ident, "version": 1, "title": f"About {category}", "owner": "quality-lead", "category": category, "severity": "high",
        "when": when, "join": ["site"], "then": {"raise": {"likelihood": 3, "impact": 3}}, "explain": "At {{ key.site }}",
    }  # fmt: skip
    return Rule.model_validate(given | more)


def of_risk(category: str, **where: Any) -> dict[str, Any]:
    return {"fact": "risk", "where": {"category": category} | where}


SPIKE = rule("spike", "talent-attrition", {"signal": "attrition_spike"})
FACTS = [{"id": "s1", "signal": "attrition_spike", "at": datetime(2026, 11, 15, tzinfo=UTC), "site": "MNL", "strength": 4}]


def workspace(*rules: Rule) -> Workspace:
    return Workspace(settings=Settings(format=1, title="T", client="mer"), network=Network(), rules=rules, readings=no_readings())


def decided(made: Workspace, risks: tuple[Risk, ...] = ()) -> Judged:
    return judge(made, Given(Facts.of(FACTS), {}, {}), risks, as_of=NOW, engine="reference")


def fired(judged: Judged) -> list[str]:
    return sorted(finding.rule for finding in judged.findings)


def test_a_rule_sees_in_the_first_run_the_risk_that_another_raises() -> None:
    made = workspace(SPIKE, rule("beside", "coverage-gap", of_risk("talent-attrition", likelihood={"gte": 3})))
    first = decided(made)
    assert fired(first) == ["beside", "spike"]
    changes, risks = preview((), first.findings, as_of=NOW)
    assert len(changes.raised) == 2
    second = decided(made, risks)
    assert second.findings == first.findings
    again, _ = preview(risks, second.findings, as_of=NOW)
    assert not (again.raised or again.updated or again.eased)


def test_a_chain_of_risks_takes_a_round_for_each_link() -> None:
    made = workspace(
        SPIKE,
        rule("second", "coverage-gap", of_risk("talent-attrition")),
        rule("third", "sla-breach", of_risk("coverage-gap")),
        rule("fourth", "brand-dilution", of_risk("sla-breach")),
    )
    assert fired(decided(made)) == ["fourth", "second", "spike", "third"]


def test_a_negated_risk_silences_in_the_first_run_too() -> None:
    quiet = rule("quiet", "sla-breach", {"all": [{"signal": "attrition_spike"}, {"not": of_risk("talent-attrition")}]})
    assert fired(decided(workspace(quiet))) == ["quiet"]
    assert fired(decided(workspace(SPIKE, quiet))) == ["spike"]


def test_without_a_rule_about_risks_it_decides_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    decide = inference.decide
    monkeypatch.setattr(inference, "decide", lambda *given, **how: asked.append(1) or decide(*given, **how))
    decided(workspace(SPIKE))
    assert len(asked) == 1


def test_what_a_person_closed_is_no_risk(tmp_path: Path) -> None:
    made = workspace(SPIKE, rule("beside", "coverage-gap", of_risk("talent-attrition")))
    with Register.open(tmp_path / "register.db") as register:
        register.apply(decided(workspace(SPIKE)).findings, as_of=NOW)
        register.close("R-001", "the team was hired", "workforce-lead", NOW, 3)
        assert fired(decided(made, register.risks())) == ["spike"]


def test_rules_that_never_come_to_rest_are_named_and_nothing_is_decided() -> None:
    """It raises the score of the risk that it looks at, and then no longer looks at it."""
    higher = {"raise": {"likelihood": 5, "impact": 5}}
    seesaw = rule("seesaw", "talent-attrition", of_risk("talent-attrition", likelihood={"lt": 4}), then=higher)
    with pytest.raises(FaultError) as raised:
        decided(workspace(SPIKE, seesaw))
    (fault,) = raised.value.faults
    assert (fault.code, str(fault.span)) == ("register-unsettled", "rules:seesaw")
    assert fault.hint
    assert fault.example


def test_a_run_gives_rules_everything_that_they_may_look_at(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "given")
    made, _ = open_workspace(root)
    cut = made.readings.filter((pl.col("metric") != "qa_score") | (pl.col("at") < datetime(2026, 10, 1, tzinfo=UTC)))
    given = gather(root, made.model_copy(update={"readings": cut}), as_of=NOW)
    kinds = {name for _, name in given.facts.kinds}
    assert kinds >= set(STANDING) | {"attrition_spike", "data_exposure"}
    assert len(set(given.facts)) == len(given.facts)
    late = [item.fact for item in given.facts.of_kind(OVERDUE)]
    assert {(fact["metric"], fact["due"]) for fact in late} == {("qa_score", "2026-10-12")}
    assert len(late) == 13
    assert given.names["metric:qa_score"] == "Quality score"
    assert given.names["site:MNL"] == "Manila"


def test_limits_are_given_by_metric_and_name(meridian: Walked) -> None:
    made = meridian.report.content.workspace
    given = facts_of(made, detect(made.readings, made.metrics, client="mer", as_of=NOW), {}, as_of=NOW)
    assert dict(given.thresholds) == {metric.id: metric.thresholds for metric in made.metrics if metric.thresholds}
    assert RISK not in given.facts.kinds


def test_overdue_readings_are_one_warning(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "late")
    people = root / "readings" / "people.csv"
    people.write_text(
        "".join(line for line in people.read_text().splitlines(keepends=True) if line[:10] < "2026-10-05" or line[0] == "a")
    )
    report = run(root, now=NOW, build=False)
    (told,) = [fault for fault in report.faults if fault.code == "missing-data"]
    assert told.severity == "warning"
    assert told.message == "the readings of 13 series are overdue, longest leavers of site DUR, vendor corvid, due 2026-10-12"
    late = {finding.key["site"] for finding in report.content.findings if finding.rule == "readings-overdue"}
    assert "MNL" in late
    assert re.search(
        r"^  \d+ more not judged, because readings are overdue: .*attrition-spike", summary.as_text(report), re.MULTILINE
    )
    assert {aside["kind"] for aside in summary.as_data(report)["asides"]} == {"exception", "missing-data"}
    assert not [fault for fault in meridian.report.faults if fault.code == "missing-data"]


def test_a_rule_about_risks_does_not_make_the_second_run_differ(meridian: Walked, tmp_path: Path) -> None:
    root = meridian.copy(tmp_path / "watching")
    (root / "rules" / "watching.yaml").parent.mkdir(exist_ok=True)
    (root / "rules" / "watching.yaml").write_text(
        "- {id: watching, version: 1, title: Both at once, owner: continuity-manager, category: brand-dilution, severity: low,\n"
        "   join: [site], then: {raise: {likelihood: 2, impact: 2}}, explain: 'At {{ key.site }}',\n"
        "   when: {all: [{fact: risk, where: {category: talent-attrition}}, {fact: risk, where: {category: quality-drift}}]}}\n"
    )
    first = run(root, now=NOW, build=False)
    assert [finding.key for finding in first.content.findings if finding.rule == "watching"] == [{"site": "KRK"}]
    assert first.changes.raised
    second = run(root, now=NOW, build=False)
    assert not (second.changes.raised or second.changes.updated or second.changes.eased)
    assert second.changes.head == first.changes.head
    made, _ = open_workspace(root, readings=False)
    with open_register(root, made) as register:
        assert register.verify() == ()
