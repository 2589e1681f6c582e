"""What only shows between entries: names that nothing has, needs that can never be met, work that nobody can do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Literal

from riskreg.model.faults import Fault, Span
from riskreg.model.network import CLIENT, AllOf, AnyOf, Contract, Function, Need, Pool, need_refs
from riskreg.model.times import zone_names
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.definitions import Definitions, Shelf
from riskreg.workspace.staffing import gaps
from riskreg.workspace.validate import Placed

Severity = Literal["error", "warning"]


def check_references(found: Definitions) -> Iterator[Fault]:
    """Every fault between the entries of the network, people, metrics and drills."""
    yield from _parties(found)
    yield from _needs(found)
    yield from _cycles(found)
    yield from _sites_and_pools(found)
    for function in found.functions.placed.values():
        yield from _function(found, function)
    for contract in found.contracts.placed.values():
        yield from _contract(found, contract)
    yield from _metrics(found)
    yield from _wide(found)
    yield from _zones(found)
    for order in found.drills.placed.values():
        for place, loss in enumerate(order.noun.lose):
            yield from _ref(found, loss.ref, order.span("lose", place, "ref"))


def _known(shelf: Shelf[Any], ident: str | None, span: Span, extra: Iterable[str] = ()) -> Iterator[Fault]:
    """A fault where no entry of the shelf has the id."""
    if ident is not None and ident not in shelf.declared and ident not in extra:
        hint = did_you_mean(ident, [*shelf.declared, *extra]) or f"Define it, or correct the name; {_some(shelf)}."
        yield fault("unknown-id", f"no {shelf.kind} has the id '{ident}'", span, hint=hint)


def _some(shelf: Shelf[Any]) -> str:
    names = sorted(shelf.declared)
    return f"there are {', '.join(names[:8])}{' …' if len(names) > 8 else ''}" if names else f"no {shelf.kind} is defined"


def _ref(found: Definitions, ref: str, span: Span) -> Iterator[Fault]:
    kind, _, ident = ref.partition(":")
    yield from _known(getattr(found, f"{kind}s"), ident, span)  # the kinds of Ref are shelves


def _parties(found: Definitions) -> Iterator[Fault]:
    for vendor in found.vendors.placed.values():
        if vendor.noun.id.lower() == CLIENT:
            message = f"'{CLIENT}' is the company itself and cannot be a vendor"
            yield fault("bad-id", message, vendor.span("id"), hint="Choose another id.")
    items: list[Placed[Any]] = [*found.sites.placed.values(), *found.systems.placed.values(), *found.roles.placed.values()]
    for item in items:
        yield from _known(found.vendors, item.noun.party, item.span("party"), (CLIENT,))


def _needs(found: Definitions) -> Iterator[Fault]:
    for kind, item in _needy(found):
        for name in ("needs", "home_needs"):
            if (node := item.node.get(name)) is None:
                continue
            for scalar in node.scalars():
                if not isinstance(scalar.value, str):
                    continue
                span = Span(path=item.path, line=scalar.line, col=scalar.col)
                if scalar.value == f"{kind}:{item.noun.id}":
                    yield fault("self-need", f"{scalar.value} needs itself", span, hint="Take it out of its own needs.")
                else:
                    yield from _ref(found, scalar.value, span)


def _needy(found: Definitions) -> Iterator[tuple[str, Placed[Any]]]:
    shelves: tuple[Shelf[Any], ...] = (found.sites, found.systems, found.pools, found.functions)
    for shelf in shelves:
        for item in shelf.placed.values():
            yield shelf.kind, item


def _cycles(found: Definitions) -> Iterator[Fault]:
    """Circles of needs that can never start: what the least fixed point leaves out.

    Names without a definition count as working; they are faults already. A pool needs its site. One fault for each circle; it is
    then taken as repaired, so that what merely hangs on it is not blamed.
    """
    needs: dict[str, list[Need]] = {}
    places: dict[str, Placed[Any]] = {}
    for kind, item in _needy(found):
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


def _sites_and_pools(found: Definitions) -> Iterator[Fault]:
    for site in found.sites.placed.values():
        for place, hazard in enumerate(site.noun.hazards):
            yield from _known(found.hazards, hazard, site.span("hazards", place))
    for pool in found.pools.placed.values():
        yield from _known(found.sites, pool.noun.site, pool.span("site"))


def _function(found: Definitions, item: Placed[Function]) -> Iterator[Fault]:
    function = item.noun
    for place, served in enumerate(function.served_by):
        span = item.span("served_by", place, "pool")
        yield from _known(found.pools, served.pool, span)
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
    yield from _known(found.vendors, contract.vendor, item.span("vendor"))
    for name in ("scope", "exclusive"):
        for place, function in enumerate(getattr(contract, name)):
            yield from _known(found.functions, function, item.span(name, place))
    for name, party in (("surge", contract.vendor), ("standby", contract.vendor), ("takeover", CLIENT)):
        for place, lever in enumerate(getattr(contract, name)):
            span = item.span(name, place, "pool")
            yield from _known(found.pools, lever.pool, span)
            pool = found.pools.placed.get(lever.pool)
            site = found.sites.placed.get(pool.noun.site) if pool else None
            if site and site.noun.party != party and {site.noun.party, party} <= {CLIENT, *found.vendors.declared}:
                whose = "the client" if party == CLIENT else f"vendor {party}"
                message = f"pool {lever.pool} is run by {site.noun.party}; {name} of this contract needs a pool of {whose}"
                yield fault("wrong-party", message, span, hint="Name another pool.")
    for place, penalty in enumerate(contract.penalties):
        if penalty.metric not in found.metrics.declared:
            yield _no_metric(found, penalty.metric, item.span("penalties", place, "metric"), "warning")


def _no_metric(found: Definitions, metric: str, span: Span, severity: Severity = "error") -> Fault:
    hint = did_you_mean(metric, found.metrics.declared) or "Define it in a file under metrics/."
    return fault("unknown-metric", f"no metric has the id '{metric}'", span, hint=hint, severity=severity)


def _metrics(found: Definitions) -> Iterator[Fault]:
    for item in found.metrics.placed.values():
        metric = item.noun
        forecast = getattr(metric.detector, "forecast", None)
        if forecast is not None and forecast not in found.metrics.declared:
            yield _no_metric(found, forecast, item.span("detector", "forecast"))
        if metric.least is not None and metric.most is not None and metric.least > metric.most:
            yield fault("bad-value", f"least {metric.least:g} is larger than most {metric.most:g}", item.span("least"))
        for place, label in enumerate(metric.labels):
            for name in ("site", "vendor", "function"):
                yield from _known(getattr(found, f"{name}s"), getattr(label, name), item.span("labels", place, name))


def _wide(found: Definitions) -> Iterator[Fault]:
    """Mappings of wide readings files: metrics that exist, and one mapping a file."""
    if found.settings is None:
        return
    seen: set[str] = set()
    for place, mapping in enumerate(found.settings.noun.wide):
        file = mapping.file.removeprefix("readings/")
        if file in seen:
            message = f"'{mapping.file}' is mapped twice"
            yield fault("duplicate-id", message, found.settings.span("wide", place, "file"), hint="Keep one of the two.")
        seen.add(file)
        unknown = {heading: metric for heading, metric in mapping.columns.items() if metric not in found.metrics.declared}
        for heading, metric in unknown.items():
            yield _no_metric(found, metric, found.settings.span("wide", place, "columns", heading))
        for name, source in mapping.scope.items():
            if source.startswith("=") and name != "client":
                span = found.settings.span("wide", place, "scope", name)
                yield from _known(getattr(found, f"{name}s"), source[1:], span, (CLIENT,) if name == "vendor" else ())
        for metric in [] if unknown else sorted(set(mapping.n) - set(mapping.columns.values())):
            node = found.settings.node.down("wide", place, "n")
            line, col = node.keys[metric]
            hint = did_you_mean(metric, mapping.columns.values()) or "It is given a sample size, and no column."
            span = Span(path=found.settings.path, line=line, col=col)
            yield fault("unknown-metric", f"'{metric}' is not a metric of this mapping", span, hint=hint)


def _zones(found: Definitions) -> Iterator[Fault]:
    zones = zone_names()
    items: list[Placed[Any]] = [*found.sites.placed.values(), *found.functions.placed.values(), *found.roles.placed.values()]
    places: list[tuple[Placed[Any], tuple[str | int, ...], str]] = [(item, ("time_zone",), item.noun.time_zone) for item in items]
    if found.settings:
        wide = found.settings.noun.wide
        places += [(found.settings, ("wide", number, "time_zone"), mapping.time_zone) for number, mapping in enumerate(wide)]
    for item, path, zone in places:
        if zone not in zones:
            hint = did_you_mean(zone, zones) or "Write an IANA name such as Europe/London."
            yield fault("unknown-zone", f"'{zone}' is not a time zone", item.span(*path), hint=hint)
