"""Rules: each in one sentence, its logic and its form, with what it finds now, when it fired, what it leaves out, and its tests."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import yaml

from riskreg.inference.words.conditions import Voice, wanted
from riskreg.inference.words.sentences import Line, logic_lines, rule_sentence
from riskreg.inference.words.wording import spoken
from riskreg.model.metric import Metric, Threshold
from riskreg.model.rule import Named, Pattern, Rule, negatives, positives
from riskreg.publishing import asides, fired, ruletests, views, words
from riskreg.publishing.edition import Edition
from riskreg.publishing.readings import speaker
from riskreg.publishing.render import Page, page

_SEVERITY = ("critical", "high", "medium", "low")


def pages(edition: Edition) -> Iterator[Page]:
    """`rules/index` and a page for each rule."""
    yield page("rules/index", "rules.html", _index(edition), wide=True, kind="rules")
    for rule in edition.content.workspace.rules:
        yield page(views.rule_page(rule.id), "rule.html", _one(edition, rule), kind="rule")


def _index(edition: Edition) -> dict[str, Any]:
    content = edition.content
    missing = asides.not_judged(edition)
    rows = []
    for rule in sorted(content.workspace.rules, key=lambda rule: (_SEVERITY.index(rule.severity), rule.id)):
        firing = sum(finding.rule == rule.id for finding in content.findings)
        blind = sum(aside.rule == rule.id for aside in missing)
        mine = [result for result in content.tests if result.rule == rule.id]
        failed = sum(not result.passed for result in mine)
        rows.append(
            {
                "id": rule.id, "title": rule.title, "page": views.rule_page(rule.id), "severity": rule.severity,
                "status": rule.status, "owner": edition.who(rule.owner),
                "firing": f"{words.count(firing, 'finding')} now" if firing else "silent now", "fires": bool(firing),
                "blind": f"not judged at {words.count(blind, 'place')}" if blind else "",
                "past": fired.short(edition, content.backtest.of(rule.id)) if content.backtest else "",
                "judged": fired.judged(content.backtest.of(rule.id)) if content.backtest else "",
                "tests": f"{failed} of {len(mine)} fail" if failed else f"{len(mine)} pass" if mine else "no tests",
                "sign": "not-covered" if failed else "covered" if mine else "not-known",
            }
        )  # fmt: skip
    firing = len({finding.rule for finding in content.findings})
    failed = sum(not result.passed for result in content.tests)
    bold = f"{words.capital(words.counted(firing, 'rule'))} of {len(rows)} {words.plural(firing, 'finds', 'find')} something now."
    rest = f"{words.count(len(content.tests), 'test')}: " + (f"{failed} fail." if failed else "all pass.") if content.tests else ""
    return {
        "lead": {"bold": bold, "rest": rest},
        "rows": rows,
        "weeks": len(content.backtest.moments) if content.backtest else 0,
        "missing": asides.rows(edition, missing),
        "missing_says": asides.told(edition),
        "engine": content.engine,
    }


def _one(edition: Edition, rule: Rule) -> dict[str, Any]:
    content = edition.content
    findings = [finding for finding in content.findings if finding.rule == rule.id]
    risks = [risk for risk in edition.standing if any(finding.rule == rule.id for finding in risk.findings)]
    return {
        "id": rule.id,
        "title": rule.title,
        "stamp": f"{rule.id} · version {rule.version} · {rule.status} · {words.spaced(rule.category)} · severity {rule.severity} "
        f"· owner {edition.who(rule.owner)}",
        "sentence": rule_sentence(rule, edition.spoken),
        "description": rule.description,
        "logic": _logic(edition, rule),
        "limits": [] if edition.public else list(_limits(edition, rule)),
        "findings": [
            {
                "where": words.capital(fired.where(edition, finding.key)),
                "said": finding.explain,
                "day": views.short_day(edition, finding.since or finding.at),
            }
            for finding in findings
        ],
        "missing": asides.rows(edition, tuple(aside for aside in asides.not_judged(edition) if aside.rule == rule.id)),
        "journal": _journal(edition, rule),
        "near": "" if (past := fired.told(edition, rule)) and past["near"] else fired.near(edition, rule),
        "past": past,
        "exceptions": list(_exceptions(edition, rule)),
        "hidden": [aside.text for aside in content.asides if aside.kind == "exception" and aside.rule == rule.id],
        "risks": [views.risk_row(edition, risk) for risk in risks],
        "playbooks": [
            {"title": edition.rendered[ident].title, "page": views.playbook_page(ident)}
            for ident in rule.then.playbooks
            if ident in edition.rendered
        ],
        "form": _form(rule),
        "tests": [ruletests.row(edition, rule, result) for result in content.tests if result.rule == rule.id],
        "false_positives": rule.false_positives,
        "references": rule.references,
        "replaced": rule.replaced_by,
    }


def _logic(edition: Edition, rule: Rule) -> list[Line]:
    """The rule as a list in plain words; values of limits that it names are not for a public edition, exceptions have a table."""
    limits = {} if edition.public else {metric.id: metric.thresholds for metric in edition.content.workspace.metrics}
    return [line for line in logic_lines(rule, edition.spoken, limits) if line.label != "Left out"]


def _limits(edition: Edition, rule: Rule) -> Iterator[dict[str, str]]:
    """The value of each limit that the rule names, for every metric that its signals may be of, and the places that differ."""
    asked: set[tuple[str, str | None]] = set()
    for pattern in (*positives(rule.when), *negatives(rule.when)):
        limits = (getattr(test, name) for test in pattern.where.values() for name in test.model_fields_set)
        asked |= {(limit.threshold, pattern.signal) for limit in limits if isinstance(limit, Named)}
    for name, signal in sorted(asked, key=str):
        for metric in edition.content.workspace.metrics:
            if name in metric.thresholds and (signal is None or (metric.detector and metric.detector.kind == signal)):
                yield {"name": words.spaced(name), "metric": metric.name, "value": _limit(edition, metric, metric.thresholds[name])}


def _limit(edition: Edition, metric: Metric, threshold: Threshold) -> str:
    say = speaker(edition, metric)
    parts = [f"{fired.where(edition, override.place)} {say(override.value)}" for override in threshold.overrides]
    return say(threshold.value) + (f"; {words.listed(parts)}" if parts else "")


def _journal(edition: Edition, rule: Rule) -> str:
    """When it fired, as the journal knows it."""
    days = []
    for event in edition.content.history:
        found = event.body.get("finding")
        if event.kind == "finding.opened" and isinstance(found, dict) and found.get("rule") == rule.id:
            days.append(event.at)
    if not days:
        return "It has never moved a risk in the register."
    often = "once" if len(days) == 1 else words.counted(len(days), "time")
    return f"In the register it has opened {often}, last {views.short_day(edition, days[-1])}."


def _exceptions(edition: Edition, rule: Rule) -> Iterator[dict[str, str]]:
    """What the rule leaves out, in words; one that is over is still told, because it stands in the file."""
    today, voice = edition.content.as_of.date(), Voice(spoken(edition.spoken), {})
    for one in rule.exceptions:
        over = "" if one.until >= today else ", which is over"
        yield {
            "where": wanted(Pattern(fact="any", where=dict(one.where)), voice),
            "until": f"until {words.day(one.until, edition.content.as_of.year)}{over}",
            "reason": one.reason,
            "by": edition.who(one.approved_by),
        }


def _form(rule: Rule) -> str:
    """The rule as it would stand in a file."""
    # Only what was written: defaults would hide the rule among them, and the tests stand in their own table.
    hidden = {"tests"} | ({"exceptions"} if not rule.exceptions else set())
    body = rule.model_dump(mode="json", by_alias=True, exclude_unset=True, exclude=hidden)
    return yaml.safe_dump(body, sort_keys=False, allow_unicode=True, width=100)
