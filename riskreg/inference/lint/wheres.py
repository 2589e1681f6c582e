"""What a pattern lets through in each field: its own conditions, the rule's scope, and what the field can be at all."""

from __future__ import annotations

from collections.abc import Callable

from riskreg.inference.lint.kinds import kind_of, possible
from riskreg.inference.lint.pack import Outline, Pack
from riskreg.inference.lint.values import Values, meet, values_of
from riskreg.model.rule import Pattern


def has_field(pattern: Pattern, field: str, pack: Pack) -> bool:
    """Whether facts of this kind carry the field, as far as their kind is described."""
    return kind_of(pattern, field, pack.made) != "unknown"


def pattern_values(outline: Outline, number: int, pack: Pack) -> Callable[[str], Values]:
    """Field → what the pattern lets through; scope counts for patterns that are not negated, in the fields that they carry."""
    pattern = outline.patterns[number]

    def of(field: str) -> Values:
        found = possible(pattern, field, pack.made)
        if field in pattern.where:
            found = meet(found, values_of(pattern.where[field]))
        if number in outline.positive and field in outline.rule.scope and has_field(pattern, field, pack):
            found = meet(found, values_of(outline.rule.scope[field]))
        return found

    return of
