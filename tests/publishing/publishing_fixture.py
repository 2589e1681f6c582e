# ruff: noqa: E501
"""A made-up company with enough variety to try every page: all bands, all outcomes, people, gaps and hostile names."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import polars as pl

from riskreg.model.backtest import Backtest, Episode, Period, RuleHistory
from riskreg.model.base import content_hash
from riskreg.model.content import Content, RuleTestResult, Workspace
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.drill import Drill, Inject, Objective
from riskreg.model.faults import Span
from riskreg.model.finding import Aside, Finding, Step
from riskreg.model.metric import Metric
from riskreg.model.network import Network
from riskreg.model.plan import (
    Alternative,
    Binding,
    CoverPoint,
    Decision,
    Donor,
    FailoverPlan,
    Fallen,
    Move,
    Option,
    Refusal,
    Verdict,
)
from riskreg.model.playbook import PlaybookTemplate, RenderedPlaybook
from riskreg.model.reading import READING_SCHEMA
from riskreg.model.risk import Assessment, Event, Risk, Score
from riskreg.model.role import Role
from riskreg.model.rule import Rule, RuleTest
from riskreg.model.settings import Settings
from riskreg.model.signal import no_signals

AS_OF = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HOUR, DAY = 3600, 86400
SECRET_PHONE = "+44 1632 960118"
SECRET_NAME = "Priya Nairfield"
SECRET_REASON = "Between us: the site lead resigned"
EXCEPTION_REASON = "Between us: Leeds closes in spring"
LABEL = "A competitor opens across the street"
RAMP_DOWN = "Planned ramp-down after the season"
ACTOR = "Tomas Herrington"

_SITES = (
    ("CEB", "Cebu", "altura", "PH", "Asia/Manila", 160, "any"),
    ("MNL", "Manila", "altura", "PH", "Asia/Manila", 118, "any"),
    ("KRK", "Kraków", "beacon", "PL", "Europe/Warsaw", 150, "all"),
    ("BOG", "Bogotá", "beacon", "CO", "America/Bogota", 74, "all"),
    ("LDS", "Leeds", "client", "GB", "Europe/London", 41, "all"),
)
_FUNCTIONS = (
    ("SAFETY", "Safety and recalls, voice", "voice", "en", 1, 5, "15m", "4h", 0.9, 6, ("CEB", "LDS")),
    ("ORD-EN", "Orders and delivery, voice", "voice", "en", 2, 4, "4h", "24h", 0.6, 84, ("CEB", "KRK")),
    ("PAY-EN", "Payments and refunds, chat", "chat", "en", 2, 4, "4h", "24h", 0.7, 40, ("CEB", "MNL")),
    ("RET-EN", "Returns, email", "email", "en", 4, 2, "24h", "3d", 0.35, 22, ("MNL", "CEB")),
    ("TRADE-DE", "Trade accounts, German voice", "voice", "de", 3, 3, "8h", "24h", 0.6, 8, ("CEB",)),
)


def network() -> Network:
    pools = [
        {
            "id": f"{site}-team", "name": f"{name} team", "site": site, "languages": ["en", "de"], "positions": seats,
            "channels": ["voice", "chat", "email"], "skills": ["care"],
            "needs": {"all": ["system:telephony", "system:crm"]} if site != "LDS" else None,
        }
        for site, name, _, _, _, seats, _ in _SITES
    ]  # fmt: skip
    functions = [
        {
            "id": ident, "name": name, "channel": channel, "language": language, "skill": "care", "time_zone": "Europe/London",
            "demand": demand, "served_by": [{"pool": f"{site}-team", "share": 1 / len(sites)} for site in sites], "tier": tier,
            "rto": rto, "mtpd": mtpd, "mbco": mbco, "impact": impact, "owner": "operations-director",
            "countries": ["PH", "GB"] if ident == "PAY-EN" else [],
        }
        for ident, name, channel, language, tier, impact, rto, mtpd, mbco, demand, sites in _FUNCTIONS
    ]  # fmt: skip
    link = {"any": {"any": ["system:cable", "system:radio"]}, "all": {"all": ["system:power"]}}
    return Network.model_validate(
        {
            "vendors": [
                {"id": "altura", "name": "Altura Contact", "manager": "vendor-manager"},
                {"id": "beacon", "name": "Beacon Care", "manager": "vendor-manager"},
            ],
            "hazards": [{"id": "visayas", "name": "Visayas power grid", "kind": "power"}],
            "systems": [
                {"id": "telephony", "name": "Voxbridge telephony", "kind": "telephony", "restore": "4h", "contact": "it-lead"},
                {"id": "crm", "name": "Customer records", "kind": "crm", "needs": "system:signin"},
                {"id": "signin", "name": "Sign-in", "kind": "identity"},
                {"id": "cable", "name": "PacLink cable", "kind": "carrier", "party": "altura"},
                {"id": "radio", "name": "Radio link", "kind": "carrier", "party": "altura"},
                {"id": "power", "name": "Mains power", "kind": "power"},
            ],
            "sites": [
                {"id": ident, "name": name, "party": party, "country": country, "time_zone": zone, "seats": seats,
                 "needs": link[kind], "hazards": ["visayas"] if ident == "CEB" else [], "contact": "altura-duty-manager"}
                for ident, name, party, country, zone, seats, kind in _SITES
            ],
            "pools": pools,
            "functions": functions,
            "contracts": [
                {"id": "altura-msa", "vendor": "altura", "title": "Altura master agreement", "starts": "2024-01-01",
                 "ends": "2027-03-31", "notice": "13w", "scope": [item[0] for item in _FUNCTIONS],
                 "surge": [{"pool": "MNL-team", "positions": 12, "opens": "2d", "evidence": {"grade": "asserted"}}]}
            ],
        }
    )  # fmt: skip


def _cover(demand: int, mbco: float, steps: list[tuple[int, int]]) -> tuple[CoverPoint, ...]:
    return tuple(
        CoverPoint(at=at, demand=demand, minimum=round(demand * mbco), served=served, proven=served) for at, served in steps
    )


def plan(ref: str, title: str) -> FailoverPlan:
    verdicts = (
        Verdict(function="SAFETY", outcome="met", minimum_at=900, full_at=900, rto=900, mtpd=4 * HOUR, lost=60, short=0,
                cover=_cover(60, 0.9, [(0, 0), (900, 60)])),
        Verdict(function="ORD-EN", outcome="met", minimum_at=4 * HOUR, full_at=None, rto=4 * HOUR, mtpd=DAY, lost=420, short=0,
                cover=_cover(840, 0.6, [(0, 420), (2700, 300), (4 * HOUR, 540), (12 * HOUR, 660)])),
        Verdict(function="PAY-EN", outcome="late", minimum_at=12 * HOUR, full_at=None, rto=4 * HOUR, mtpd=DAY, lost=200, short=40,
                short_from=4 * HOUR, short_until=12 * HOUR, counterexample="Bogotá people may not see payment data before 12 h.",
                binding=Binding(what="certificate", ref="pool:BOG-team", missing=40, advice="Train 4 more people for refunds at Leeds."),
                cover=_cover(400, 0.7, [(0, 0), (4 * HOUR, 240), (12 * HOUR, 340)])),
        Verdict(function="TRADE-DE", outcome="breach", minimum_at=None, full_at=None, rto=8 * HOUR, mtpd=DAY, lost=80, short=48,
                short_from=8 * HOUR, counterexample="Nobody else speaks German.",
                binding=Binding(what="language", ref="pool:KRK-team", missing=50, advice="Train 5 German speakers at Kraków."),
                cover=_cover(80, 0.6, [(0, 0)])),
        Verdict(function="RET-EN", outcome="not-known", minimum_at=DAY, full_at=None, rto=DAY, mtpd=3 * DAY, lost=110, short=0,
                weakest="Manila surge, 12 positions: asserted, never tested",
                cover=tuple(point.model_copy(update={"proven": 0}) for point in _cover(220, 0.35, [(0, 0), (DAY - 1800, 120)]))),
    )  # fmt: skip
    return FailoverPlan(
        id=f"plan-{ref.replace(':', '-')}", title=title, as_of=AS_OF, network_hash=network().hash, horizon=7 * DAY,
        disruption=Disruption(losses=(Loss(ref=ref),), onset=AS_OF),
        method="Independent flow in each half hour, firm capacity only.",
        fallen=(Fallen(ref=ref, name=title, because=()), Fallen(ref="pool:CEB-team", name="Cebu team", because=(ref,))),
        options=(Option(id="idle:KRK-team", kind="idle", pool="KRK-team", relation="second-vendor", opens=2700, positions=300,
                        firmness="firm", grade="tested", tested="2026-09-14"),),
        refusals=(Refusal(function="TRADE-DE", pool="BOG-team", option="idle:BOG-team", code="language", reason="Nobody at Bogotá speaks German."),),
        moves=(
            Move(function="SAFETY", pool="LDS-team", option="idle:LDS-team", kind="idle", relation="client", positions=60, starts=900, grade="tested"),
            Move(function="ORD-EN", pool="KRK-team", option="idle:KRK-team", kind="idle", relation="second-vendor", positions=300, starts=2700, grade="used"),
            Move(function="RET-EN", pool="MNL-team", option="surge:MNL-team", kind="surge", relation="sister-site", positions=120, starts=DAY - 1800, grade="asserted"),
        ),
        donors=(Donor(function="ORD-EN", pool="KRK-team", gives=60, keeps=300, minimum=240, to=("SAFETY",)),),
        verdicts=verdicts,
        decision=Decision(
            choice="both", why="Only a second vendor and our own teams together keep four of five functions.",
            alternatives=(Alternative(choice="same-vendor", met=1, late=1, breach=3, not_known=0, positions=300, cost_per_day=4100),
                          Alternative(choice="both", met=2, late=1, breach=1, not_known=1, positions=480, cost_per_day=11000)),
            clauses=("MSA 14.2",), authority=("operations-director",),
        ),
    )  # fmt: skip


def calm_plan(ref: str, title: str) -> FailoverPlan:
    """A loss that is covered."""
    base = plan(ref, title)
    kept = base.verdicts[0].model_copy(update={"minimum_at": 0})
    return base.model_copy(
        update={"verdicts": (kept,), "moves": base.moves[:1], "donors": (), "refusals": (),
                "decision": Decision(choice="same-vendor", why="The same vendor's other sites are enough.")}
    )  # fmt: skip


def roles() -> tuple[Role, ...]:
    def role(ident: str, title: str, holder: str, **more: Any) -> Role:
        return Role(id=ident, title=title, holder=holder, **more)

    return (
        role(
            "vendor-manager",
            "Vendor manager",
            SECRET_NAME,
            phone=SECRET_PHONE,
            deputy="Jonas Webber",
            deputy_phone="+44 1632 960119",
        ),
        role("operations-director", "Operations director", "Dana Whitcombe", phone="+44 1632 960121"),
        role("altura-duty-manager", "Altura duty manager", "Amara Okafield", party="altura", phone="+63 32 555 0142"),
        role("duty-manager", "Duty manager", "Helen Birtwistle-Ramage", phone="+44 1632 960125", audience="public"),
        role("workforce-lead", "Workforce lead", "Mateusz Zielny", phone="+44 1632 960127"),
    )


def metrics() -> tuple[Metric, ...]:
    return (
        Metric.model_validate(
            {"id": "leavers", "name": "Leavers", "definition": "People who left in the week, of the headcount at its start",
             "detector": {"kind": "attrition_spike"}, "source": "Altura HR file",
             "thresholds": {"floor": {"value": 6, "overrides": [{"site": "KRK", "value": 9}]}}}
        ),
    )  # fmt: skip


def readings() -> pl.DataFrame:
    rows = []
    for week in range(52):
        at = datetime(2025, 11, 17, tzinfo=UTC) + timedelta(weeks=week)
        leavers = 2 + week % 3 + (8 if week >= 49 else 0)
        rows.append(
            {"id": f"readings/hr.csv:{week + 2}", "at": at, "metric": "leavers", "vendor": "altura", "site": "CEB", "function": None,
             "value": float(leavers), "n": 190.0, "source": "readings/hr.csv"}
        )  # fmt: skip
    return pl.DataFrame(rows, schema=READING_SCHEMA)


def rules() -> tuple[Rule, ...]:
    return (
        Rule.model_validate(
            {
                "id": "attrition-spike", "version": 3, "title": "People leave faster than usual", "owner": "workforce-lead",
                "category": "talent-attrition", "severity": "high", "join": ["site"], "within": "4w",
                "when": {"all": [{"as": "spike", "signal": "attrition_spike",
                                  "where": {"strength": {"gte": 3}, "value": {"gte": {"threshold": "floor"}}}},
                                 {"not": {"fact": "open_action", "where": {"kind": "retention-plan"}}}]},
                "then": {"raise": {"likelihood": 4, "impact": "from-function-criticality"}, "playbooks": ["retention-surge"],
                         "escalate": "tier-2", "failover": "assess"},
                "explain": "{{ spike.site }}", "false_positives": ["Planned seasonal ramp-down"],
                "exceptions": [{"where": {"site": "LDS"}, "until": "2027-03-31", "reason": EXCEPTION_REASON, "approved_by": "vendor-manager"}],
            }
        ),
        Rule.model_validate(
            {"id": "contract-near-notice", "version": 1, "title": "A contract's notice date is near", "owner": "vendor-manager",
             "category": "vendor-failure", "severity": "medium", "join": ["vendor"],
             "when": {"fact": "contract", "where": {"days_left": {"lte": 150}}}, "then": {"raise": {"likelihood": 3, "impact": 4}},
             "explain": "{{ contract }}"}
        ),
        Rule.model_validate(
            {"id": "data-exposed", "version": 1, "title": "Customer data is exposed", "owner": "duty-manager",
             "category": "data-exposure", "severity": "critical", "join": ["site"], "keep_open_for": "4w",
             "when": {"as": "leak", "signal": "data_exposure"}, "then": {"raise": {"likelihood": 4, "impact": 5}},
             "explain": "{{ leak.site }}"}
        ),
    )  # fmt: skip


def findings() -> tuple[Finding, ...]:
    spike = {
        "id": "sig-1", "signal": "attrition_spike", "at": "2026-11-16T00:00:00+00:00", "site": "CEB", "vendor": "altura",
        "metric": "leavers", "value": 11.0, "baseline": 3.0, "limit": 7.0, "n": 190.0, "strength": 4,
        "from": "2026-11-09T00:00:00+00:00", "to": "2026-11-16T00:00:00+00:00",
    }  # fmt: skip
    reason = Step(
        kind="rule", holds=True, text="People leave faster than usual, when all of these hold",
        below=(
            Step(kind="signal", holds=True, text="Leavers in Cebu are above their limit", fact="sig-1",
                 below=(Step(kind="condition", holds=True, text="strength 4 is at least 3"),)),
            Step(kind="not", holds=True, text="No retention plan is open there"),
            Step(kind="time", holds=True, text="open until Mon 14 Dec 2026: 28 days after it was last true"),
            Step(kind="left-out", holds=True, text=f"left out until Wed 31 Mar 2027 by vendor manager: site Leeds ({EXCEPTION_REASON})"),
        ),
    )  # fmt: skip
    return (
        Finding(id="f-1", rule="attrition-spike", version=3, title="People leave faster than usual in Cebu", category="talent-attrition",
                severity="high", key={"site": "CEB"}, facts=("sig-1",), matched=(spike,), at=AS_OF - timedelta(days=5), likelihood=4,
                impact=5, playbooks=("retention-surge",), owner="workforce-lead",
                explain="11 of 190 people left Cebu in a week, where 3 is usual.", reason=reason),
    )  # fmt: skip


def asides() -> tuple[Aside, ...]:
    return (
        Aside(kind="missing-data", rule="attrition-spike", key={"site": "BOG"}, facts=("missing:leavers:BOG",),
              text="Leavers of Bogotá are 12 days late; the newest are those of Sun 1 Nov 2026."),
        Aside(kind="missing-data", rule="attrition-spike", key={"site": "CEB"}, facts=("missing:leavers:CEB",),
              text="Leavers of one Cebu team are 5 days late."),
        Aside(kind="exception", rule="attrition-spike", key={"site": "LDS"}, facts=("sig-9",),
              text="Leeds would be found, and is left out until Wed 31 Mar 2027."),
    )  # fmt: skip


def tests() -> dict[str, tuple[RuleTest, ...]]:
    def made(name: str, given: list[dict[str, Any]], expect: list[dict[str, Any]]) -> RuleTest:
        return RuleTest.model_validate({"name": name, "given": given, "expect": expect})

    spike = {"signal": "attrition_spike", "at": "2026-11-15T00:00:00Z", "site": "CEB", "strength": 4, "value": 11}
    weak = {"signal": "attrition_spike", "at": "2026-11-15", "site": "MNL", "strength": 2, "value": 7.5}
    plan_ = {"fact": "open_action", "kind": "retention-plan", "site": "MNL"}
    return {
        "attrition-spike": (
            made("a spike at one site", [spike], [{"rule": "attrition-spike", "site": "CEB"}]),
            made("a weak spike stays silent", [weak, plan_], []),
        )
    }


def backtest() -> Backtest:
    moments = tuple(AS_OF - timedelta(weeks=back) for back in reversed(range(52)))

    def episode(site: str, first: int, last: int, verdict: str, label: str = "") -> Episode:
        return Episode(key={"site": site}, first=moments[first], last=moments[last], steps=last - first + 1, facts=(f"sig-{first}",),
                       verdict=verdict, label=label)  # type: ignore[arg-type]  # fmt: skip

    spike = RuleHistory(
        rule="attrition-spike", version=3, steps=52, open_steps=15,
        episodes=(episode("KRK", 0, 3, "unlabelled"), episode("CEB", 12, 15, "unlabelled"), episode("MNL", 30, 32, "false-alarm", RAMP_DOWN),
                  episode("CEB", 48, 51, "expected", LABEL)),
        finds=(Period(title=LABEL, metric="leavers", start=date(2026, 10, 12), end=date(2026, 11, 15), place={"site": "CEB"}, after=19),),
        missed=(Period(title="A bank hires in Kraków", metric="leavers", start=date(2026, 8, 3), end=date(2026, 8, 30), place={"site": "KRK"}),),
    )  # fmt: skip
    return Backtest(
        moments=moments,
        rules=(spike, RuleHistory(rule="contract-near-notice", version=1, steps=52, standing=True),
               RuleHistory(rule="data-exposed", version=1, steps=52)),
    )  # fmt: skip


def risks() -> tuple[Risk, ...]:
    def risk(ident: str, title: str, scope: str, **more: Any) -> Risk:
        base: dict[str, Any] = {
            "id": ident, "category": "talent-attrition", "scope": scope, "title": title, "owner": "vendor-manager", "state": "identified",
            "opened": AS_OF - timedelta(days=30), "changed": AS_OF - timedelta(days=3), "review_due": AS_OF + timedelta(days=7), "version": 2,
        }  # fmt: skip
        return Risk(**(base | more))

    def said(likelihood: int, impact: int, reason: str = "As agreed with the committee") -> Assessment:
        return Assessment(score=Score(likelihood=likelihood, impact=impact), by=ACTOR, at=AS_OF - timedelta(days=40), reason=reason)

    return (
        risk("R-001", "Cebu loses staff faster than it hires", "site:CEB", findings=findings(), indicated=Score(likelihood=4, impact=5)),
        risk("R-002", "One carrier serves Cebu and Manila", "system:cable", category="system-loss", assessed=said(3, 4), proposal=True,
             indicated=Score(likelihood=4, impact=5), review_due=AS_OF - timedelta(days=12), state="assessed"),
        risk("R-003", "Recall knowledge held by two people", "function:SAFETY", category="capability-gap", assessed=said(3, 3, SECRET_REASON),
             note=SECRET_REASON, state="in-treatment", treatment="mitigate"),
        risk("R-004", "Bogotá holiday roster published late", "site:BOG", category="communication-lapse", assessed=said(1, 3), state="accepted"),
        risk("R-005", "Carrier billing dispute", "vendor:altura", category="cost-creep"),
        risk("R-006", "Old dispute", "client", category="cost-creep", state="closed", assessed=said(2, 2)),
    )  # fmt: skip


def history() -> tuple[Event, ...]:
    finding = findings()[0].model_dump(mode="json")
    due = (AS_OF + timedelta(days=7)).isoformat()
    bodies: list[tuple[int, str, str, str | None, dict[str, Any]]] = [
        (40, ACTOR, "risk.added", "R-002", {"title": "One carrier serves Cebu and Manila", "score": {"likelihood": 3, "impact": 4}, "reason": "Found in an audit"}),
        (40, ACTOR, "risk.added", "R-003", {"title": "Recall knowledge", "score": {"likelihood": 2, "impact": 3}, "reason": "Known for long"}),
        (9, ACTOR, "risk.assessed", "R-003", {"score": {"likelihood": 3, "impact": 3}, "reason": SECRET_REASON}),
        (3, "riskreg run", "risk.raised", "R-001", {"title": "Cebu loses staff faster than it hires"}),
        (3, "riskreg run", "finding.opened", "R-001", {"finding": finding}),
        (3, "riskreg run", "indicated.changed", "R-001", {"before": None, "indicated": {"likelihood": 4, "impact": 5}, "review_due": due}),
        (3, "riskreg run", "indicated.changed", "R-002", {"before": None, "indicated": {"likelihood": 4, "impact": 5}, "review_due": due}),
        (1, ACTOR, "risk.noted", "R-003", {"text": SECRET_REASON}),
    ]  # fmt: skip
    out, previous = [], "0" * 64
    for seq, (days, actor, kind, risk, body) in enumerate(bodies, start=1):
        stamp = content_hash([seq, previous])
        at = AS_OF - timedelta(days=days)
        out.append(Event(seq=seq, at=at, actor=actor, kind=kind, risk=risk, body=body, previous=previous, hash=stamp))  # type: ignore[arg-type]
        previous = stamp
    return tuple(out)


SITE_LOST = f"""# Cebu site lost

