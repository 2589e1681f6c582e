"""A small network and a failover plan written by hand, with every outcome in it: what playbooks and drills are tested on."""

# ruff: noqa: E501 - a table of data reads better unbroken

from __future__ import annotations

from datetime import UTC, date, datetime

from riskreg.model.disruption import Disruption, Loss
from riskreg.model.finding import Finding, Step
from riskreg.model.metric import Metric
from riskreg.model.network import Contract, Function, Network, Pool, Site, System, Vendor
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
from riskreg.model.plan import Step as Amount
from riskreg.model.playbook import Situation
from riskreg.model.role import Role
from riskreg.model.settings import Settings

AS_OF = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
HOUR = 3600
DAY = 24 * HOUR

SETTINGS = Settings(title="Larkfield", client="larkfield", currency="GBP", time_zone="Europe/London", fictional=True)

ROLES = (
    Role(
        id="mnl-duty-manager", title="Manila duty manager", party="altura", holder="Amihan Velorio", phone="+63 2 555 0101",
        deputy="Dakila Servando", deputy_phone="+63 2 555 0151", time_zone="Asia/Manila", hours="round the clock",
    ),
    Role(
        id="bog-duty-manager", title="Bogotá duty manager", party="beacon", holder="Yolima Carranque", phone="+57 601 555 0111",
        deputy="Nelcy Fandiña", deputy_phone="+57 601 555 0161", time_zone="America/Bogota",
    ),
    Role(id="duty-manager", title="Duty manager", holder="Callum Wraith", phone="+44 1632 960100", tiers=("tier-1",)),
    Role(id="routing-desk", title="Routing desk", holder="Bryn Oakshott", phone="+44 1632 960103", deputy="Tamsin Reede",
         deputy_phone="+44 1632 960153", tiers=("tier-1",)),
    Role(id="vendor-manager", title="Vendor manager", holder="Aileen Sorrel", phone="+44 1632 960108", tiers=("tier-2",)),
    Role(id="continuity-manager", title="Continuity manager", holder="Idris Falkner", phone="+44 1632 960102", tiers=("tier-2",)),
    Role(id="operations-director", title="Operations director", holder="Morag Ellery", phone="+44 1632 960101", deputy="Idris Falkner",
         deputy_phone="+44 1632 960151", tiers=("tier-3",)),
    Role(id="training-lead", title="Training lead", holder="Hester Pryor", phone="+44 1632 960113", deputy="Osric Penhale",
         deputy_phone="+44 1632 960163", left_on=date(2026, 10, 30)),
)  # fmt: skip


def _pool(ident: str, name: str, site: str, positions: int, language: str = "en") -> Pool:
    return Pool(
        id=ident, name=name, site=site, languages=(language,), channels=("voice", "chat"), skills=("care",), positions=positions
    )


def _function(
    ident: str, name: str, pool: str, *, tier: int, rto: str, mtpd: str, channel: str = "voice", **more: object
) -> Function:
    return Function.model_validate(
        {"id": ident, "name": name, "channel": channel, "language": "en", "skill": "care", "time_zone": "Europe/London",
         "demand": 20, "served_by": [{"pool": pool, "share": 1}], "tier": tier, "rto": rto, "mtpd": mtpd, "mbco": 0.6, "impact": 4,
         "owner": "operations-director", **more}
    )  # fmt: skip


