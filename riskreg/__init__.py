"""riskreg: risk register and continuity planner for outsourced customer service, as code.

The public API, for notebooks and other programs (everything else is private):

- `load(folder)` reads a workspace: its model and every fault that was found;
- `run(folder, now=…)` walks the main job once and returns what it read, found, planned and published;
- `plan(workspace, losses, as_of=…)` computes a failover plan with its proof; `parse_loss("site:MNL")` makes a loss;
- `open_register(folder, workspace)` opens the register.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

__version__ = "0.1.0"
__all__ = ["FaultError", "__version__", "load", "open_register", "parse_loss", "plan", "run"]

# Name → where it lives; imported when first asked for, so that `riskreg --help` is quick.
_HOMES = {
    "FaultError": ("riskreg.model.faults", "FaultError"),
    "load": ("riskreg.workspace", "load"),
    "open_register": ("riskreg.pipeline", "open_register"),
    "parse_loss": ("riskreg.model.disruption", "parse_loss"),
    "plan": ("riskreg.pipeline", "ask"),
    "run": ("riskreg.pipeline", "run"),
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'riskreg' has no attribute '{name}'")
    module, attribute = _HOMES[name]
    return getattr(import_module(module), attribute)
