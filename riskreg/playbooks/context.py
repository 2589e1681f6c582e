"""What a template can read: the situation, the network and the people, under plain names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from riskreg.model.finding import Finding, Step
from riskreg.model.languages import language
from riskreg.model.metric import Metric
from riskreg.model.network import CLIENT, Contract, Function, Network, Site, need_refs
from riskreg.model.playbook import PlaybookTemplate, Situation
from riskreg.model.role import Role
from riskreg.model.settings import Settings
from riskreg.model.words import NBSP, ahead, day, money, percent, place
from riskreg.playbooks.clocks import CLOCKS, Clock
from riskreg.playbooks.cover import Cover, cover
from riskreg.playbooks.duty import desk
from riskreg.playbooks.onset import onset_of

NAMES = frozenset(
    {
        "playbook", "general", "title", "scope", "findings", "day_zero", "plan", "as_of", "client", "roles", "tiers",
        "places", "clocks", "here", "zone", "currency", "owner", "expired", "part", "range", "contracts",
        "onset", "desks", "languages",
    }
)  # fmt: skip
"""Every name that a template may use."""

_GENERAL = {
    "site": "the site",
    "system": "the shared system",
    "vendor": "the vendor",
    "function": "the function",
    "client": "the company",
    "pool": "the team",
    "hazard": "the area",
}


class Roles(dict[str, Role]):
    """Role id → who acts now. A role that nobody holds is answered too, so that a page never fails for want of a name."""

    def __init__(self, roles: Sequence[Role], as_of: datetime | None, *, public: bool) -> None:
        super().__init__({role.id: _acting(role, as_of, public=public) for role in roles})
        self.unnamed: set[str] = set()

    def __missing__(self, ident: str) -> Role:
        self.unnamed.add(ident)
        words = [{"it": "IT", "hr": "HR"}.get(word, word) for word in ident.split("-")]
        title = " ".join(words)
        return Role(id=ident, title=title[:1].upper() + title[1:], holder="nobody is named")


def _acting(role: Role, as_of: datetime | None, *, public: bool) -> Role:
    if public and role.audience == "internal":
        return Role(id=role.id, title=role.title, party=role.party, holder=role.title, tiers=role.tiers)
    return role.acting(as_of.date() if as_of else None)


@dataclass(frozen=True)
class Scope:
    """What the page is about."""

    ref: str
    kind: str
    id: str
    name: str
    contact: Role
    manager: Role
    vendor: str = ""
    country: str = ""
    zone: str = ""
    restore: int | None = None
    needs: tuple[str, ...] = ()
    functions: tuple[Function, ...] = ()
    sites: tuple[Site, ...] = ()
    desks: tuple[Role, ...] = ()
    """The vendor's desks that are on duty at the hour of the plan."""


@dataclass(frozen=True)
class Reading:
    """One signal that a finding rests on, in words."""

    metric: str
    where: str
    value: str
    usual: str
    limit: str
    size: str
    period: str


@dataclass(frozen=True)
class Reason:
    """A finding as a page tells it."""

    finding: Finding
    readings: tuple[Reading, ...]
    lines: tuple[tuple[int, str], ...]
    """Depth and text of each line of the reason, top first."""


@dataclass(frozen=True)
class Place:
    """A site's clock: where it stands against the reference zone, and when most people work there."""

    name: str
    zone: str
    apart: str
    busiest: str


