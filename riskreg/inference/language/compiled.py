"""A rule made ready to run: its tree, its branches and what its patterns carry, worked out once; and a rule with its candidates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from riskreg.inference.language.meaning import Branch, Candidate, Item, Node, branches, carried, patterns, tree
from riskreg.model.rule import Pattern, Rule


@dataclass(frozen=True, slots=True)
class Compiled:
    """What of a rule does not depend on facts."""

    rule: Rule
    node: Node
    branches: tuple[Branch, ...]
    patterns: Mapping[int, Pattern]
    """Number → pattern, in file order; those under `not` too."""
    carries: Mapping[int, frozenset[str]]
    """Number → the rule's join fields that facts of this pattern carry."""

    @property
    def positive(self) -> frozenset[int]:
        """Numbers of the patterns that are not negated."""
        return frozenset(number for branch in self.branches for number in branch.positive)


@dataclass(frozen=True, slots=True)
class Ready:
    """A rule with its candidates: all that an engine is given, and both are given the same."""

    compiled: Compiled
    as_of: datetime
    takes: Mapping[int, tuple[Candidate, ...]]
    """Number of a positive pattern → what it can take, sorted by fact id, then stretch. Of a counted pattern: one entry for each
    shortest stretch. Every candidate has text in each join field that its pattern carries."""
    denies: Mapping[int, tuple[Item, ...]]
    """Number of a negated pattern → facts that could silence the rule, in id order: kind, `where`, time and own window hold;
    whether they agree with a key, and are enough where the pattern counts, is for the engine to say."""

    @property
    def rule(self) -> Rule:
        return self.compiled.rule


def compile_rule(rule: Rule, conclusions: Mapping[str, frozenset[str]]) -> Compiled:
    """`conclusions`: name of every fact that a rule concludes → the join fields that it carries."""
    node = tree(rule.when)
    numbered = patterns(node)
    carries = {number: carried(pattern, conclusions, rule.join) for number, pattern in numbered.items()}
    return Compiled(rule, node, branches(node), numbered, carries)
