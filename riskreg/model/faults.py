"""Faults as data: what is wrong, where, and how to put it right. A loader returns them all; nobody prints from within."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from riskreg.model.base import Frozen


class Span(Frozen):
    """Where something stands: a path relative to the workspace, line and column from 1 (0: the whole file), or a sheet's cell."""

    path: str
    line: int = 0
    col: int = 0
    cell: str = ""

    def __str__(self) -> str:
        if self.cell:
            return f"{self.path}:{self.cell}"
        return f"{self.path}:{self.line}:{self.col}" if self.line else self.path


class Fault(Frozen):
    """One thing that is wrong in a file, or between files.

    `code` is stable and lower case with dashes; `message` says what is wrong, `hint` what to do, `example` shows a good line.
    """

    code: str
    message: str
    hint: str = ""
    example: str = ""
    span: Span
    severity: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.span}: {self.severity} [{self.code}] {self.message}"


class FaultError(Exception):
    """Raised where a caller asked for a value that faults make impossible; carries every fault that was found.

    `changed` says in words what had been done by then; empty: nothing was changed.
    """

    def __init__(self, faults: Iterable[Fault], changed: str = "") -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        self.changed = changed
        super().__init__("\n".join(map(str, self.faults)) or "unknown fault")


def errors(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Only those faults that forbid going on."""
    return tuple(fault for fault in faults if fault.severity == "error")


def in_order(faults: Iterable[Fault]) -> tuple[Fault, ...]:
    """Sorted by place, then code, each once: the order in which a person works through them."""
    return tuple(sorted(set(faults), key=lambda f: (f.span.path, f.span.line, f.span.col, f.span.cell, f.code, f.message)))
