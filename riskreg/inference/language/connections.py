"""Which rules decide together: one looks at what another concludes. Light enough for an index of files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from riskreg.model.rule import Rule


class Connection(NamedTuple):
    """What of a rule touches others: the fact that it concludes, and the facts that it looks at, under `not` too."""

    concludes: str | None
    looks: tuple[str, ...]


def connection(rule: Rule) -> Connection:
    """The connection of one rule; facts sorted."""
    from riskreg.model.rule import negatives, positives

    facts = {pattern.fact for part in (positives, negatives) for pattern in part(rule.when) if pattern.fact}
    return Connection(rule.then.conclude.fact if rule.then.conclude else None, tuple(sorted(facts)))


class Connections:
    """Rule id → its connection, ready to be asked which rules a decision needs."""

    def __init__(self, rules: Mapping[str, Connection]) -> None:
        self.rules = rules
        self._makers: dict[str, list[str]] = {}
        for ident, one in rules.items():
            if one.concludes:
                self._makers.setdefault(one.concludes, []).append(ident)

    def around(self, names: Iterable[str]) -> tuple[str, ...]:
        """The named rules and every rule without which they could decide otherwise: those whose conclusions they look at, over any
        number of rules, and those that conclude the same fact. Sorted; a name that is no rule is passed over."""
        open_ = [name for name in dict.fromkeys(names) if name in self.rules]
        found, expanded = set(open_), set[str]()
        while open_:
            one = self.rules[open_.pop()]
            for fact in {*one.looks, one.concludes or ""} - expanded:
                expanded.add(fact)
                new = [maker for maker in self._makers.get(fact, ()) if maker not in found]
                found.update(new)
                open_ += new
        return tuple(sorted(found))
