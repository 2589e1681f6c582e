"""Rules: each in one sentence, in its form, with its tests and what it finds now."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from riskreg.model.content import RuleTestResult
from riskreg.model.rule import Rule
from riskreg.publishing import views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.render import Page, page
from riskreg.publishing.sentences import rule_sentence

_SEVERITY = ("critical", "high", "medium", "low")


def pages(edition: Edition) -> Iterator[Page]:
    """`rules/index` and a page for each rule."""
    yield page("rules/index", "rules.html", _index(edition), wide=True, kind="rules")
    for rule in edition.content.workspace.rules:
        yield page(views.rule_page(rule.id), "rule.html", _one(edition, rule), kind="rule")


def _index(edition: Edition) -> dict[str, Any]:
    content = edition.content
    rows = []
    for rule in sorted(content.workspace.rules, key=lambda rule: (_SEVERITY.index(rule.severity), rule.id)):
        firing = sum(finding.rule == rule.id for finding in content.findings)
        mine = [result for result in content.tests if result.rule == rule.id]
        failed = sum(not result.passed for result in mine)
        rows.append(
            {
                "id": rule.id, "title": rule.title, "page": views.rule_page(rule.id), "severity": rule.severity,
                "status": rule.status, "owner": edition.who(rule.owner),
                "firing": f"{words.count(firing, 'finding')} now" if firing else "silent now", "fires": bool(firing),
                "tests": f"{failed} of {len(mine)} fail" if failed else f"{len(mine)} pass" if mine else "no tests",
                "sign": "not-covered" if failed else "covered" if mine else "not-known",
            }
        )  # fmt: skip
    firing = len({finding.rule for finding in content.findings})
    failed = sum(not result.passed for result in content.tests)
    bold = f"{words.capital(words.counted(firing, 'rule'))} of {len(rows)} {words.plural(firing, 'finds', 'find')} something now."
    rest = f"{words.count(len(content.tests), 'test')}: " + (f"{failed} fail." if failed else "all pass.") if content.tests else ""
    return {"lead": {"bold": bold, "rest": rest}, "rows": rows, "engine": content.engine}


def _one(edition: Edition, rule: Rule) -> dict[str, Any]:
    content = edition.content
    findings = [finding for finding in content.findings if finding.rule == rule.id]
    risks = [risk for risk in edition.standing if any(finding.rule == rule.id for finding in risk.findings)]
    return {
        "id": rule.id,
        "title": rule.title,
        "stamp": f"{rule.id} · version {rule.version} · {rule.status} · {words.spaced(rule.category)} · severity {rule.severity} "
        f"· owner {edition.who(rule.owner)}",
        "sentence": rule_sentence(rule),
        "description": rule.description,
        "findings": [
            {
                "where": words.listed([edition.name(f"{field}:{value}") for field, value in sorted(finding.key.items())])
                or "everywhere",
                "said": finding.explain,
                "day": views.short_day(edition, finding.at),
            }
            for finding in findings
        ],
        "fired": _fired(edition, rule),
        "risks": [views.risk_row(edition, risk) for risk in risks],
        "playbooks": [
            {"title": edition.rendered[ident].title, "page": views.playbook_page(ident)}
            for ident in rule.then.playbooks
            if ident in edition.rendered
        ],
        "form": _form(rule),
        "tests": [_test(rule, result) for result in content.tests if result.rule == rule.id],
        "false_positives": rule.false_positives,
        "references": rule.references,
        "replaced": rule.replaced_by,
    }


def _fired(edition: Edition, rule: Rule) -> str:
    """When it fired, as the journal knows it."""
    days = []
    for event in edition.content.history:
        found = event.body.get("finding")
        if event.kind == "finding.opened" and isinstance(found, dict) and found.get("rule") == rule.id:
            days.append(event.at)
    if not days:
        return "The journal knows no firing of this rule."
    often = "once" if len(days) == 1 else words.counted(len(days), "time")
    return f"Fired {often} since the journal began; last {views.short_day(edition, days[-1])}."


def _form(rule: Rule) -> str:
    """The rule as it would stand in a file."""
    # Only what was written: defaults would hide the rule among them, and the tests stand in their own table.
    body = rule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude={"tests"})
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)


def _test(rule: Rule, result: RuleTestResult) -> dict[str, Any]:
    return {
        "name": result.name,
        "expected": _keys(rule, result.expected) if result.expected else "must stay silent",
        "got": _keys(rule, result.got) if result.got else "silent",
        "sign": "covered" if result.passed else "not-covered",
        "word": "Passes" if result.passed else "Fails",
    }


def _keys(rule: Rule, found: tuple[dict[str, str], ...]) -> str:
    """Join keys in words; another rule that the test speaks of is named."""
    said = []
    for key in found:
        where = ", ".join(f"{field} {value}" for field, value in sorted(key.items()) if field != "rule") or "fires"
        said.append(where if key.get("rule", rule.id) == rule.id else f"{where} by {key['rule']}")
    return "; ".join(said)