def build(
    template: PlaybookTemplate,
    situation: Situation | None,
    *,
    network: Network,
    roles: Sequence[Role],
    settings: Settings,
    metrics: Sequence[Metric] = (),
    as_of: datetime | None = None,
) -> dict[str, Any]:
    """All names of NAMES but `part`, for one situation, or for the general form where there is none.

    `as_of` decides whether the template has expired and who has left; without it nothing has expired, and whoever has a last
    day counts as gone.
    """
    as_of = situation.as_of if situation is not None else as_of
    people = Roles(roles, as_of, public=settings.publishing.audience == "public")
    covered = cover(situation.plan, network) if situation is not None and situation.plan is not None else None
    begins = onset_of(covered.plan) if covered and template.kind == "continuity" else None
    scope = _scope(situation.scope if situation else "", template, network, people)
    if begins is not None:
        scope = replace(scope, desks=_desks({site.party for site in scope.sites}, people, begins.at))
    findings = tuple(_reason(finding, network, metrics, settings) for finding in situation.findings) if situation else ()
    shown = covered.places if covered else scope.sites
    return {
        "playbook": template,
        "general": situation is None,
        "title": title_of(template, scope.name if situation else None),
        "scope": scope,
        "findings": findings,
        "day_zero": min((reason.finding.at for reason in findings), default=None),
        "plan": covered,
        "as_of": as_of,
        "client": settings.title,
        "currency": settings.currency,
        "here": place(settings.time_zone),
        "zone": settings.time_zone,
        "roles": people,
        "tiers": _tiers(people),
        "owner": people[template.owner],
        "expired": as_of is not None and template.valid_until is not None and template.valid_until < as_of.date(),
        "places": tuple(_place(site, network, as_of, settings.time_zone) for site in shown) if as_of else (),
        "clocks": _clocks({site.country for site in scope.sites}),
        "contracts": _contracts(scope, network),
        "onset": begins,
        "desks": _desks(_called(covered, network), people, begins.at) if covered and begins else (),
        "languages": _languages([line.function for line in covered.touched] if covered else scope.functions),
    }


def title_of(template: PlaybookTemplate, name: str | None) -> str:
    """`Manila site lost` where the template says `{name} site lost`, else `Retention surge: Manila`; the bare title in general."""
    if name is None:
        return template.title
    return template.title_for.replace("{name}", name) if template.title_for else f"{template.title}: {name}"


def _scope(ref: str, template: PlaybookTemplate, network: Network, people: Roles) -> Scope:
    kind, _, ident = ref.partition(":") if ref else (template.id.partition("-")[0], "", "")
    kind = kind if kind in _GENERAL else CLIENT
    name = network.name_of(ref) if ident else _GENERAL[kind]
    site = (
        network.site.get(ident) if kind == "site" else network.site_of(ident) if kind == "pool" and ident in network.pool else None
    )
    sites: tuple[Site, ...] = (site,) if site else ()
    functions: tuple[Function, ...] = network.functions_at(site.id) if site else ()
    party, restore, needs, contact = "", None, None, None
    if site is not None:
        party, restore, needs, contact = site.party, site.restore, site.needs, site.contact
    elif kind == "system" and ident in network.system:
        system = network.system[ident]
        party, restore, needs, contact = system.party, system.restore, system.needs, system.contact
    elif kind == "vendor" and ident in network.vendor:
        party = ident
        sites = tuple(sorted((s for s in network.sites if s.party == ident), key=lambda s: s.id))
        here = {function.id: function for s in sites for function in network.functions_at(s.id)}
        functions = tuple(here[key] for key in sorted(here))
    elif kind == "function" and ident in network.function:
        function = network.function[ident]
        functions, needs = (function,), function.needs
        served = {network.pool[part.pool].site for part in function.served_by}
        sites = tuple(network.site[key] for key in sorted(served))
    vendor = network.vendor.get(party)
    return Scope(
        ref=ref,
        kind=kind,
        id=ident,
        name=name,
        contact=people[contact or (vendor.manager if vendor and vendor.manager else None) or "duty-manager"],
        manager=people[(vendor.manager if vendor and vendor.manager else None) or "vendor-manager"],
        vendor=vendor.name if vendor else "",
        country=site.country if site else "",
        zone=site.time_zone if site else "",
        restore=restore,
        needs=tuple(network.name_of(need) for need in need_refs(needs)),
        functions=functions,
        sites=sites,
    )


def _contracts(scope: Scope, network: Network) -> tuple[Contract, ...]:
    parties = {site.party for site in scope.sites} | ({scope.id} if scope.kind == "vendor" else set())
    return tuple(sorted((c for c in network.contracts if c.vendor in parties), key=lambda c: c.id))


def _called(plan: Cover, network: Network) -> set[str]:
    """The vendors whose clauses a plan calls."""
    contracts = {re.split(r"[ ,]", clause, maxsplit=1)[0] for clause in plan.decision.clauses}
    return {contract.vendor for contract in network.contracts if contract.id in contracts}


def _desks(parties: Iterable[str], people: Roles, at: datetime) -> tuple[Role, ...]:
    """The desks of these parties that are on duty at a moment."""
    found = (desk(people.values(), party, at) for party in sorted(set(parties) - {CLIENT}))
    return tuple(role for role in found if role is not None)


