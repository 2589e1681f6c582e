"""Findings and people become risks: a hash-chained journal, and what it adds up to.

Public: `Register` (open, apply, risks, risk, events, head, add, assess, close, reopen, note, verify), `Conflict` (somebody else was
first), `fold` (events → risks), `preview` (what findings would change, without writing), `risk_facts` (what the register tells
the rules), `event_hash` and `GENESIS` (to check a chain anywhere), `LIMITS` (longest text of each field).
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from riskreg.register.entry import LIMITS
    from riskreg.register.journal import GENESIS, event_hash
    from riskreg.register.outlook import preview, risk_facts
    from riskreg.register.projection import fold
    from riskreg.register.register import Conflict, Register

__all__ = ["GENESIS", "LIMITS", "Conflict", "Register", "event_hash", "fold", "preview", "risk_facts"]

# SQLAlchemy takes 0.2 s to import, and `riskreg --help` does not need it.
_HOME = {
    "Register": "register",
    "Conflict": "register",
    "fold": "projection",
    "preview": "outlook",
    "risk_facts": "outlook",
    "event_hash": "journal",
    "GENESIS": "journal",
    "LIMITS": "entry",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
