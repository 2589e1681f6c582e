"""A vendor's contracts in words: how long they run, when notice is due, what they promise in a disruption."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from riskreg.model.network import Contract
from riskreg.model.times import say_duration, say_positions
from riskreg.publishing import words
from riskreg.publishing.edition import Edition


def rows(edition: Edition, vendor: str) -> list[dict[str, Any]]:
    """One row a contract of the vendor, the one that ends first before the others."""
    found = sorted((item for item in edition.network.contracts if item.vendor == vendor), key=lambda item: (item.ends, item.id))
    return [{"title": item.title, "id": item.id, "ends": _ends(edition, item), "levers": _levers(edition, item)} for item in found]


def _ends(edition: Edition, contract: Contract) -> str:
    today = edition.content.as_of.date()
    left = (contract.ends - today).days
    if left < 0:
        return f"ended {words.day(contract.ends)}"
    notice = contract.ends - timedelta(seconds=contract.notice)
    due = f"notice by {words.day(notice)}" if notice >= today else f"notice was due {words.day(notice)}"
    return f"{words.count(left, 'day')} left, ends {words.day(contract.ends)}; {due}"


def _levers(edition: Edition, contract: Contract) -> list[str]:
    """Surge, standby, takeover and step-in, each with its size, its delay, how firm it is and how it is known."""
    out = []
    for name, options in (("Surge", contract.surge), ("Standby", contract.standby), ("Takeover by us", contract.takeover)):
        for lever in options:
            known = lever.evidence.grade + (f" {words.day(lever.evidence.at)}" if lever.evidence.at else "")
            where = edition.name(f"pool:{lever.pool}")
            out.append(
                f"{name}: {say_positions(lever.positions)} positions at {where} after {say_duration(lever.ready)}, "
                f"{lever.firmness}, {known}"
            )
    if contract.step_in:
        step = contract.step_in
        out.append(f"Step-in: {words.percent(step.share)} of the people after {say_duration(step.ready)}, {step.firmness}")
    return out