NETWORK = Network(
    vendors=(Vendor(id="altura", name="Altura", manager="vendor-manager"), Vendor(id="beacon", name="Beacon", manager="vendor-manager")),
    systems=(System(id="telephony", name="Telephony", kind="telephony", needs="system:carrier", restore="4h", contact="it-lead"),
             System(id="carrier", name="Island carrier", kind="carrier")),
    sites=(
        Site(id="MNL", name="Manila", party="altura", country="PH", time_zone="Asia/Manila", seats=120, contact="mnl-duty-manager"),
        Site(id="BOG", name="Bogotá", party="beacon", country="CO", time_zone="America/Bogota", seats=80, contact="bog-duty-manager"),
        Site(id="GLA", name="Glasgow", party="client", country="GB", time_zone="Europe/London", seats=40),
    ),
    pools=(
        _pool("mnl-care", "Manila care", "MNL", 60),
        _pool("bog-care", "Bogotá care", "BOG", 30),
        _pool("gla-care", "Glasgow care", "GLA", 12),
    ),
    functions=(
        _function("SAFETY-EN", "Safety and recalls, voice", "mnl-care", tier=1, rto="15m", mtpd="4h"),
        _function("ORD-EN", "Orders and delivery, voice", "mnl-care", tier=2, rto="4h", mtpd="24h"),
        _function("PAY-EN", "Payments and refunds, chat", "mnl-care", tier=2, rto="4h", mtpd="24h", channel="chat"),
        _function("TRADE-DE", "Trade accounts, German voice", "mnl-care", tier=3, rto="8h", mtpd="2d"),
        _function("RETURNS", "Returns, e-mail", "bog-care", tier=4, rto="24h", mtpd="5d", channel="email"),
    ),
    contracts=(
        Contract.model_validate(
            {"id": "altura-msa", "vendor": "altura", "title": "Altura master agreement", "starts": "2024-01-01",
             "ends": "2027-03-31", "notice": "90d", "scope": ["SAFETY-EN", "ORD-EN", "PAY-EN", "TRADE-DE"],
             "step_in": {"opens": "72h", "share": 0.5, "authority": "operations-director", "trigger": "a failure that is not cured"}}
        ),
    ),
)  # fmt: skip


def _verdict(function: str, outcome: str, lost: int, points: list[tuple[int, int, int]], **more: object) -> Verdict:
    known = NETWORK.function[function]
    cover = tuple(
        CoverPoint(at=at, demand=lost, minimum=round(lost * 0.6), served=served, proven=proven) for at, served, proven in points
    )
    plain: dict[str, object] = {"minimum_at": None, "full_at": None, "short": 0} | more
    return Verdict.model_validate(
        {"function": function, "outcome": outcome, "rto": known.rto, "mtpd": known.mtpd, "lost": lost, "cover": cover, **plain}
    )


PLAN = FailoverPlan(
    id="site:MNL",
    title="Manila lost",
    disruption=Disruption(losses=(Loss(ref="site:MNL"),), onset=AS_OF),
    as_of=AS_OF,
    network_hash=NETWORK.hash,
    method="Independent flows per phase: an upper bound on what can be covered",
    horizon=3 * DAY,
    fallen=(Fallen(ref="site:MNL", name="Manila", because=("lost itself",)), Fallen(ref="pool:mnl-care", name="Manila care", because=("site:MNL",))),
    options=(
        Option(id="gla-idle", kind="idle", pool="gla-care", relation="client", opens=900, positions=60, firmness="firm", grade="tested",
               tested="6 signed in on 14 Jun 2026"),
        Option(id="bog-surge", kind="surge", pool="bog-care", relation="second-vendor", opens=4 * HOUR, positions=240,
               firmness="firm", grade="tested", tested="24 signed in on 1 Sep 2026", clause="beacon 7.2"),
        Option(id="bog-overtime", kind="overtime", pool="bog-care", relation="second-vendor", opens=12 * HOUR, positions=100,
               firmness="firm", grade="asserted"),
    ),
    refusals=(
        Refusal(function="TRADE-DE", pool="bog-care", option="bog-surge", code="language", reason="nobody there speaks German"),
        Refusal(function="TRADE-DE", pool="mnl-care", option="mnl-idle", code="fallen", reason="lost with Manila"),
    ),
    moves=(
        Move(function="SAFETY-EN", pool="gla-care", option="gla-idle", kind="idle", relation="client", positions=60, starts=900, grade="tested"),
        Move(function="ORD-EN", pool="bog-care", option="bog-surge", kind="surge", relation="second-vendor", positions=240,
             starts=4 * HOUR, grade="tested", cost=4800.0),
        Move(function="PAY-EN", pool="bog-care", option="bog-overtime", kind="overtime", relation="second-vendor", positions=100,
             starts=12 * HOUR, grade="asserted"),
    ),
    donors=(Donor(function="RETURNS", pool="bog-care", gives=80, keeps=120, minimum=120, to=("ORD-EN",), steps=(Amount(at=4 * HOUR, positions=80),)),),
    verdicts=(
        _verdict("SAFETY-EN", "met", 60, [(0, 0, 0), (900, 60, 60)], minimum_at=900, full_at=900),
        _verdict("ORD-EN", "late", 400, [(0, 0, 0), (4 * HOUR, 200, 200), (12 * HOUR, 240, 240)], minimum_at=12 * HOUR, short=40,
                 short_from=4 * HOUR, short_until=12 * HOUR, counterexample="At 4 h, 20 of 24 positions are there",
                 binding=Binding(what="the surge clause of Beacon", ref="contract:beacon", missing=40, advice="Ask Beacon for four more under clause 7.2")),
        _verdict("PAY-EN", "not-known", 150, [(0, 0, 0), (4 * HOUR, 100, 0)], minimum_at=4 * HOUR,
                 weakest="overtime in Bogotá (asserted, never tested)"),
        _verdict("TRADE-DE", "breach", 80, [(0, 0, 0)], short=48, short_from=8 * HOUR,
                 counterexample="All trained German speakers are in Manila.",
                 binding=Binding(what="people who speak German", ref="function:TRADE-DE", missing=48, advice="")),
        _verdict("RETURNS", "untouched", 0, [(0, 120, 120)], minimum_at=0, full_at=None),
    ),
    decision=Decision(
        choice="both",
        why="The second vendor alone leaves safety calls without cover for the first four hours",
        alternatives=(
            Alternative(choice="dual-source", met=0, late=1, breach=2, not_known=1, positions=340, cost_per_day=9600),
            Alternative(choice="both", met=1, late=1, breach=1, not_known=1, positions=400, cost_per_day=12000),
        ),
        clauses=("Beacon 7.2, surge",),
        authority=("operations-director",),
    ),
)  # fmt: skip

