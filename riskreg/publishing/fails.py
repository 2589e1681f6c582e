"""'If this fails': for each site, system and vendor, what stops, who takes it over, and what it needs itself."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskreg.model.base import split_ref
from riskreg.model.plan import FailoverPlan
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import contracts, losses, outcomes, surroundings, takeover, views, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition
from riskreg.publishing.networkmap import map_page
from riskreg.publishing.render import Page, page


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
            out.append((plan.gravity if plan else (1,), losses.loss_row(edition, ref, plan) if plan else empty))
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
    needs = surroundings.needs(edition, known, ref)
    return {
        "name": name,
        "stamp": _stamp(edition, ref),
        "lead": _lead(edition, plan),
        "playbook": {"title": playbook.title, "page": views.playbook_page(playbook.id)} if playbook else None,
        "map": surroundings.drawn(edition, known, ref, plan, here),
        "stops": stops,
        "moves": takeover.moves(edition, plan) if plan else [],
        "donors": takeover.donors(edition, plan) if plan else [],
        "decision": takeover.decision(edition, plan) if plan else None,
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
    losing, giving = plan.lost, len(plan.giving)
    if not losing:
        return {"bold": "Nothing we know of stops.", "rest": f"Checked {checked}."}
    bold = f"{words.capital(words.counted(len(losing), 'function'))} {words.plural(len(losing), 'loses', 'lose')} people"
    bold += f"; {words.counted(giving, 'more gives', 'more give')} some up." if giving else "."
    worst = losing[0].outcome
    if worst in ("met", "untouched"):
        return {"bold": bold, "rest": f"All of them reach their minimum in time, as the network stands on {checked}."}
    names = [edition.name(f"function:{verdict.function}") for verdict in losing if verdict.outcome == worst]
    shown = names if len(names) <= 3 else [*names[:2], f"{len(names) - 2} more"]
    told = {"breach": "not covered", "late": "covered, but late", "not-known": "covered only by options that nobody has tested"}[
        worst
    ]
    return {"bold": f"{bold} {words.capital(words.named(shown))} {words.plural(len(names), 'is', 'are')} {told}.",
            "rest": f"Customers notice first on {edition.name(f'function:{outcomes.by_notice(losing)[0].function}')}."}  # fmt: skip


def _stops(edition: Edition, plan: FailoverPlan) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for verdict in outcomes.by_notice(plan.lost):
        function = edition.network.function[verdict.function]
        reason = verdict.counterexample or (verdict.binding.advice if verdict.binding else "")
        rows.append(
            {
                **outcomes.outcome(edition, plan, verdict),
                "name": function.name,
                "page": edition.address(f"function:{function.id}"),
                "promise": f"needs {words.percent(function.mbco)} by {say_duration(verdict.rto)}",
                "lost": f"loses up to {say_positions(verdict.lost)} positions",
                "why": f"{reason.rstrip('.')}." if reason and verdict.outcome in ("breach", "late", "not-known") else "",
                "do": verdict.binding.advice if verdict.binding and verdict.outcome != "met" else "",
            }
        )
    return rows


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
