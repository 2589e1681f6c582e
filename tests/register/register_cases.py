"""What the register's tests share: findings to apply, and writers that run in processes of their own."""

from __future__ import annotations

import os
import resource
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

from riskreg.model.faults import FaultError
from riskreg.model.finding import Finding, Step
from riskreg.model.risk import Score
from riskreg.register import Conflict, Register

NOW = datetime(2026, 11, 21, 6, 0, tzinfo=UTC)
REASON = Step(kind="rule", holds=True, text="the rule holds")


def later(**parts: int) -> datetime:
    return NOW + timedelta(**parts)


def score(likelihood: int, impact: int) -> Score:
    return Score(likelihood=likelihood, impact=impact)


def finding(id_: str = "f1", likelihood: int | None = 4, impact: Any = 3, **other: Any) -> Finding:
    """A finding of attrition at MNL, unless said otherwise."""
    return Finding.model_validate(
        {
            "id": id_,
            "rule": "attrition-spike",
            "version": 1,
            "title": "Attrition spike",
            "category": "talent-attrition",
            "severity": "high",
            "key": {"site": "MNL"},
            "facts": ("signal:1",),
            "matched": ({"id": "signal:1", "value": 11.0, "at": "2026-11-16T00:00:00Z"},),
            "at": datetime(2026, 11, 16, tzinfo=UTC),
            "likelihood": likelihood,
            "impact": impact,
            "lose": ({"ref": "site:MNL", "share": 0.15, "for": "4w"},),
            "owner": "workforce-lead",
            "explain": "MNL: 11 leavers of 420",
            "reason": REASON,
        }
        | other
    )


def codes(error: FaultError) -> list[str]:
    return [fault.code for fault in error.faults]


def assess_again_and_again(path: str, name: str, times: int) -> None:
    """Assess R-001 `times` times, each time on what is there, starting again after a conflict."""
    with Register.open(Path(path)) as register:
        for turn in range(times):
            while True:
                risk = register.risk("R-001")
                try:
                    register.assess("R-001", score(1 + turn % 5, 3), f"{name} turn {turn}", name, NOW, risk.version)
                    break
                except Conflict:
                    continue


def write_until_killed(path: str, acknowledged: str) -> None:
    """Open or make a register and write to it for ever; each note that was acknowledged is named in a file at once."""
    acks = os.open(acknowledged, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Register.open(Path(path)) as register:
        for turn in count():
            register.apply([finding(f"{os.getpid()}-{turn}-{n}", 1 + (turn + n) % 5) for n in range(3)], as_of=NOW)
            text = f"{os.getpid()} turn {turn}"
            register.note("R-001", text, "writer", NOW, register.risk("R-001").version)
            os.write(acks, f"{text}\n".encode())


def write_until_full(path: str, acknowledged: str, limit: int) -> None:
    """Write notes until no file may grow beyond `limit` bytes; the last line names the fault that this gave."""
    with Register.open(Path(path)) as register, Path(acknowledged).open("w") as acks:
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))
        for turn in count():
            try:
                register.note("R-001", f"turn {turn} {'x' * 1500}", "writer", NOW, register.risk("R-001").version)
            except FaultError as error:
                acks.write(f"{codes(error)[0]}\n")
                return
            acks.write(f"turn {turn}\n")
