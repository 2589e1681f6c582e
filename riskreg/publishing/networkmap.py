"""The network map: systems, sites and functions in layers, one drawing a vendor so that none has more boxes than can be read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from riskreg.model.network import CLIENT, Site
from riskreg.publishing import maps, views, words
from riskreg.publishing.dependence import Dependence
from riskreg.publishing.edition import Edition
from riskreg.publishing.maps import Box, Link
from riskreg.publishing.render import Page, page, relative

_HERE = "fails/map"


def map_page(edition: Edition, known: Dependence) -> Page:
    """`fails/map`: a drawing and a table for the sites of each party."""
    parties = [(vendor.id, vendor.name) for vendor in edition.network.vendors if vendor.id != CLIENT]
    parties.append((CLIENT, edition.name("vendor:client")))
    groups = [group for ident, name in parties for group in _groups(edition, known, ident, name)]
    return page(_HERE, "map.html", {"groups": groups}, wide=True, kind="map")


def _groups(edition: Edition, known: Dependence, party: str, name: str) -> Iterator[dict[str, Any]]:
    """The sites of one party in as few drawings as hold them, in order of their ids."""
    sites = sorted((site for site in edition.network.sites if site.party == party), key=lambda site: site.id)
    chunk: list[Site] = []
    chunks: list[list[Site]] = []
    for site in sites:
        if chunk and _size(edition, known, [*chunk, site]) > maps.MOST:
            chunks.append(chunk)
            chunk = []
        chunk.append(site)
    chunks += [chunk] if chunk else []
    for number, part in enumerate(chunks, start=1):
        title = name if len(chunks) == 1 else f"{name}, part {number} of {len(chunks)}"
        yield _group(edition, known, title, part, f"{party}-{number}")


def _parts(edition: Edition, known: Dependence, sites: Sequence[Site]) -> tuple[list[str], list[str]]:
    """Systems that the sites need directly, and functions that they serve."""
    systems = sorted({need for site in sites for need in known.needs(f"site:{site.id}") if need.startswith("system:")})
    functions = sorted({f"function:{item.id}" for site in sites for item in edition.network.functions_at(site.id)})
    return systems, functions


def _size(edition: Edition, known: Dependence, sites: Sequence[Site]) -> int:
    return len(sites) + sum(map(len, _parts(edition, known, sites)))


def _group(edition: Edition, known: Dependence, title: str, sites: Sequence[Site], ident: str) -> dict[str, Any]:
    systems, functions = _parts(edition, known, sites)
    refs = [f"site:{site.id}" for site in sites]
    links: list[Link] = []
    for site in sites:
        ref = f"site:{site.id}"
        links += [
            Link(system, ref, "stops" if known.stops(ref, system) else "standby")
            for system in systems if system in known.needs(ref)
        ]  # fmt: skip
        links += [
            Link(ref, f"function:{item.id}", _share(edition, item.id, site.id)) for item in edition.network.functions_at(site.id)
        ]
    shown = len(systems) + len(sites) + len(functions) <= maps.MOST
    columns = [("Shared systems", [_box(edition, known, ref) for ref in systems]),
               ("Sites", [_box(edition, known, ref) for ref in refs]),
               ("Functions served here", [_box(edition, known, ref) for ref in functions])]  # fmt: skip
    sizes = (words.count(len(systems), "system"), words.count(len(sites), "site"), words.count(len(functions), "function"))
    label = f"{title}: {words.listed(sizes)}."
    return {
        "id": f"map-{ident.lower()}",
        "title": title,
        "drawing": maps.layered(columns, links, label=label) if shown else "",
        "rows": [_row(edition, known, site) for site in sites],
    }


def _share(edition: Edition, function: str, site: str) -> maps.Line:
    """Solid where the function has no other place today."""
    places = {edition.network.pool[part.pool].site for part in edition.network.function[function].served_by}
    return "stops" if places == {site} else "standby"


def _box(edition: Edition, known: Dependence, ref: str) -> Box:
    kind, _, ident = ref.partition(":")
    if kind == "function":
        outcomes = [
            verdict.outcome
            for lost, _, verdict in edition.verdicts_on(ident)
            if lost.startswith("site:") and verdict.outcome != "untouched"
        ]
        worst = views.worst(outcomes)
        note = f"tier {edition.network.function[ident].tier}" + (
            f", if a site is lost: {words.OUTCOME[worst].lower()}" if outcomes else ""
        )
        sign = words.STATUS[worst] if outcomes else ""
    elif kind == "site":
        plan = edition.content.plans.get(ref)
        sign = words.STATUS[views.worst(v.outcome for v in plan.verdicts)] if plan else ""
        site = edition.network.site[ident]
        note = f"{site.seats} seats, {site.country}" if site.seats else f"homes, {site.country}"
    else:
        fell = [item for item in known.falls_with(ref) if item.startswith("site:")]
        sign, note = "", f"alone stops {words.count(len(fell), 'site')}" if fell else "stops no site alone"
    address = edition.address(ref)
    return Box(ref, edition.name(ref), note, sign, relative(_HERE, address) if address else None)


def _row(edition: Edition, known: Dependence, site: Site) -> dict[str, Any]:
    ref = f"site:{site.id}"
    needs = known.needs(ref)
    single = [edition.name(need) for need in needs if known.stops(ref, need)]
    backed = [edition.name(need) for need in needs if not known.stops(ref, need)]
    serves = [item.name for item in edition.network.functions_at(site.id)]
    return {
        "name": site.name,
        "page": edition.address(ref),
        "stops": f"stops without {words.listed(single)}" if single else "no single system stops it",
        "standby": f"has a stand-in for {words.listed(backed)}" if backed else "nothing has a stand-in",
        "serves": f"serves {words.listed(serves)}" if serves else "serves nothing today",
    }