def _languages(functions: Iterable[Function]) -> tuple[str, ...]:
    """The languages of these functions, by name."""
    return tuple(sorted({language(function.language) for function in functions}))


def _tiers(people: Mapping[str, Role]) -> dict[str, tuple[Role, ...]]:
    names = sorted({tier for role in people.values() for tier in role.tiers})
    return {tier: tuple(people[key] for key in sorted(people) if tier in people[key].tiers) for tier in names}


def _clocks(countries: set[str]) -> tuple[tuple[Clock, bool], ...]:
    """Every clock, those of the countries where the work is done first, with whether it is one of them."""
    marked = [(clock, bool(countries & set(clock.countries))) for clock in CLOCKS]
    return tuple(sorted(marked, key=lambda pair: (not pair[0].confirmed, not pair[1])))


def _place(site: Site, network: Network, as_of: datetime, reference: str) -> Place:
    week = [sum(pool.positions[step] for pool in network.pools if pool.site == site.id) for step in range(336)]
    hours = [sum(week[d * 48 + hour * 2] + week[d * 48 + hour * 2 + 1] for d in range(7)) for hour in range(24)]
    if not any(hours):
        busiest = "not known"
    elif min(hours) == max(hours):
        busiest = "the same around the clock"
    else:
        # the local hour in the reference zone on that day, daylight saving included
        local = as_of.astimezone(ZoneInfo(site.time_zone)).replace(hour=hours.index(max(hours)), minute=0)
        busiest = f"busiest from {local:%H:%M}, {local.astimezone(ZoneInfo(reference)):%H:%M}{NBSP}{place(reference)}"
    return Place(site.name, place(site.time_zone), ahead(as_of, site.time_zone, reference), busiest)


def _reason(finding: Finding, network: Network, metrics: Sequence[Metric], settings: Settings) -> Reason:
    told = finding.public if settings.publishing.audience == "public" else finding
    units = {metric.id: metric for metric in metrics}
    readings = tuple(
        _reading(fact, network, units.get(str(fact.get("metric"))), settings) for fact in finding.matched if "signal" in fact
    )
    return Reason(told, readings, tuple(_flat(told.reason, 0)))


def _flat(step: Step, depth: int) -> list[tuple[int, str]]:
    text = step.text if step.holds else f"not true: {step.text}"
    return [(depth, text), *(line for below in step.below for line in _flat(below, depth + 1))]


def _reading(fact: Mapping[str, Any], network: Network, metric: Metric | None, settings: Settings) -> Reading:
    def say(name: str) -> str:
        return _value(fact.get(name), metric.unit if metric else "", settings.currency)

    where = [network.name_of(f"{kind}:{fact[kind]}") for kind in ("function", "site", "vendor") if fact.get(kind)]
    moments = [_moment(fact.get(name)) for name in ("from", "to")]
    known = [moment for moment in moments if moment] or [moment for moment in [_moment(fact.get("at"))] if moment]
    days = [day(moment.astimezone(ZoneInfo(settings.time_zone))) for moment in known]
    return Reading(
        metric=metric.name if metric else str(fact.get("metric") or fact["signal"]).replace("_", " "),
        where=", ".join(where) or settings.title,
        value=say("value"),
        usual=say("baseline"),
        limit=say("limit"),
        size=f"{fact['n']:,.0f}" if isinstance(fact.get("n"), (int, float)) else "",
        period=" to ".join(dict.fromkeys(days)) or "not known",
    )


def _moment(value: Any) -> datetime | None:
    """A time in a frozen fact: a datetime as it was matched, or its ISO form as it was kept."""
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value)
        except ValueError:
            return None
    return value if isinstance(value, datetime) and value.tzinfo is not None else None


def _value(value: Any, unit: str, currency: str) -> str:
    if not isinstance(value, (int, float)):
        return "not known"
    if unit == "share":
        return percent(value, 1)
    if unit == "money" and abs(value) >= 100:
        return money(value, currency)
    figure = f"{value:,.2f}" if abs(value) < 10 else f"{value:,.1f}"
    return figure.rstrip("0").rstrip(".") if "." in figure else figure


__all__ = ["NAMES", "Cover", "Place", "Reading", "Reason", "Roles", "Scope", "build", "title_of"]
