"""What falls when something is lost, how far, and what could not start again: fixed points over AND, OR and k of n."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from riskreg.continuity.graph import OFFICE_HAZARDS, dependency_graph, needs_of, operands
from riskreg.model.base import split_ref
from riskreg.model.disruption import Loss
from riskreg.model.network import Need, Network

WHOLE = Fraction(1)
NONE = Fraction(0)


@dataclass(frozen=True)
class Cascade:
    """What no longer works in full after a loss.

    `level` maps a reference to the share (0 to 1, exact) that still works; what is not in it is whole. `because` maps the same
    references to what they lack, directly; empty for what was itself lost. Two more kinds of name stand in `level`: `home:POOL`,
    the people of a pool working from home, and `run:FUNCTION`, a function's own systems whoever serves it.
    """

    level: Mapping[str, Fraction] = field(default_factory=dict)
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def of(self, ref: str) -> Fraction:
        """The share of `ref` that works."""
        return self.level.get(ref, WHOLE)

    @property
    def fallen(self) -> tuple[str, ...]:
        """References of the network of which nothing works, sorted."""
        return tuple(ref for ref in sorted(self.because) if self.level[ref] == NONE)


@dataclass(frozen=True)
class Wiring:
    """The needs of a network as counters: a name falls when more of its inputs are down than it tolerates."""

    inputs: dict[str, tuple[str, ...]]
    tolerance: dict[str, int]
    feeds: dict[str, tuple[str, ...]]

    def down(self, lost: Iterable[str]) -> set[str]:
        """Everything that is down with `lost`: the complement of the greatest fixed point.

        A worklist with one counter a gate. Needs are monotone, so the order of the visits does not matter and cycles need no
        care: a ring of parts that need each other stands as long as nothing outside breaks it.
        """
        fallen = set(lost)
        work = sorted(fallen)
        broken: dict[str, int] = {}
        while work:
            for gate in self.feeds.get(work.pop(), ()):
                if gate in fallen:
                    continue
                broken[gate] = broken.get(gate, 0) + 1
                if broken[gate] > self.tolerance[gate]:
                    fallen.add(gate)
                    work.append(gate)
        return fallen

    def up(self, running: Iterable[str], may_start: Iterable[str]) -> set[str]:
        """Everything that runs once `may_start` has started what it can on top of `running`: the least fixed point."""
        allowed = set(may_start)
        on = set(running)
        ready = {gate: sum(part in on for part in parts) for gate, parts in self.inputs.items()}
        work = sorted(gate for gate in allowed - on if ready[gate] >= len(self.inputs[gate]) - self.tolerance[gate])
        on.update(work)
        while work:
            for gate in self.feeds.get(work.pop(), ()):
                ready[gate] += 1
                if gate in allowed and gate not in on and ready[gate] >= len(self.inputs[gate]) - self.tolerance[gate]:
                    on.add(gate)
                    work.append(gate)
        return on


def wire(network: Network) -> Wiring:
    """Compile the needs of a network, with the hidden names `people:`, `home:` (per pool) and `run:` (per function)."""
    needs: dict[str, tuple[Need, ...]] = dict(needs_of(network))
    for pool in network.pools:
        site = network.site[pool.site]
        vendor = (f"vendor:{site.party}",) if site.party in network.vendor else ()
        areas = (f"hazard:{h}" for h in site.hazards if h in network.hazard and network.hazard[h].kind not in OFFICE_HAZARDS)
        own = () if pool.needs is None else (pool.needs,)
        away = () if pool.home_needs is None else (pool.home_needs,)
        needs[f"people:{pool.id}"] = vendor
        needs[f"pool:{pool.id}"] = (f"people:{pool.id}", *needs[f"pool:{pool.id}"])
        needs[f"home:{pool.id}"] = (f"people:{pool.id}", *areas, *own, *away)
    for function in network.functions:
        served, *own_needs = needs[f"function:{function.id}"]
        needs[f"run:{function.id}"] = tuple(own_needs)
        needs[f"function:{function.id}"] = (f"run:{function.id}", served)
    inputs: dict[str, tuple[str, ...]] = {}
    tolerance: dict[str, int] = {}

    def gate(name: str, parts: Sequence[Need], spare: int) -> str:
        names = []
        for number, part in enumerate(parts):
            if isinstance(part, str):
                inputs.setdefault(part, ())
                tolerance.setdefault(part, 0)
                names.append(part)
            else:
                names.append(gate(f"{name}#{number}", *operands(part)))
        inputs[name], tolerance[name] = tuple(names), spare
        return name

    for name, parts in sorted(needs.items()):
        gate(name, parts, 0)
    feeds: dict[str, list[str]] = {}
    for name in sorted(inputs):
        for part in inputs[name]:
            feeds.setdefault(part, []).append(name)
    return Wiring(inputs, tolerance, {name: tuple(gates) for name, gates in feeds.items()})


def cascade(network: Network, losses: Sequence[Loss]) -> Cascade:
    """What falls with `losses`, which all hold at once, and how far.

    Shares are capacities in series (seats, people, trunks): the scarcest one binds, so AND takes the least share of its inputs,
    OR the greatest, k of n the k-th greatest; two losses of one thing are the larger one. A loss of the kind `workplace` takes
    the place and leaves the people, who may go home; `people`, `access`, `system` and `vendor` losses of a site, pool or hazard
    take the people's work wherever they sit. KeyError for a reference that the network does not have.
    """
    return fall(network, wire(network), losses)


def fall(network: Network, wiring: Wiring, losses: Sequence[Loss], held: Iterable[str] = ()) -> Cascade:
    """`cascade` on compiled needs; names in `held` are down whatever their needs."""
    left = dict.fromkeys(held, NONE)
    named: dict[str, set[str]] = {}
    for loss in losses:
        for name in _hit(network, loss):
            left[name] = min(left.get(name, WHOLE), WHOLE - Fraction(str(loss.share)))
            named.setdefault(name, set()).add(loss.ref)
    # Cut by cut: at each share, what has less counts as down; a name keeps the largest share at which it stands.
    shares = [*sorted({share for share in left.values() if share > NONE}), WHOLE]
    cuts = [wiring.down(name for name, own in left.items() if own < share) for share in shares]
    level = {
        name: next((share for share, down in zip(reversed(shares), reversed(cuts), strict=True) if name not in down), NONE)
        for name in sorted(cuts[-1])
    }
    visible = {name for name in level if name in wiring.inputs and split_ref(name)[0] not in ("people", "home", "run")}
    because = {name: _causes(wiring, cuts[-1], named, name) for name in sorted(visible) if "#" not in name}
    return Cascade({name: share for name, share in level.items() if "#" not in name}, because)


def restart_deadlocks(network: Network) -> tuple[tuple[str, ...], ...]:
    """Groups of parts that each wait for another of the group and so could never start from dark, sorted.

    The least fixed point from nothing running says what starts; the strongly connected parts of what does not are the deadlocks.
    """
    import networkx as nx

    wiring = wire(network)
    started = wiring.up((), wiring.inputs)
    graph = dependency_graph(network)
    stuck = graph.subgraph(node for node in graph if node not in started)
    groups = (group for group in nx.strongly_connected_components(stuck) if len(group) > 1 or stuck.has_edge(*(list(group) * 2)))
    return tuple(sorted(tuple(sorted(group)) for group in groups))


def criticality(network: Network, key: Mapping[str, str]) -> int:
    """The greatest impact (1 to 5) of the functions in the scope of a finding's key.

    `function` is itself; `site` what is served there; `vendor` what its sites serve; `contract` its scope; `system` and `pool`
    what falls with them, in whole or in part; several fields narrow each other; no such field means every function. 1 where
    nothing is in the scope.
    """
    scopes = [_scope(network, kind, ident) for kind, ident in sorted(key.items()) if kind in _SCOPES]
    inside = set.intersection(*scopes) if scopes else set(network.function)
    return max((network.function[ident].impact for ident in sorted(inside)), default=1)


_SCOPES = ("function", "site", "vendor", "contract", "system", "pool")


def _scope(network: Network, kind: str, ident: str) -> set[str]:
    if kind == "function":
        return {ident} & set(network.function)
    if kind == "site":
        return {function.id for function in network.functions_at(ident)}
    if kind == "vendor":
        return {f.id for site in network.sites if site.party == ident for f in network.functions_at(site.id)}
    if kind == "contract":
        return {f for contract in network.contracts if contract.id == ident for f in contract.scope if f in network.function}
    if f"{kind}:{ident}" not in needs_of(network):
        return set()
    fell = cascade(network, (Loss(ref=f"{kind}:{ident}"),)).level
    return {f.id for f in network.functions if f"run:{f.id}" in fell or any(f"pool:{part.pool}" in fell for part in f.served_by)}


def _hit(network: Network, loss: Loss) -> tuple[str, ...]:
    """The names that a loss takes directly."""
    kind, ident = split_ref(loss.ref)
    if kind == "function":
        return (f"run:{network.function[ident].id}",)
    if ident not in getattr(network, kind):
        raise KeyError(loss.ref)
    if kind == "system" or (loss.what == "workplace" and kind in ("site", "hazard", "pool")):
        return (loss.ref,)
    sites = {
        "site": lambda: {ident},
        "hazard": lambda: {site.id for site in network.sites if ident in site.hazards},
        "vendor": lambda: {site.id for site in network.sites if site.party == ident},
    }
    if kind == "vendor" and loss.what == "vendor":
        return (loss.ref,)
    if kind == "vendor" and loss.what == "workplace":
        return tuple(sorted(f"site:{site}" for site in sites["vendor"]()))
    if kind == "vendor" and loss.what == "system":
        return tuple(sorted(f"system:{system.id}" for system in network.systems if system.party == ident))
    if kind == "pool":
        return (f"people:{ident}",)
    at = sites[kind]()
    return tuple(sorted(f"people:{pool.id}" for pool in network.pools if pool.site in at))


def _causes(wiring: Wiring, down: set[str], named: Mapping[str, set[str]], name: str) -> tuple[str, ...]:
    """The references that `name` lacks directly; through gates and hidden names to what stands behind them."""
    if name in named and split_ref(name)[0] not in ("people", "run"):
        return ()
    found: set[str] = set()
    work = [name]
    while work:
        here = work.pop()
        found |= {ref for ref in named.get(here, ()) if ref != name}
        for part in wiring.inputs[here]:
            if part in down:
                hidden = "#" in part or split_ref(part)[0] in ("people", "run")
                (work.append if hidden else found.add)(part)
    return tuple(sorted(found))
