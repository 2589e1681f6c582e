"""A network and a disruption become a failover plan with its proof."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.continuity.facts import standing_facts
    from riskreg.continuity.falling import Cascade, cascade, criticality, restart_deadlocks
    from riskreg.continuity.graph import dependency_graph
    from riskreg.continuity.planning import make_plan

_HOME = {
    "Cascade": "falling",
    "cascade": "falling",
    "criticality": "falling",
    "dependency_graph": "graph",
    "make_plan": "planning",
    "restart_deadlocks": "falling",
    "standing_facts": "facts",
}


def __getattr__(name: str) -> Any:
    # networkx takes a third of a second to import; only who plans pays for it.
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)


__all__ = ["Cascade", "cascade", "criticality", "dependency_graph", "make_plan", "restart_deadlocks", "standing_facts"]
