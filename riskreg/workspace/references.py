"""What only shows between entries: names that nothing has, needs that can never be met, work that nobody can do.

Names are read from the files and not from the nouns, so that an entry with a fault in one field is still checked for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from riskreg.model.faults import Fault, Span, in_order
from riskreg.model.metric import Metric
from riskreg.model.network import CLIENT, AllOf, AnyOf, Contract, Function, Need, Pool, need_refs
from riskreg.model.times import zone_names
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.definitions import Definitions, Shelf
from riskreg.workspace.staffing import gaps
from riskreg.workspace.validate import Placed, Written

Severity = Literal["error", "warning"]
_KINDS = ("site", "system", "vendor", "pool", "function", "hazard")
_NAMES = ("unknown-id", "unknown-metric")


def check_references(found: Definitions) -> Iterator[Fault]:
    """Every fault between the entries of the network, people, metrics and drills."""
    yield from _parties(found)
    yield from _needs(found)
    yield from _cycles(found)
    yield from _names(found)
    for function in found.functions.placed.values():
        yield from _function(found, function)
    for contract in found.contracts.placed.values():
        yield from _contract(found, contract)
    yield from _metrics(found)
    yield from _wide(found)
    yield from _zones(found)


def each_name_once(faults: Iterable[Fault]) -> Iterator[Fault]:
    """Faults in which one name that nothing has is told at its first place only, with the number of places."""
    places: dict[tuple[str, str, str], list[Fault]] = {}
    for item in in_order(faults):
        if item.code in _NAMES:
            places.setdefault((item.code, item.message, item.severity), []).append(item)
        else:
            yield item
    for first, *others in places.values():
        count = f"; it is named in {len(others) + 1} places" if others else ""
        yield first.model_copy(update={"message": first.message + count})


def _known(shelf: Shelf[Any], ident: str | None, span: Span, extra: Iterable[str] = ()) -> Iterator[Fault]:
    """A fault where no entry of the shelf has the id."""
    if ident is not None and ident not in shelf.declared and ident not in extra:
        hint = did_you_mean(ident, [*shelf.declared, *extra]) or f"Define it, or correct the name; {_some(shelf)}."
        yield fault("unknown-id", f"no {shelf.kind} has the id '{ident}'", span, hint=hint)


def _some(shelf: Shelf[Any]) -> str:
    names = sorted(shelf.declared)
    return f"there are {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else f"no {shelf.kind} is defined"


def known_ref(found: Definitions, ref: str, span: Span) -> Iterator[Fault]:
    """A fault where nothing bears the reference."""
    kind, _, ident = ref.partition(":")
    if kind in _KINDS:  # else its entry has a fault that says so
        yield from _known(getattr(found, f"{kind}s"), ident, span)


def _parties(found: Definitions) -> Iterator[Fault]:
    for vendor in found.vendors.placed.values():
        if vendor.noun.id.lower() == CLIENT:
            message = f"'{CLIENT}' is the company itself and cannot be a vendor"
            yield fault("bad-id", message, vendor.span("id"), hint="Choose another id.")
    for item in (*found.sites.declared.values(), *found.systems.declared.values(), *found.roles.declared.values()):
        for party, span in item.texts("party"):
            yield from _known(found.vendors, party, span, (CLIENT,))


def _needs(found: Definitions) -> Iterator[Fault]:
    for shelf in _needy(found):
        for ident, item in shelf.declared.items():
            nodes = [node for name in ("needs", "home_needs") if (node := item.node.get(name)) is not None]
            for scalar in (scalar for node in nodes for scalar in node.scalars()):
                if scalar.value == f"{shelf.kind}:{ident}":
                    yield fault("self-need", f"{scalar.value} needs itself", item.at(scalar), hint="Take it out of its own needs.")
                elif isinstance(scalar.value, str):
                    yield from known_ref(found, scalar.value, item.at(scalar))


def _needy(found: Definitions) -> tuple[Shelf[Any], ...]:
    return (found.sites, found.systems, found.pools, found.functions)


def _cycles(found: Definitions) -> Iterator[Fault]:
    """Circles of needs that can never start: what the least fixed point leaves out.

    Names without a definition count as working; they are faults already. A pool needs its site. One fault for each circle; it is
    then taken as repaired, so that what merely hangs on it is not blamed.
    """
    needs: dict[str, list[Need]] = {}
    places: dict[str, Placed[Any]] = {}
    for kind, item in ((shelf.kind, item) for shelf in _needy(found) for item in shelf.placed.values()):
        ref = f"{kind}:{item.noun.id}"
        own: list[Need] = [f"site:{item.noun.site}"] if isinstance(item.noun, Pool) else []
        needs[ref] = own + ([item.noun.needs] if item.noun.needs is not None else [])
        places[ref] = item
    waiting = set(needs)
    while True:
        while starts := {ref for ref in waiting if all(_holds(need, ref, waiting) for need in needs[ref])}:
            waiting -= starts
        if not waiting:
            return
        chain = _circle(needs, waiting)
        names = " → ".join([*chain, chain[0]])
        item = places[chain[0]]
        hint = "Give one of them another way to start: any: [system:a, system:b], or take the need out."
        yield fault("need-cycle", f"these wait for each other, and none can ever start: {names}", item.span("needs"), hint=hint)
        waiting -= set(chain)


def _holds(need: Need, ref: str, waiting: set[str]) -> bool:
    if isinstance(need, str):
        return need not in waiting or need == ref
    if isinstance(need, AllOf):
        return all(_holds(part, ref, waiting) for part in need.all)
    if isinstance(need, AnyOf):
        return any(_holds(part, ref, waiting) for part in need.any)
    return sum(_holds(part, ref, waiting) for part in need.at_least.of) >= need.at_least.k


def _circle(needs: dict[str, list[Need]], waiting: set[str]) -> list[str]:
    """Follows unmet needs from the first waiting thing until one comes again; the circle begins with its smallest name."""
    walk = [min(waiting)]
    while True:
        unmet = sorted({ref for need in needs[walk[-1]] for ref in need_refs(need) if ref in waiting and ref != walk[-1]})
        if unmet[0] in walk:
            chain = walk[walk.index(unmet[0]) :]
            start = chain.index(min(chain))
            return chain[start:] + chain[:start]
        walk.append(unmet[0])


def _names(found: Definitions) -> Iterator[Fault]:
    """Plain ids: those of a field name entries of one shelf."""
    fields: tuple[tuple[Shelf[Any], tuple[str, ...], Shelf[Any]], ...] = (
        (found.sites, ("hazards",), found.hazards),
        (found.pools, ("site",), found.sites),
        (found.functions, ("served_by", "pool"), found.pools),
        (found.contracts, ("vendor",), found.vendors),
        (found.contracts, ("scope",), found.functions),
        (found.contracts, ("exclusive",), found.functions),
        *((found.contracts, (name, "pool"), found.pools) for name in ("surge", "standby", "takeover")),
        (found.metrics, ("labels", "site"), found.sites),
        (found.metrics, ("labels", "vendor"), found.vendors),
        (found.metrics, ("labels", "function"), found.functions),
    )
    for shelf, path, named in fields:
        for item in shelf.declared.values():
            for ident, span in item.texts(*path):
                yield from _known(named, ident, span)
    for order in found.drills.declared.values():
        for ref, span in order.texts("lose", "ref"):
            yield from known_ref(found, ref, span)


def _function(found: Definitions, item: Placed[Function]) -> Iterator[Fault]:
    function = item.noun
    for place, served in enumerate(function.served_by):
        span = item.span("served_by", place, "pool")
        if (pool := found.pools.placed.get(served.pool)) is None:
            continue
        site = found.sites.placed.get(pool.noun.site)
        lacks = [
            f"the language {function.language}" if function.language not in pool.noun.languages else "",
            f"the channel {function.channel}" if function.channel not in pool.noun.channels else "",
            f"the skill {function.skill}" if function.skill not in pool.noun.skills else "",
            *(f"the certificate {name}" for name in function.certificates if name not in pool.noun.certificates),
            f"a place in {' or '.join(function.countries)} (it is in {site.noun.country})"
            if site and function.countries and site.noun.country not in function.countries else "",
        ]  # fmt: skip
        if missing := ", ".join(part for part in lacks if part):
            hint = "Add it to the pool if that is true, or let another pool serve."
            yield fault("cannot-serve", f"pool {served.pool} cannot serve {function.id}: it lacks {missing}", span, hint=hint)
    if message := gaps(found, function):
        hint = "Staff a pool that serves it at these hours, or correct the profiles and time zones."
        yield fault("not-staffed", message, item.span("served_by"), hint=hint, severity="warning")


def _contract(found: Definitions, item: Placed[Contract]) -> Iterator[Fault]:
    contract = item.noun
    for name, party in (("surge", contract.vendor), ("standby", contract.vendor), ("takeover", CLIENT)):
        for place, lever in enumerate(getattr(contract, name)):
            span = item.span(name, place, "pool")
            pool = found.pools.placed.get(lever.pool)
            site = found.sites.placed.get(pool.noun.site) if pool else None
            if site and site.noun.party != party and {site.noun.party, party} <= {CLIENT, *found.vendors.declared}:
                whose = "the client" if party == CLIENT else f"vendor {party}"
                message = f"pool {lever.pool} is run by {site.noun.party}; {name} of this contract needs a pool of {whose}"
                yield fault("wrong-party", message, span, hint="Name another pool.")


def _no_metric(found: Definitions, metric: str, span: Span, severity: Severity = "error") -> Fault:
    hint = did_you_mean(metric, found.metrics.declared) or "Define it in a file under metrics/."
    return fault("unknown-metric", f"no metric has the id '{metric}'", span, hint=hint, severity=severity)


def _metrics(found: Definitions) -> Iterator[Fault]:
    named: tuple[tuple[Iterable[Written], tuple[str, str], Severity], ...] = (
        (found.contracts.declared.values(), ("penalties", "metric"), "warning"),
        (found.metrics.declared.values(), ("detector", "forecast"), "error"),
    )
    for items, path, severity in named:
        for ident, span in (text for item in items for text in item.texts(*path)):
            if ident not in found.metrics.declared:
                yield _no_metric(found, ident, span, severity)
    for item in found.metrics.placed.values():
        metric = item.noun
        yield from _overrides(found, item)
        if metric.least is not None and metric.most is not None and metric.least > metric.most:
            yield fault("bad-value", f"least {metric.least:g} is larger than most {metric.most:g}", item.span("least"))


def _overrides(found: Definitions, item: Placed[Metric]) -> Iterator[Fault]:
    """Places of thresholds that nothing has: such an override would never be used."""
    client = found.settings.noun.client if found.settings else None
    for name in item.noun.thresholds:
        overrides = item.node.down("thresholds", name).get("overrides")
        for below in (part for override in (overrides.items if overrides else ()) for part in override.fields.items()):
            kind, node = below
            if kind in ("site", "vendor", "function"):
                yield from _known(getattr(found, f"{kind}s"), node.value, item.at(node), (CLIENT,) if kind == "vendor" else ())
            elif kind == "client" and client and node.value != client:
                hint = f"The client of this workspace is {client}."
                yield fault("unknown-id", f"no client has the id '{node.value}'", item.at(node), hint=hint)


def _wide(found: Definitions) -> Iterator[Fault]:
    """Mappings of wide readings files: metrics that exist, and one mapping a file."""
    seen: set[str] = set()
    for item in found.mappings:
        mapping = item.noun
        file = mapping.file.removeprefix("readings/")
        if file in seen:
            message = f"'{mapping.file}' is mapped twice"
            yield fault("duplicate-id", message, item.span("file"), hint="Keep one of the two.")
        seen.add(file)
        unknown = {heading: metric for heading, metric in mapping.columns.items() if metric not in found.metrics.declared}
        for heading, metric in unknown.items():
            yield _no_metric(found, metric, item.span("columns", heading))
        for name, source in mapping.scope.items():
            if source.startswith("=") and name != "client":
                span = item.span("scope", name)
                yield from _known(getattr(found, f"{name}s"), source[1:], span, (CLIENT,) if name == "vendor" else ())
        for metric in [] if unknown else sorted(set(mapping.n) - set(mapping.columns.values())):
            line, col = item.node.down("n").keys[metric]
            hint = did_you_mean(metric, mapping.columns.values()) or "It is given a sample size, and no column."
            span = Span(path=item.path, line=line, col=col)
            yield fault("unknown-metric", f"'{metric}' is not a metric of this mapping", span, hint=hint)


def _zones(found: Definitions) -> Iterator[Fault]:
    zones = zone_names()
    shelves = (found.sites.declared, found.functions.declared, found.roles.declared)
    items = [*(item for shelf in shelves for item in shelf.values()), *found.mappings]
    for zone, span in (text for item in items for text in item.texts("time_zone")):
        if zone not in zones:
            hint = did_you_mean(zone, zones) or "Write an IANA name such as Europe/London."
            yield fault("unknown-zone", f"'{zone}' is not a time zone", span, hint=hint)