<div class="rr-trigger" markdown>
**Use this when** Cebu cannot take contacts and will not be back within 30 minutes.

**Not sure? Start.** Stopping later costs about £900. Waiting one hour costs about £11,000.
</div>

## First 15 minutes

<ol class="rr-steps">
<li><div class="rr-step"><strong>Call the Altura duty manager</strong><p>Ask: <em>Is anyone hurt?</em> {SECRET_NAME} takes over.</p><p><small>Done when somebody has answered.</small></p></div><a class="rr-call" href="tel:+63325550142">+63 32 555 0142</a><p class="rr-done">Done at __ : __</p></li>
<li><div class="rr-step"><strong>Open the call bridge</strong><p>You lead until someone says “I have command”.</p></div><a class="rr-call" href="tel:+441632960118">{SECRET_PHONE}</a><p class="rr-done">Done at __ : __</p></li>
</ol>

## What you will have

| Function | Result | Minimum |
|---|---|---|
| Safety and recalls, voice | <span class="rr-status rr-status--covered">Covered</span> 6 of 6 | needs 6 by 15 min |
| Trade accounts, German voice | <span class="rr-status rr-status--not-covered">Not covered</span> 0 of 5 | needs 5 by 8 h |

## Cover over the first day

<!-- rr:cover-all -->

