"""The outcome of a rule test."""

from __future__ import annotations

from riskreg.model.base import Frozen
from riskreg.model.faults import Span


class RuleTestResult(Frozen):
    """One rule test: what was expected, what came. A row is a rule with its join key; a row with `flag` is missing data that had
    to be told, one with `fault` says why the test could not be judged."""

    rule: str
    name: str
    passed: bool
    negative: bool
    """It says that the rule must stay silent."""
    expected: tuple[dict[str, str], ...]
    got: tuple[dict[str, str], ...]
    near: tuple[str, ...] = ()
    """Of a test that fails: for each finding that did not come what is missing, and what each unexpected one stands on."""
    span: Span | None = None
    """Where the test stands."""
