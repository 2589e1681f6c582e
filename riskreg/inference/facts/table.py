"""Facts as one table of several parts: each is read once, and one can be exchanged while the others stay."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from typing import TYPE_CHECKING

import numpy as np

from riskreg.inference.facts.accepting import DUPLICATE, MAX_FAULTS, accept, further, refusal
from riskreg.inference.facts.columns import Kind, Name, Part, Words, told
from riskreg.inference.language.meaning import Item
from riskreg.model.signal import Fact

if TYPE_CHECKING:
    import polars as pl


class Facts(Mapping[str, Item]):
    """Accepted facts: by kind as columns, and by id. Build it once where many questions are asked of the same facts."""

    def __init__(self, parts: Sequence[Part] = (), words: Words | None = None) -> None:
        """`parts` have no id in common; `beside` sees to that."""
        self.parts = tuple(parts)
        self.words = words or Words()
        self.faults = tuple(fault for part in parts for fault in part.faults)
        names = sorted({name for part in parts for name in part.kinds})
        self.kinds: Mapping[Name, tuple[Kind, ...]] = {
            name: tuple(part.kinds[name] for part in parts if name in part.kinds) for name in names
        }

    @classmethod
    def of(cls, facts: Sequence[Fact]) -> Facts:
        """From flat dicts; those that cannot be judged soundly are left out, with a fault."""
        return cls([told(*accept(facts))])

    @classmethod
    def made(cls, items: Sequence[Item]) -> Facts:
        """From items in id order."""
        return cls([told(items)])

    @classmethod
    def from_frame(cls, frame: pl.DataFrame) -> Facts:
        """From a frame of flat columns, one row a fact, null where it has nothing; checked as a whole.

        The same facts are accepted as by `of`: text, numbers, booleans and times with a zone.
        """
        from riskreg.inference.facts.frames import read

        return cls([read(frame)])

    def beside(self, *others: Facts) -> Facts:
        """These with those of other tables, nothing of them read again. A fact whose id is there already is left out, with a
        fault."""
        parts = list(self.parts)
        for part in (part for other in others for part in other.parts):
            parts.append(_new(part, parts))
        return Facts(parts, self.words)

    def without(self, name: Name) -> Facts:
        """All but the facts of a kind."""
        if name not in self.kinds:
            return self
        parts = []
        for part in self.parts:
            if name not in part.kinds:
                parts.append(part)
            elif len(part.kinds) > 1 or part.faults:
                items = _items(kind for other, kind in part.kinds.items() if other != name)
                parts.append(told(sorted(items, key=lambda one: one.id), part.faults))
        return Facts(parts, self.words)

    def of_kind(self, name: Name) -> list[Item]:
        """The facts of a kind, in id order, made at once."""
        return sorted(_items(self.kinds.get(name, ())), key=lambda one: one.id)

    def every(self) -> list[Item]:
        """All facts, in id order, made at once."""
        return sorted(_items(kind for kinds in self.kinds.values() for kind in kinds), key=lambda one: one.id)

    def content(self) -> list[str]:
        """Texts that are the same only for the same facts in the same parts."""
        return [part.content() for part in self.parts]

    def __getitem__(self, ident: str) -> Item:
        for part in self.parts:
            if (row := part.find(ident)) is not None:
                return part.place(row)
        raise KeyError(ident)

    def __iter__(self) -> Iterator[str]:
        return merge(*(part.ids for part in self.parts))

    def __len__(self) -> int:
        return sum(len(part.ids) for part in self.parts)


def _items(kinds: Iterable[Kind]) -> list[Item]:
    return [one.item for kind in kinds for one in kind.candidates(np.arange(len(kind), dtype=np.int64))]


def _new(part: Part, before: Sequence[Part]) -> Part:
    """Without the facts that parts before it have."""
    again: set[str] = set()
    for other in before:
        few, many = sorted((part, other), key=lambda one: len(one.ids))
        again.update(ident for ident in few.ids if many.find(ident) is not None)
    if not again:
        return part
    faults = [refusal({"id": ident}, 0, DUPLICATE) for ident in sorted(again)[:MAX_FAULTS]]
    items = sorted(_items(part.kinds.values()), key=lambda one: one.id)
    return told([one for one in items if one.id not in again], (*part.faults, *faults, *further(len(again))))
