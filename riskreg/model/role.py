"""Roles: who acts, by which phone, and who stands in; files name roles, and roles name people."""

from __future__ import annotations

from datetime import date
from typing import Literal

from riskreg.model.base import Frozen, Id, Line, Text


class Role(Frozen):
    """One role with its holder and deputy. Phones are international; `call_tested` is when somebody last rang them."""

    id: Id
    title: Text
    party: Id = "client"
    holder: Text
    phone: Line = ""
    deputy: Line = ""
    deputy_phone: Line = ""
    email: Line = ""
    time_zone: str = "UTC"
    hours: Line = ""
    call_tested: date | None = None
    left_on: date | None = None
    audience: Literal["internal", "public"] = "internal"
    tiers: tuple[Id, ...] = ()
    """Escalation tiers that reach this role, such as `tier-2`."""

    def acting(self, on: date | None) -> Role:
        """The role as it stands on a day: once the holder has left, the deputy holds it. None: whoever has a last day is gone."""
        if self.left_on is None or (on is not None and self.left_on > on):
            return self
        holder = self.deputy or "nobody is named"
        return self.model_copy(update={"holder": holder, "phone": self.deputy_phone, "deputy": "", "deputy_phone": "", "email": ""})
