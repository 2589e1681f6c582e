"""Seeded networks of any size, for benchmarks and tests: plausible in shape, invented in every figure."""

from __future__ import annotations

import random
from datetime import date
from typing import Any

from riskreg.model.network import Network

COUNTRIES = (
    ("PH", "Asia/Manila"),
    ("IN", "Asia/Kolkata"),
    ("CO", "America/Bogota"),
    ("PL", "Europe/Warsaw"),
    ("ZA", "Africa/Johannesburg"),
)
LANGUAGES = ("en", "es", "de", "fr")
SKILLS = ("orders", "tech", "payments")
CHANNELS = ("voice", "chat")
FIRST, LAST = date(2025, 1, 1).isoformat(), date(2030, 12, 31).isoformat()


def make_network(sites: int, seed: int) -> Network:
    """A network of `sites` sites, two pools each and about one and a half times as many functions; the same for the same seed."""
    dice = random.Random(seed)
    vendors = [f"V{number}" for number in range(max(2, sites // 5))]
    places = [_site(dice, number, vendors) for number in range(sites)]
    pools = [_pool(dice, number, places[number // 2]) for number in range(2 * sites)]
    functions = [_function(dice, number, pools) for number in range(max(3, sites * 3 // 2))]
    _staff(dice, pools, functions)
    return Network.model_validate(
        {
            "vendors": [{"id": vendor, "name": f"Vendor {vendor}"} for vendor in vendors],
            "hazards": [{"id": f"H{number}", "name": f"Hazard {number}", "kind": "carrier"} for number in range(sites // 4 + 1)],
            "systems": [
                {"id": "crm", "name": "Records", "needs": {"any": ["system:cloud-a", "system:cloud-b"]}, "restore": "4h"},
                {"id": "cloud-a", "name": "Cloud A", "restore": "8h"},
                {"id": "cloud-b", "name": "Cloud B", "restore": "8h"},
            ],
            "sites": places,
            "pools": pools,
            "functions": functions,
            "contracts": [_contract(dice, vendor, places, pools, functions) for vendor in vendors],
        }
    )


def _site(dice: random.Random, number: int, vendors: list[str]) -> dict[str, Any]:
    country, zone = dice.choice(COUNTRIES)
    return {
        "id": f"S{number}",
        "name": f"Site {number}",
        "party": "client" if number % 8 == 7 else dice.choice(vendors),
        "country": country,
        "time_zone": zone,
        "seats": 0,
        "hazards": [f"H{number // 4}"],
        "restore": "5d",
    }


def _pool(dice: random.Random, number: int, site: dict[str, Any]) -> dict[str, Any]:
    tested = {"grade": "tested", "on": "2026-05-01"}
    pool: dict[str, Any] = {
        "id": f"P{number}",
        "name": f"Pool {number}",
        "site": site["id"],
        "languages": sorted(dice.sample(LANGUAGES, dice.choice((1, 1, 2)))),
        "channels": sorted(dice.sample(CHANNELS, dice.choice((1, 2)))),
        "skills": sorted(dice.sample(SKILLS, dice.choice((1, 2)))),
        "certificates": ["pci"] if dice.random() < 0.4 else [],
        "positions": 0,
        "needs": "system:crm",
    }
    if dice.random() < 0.8:
        pool["routing"] = {"opens": dice.choice(("15m", "1h", "2h")), "evidence": tested if dice.random() < 0.6 else {}}
    if dice.random() < 0.6:
        pool["overtime"] = {
            "share": 0.1,
            "opens": "4h",
            "lasts": "3d",
            "price": 5.0,
            "evidence": tested if dice.random() < 0.6 else {},
        }
    if dice.random() < 0.4:
        pool["home"] = {"share": 0.4, "opens": "24h", "price": 2.0, "evidence": tested}
    return pool


def _function(dice: random.Random, number: int, pools: list[dict[str, Any]]) -> dict[str, Any]:
    first = dice.choice(pools)
    channel, language, skill = dice.choice(first["channels"]), dice.choice(first["languages"]), dice.choice(first["skills"])
    able = [p for p in pools if channel in p["channels"] and language in p["languages"] and skill in p["skills"] and p is not first]
    serving = [first, *dice.sample(able, min(len(able), dice.choice((0, 1, 1, 2))))]
    tier = dice.randint(1, 5)
    rto, mtpd = (("1h", "4h"), ("4h", "24h"), ("8h", "2d"), ("24h", "3d"), ("2d", "5d"))[tier - 1]
    base = dice.randint(5, 40)
    return {
        "id": f"F{number}",
        "name": f"Function {number}",
        "channel": channel,
        "language": language,
        "skill": skill,
        "time_zone": dice.choice(("America/New_York", "Europe/London", "Europe/Berlin")),
        "demand": [{"positions": base}, {"days": "mon-fri", "from": "08:00", "to": "20:00", "positions": dice.randint(5, 40)}],
        "served_by": [{"pool": p["id"], "share": share} for p, share in zip(serving, _shares(len(serving)), strict=True)],
        "tier": tier,
        "rto": rto,
        "mtpd": mtpd,
        "mbco": (0.8, 0.6, 0.4, 0.3, 0.3)[tier - 1],
        "legal_minimum": 0.5 if tier == 1 and dice.random() < 0.5 else 0.0,
        "impact": 6 - tier,
    }


def _shares(number: int) -> list[float]:
    return {1: [1.0], 2: [0.6, 0.4], 3: [0.5, 0.3, 0.2]}[number]


def _staff(dice: random.Random, pools: list[dict[str, Any]], functions: list[dict[str, Any]]) -> None:
    """Give each pool what its functions need at their peak, and a little more."""
    for pool in pools:
        peak = sum(
            part["share"] * sum(band["positions"] for band in function["demand"])
            for function in functions
            for part in function["served_by"]
            if part["pool"] == pool["id"]
        )
        pool["positions"] = int(peak * dice.uniform(1.0, 1.3)) + dice.randint(1, 5)


def _contract(
    dice: random.Random, vendor: str, places: list[dict[str, Any]], pools: list[dict[str, Any]], functions: list[dict[str, Any]]
) -> dict[str, Any]:
    own_sites = {place["id"] for place in places if place["party"] == vendor}
    own_pools = [pool["id"] for pool in pools if pool["site"] in own_sites]
    client = [pool["id"] for pool in pools if pool["site"] in {place["id"] for place in places if place["party"] == "client"}]
    scope = [f["id"] for f in functions if dice.random() < 0.5 or any(part["pool"] in own_pools for part in f["served_by"])]
    return {
        "id": f"{vendor}-msa",
        "vendor": vendor,
        "title": f"Agreement {vendor}",
        "starts": FIRST,
        "ends": LAST,
        "notice": "180d",
        "scope": scope or [functions[0]["id"]],
        "surge": [{"pool": pool, "positions": 10, "opens": "2d", "price": 6.0} for pool in own_pools[:2]],
        "takeover": [
            {
                "pool": pool,
                "positions": 8,
                "opens": "2h",
                "price": 20.0,
                "authority": "operations-director",
                "trigger": "Minimum missed",
            }
            for pool in client[:2]
        ],
    }