## Messages

??? quote "Message 1, to the executive list, within 15 minutes"

    Cebu stopped taking contacts at __ : __.

## When to stop

Stop when Cebu has taken contacts for 60 minutes.
"""


def playbooks() -> tuple[RenderedPlaybook, ...]:
    def made(ident: str, playbook: str, title: str, scope: str, text: str, until: date | None) -> RenderedPlaybook:
        return RenderedPlaybook(
            id=ident, playbook=playbook, version=12, title=title, scope=scope, text=text, valid_until=until, owner="vendor-manager"
        )

    tail = "## What to do\n\nAsk the people who stay why they stay.\n"
    return (
        made("site-lost--site-CEB", "site-lost", "Cebu site lost", "site:CEB", SITE_LOST, date(2026, 12, 14)),
        made("site-lost--site-KRK", "site-lost", "Kraków site lost", "site:KRK", f"# Kraków site lost\n\n{tail}", date(2026, 10, 1)),
        made("system-lost--system-telephony", "system-lost", "Voxbridge telephony lost", "system:telephony", tail, date(2027, 1, 31)),
        made("retention-surge--site-CEB", "retention-surge", "Keep people in Cebu", "site:CEB", tail, date(2027, 1, 31)),
        made("retention-surge", "retention-surge", "Keep people", "", tail, None),
    )  # fmt: skip


def templates() -> tuple[PlaybookTemplate, ...]:
    def template(ident: str, title: str, kind: str) -> PlaybookTemplate:
        return PlaybookTemplate(id=ident, version=12, title=title, category="site-loss", owner="vendor-manager", summary=title,
                                kind=kind, body="x", span=Span(path=f"playbooks/{ident}.md.j2"))  # type: ignore[arg-type]  # fmt: skip

    return (template("site-lost", "Site lost", "continuity"), template("system-lost", "System lost", "continuity"),
            template("retention-surge", "Keep people", "mitigation"))  # fmt: skip


def drill() -> Drill:
    return Drill(
        id="drill-ceb", title="Cebu goes dark", disruption=Disruption(losses=(Loss(ref="site:CEB"),), onset=AS_OF), plan="plan-site-CEB",
        minutes=90, made_for=AS_OF, network_hash=network().hash, purpose="Try the plan", assumptions=("It is a Tuesday",),
        objectives=(Objective(id="O1", text="Reroute in time", capability="Rerouting", tasks=("Call Leeds",)),),
        players=("duty-manager", "operations-director"),
        injects=(Inject(number=1, minute=0, scenario=0, source="Control", target="duty-manager", delivery="phone", text="EXERCISE Cebu is dark",
                        expected_action="Call Leeds", expected_outcome="Leeds is told"),),
    )  # fmt: skip


PACKS = {
    "drill-ceb-facilitator": f"# Cebu goes dark: facilitator pack\n\n## Injects\n\nHand this to {SECRET_NAME} only: the deputy does not answer.\n",
    "drill-ceb-player": "# Cebu goes dark: player pack\n\n## Rules\n\nSay what you would do.\n",
}


def content(
    *, title: str = "Larkfield continuity", audience: str = "internal", app_url: str = "http://127.0.0.1:8765/app", **changed: Any
) -> Content:
    """The whole of it; `changed` replaces fields of the content."""
    settings = Settings.model_validate(
        {"title": title, "client": "larkfield", "fictional": True, "currency": "GBP", "time_zone": "Europe/London",
         "publishing": {"audience": audience, "footer": "An example.", "app_url": app_url}}
    )  # fmt: skip
    workspace = Workspace(
        settings=settings, network=network(), roles=roles(), metrics=metrics(), rules=rules(), playbooks=templates(), readings=readings(),
        tests=tests(),
        files_read={"network/sites.yaml": "ab" * 32},
    )  # fmt: skip
    base = Content(
        workspace=workspace, as_of=AS_OF, signals=no_signals(), findings=findings(), risks=risks(), history=history(),
        plans={"site:CEB": plan("site:CEB", "Cebu lost"), "site:KRK": calm_plan("site:KRK", "Kraków lost"),
               "site:BOG": calm_plan("site:BOG", "Bogotá lost"), "system:telephony": plan("system:telephony", "Telephony lost")},
        playbooks=playbooks(), drills=(drill(),), packs=PACKS,
        tests=(
            RuleTestResult(rule="attrition-spike", name="a spike at one site", passed=True, negative=False,
                           expected=({"rule": "attrition-spike", "site": "CEB"},), got=({"rule": "attrition-spike", "site": "CEB"},)),
            RuleTestResult(rule="attrition-spike", name="a weak spike stays silent", passed=False, negative=True, expected=(),
                           got=({"rule": "attrition-spike", "site": "MNL"},)),
        ),
        asides=asides(), backtest=backtest(), near={"data-exposed": "Bogotá, 3.3 % against 3.4 %"},
        engine="Both engines decided and agreed.", register_hash="5f" * 32,
    )  # fmt: skip
    return base.model_copy(update=changed) if changed else base
