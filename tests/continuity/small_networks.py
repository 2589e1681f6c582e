"""Tiny networks that can be solved by hand, and the calls that every test of this room makes."""

from __future__ import annotations

import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from riskreg.continuity import make_plan
from riskreg.model.disruption import Disruption, Loss
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan, Verdict

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "benchmarks"))

MONDAY_NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
YEAR = 365 * 86400
TESTED = {"grade": "tested", "on": date(2026, 5, 1)}


def site(ident: str, party: str = "acme", **more: Any) -> dict[str, Any]:
    return {"id": ident, "name": f"Site {ident}", "party": party, "country": "PL", "time_zone": "UTC", "seats": 100} | more


def pool(ident: str, at: str, positions: Any = 10, **more: Any) -> dict[str, Any]:
    base = {"id": ident, "name": f"Pool {ident}", "site": at, "languages": ["en"], "channels": ["voice"], "skills": ["care"]}
    return base | {"positions": positions} | more


def routing(opens: str = "1h", **more: Any) -> dict[str, Any]:
    return {"opens": opens, "evidence": TESTED} | more


def function(ident: str, served: Any, demand: Any = 10, **more: Any) -> dict[str, Any]:
    parts = {served: 1.0} if isinstance(served, str) else served
    base = {"id": ident, "name": f"Function {ident}", "channel": "voice", "language": "en", "skill": "care", "time_zone": "UTC"}
    rest = {"tier": 2, "rto": "4h", "mtpd": "24h", "mbco": 0.5, "impact": 3, "demand": demand}
    return base | rest | {"served_by": [{"pool": name, "share": share} for name, share in parts.items()]} | more


def contract(vendor: str, scope: list[str], **more: Any) -> dict[str, Any]:
    base = {"id": f"{vendor}-msa", "vendor": vendor, "title": "Agreement", "starts": date(2026, 1, 1), "ends": date(2027, 12, 31)}
    return base | {"notice": "90d", "scope": scope} | more


def network(**parts: Any) -> Network:
    vendors = sorted({s["party"] for s in parts.get("sites", [])} - {"client"})
    return Network.model_validate({"vendors": [{"id": v, "name": v.title(), "manager": "vendor-manager"} for v in vendors]} | parts)


def lose(*refs: str | Loss, onset: datetime = MONDAY_NOON) -> Disruption:
    return Disruption(losses=tuple(Loss(ref=ref) if isinstance(ref, str) else ref for ref in refs), onset=onset)


def plan(net: Network, *refs: str | Loss, onset: datetime = MONDAY_NOON, **more: Any) -> FailoverPlan:
    return make_plan(net, lose(*refs, onset=onset), as_of=onset, evidence_expires=YEAR, **({"horizon": 2 * 86400} | more))


def verdict(made: FailoverPlan, ident: str) -> Verdict:
    return next(found for found in made.verdicts if found.function == ident)


def two_sites(**more: Any) -> Network:
    """A loses its site; pool `b` of the same vendor at another site has 10 positions and serves 4."""
    parts: dict[str, Any] = {
        "sites": [site("A"), site("B")],
        "pools": [pool("a", "A"), pool("b", "B", routing=routing())],
        "functions": [function("F", "a"), function("G", "b", 4)],
        "contracts": [contract("acme", ["F", "G"])],
    }
    return network(**(parts | more))
