"""A small, sound workspace as text, and what to do with it: write it, change one line, and see which faults come."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path

import openpyxl
import polars as pl

from riskreg.workspace import Loaded, load

SETTINGS = """\
format: 1
title: Small
client: northwind-home
currency: EUR
time_zone: Europe/London
shipped_rules: false
wide:
  - file: wide.csv
    at: Week
    time_zone: Europe/London
    columns: {Leavers: leavers, Satisfied: csat}
    n: {leavers: Heads}
    scope: {site: Place, client: "=northwind-home"}
"""

NETWORK = """\
vendors:
  - {id: altura, name: Altura, manager: vendor-manager}
  - {id: beacon, name: Beacon}
hazards:
  - {id: grid, name: Luzon grid, kind: power}
systems:
  - {id: tel, name: Telephony, kind: telephony}
  - {id: vpn, name: VPN, needs: system:tel}
sites:
  - {id: MNL, name: Manila, party: altura, country: PH, time_zone: Asia/Manila, seats: 100, hazards: [grid], needs: system:tel}
  - {id: BOG, name: Bogotá, party: beacon, country: CO, time_zone: America/Bogota, seats: 50}
  - {id: GLA, name: Glasgow, party: client, country: GB, time_zone: Europe/London, seats: 20}
pools:
  - {id: MNL-o, name: Orders, site: MNL, languages: [EN], channels: [voice], skills: [orders], positions: 40}
  - {id: BOG-o, name: Orders, site: BOG, languages: [EN, ES], channels: [voice, chat], skills: [orders], positions: 10}
  - {id: GLA-o, name: Orders, site: GLA, languages: [EN], channels: [voice], skills: [orders], positions: 5}
functions:
  - id: ORD-EN
    name: Orders
    channel: voice
    language: EN
    skill: orders
    time_zone: Europe/London
    demand: [{days: mon-fri, from: "08:00", to: "20:00", positions: 30}]
    served_by:
      - {pool: MNL-o, share: 0.8}
      - {pool: BOG-o, share: 0.2}
    tier: 2
    rto: 4h
    mtpd: 24h
    mbco: 0.5
    impact: 4
    needs: {all: [system:tel, {any: [system:vpn, system:tel]}]}
contracts:
  - id: altura-msa
    vendor: altura
    title: Altura
    starts: 2025-01-01
    ends: 2027-12-31
    notice: 90d
    scope: [ORD-EN]
    surge: [{pool: MNL-o, positions: 5, opens: 2d}]
    takeover: [{pool: GLA-o, positions: 5, opens: 1d, authority: vendor-manager, trigger: A dark site}]
"""

PEOPLE = """\
roles:
  - {id: vendor-manager, title: Vendor manager, holder: Robin Vale, tiers: [tier-1]}
"""

METRICS = """\
metrics:
  - {id: leavers, name: Leavers, definition: Agents who left, least: 0, detector: {kind: attrition_spike}}
  - {id: csat, name: Satisfaction, definition: Share of good answers, unit: share, worse: down, grain: interval, least: 0, most: 1}
  - id: volume
    name: Volume
    definition: Calls
    grain: day
    time_zone: America/New_York
    detector: {kind: forecast_miss, forecast: plan}
  - {id: plan, name: Plan, definition: Calls forecast, grain: day}
"""

RULES = """\
- id: leaving
  version: 1
  title: People leave
  owner: vendor-manager
  category: talent-attrition
  severity: high
  when:
    all:
      - {as: spike, signal: attrition_spike, where: {strength: {gte: 3}, site: {ne: GLA}}}
      - not: {fact: contract, where: {days_left: {lt: 30}}}
  join: [vendor]
  then:
    raise: {likelihood: 4, impact: from-function-criticality}
    playbooks: [stay]
    escalate: tier-1
    conclude: {fact: thin}
  explain: "{{ spike.site }}: {{ spike.value }} leavers"
- id: thin-cover
  version: 1
  title: Thin cover
  owner: vendor-manager
  category: coverage-gap
  severity: low
  when: {all: [{as: t, fact: thin}]}
  join: [vendor]
  then: {playbooks: [stay]}
  explain: "{{ t.vendor }} is thin"
"""

TESTS = """\
rule: leaving
tests:
  - name: it fires
    given:
      - {signal: attrition_spike, vendor: altura, site: MNL, at: "2026-11-16T00:00:00Z", strength: 4, value: 9.0}
    expect: [{rule: leaving, vendor: altura}]
  - name: weak
    given: [{signal: attrition_spike, vendor: altura, at: "2026-11-16T00:00:00Z", strength: 2}]
    expect: []
"""

PLAYBOOK = """\
---
id: stay
version: 1
title: Keep people
category: talent-attrition
owner: vendor-manager
summary: What to do first.
---
## What happened

{{ situation.scope }}
"""

READINGS = """\
at,metric,site,function,value,n,source
2026-11-02,leavers,MNL,,3,100,weekly
2026-11-09,leavers,MNL,,4,98,weekly
2026-11-09T08:30:00+08:00,csat,BOG,,0.8,210,
2026-11-09,volume,,ORD-EN,900,,
2026-11-09,leavers,GLA,,0,20,weekly
"""

FILES = {
    "riskreg.yaml": SETTINGS,
    "network/network.yaml": NETWORK,
    "people/people.yaml": PEOPLE,
    "metrics/metrics.yaml": METRICS,
    "rules/rules.yaml": RULES,
    "rules/leaving.test.yaml": TESTS,
    "playbooks/stay.md.j2": PLAYBOOK,
    "readings/weekly.csv": READINGS,
}


def write(root: Path, files: dict[str, str | bytes] | None = None) -> Path:
    """The sound workspace under `root`, with some files in place of its own or beside them."""
    for name, text in (FILES | (files or {})).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return root


def changed(root: Path, name: str, old: str, new: str) -> Loaded:
    """What loading finds after one change to one file; the old text must be there exactly once."""
    assert FILES[name].count(old) == 1, f"{old!r} stands {FILES[name].count(old)} times in {name}"
    return load(write(root, {name: FILES[name].replace(old, new)}))


def told(loaded: Loaded) -> list[str]:
    """Place, severity and code of every fault: `network/network.yaml:9:5 error unknown-id`."""
    return [f"{fault.span} {fault.severity} {fault.code}" for fault in loaded.faults]


def with_readings(root: Path, text: str | bytes, name: str = "readings/weekly.csv") -> Loaded:
    """What loading finds with one readings file only."""
    root = write(root)
    (root / "readings/weekly.csv").unlink()
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return load(root)


def frame(loaded: Loaded) -> pl.DataFrame:
    assert told(loaded) == []
    assert loaded.workspace is not None
    return loaded.workspace.readings


def at(year: int, month: int, day: int, hour: int = 0, minute: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def as_parquet(text: str) -> bytes:
    out = io.BytesIO()
    plain = pl.read_csv(text.encode(), infer_schema=False)
    plain.with_columns(pl.col("value").cast(pl.Float64), pl.col("n").cast(pl.Int64)).write_parquet(out)
    return out.getvalue()


def as_jsonl(text: str) -> bytes:
    return pl.read_csv(text.encode(), infer_schema=False).with_columns(pl.col("value").cast(pl.Float64)).write_ndjson().encode()


def as_xlsx(text: str, title: str = "Week 46") -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = title
    for row in text.splitlines():
        sheet.append([float(cell) if cell.replace(".", "").isdigit() else cell or None for cell in row.split(",")])
    return saved(book)


def saved(book: openpyxl.Workbook) -> bytes:
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()
