"""What a run says to a risk owner: what was read, what fired and why, what changed, which plan holds, what to do next."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from riskreg.model.content import Content, Workspace
from riskreg.model.network import Network
from riskreg.model.orders import duties, orders
from riskreg.model.plan import GRAVEST_FIRST, FailoverPlan, Outcome, Verdict
from riskreg.model.risk import Event, Risk
from riskreg.model.telling import after, back, ordered
from riskreg.model.times import SHIFT, say_duration, say_positions
from riskreg.model.words import clock, weekday_clock
from riskreg.pipeline.run import Report

WORDS: dict[Outcome, str] = {
    "met": "in time",
    "late": "late",
    "breach": "not covered",
    "not-known": "not known",
    "untouched": "untouched",
}
Block = str | list[tuple[str, ...]]
"""A line, or a table whose first row is its head."""


def as_data(report: Report) -> dict[str, Any]:
    """The report as plain data for `--format json`."""
    content, changes = report.content, report.changes
    return {
        "as_of": content.as_of.isoformat(),
        "read": {
            "files": len(content.workspace.files_read),
            "readings": content.workspace.readings.height,
            "sites": len(content.workspace.network.sites),
            "functions": len(content.workspace.network.functions),
            "rules": len(content.workspace.rules),
        },
        "signals": content.signals.height,
        "engine": content.engine,
        "findings": [
            {"id": f.id, "rule": f.rule, "key": f.key, "severity": f.severity, "explain": f.explain} for f in content.findings
        ],
        "asides": [{"kind": a.kind, "rule": a.rule, "key": a.key, "text": a.text} for a in content.asides],
        "rule_tests": {"run": len(content.tests), "failed": [f"{t.rule}: {t.name}" for t in content.tests if not t.passed]},
        "register": changes.model_dump(mode="json"),
        "risks": [
            {"id": r.id, "title": r.title, "score": r.score.number if r.score else None, "state": r.state} for r in content.risks
        ],
        "plans": {
            name: {"holds": p.holds, "outcomes": {v.function: v.outcome for v in p.verdicts}} for name, p in content.plans.items()
        },
        "publication": str(report.published.index) if report.published else None,
        "faults": [fault.model_dump(mode="json") for fault in report.faults],
    }


def as_text(report: Report) -> str:
    """The report as a page of text."""
    content = report.content
    return "\n".join(
        [
            *_head(content),
            "",
            *_fired(content),
            "",
            *_changed(report),
            "",
            *_failover(content),
            "",
            *_next(report),
        ]
    )


def _head(content: Content) -> Iterator[str]:
    workspace = content.workspace
    network, settings = workspace.network, workspace.settings
    moment = content.as_of.astimezone(ZoneInfo(settings.time_zone))
    yield f"{settings.title}, as of {moment:%a %d %b %Y, %H:%M} {settings.time_zone}" + (
        " (fictional)" if settings.fictional else ""
    )
    readings = workspace.readings
    yield (
        f"Read      {readings.height:,} readings of {readings['metric'].n_unique()} metrics, {len(network.sites)} sites, "
        f"{len(network.functions)} functions, {len(workspace.rules)} rules from {len(workspace.files_read)} files"
    )
    passed = sum(test.passed for test in content.tests)
    yield f"Checked   {passed} of {len(content.tests)} rule tests pass; {content.engine}"


def _fired(content: Content) -> Iterator[str]:
    rules = {finding.rule for finding in content.findings}
    yield f"Fired     {len(content.findings)} findings by {len(rules)} rules; {content.signals.height} signals in all the readings"
    for finding in content.findings[:8]:
        yield f"  {finding.severity:<9} {finding.explain}"
    if len(content.findings) > 8:
        yield f"  … and {len(content.findings) - 8} more, on the site under Register"
    for kind, said in (("missing-data", "not judged, because readings are overdue"), ("exception", "left out by an exception")):
        if asides := [aside for aside in content.asides if aside.kind == kind]:
            names = ", ".join(sorted({aside.rule for aside in asides}))
            yield f"  {len(asides)} more {said}: {names}"


def _changed(report: Report) -> Iterator[str]:
    changes = report.changes
    parts = [
        f"{len(ids)} {word}"
        for ids, word in ((changes.raised, "raised"), (changes.updated, "changed"), (changes.eased, "eased"))
        if ids
    ]
    standing = [risk for risk in report.content.risks if risk.state != "closed"]
    if not standing:
        yield "Register  no open risks"
        return
    yield f"Register  {', '.join(parts) if parts else 'nothing changed'}; {len(standing)} open risks, worst first:"
    for risk in standing[:5]:
        yield f"  {_scored(report.content, risk):<12} {risk.id}  {risk.title}, owner {risk.owner}"


def _scored(content: Content, risk: Risk) -> str:
    if risk.score is None:
        return "not known"
    return f"{content.workspace.settings.matrix.band(risk.score.likelihood, risk.score.impact)} {risk.score.number}"


def _failover(content: Content) -> Iterator[str]:
    network = content.workspace.network
    sites = {ref: plan for ref, plan in content.plans.items() if ref.startswith("site:")}
    if not sites:
        yield "Failover  no sites yet, so nothing to plan for"
        return
    held = sum(plan.holds for plan in sites.values())
    yield f"Failover  {held} of {len(sites)} sites could be lost with every function at its minimum in time, on tested options"
    for ref, plan in sorted(sites.items(), key=lambda item: (item[1].gravity, item[0])):
        if not plan.holds:
            yield f"  {network.name_of(ref):<16} {_tally(plan)}; {_worst(plan, content.workspace)}"


def _tally(plan: FailoverPlan) -> str:
    lost = len(plan.lost)
    counts = [f"{plan.count(outcome)} {WORDS[outcome]}" for outcome in GRAVEST_FIRST if plan.count(outcome)]
    return f"{lost} {'function loses' if lost == 1 else 'functions lose'} people: {', '.join(counts)}"


def _worst(plan: FailoverPlan, workspace: Workspace) -> str:
    return f"first: {_sentence((plan.lost or plan.verdicts)[0], plan, workspace)}"


def _sentence(verdict: Verdict, plan: FailoverPlan, workspace: Workspace) -> str:
    name = workspace.network.function[verdict.function].name
    if verdict.outcome == "not-known":
        return f"{name}, {verdict.weakest}"
    return f"{name}, {back(verdict, plan, workspace.network)}"


def _result(verdict: Verdict) -> str:
    return f"{WORDS[verdict.outcome]}, no margin" if verdict.no_margin else WORDS[verdict.outcome]


def _minimum_back(verdict: Verdict) -> str:
    if verdict.minimum_at is None:
        return "not in the horizon"
    return say_duration(verdict.minimum_at) if verdict.minimum_at else "never below"


def _next(report: Report) -> Iterator[str]:
    proposals = [risk.id for risk in report.content.risks if risk.proposal]
    unassessed = [risk.id for risk in report.content.risks if risk.assessed is None and risk.state != "closed"]
    waiting = proposals or unassessed
    if not report.content.workspace.network.sites:
        yield "Next      describe your sites in network/, put readings into readings/, then: riskreg check"
    if waiting:
        why = "a later finding proposes another score" if proposals else "only the rules have scored it"
        yield f"Next      {waiting[0]} waits for its owner ({why}): riskreg serve, or riskreg risk assess {waiting[0]} --help"
    if report.published is None:
        yield "Site      not built (--no-build)"
    else:
        state = "built" if report.published.built else "unchanged, not built again"
        yield f"Site      {report.published.pages} pages, {state}. Open {report.published.index.resolve().as_uri()}"


def plan_as_text(plan: FailoverPlan, workspace: Workspace) -> Iterator[Block]:
    """A plan as lines and tables: what falls, the verdicts, who takes over, who gives, the decision, and what it rests on."""
    network = workspace.network
    yield f"{plan.title}: {_tally(plan) if plan.lost else 'nothing we know of stops'}"
    yield f"Decision: {plan.decision.why}"
    if plan.verdicts:
        yield ""
        yield [
            ("Function", "Result", "Minimum back", "RTO", "MTPD", "Thinnest moment, or shortage", "Rests on, or lacks"),
            *(
                (
                    network.function[v.function].name,
                    _result(v),
                    _minimum_back(v),
                    say_duration(v.rto),
                    say_duration(v.mtpd),
                    back(v, plan, network),
                    v.counterexample or v.weakest,
                )
                for v in plan.verdicts
            ),
        ]
    if plan.moves:
        yield from _orders(plan, network, workspace.settings.time_zone)
    if plan.donors:
        yield ""
        yield [
            ("Gives people", "At", "Gives up to", "Keeps then", "Its minimum"),
            *(
                (
                    network.function[d.function].name,
                    network.pool[d.pool].name,
                    say_positions(d.gives),
                    say_positions(d.keeps),
                    say_positions(d.minimum),
                )
                for d in plan.donors
            ),
        ]
    for verdict in plan.verdicts:
        if verdict.binding is not None:
            yield f"{network.function[verdict.function].name}: {verdict.binding.advice}"
    yield ""
    yield f"How it was found: {plan.method}"


def _orders(plan: FailoverPlan, network: Network, zone: str) -> Iterator[Block]:
    """The orders of the first shift, each with the amount of its moment; then the most that each team will be asked for."""
    onset, found = plan.disruption.onset, duties(plan)
    yield ""
    yield [
        ("From", "Local time", "Team", "Order"),
        *(
            (
                after(order.at),
                clock(onset + timedelta(seconds=order.at), site.time_zone, zone, site.name),
                network.pool[order.duty.move.pool].name,
                ordered(order, network),
            )
            for order in sorted(orders(found), key=lambda order: (order.at, order.duty.move.pool))
            if order.at <= SHIFT
            for site in [network.site_of(order.duty.move.pool)]
        ),
    ]
    yield ""
    yield [
        ("Over all the plan", "Function", "At first", "At most", "When most", "How", "Evidence"),
        *(
            (
                network.pool[duty.move.pool].name,
                network.function[duty.move.function].name,
                f"{say_positions(duty.steps[0].positions)} {after(duty.steps[0].at)}",
                say_positions(duty.peak.positions),
                weekday_clock(onset + timedelta(seconds=duty.peak.at), site.time_zone, site.name),
                f"{duty.move.kind}, {duty.move.relation}",
                duty.move.grade,
            )
            for duty in sorted(found, key=lambda duty: (duty.move.function, duty.move.option))
            for site in [network.site_of(duty.move.pool)]
        ),
    ]


_EVENT_WORDS = {
    "risk.raised": "raised by rules",
    "risk.added": "added",
    "risk.assessed": "assessed",
    "risk.closed": "closed",
    "risk.reopened": "opened again",
    "risk.noted": "noted",
    "finding.opened": "finding",
    "finding.closed": "finding no longer holds",
    "indicated.changed": "indicated score changed",
}


def event_as_text(event: Event) -> str:
    """One event in a line: the risk, what happened, and why."""
    body = event.body
    words = _EVENT_WORDS.get(event.kind, event.kind)
    detail = body.get("reason") or body.get("text") or body.get("explain") or body.get("title") or ""
    score = body.get("score") or body.get("indicated")
    scored = f" {score['likelihood']} x {score['impact']}" if isinstance(score, dict) else ""
    return f"{event.risk or '-'} {words}{scored}" + (f": {detail}" if detail else "")
