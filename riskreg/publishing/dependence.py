"""What one thing needs and what falls with it, for the maps and tables; the cascade itself is the continuity room's."""

from __future__ import annotations

from functools import cached_property

import networkx as nx

from riskreg.continuity.falling import cascade
from riskreg.continuity.graph import dependency_graph
from riskreg.model.base import split_ref
from riskreg.model.disruption import Loss
from riskreg.model.network import Network, need_refs


class Dependence:
    """Look-ups over one network, each single loss followed through the network once."""

    def __init__(self, network: Network) -> None:
        self._network = network
        self._fallen: dict[str, frozenset[str]] = {}

    @cached_property
    def graph(self) -> nx.DiGraph[str]:
        """Edges from what is needed to what needs it."""
        return dependency_graph(self._network)

    def needs(self, ref: str) -> list[str]:
        """What a site or a system needs directly: for a site also what its pools need, and the hazards that it shares."""
        kind, ident = split_ref(ref)
        network = self._network
        if kind == "system":
            return sorted(need_refs(network.system[ident].needs))
        if kind != "site":
            return []
        site = network.site[ident]
        own = set(need_refs(site.needs)) | {f"hazard:{hazard}" for hazard in site.hazards if hazard in network.hazard}
        pools = {need for pool in network.pools if pool.site == ident for need in need_refs(pool.needs)}
        return sorted((own | pools) - {ref}, key=lambda need: (need.startswith("hazard:"), need))

    def needed_by(self, ref: str) -> list[str]:
        """What needs `ref` directly, pools shown as their sites."""
        if ref not in self.graph:
            return []
        found = {
            f"site:{self._network.pool[split_ref(item)[1]].site}" if item.startswith("pool:") else item
            for item in self.graph.successors(ref)
        }
        return sorted(found - {ref})

    def falls_with(self, ref: str) -> list[str]:
        """Everything that stops when `ref` alone is lost; a site counts when all its pools stop."""
        return sorted(self._down(ref) - {ref})

    def stops(self, ref: str, need: str) -> bool:
        """Whether losing `need` alone stops `ref`."""
        return ref in self._down(need)

    def _down(self, ref: str) -> frozenset[str]:
        if ref not in self._fallen:
            down = set(cascade(self._network, (Loss(ref=ref),)).fallen)
            for site in self._network.sites:
                pools = {f"pool:{pool.id}" for pool in self._network.pools if pool.site == site.id}
                if pools and pools <= down:
                    down.add(f"site:{site.id}")
            self._fallen[ref] = frozenset(down)
        return self._fallen[ref]
