"""Checks: each is a function with one stable code; the table of codes is made of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from riskreg.inference.lint.pack import Outline, Pack

Path = tuple[str | int, ...]
"""Where in a rule, in the file's own words: ("when", "all", 1, "where", "strength")."""
Severity = Literal["error", "warning"]


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that a check found: where in which rule, what is wrong, and what to do. `rule` is set for checks over all."""

    where: Path
    message: str
    hint: str
    example: str = ""
    rule: str = ""
    severity: Severity | None = None
    """Where it is another one than the check's."""


Each = Callable[["Outline", "Pack"], Iterator[Told]]
Across = Callable[["Pack"], Iterator[Told]]


@dataclass(frozen=True, slots=True)
class Check:
    """A check: of each rule by itself, or (`finalize`) of all rules together."""

    code: str
    meaning: str
    """One line for the table in docs/rule-language.md."""
    severity: Severity
    fixable: bool
    forbids: bool
    """A rule with this fault cannot be run soundly, so that no run begins."""
    each: Each | None = None
    finalize: Across | None = None


_CHECKS: dict[str, Check] = {}
CHECKS: Mapping[str, Check] = _CHECKS
"""Code → check, in the order in which they are written."""


def each(
    code: str, meaning: str, severity: Severity = "warning", *, fixable: bool = False, forbids: bool = False
) -> Callable[[Each], Each]:
    """Registers a check of one rule at a time."""

    def register(run: Each) -> Each:
        _add(Check(code, meaning, severity, fixable, forbids, each=run))
        return run

    return register


def across(code: str, meaning: str, severity: Severity = "warning", *, forbids: bool = False) -> Callable[[Across], Across]:
    """Registers a check over all rules, which runs after those of each."""

    def register(run: Across) -> Across:
        _add(Check(code, meaning, severity, fixable=False, forbids=forbids, finalize=run))
        return run

    return register


def _add(check: Check) -> None:
    if check.code in _CHECKS:
        raise ValueError(f"two checks have the code {check.code}")
    _CHECKS[check.code] = check