METRICS = (Metric(id="leavers", name="Leavers", definition="People who left in the week"),)

FINDING = Finding(
    id="f1",
    rule="attrition-spike",
    version=1,
    title="People leave faster than usual",
    category="talent-attrition",
    severity="high",
    key={"site": "MNL"},
    facts=("s1",),
    matched=(
        {"id": "s1", "signal": "attrition_spike", "at": AS_OF, "site": "MNL", "vendor": "altura", "metric": "leavers", "value": 14.0,
         "baseline": 6.25, "limit": 11.0, "n": 300.0, "from": datetime(2026, 11, 9, tzinfo=UTC), "to": datetime(2026, 11, 16, tzinfo=UTC)},
    ),
    at=datetime(2026, 11, 16, tzinfo=UTC),
    likelihood=4,
    impact=4,
    playbooks=("retention-surge",),
    escalate="tier-2",
    owner="workforce-lead",
    explain="Manila: 14 leavers, usually 6.3",
    reason=Step(kind="rule", holds=True, text="Attrition spike at a site", below=(
        Step(kind="signal", holds=True, text="an attrition spike of strength 3 or more", fact="s1"),
        Step(kind="not", holds=True, text="no retention plan is open"),
    )),
)  # fmt: skip


def situation(
    playbook: str, *, scope: str = "site:MNL", plan: FailoverPlan | None = PLAN, findings: tuple[Finding, ...] = ()
) -> Situation:
    return Situation(id=f"{playbook}-{scope}", playbook=playbook, scope=scope, plan=plan, findings=findings, as_of=AS_OF)


def all_covered() -> FailoverPlan:
    """The plan as it would be if every function met its minimum on tested options."""
    moves = tuple(move.model_copy(update={"grade": "tested"}) for move in PLAN.moves)
    better = {
        "outcome": "met",
        "short": 0,
        "short_from": None,
        "short_until": None,
        "counterexample": "",
        "binding": None,
        "weakest": "",
    }
    verdicts = tuple(v if v.outcome == "untouched" else v.model_copy(update=better) for v in PLAN.verdicts)
    return PLAN.model_copy(update={"moves": moves, "verdicts": verdicts})


def nothing_covered() -> FailoverPlan:
    """The plan as it would be if nobody could take anything over."""
    worse = {"outcome": "breach", "short": 30, "short_from": 0, "cover": ()}
    verdicts = tuple(v.model_copy(update=worse) for v in PLAN.verdicts if v.outcome != "untouched")
    decision = Decision(choice="not-covered", why="No other site is trained")
    return PLAN.model_copy(update={"moves": (), "donors": (), "options": (), "verdicts": verdicts, "decision": decision})
