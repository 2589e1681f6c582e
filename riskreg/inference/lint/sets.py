"""What would make rules unsound beside one another: ids, and what they conclude."""

from __future__ import annotations

from collections.abc import Iterator

from riskreg.inference.lint.pack import Pack
from riskreg.inference.lint.registry import Told, across


@across("rule-duplicate", "Two rules have one id.", "error", forbids=True)
def duplicate(pack: Pack) -> Iterator[Told]:
    seen: set[str] = set()
    for rule in pack.rules:
        if rule.id in seen:
            yield Told(("id",), f"two rules have the id {rule.id}", "Ids are never used twice.", "id: another-name", rule=rule.id)
        seen.add(rule.id)


@across("rule-conclude-keys", "Two rules conclude the same fact with different joins.", "error", forbids=True)
def conclude_keys(pack: Pack) -> Iterator[Told]:
    for name, makers in pack.makers.items():
        first = makers[0]
        others = [rule for rule in makers if set(rule.join) != set(first.join)]
        for rule in (first, *others) if others else ():
            other = others[0] if rule is first else first
            message = f"it concludes '{name}' and so does {other.id}, but they join on different fields"
            hint = "Rules that conclude the same fact have the same join."
            yield Told(("join",), message, hint, f"join: [{', '.join(first.join) or 'site'}]", rule=rule.id)
