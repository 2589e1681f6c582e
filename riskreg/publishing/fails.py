"""'If this fails': for each site, system and vendor, what stops, who takes it over, and what it needs itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.network import CLIENT
from riskreg.model.plan import FailoverPlan, Move, Verdict
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import contracts, losses, maps, views, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition
from riskreg.publishing.maps import Box
from riskreg.publishing.networkmap import map_page
from riskreg.publishing.render import Page, page, relative

_MOST_TAKERS = 4


def pages(edition: Edition) -> Iterator[Page]:
    """`fails/index`, `fails/map`, and a page for each site, system and vendor."""
    known = Dependence(edition.network)
    yield page("fails/index", "fails.html", _index(edition), wide=True, kind="fails")
    yield map_page(edition, known)
    refs = [f"site:{site.id}" for site in edition.network.sites]
    refs += [f"system:{system.id}" for system in edition.network.systems]
    refs += [f"vendor:{vendor.id}" for vendor in edition.network.vendors]
    for ref in refs:
        path = str(edition.address(ref))
        yield page(path, "fail.html", _one(edition, known, ref, path), kind="fail")


def _index(edition: Edition) -> dict[str, Any]:
    def rows(kind: str, idents: Sequence[str]) -> list[dict[str, Any]]:
        out = []
        for ident in idents:
            ref = f"{kind}:{ident}"
            plan = edition.content.plans.get(ref)
            empty = {"name": edition.name(ref), "page": edition.address(ref), "size": "", "sign": "not-known",
                     "word": "Not computed",                      "rest": "", "first": "no plan yet", "choice": ""}  # fmt: skip
            out.append((losses.severity(plan), losses.loss_row(edition, ref, plan) if plan else empty))
        return [row for _, row in sorted(out, key=lambda pair: (pair[0], pair[1]["name"]))]

    network = edition.network
    groups = [
        {"id": "sites", "title": "Sites", "rows": rows("site", [item.id for item in network.sites])},
        {"id": "systems", "title": "Systems", "rows": rows("system", [item.id for item in network.systems])},
        {"id": "vendors", "title": "Vendors", "rows": rows("vendor", [item.id for item in network.vendors])},
    ]
    bad = sum(not plan.holds for plan in edition.losses.values())
    bold = (
        f"{words.capital(words.counted(bad, 'single loss', 'single losses'))} would leave a function late, uncovered or unproven."
    )
    if not bad:
        bold = "Every single loss that we computed is covered in time." if edition.losses else "No loss has been computed yet."
    return {
        "lead": {"bold": bold, "rest": "Each line leads to what stops, who takes it over, and why not where nobody can."},
        "groups": groups,
    }


def _one(edition: Edition, known: Dependence, ref: str, here: str) -> dict[str, Any]:
    plan = edition.content.plans.get(ref)
    name = edition.name(ref)
    kind = split_ref(ref)[0]
    playbook = edition.continuity_playbook(ref)
    stops = _stops(edition, plan) if plan else []
    needs = _needs(edition, known, ref)
    return {
        "name": name,
        "stamp": _stamp(edition, ref),
        "lead": _lead(edition, plan),
        "playbook": {"title": playbook.title, "page": views.playbook_page(playbook.id)} if playbook else None,
        "map": _map(edition, known, ref, plan, here),
        "stops": stops,
        "moves": _moves(edition, plan) if plan else [],
        "donors": _donors(edition, plan) if plan else [],
        "decision": _decision(edition, plan) if plan else None,
        "fallen": _fallen(edition, plan, ref) if plan else [],
        "needs": needs,
        "contracts": contracts.rows(edition, split_ref(ref)[1]) if kind == "vendor" else [],
        "contact": _contact(edition, ref),
        "risks": [views.risk_row(edition, risk) for risk in edition.risks_touching(ref)],
        "method": plan.method if plan else "",
    }


def _stamp(edition: Edition, ref: str) -> str:
    kind, ident = split_ref(ref)
    network, now = edition.network, edition.content.as_of
    if kind == "site":
        site = network.site[ident]
        where = words.clock(now, site.time_zone)
        zone = "" if site.time_zone == edition.zone else f", {words.clock(now, edition.zone)}"
        what = "Home-based people" if site.kind == "home" else "Site"
        seats = f" · {words.count(site.seats, 'seat')}" if site.seats else ""
        return f"{what} · {edition.name(f'vendor:{site.party}')} · {site.country}{seats} · at {where}{zone}"
    if kind == "system":
        system = network.system[ident]
        back = f"back after about {say_duration(system.restore)}" if system.restore else "time to restore not known"
        return f"System · {system.kind} · run by {edition.name(f'vendor:{system.party}')} · {back}"
    sites = [site for site in network.sites if site.party == ident]
    return f"Vendor · {words.count(len(sites), 'site')} · {words.count(sum(site.seats for site in sites), 'seat')}"


def _lead(edition: Edition, plan: FailoverPlan | None) -> dict[str, str]:
    checked = words.local_day(edition.content.as_of, edition.zone)
    if plan is None:
        return {"bold": "This loss has not been computed.", "rest": "The map and the table show what depends on it."}
    touched = [verdict for verdict in plan.verdicts if verdict.lost or verdict.outcome != "untouched"]
    losing = [verdict for verdict in touched if verdict.lost]
    if not losing:
        return {"bold": "Nothing we know of stops.", "rest": f"Checked {checked}."}
    bold = f"{words.capital(words.counted(len(losing), 'function'))} {words.plural(len(losing), 'loses', 'lose')} people."
    worst = views.worst(verdict.outcome for verdict in losing)
    if worst in ("met", "untouched"):
        return {"bold": bold, "rest": f"All of them reach their minimum in time, as the network stands on {checked}."}
    cases = sorted((v for v in losing if v.outcome == worst), key=lambda verdict: (verdict.rto, verdict.function))
    names = [edition.name(f"function:{verdict.function}") for verdict in cases]
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    told = {"breach": "not covered", "late": "covered, but late", "not-known": "covered only by options that nobody has tested"}[
        worst
    ]
    return {"bold": f"{bold} {words.capital(words.listed(shown))} {words.plural(len(names), 'is', 'are')} {told}.",
            "rest": f"Customers notice first on {edition.name(f'function:{_by_notice(losing)[0].function}')}."}  # fmt: skip


def _by_notice(verdicts: Sequence[Verdict]) -> list[Verdict]:
    """In the order in which customers notice: the shortest recovery time objective first."""
    return sorted(verdicts, key=lambda verdict: (verdict.rto, verdict.function))


def outcome(verdict: Verdict) -> dict[str, str]:
    """Sign, word and detail of a verdict, as tables and maps say it."""
    gap = f"short {say_positions(verdict.short)}" if verdict.short else ""
    back = f"minimum back after {say_duration(verdict.minimum_at)}" if verdict.minimum_at else ""
    detail = {
        "met": back or "never below its minimum",
        "untouched": "loses nothing",
        "late": ", ".join(part for part in (gap, back) if part),
        "breach": gap or "minimum not back in time",
        "not-known": f"rests on {verdict.weakest.rstrip('.')}" if verdict.weakest else "rests on untested options",
    }[verdict.outcome]
    return {"sign": words.STATUS[verdict.outcome], "word": words.OUTCOME[verdict.outcome], "detail": detail}


def _stops(edition: Edition, plan: FailoverPlan) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for verdict in _by_notice([verdict for verdict in plan.verdicts if verdict.lost]):
        function = edition.network.function[verdict.function]
        reason = verdict.counterexample or (verdict.binding.advice if verdict.binding else "")
        rows.append(
            {
                **outcome(verdict),
                "name": function.name,
                "page": edition.address(f"function:{function.id}"),
                "promise": f"needs {words.percent(function.mbco)} by {say_duration(verdict.rto)}",
                "lost": f"loses up to {say_positions(verdict.lost)} positions",
                "why": f"{reason.rstrip('.')}." if reason and verdict.outcome in ("breach", "late", "not-known") else "",
                "do": verdict.binding.advice if verdict.binding and verdict.outcome != "met" else "",
            }
        )
    return rows


def _moves(edition: Edition, plan: FailoverPlan) -> list[dict[str, Any]]:
    """One row a function: its takers in the order in which they come, the first few by name."""
    rows: list[dict[str, Any]] = []
    for verdict in _by_notice(plan.verdicts):
        mine = [move for move in plan.moves if move.function == verdict.function]
        if not mine:
            continue
        mine.sort(key=lambda move: (move.starts, -move.positions, move.pool, move.option))
        untested = sum(move.grade not in ("tested", "used") for move in mine)
        rows.append(
            {
                "function": edition.name(f"function:{verdict.function}"),
                "page": edition.address(f"function:{verdict.function}"),
                "takers": [_taker(edition, move) for move in mine[:_MOST_TAKERS]],
                "more": max(0, len(mine) - _MOST_TAKERS),
                "sign": "not-known" if untested else "covered",
                "known": f"{untested} of {len(mine)} never tested" if untested else "All tested or used",
            }
        )
    return rows


def _taker(edition: Edition, move: Move) -> dict[str, Any]:
    when = f"after {say_duration(move.starts)}" if move.starts else "at once"
    return {
        "pool": edition.name(f"pool:{move.pool}"),
        "page": edition.address(f"pool:{move.pool}"),
        "how": f"{say_positions(move.positions)} {when} ({words.spaced(move.kind)}, {words.spaced(move.relation)})",
    }


def _donors(edition: Edition, plan: FailoverPlan) -> list[str]:
    """What work gives up people for this, in sentences."""
    return [
        f"{edition.name(f'function:{donor.function}')} gives {say_positions(donor.gives)} positions at "
        f"{edition.name(f'pool:{donor.pool}')}, keeps {say_positions(donor.keeps)}, minimum {say_positions(donor.minimum)}."
        for donor in sorted(plan.donors, key=lambda donor: (donor.function, donor.pool))
        if donor.gives
    ]


def _decision(edition: Edition, plan: FailoverPlan) -> dict[str, Any]:
    currency = edition.settings.currency
    return {
        "why": plan.decision.why,
        "clauses": words.listed(plan.decision.clauses),
        "authority": words.listed([edition.who(role) for role in plan.decision.authority]),
        "rows": [
            {
                "choice": words.capital(words.spaced(item.choice)),
                "chosen": item.choice == plan.decision.choice,
                "met": item.met, "late": item.late, "breach": item.breach, "not_known": item.not_known,
                "cost": f"{words.money(item.cost_per_day, currency)} a day",
            }
            for item in plan.decision.alternatives
        ],
    }  # fmt: skip


def _fallen(edition: Edition, plan: FailoverPlan, ref: str) -> list[dict[str, str | None]]:
    return [
        {
            "name": item.name,
            "page": edition.address(item.ref),
            "because": words.listed([edition.name(cause) for cause in item.because]) or "it is what is lost",
            "until": f"back after about {say_duration(item.until)}" if item.until else "end not known",
        }
        for item in plan.fallen
        if item.ref != ref and not item.ref.startswith("function:")
    ]


def _needs(edition: Edition, known: Dependence, ref: str) -> list[dict[str, Any]]:
    rows = []
    for need in known.needs(ref):
        stops = known.stops(ref, need)
        also = [other for other in known.falls_with(need) if other not in (ref, need) and other.split(":")[0] in ("site", "system")]
        shown = [edition.name(other) for other in also[:4]] + ([f"{len(also) - 4} more"] if len(also) > 4 else [])
        rows.append(
            {
                "name": edition.name(need),
                "page": edition.address(need),
                "sign": "not-covered" if stops else "partly",
                "word": "Stops it" if stops else "Standby",
                "rest": "nothing stands in" if stops else "something else stands in",
                "also": f"also takes down {words.listed(shown)}" if also else "takes down nothing else",
            }
        )
    return rows


def _map(edition: Edition, known: Dependence, ref: str, plan: FailoverPlan | None, here: str) -> dict[str, Any] | None:
    def href(target: str) -> str | None:
        address = edition.address(target)
        return relative(here, address) if address else None

    needs = [
        Box(need, edition.name(need), _stand_in(need, stops=known.stops(ref, need)),
            "not-covered" if known.stops(ref, need) else "partly", href(need), "stops" if known.stops(ref, need) else "standby")
        for need in known.needs(ref)
    ]  # fmt: skip
    if plan:
        verdicts = _by_notice([verdict for verdict in plan.verdicts if verdict.lost])
        needed = [_function_box(edition, verdict, href(f"function:{verdict.function}")) for verdict in verdicts]
    else:
        needed = [
            Box(item, edition.name(item), "depends on it", "not-known", href(item), "unknown") for item in known.needed_by(ref)
        ]
    if not needs and not needed:
        return None
    name = edition.name(ref)
    party = split_ref(ref)
    left = "It runs" if party[0] == "vendor" else f"{name} needs"
    if party[0] == "vendor":
        owner = CLIENT if party[1] == CLIENT else party[1]
        needs = [Box(f"site:{s.id}", s.name, f"{s.seats} seats" if s.seats else "homes", "", href(f"site:{s.id}"))
                 for s in edition.network.sites if s.party == owner]  # fmt: skip
    bad = sum(box.grave for box in needed)
    label = f"{name}: it needs {len(needs)}; {words.count(len(needed), 'function')} need it, {bad} of them not covered."
    wide, narrow = maps.around(Box(ref, name, "", ""), needs, needed, left=left, right=f"These need {name}", label=label)
    return {"wide": wide, "narrow": narrow}


def _stand_in(need: str, *, stops: bool) -> str:
    kind = "hazard, " if need.startswith("hazard:") else ""
    return f"{kind}{'nothing' if stops else 'something'} stands in"


def _function_box(edition: Edition, verdict: Verdict, href: str | None) -> Box:
    said = outcome(verdict)
    note = said["word"].lower()
    if verdict.outcome == "met":
        note = f"covered, {say_duration(verdict.minimum_at)}" if verdict.minimum_at else "covered, never below its minimum"
    elif verdict.short:
        note = f"{note}, short {say_positions(verdict.short)}"
    line: maps.Line = {"breach": "stops", "not-known": "unknown"}.get(verdict.outcome, "standby")  # type: ignore[assignment]
    return Box(f"function:{verdict.function}", edition.name(f"function:{verdict.function}"), note, said["sign"], href, line)


def _contact(edition: Edition, ref: str) -> tuple[str, str, str, str, str] | None:
    kind, ident = split_ref(ref)
    network = edition.network
    role = {
        "site": lambda: network.site[ident].contact,
        "system": lambda: network.system[ident].contact,
        "vendor": lambda: network.vendor[ident].manager,
    }[kind]()
    held = edition.roles.get(role or "")
    return (held.holder, held.title, held.phone, held.deputy, held.deputy_phone) if held else None
