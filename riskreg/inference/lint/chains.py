"""Rules that lead back to themselves: over what they conclude, and over the risks that they raise."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from riskreg.inference.lint.checks import Outline, Pack, Told, across
from riskreg.inference.lint.fields import Values, empty, listed, meet, possible, text, values_of
from riskreg.model.rule import Pattern

Vertex = tuple[str, str | int]
"""("rule", its position), ("fact", a name), ("risk", a category). Facts and risks stand between rules, so that edges grow with
the patterns and not with the pairs of rules."""
_RAISED = frozenset({text("identified"), text("reopened")})
"""States of a risk that a finding brings about by itself."""
_HINT = "What a rule leads to must not, over any number of rules, decide whether it fires."
_NAMED = 6


@across("rule-cycle", "Conclusions lead back to their own rule.", "error", forbids=True)
def cycle(pack: Pack) -> Iterator[Told]:
    for group, negated in _circles(pack, risks=False):
        if not negated:
            yield from _told(pack, group, "the conclusions of {} lead back to where they begin")


@across(
    "rule-cycle-negated",
    "The same through a `not`; also where a `not` on `risk` silences the rule that raises that risk.",
    "error",
    forbids=True,
)
def cycle_negated(pack: Pack) -> Iterator[Told]:
    told: set[int] = set()
    for group, negated in _circles(pack, risks=False):
        told |= {index for kind, index in group if kind == "rule" and isinstance(index, int)}
        if negated:
            yield from _told(pack, group, "the conclusions of {} lead through a 'not' back to where they begin")
    for group, negated in _circles(pack, risks=True) if "risk" in pack.matched else ():
        fresh = {vertex for vertex in group if vertex[0] != "rule" or vertex[1] not in told}
        if negated and any(vertex[0] == "risk" for vertex in group):
            yield from _told(pack, fresh, "the risks that come of {} lead through a 'not' back to where they begin")


def _told(pack: Pack, group: set[Vertex], message: str) -> Iterator[Told]:
    indices = sorted(int(index) for kind, index in group if kind == "rule")
    names = sorted(pack.rules[index].id for index in indices)
    said = ", ".join(names[:_NAMED]) + (f" and {len(names) - _NAMED} more" if len(names) > _NAMED else "")
    for index in indices:
        outline = pack.outlines[index]
        inside = [n for n, pattern in outline.patterns.items() for seen in _seen(pattern, pack) if seen in group]
        where = outline.places[inside[0]] if inside else ("when",)
        yield Told(where, message.format(said), _HINT, rule=outline.rule.id)


def _circles(pack: Pack, *, risks: bool) -> Iterator[tuple[set[Vertex], bool]]:
    """Every set of vertices that lead to one another, and whether a 'not' is on a way between them."""
    graph: dict[Vertex, list[Vertex]] = {}
    denied: list[tuple[Vertex, Vertex]] = []
    for index, outline in enumerate(pack.outlines):
        here: Vertex = ("rule", index)
        edges: list[Vertex] = []
        for number, pattern in outline.patterns.items():
            for seen in _seen(pattern, pack):
                if risks or seen[0] != "risk":
                    edges.append(seen)
                    graph.setdefault(seen, [])
                    denied += [(here, seen)] if number in outline.negative else []
        if edges:
            graph[here] = edges
        for made in _made(outline, risks=risks) if edges else ():
            graph.setdefault(made, []).append(here)
    group_of: dict[Vertex, int] = {}
    groups = [group for group in components(graph) if len(group) > 1]
    for position, group in enumerate(groups):
        group_of |= dict.fromkeys(group, position)
    against = {group_of[a] for a, b in denied if a in group_of and group_of.get(b) == group_of[a]}
    for position, group in enumerate(groups):
        yield set(group), position in against


def _made(outline: Outline, *, risks: bool) -> Iterator[Vertex]:
    if outline.rule.then.conclude:
        yield "fact", outline.rule.then.conclude.fact
    if risks and outline.rule.then.raises:
        yield "risk", outline.rule.category


def _seen(pattern: Pattern, pack: Pack) -> Iterator[Vertex]:
    """What a pattern looks at: a fact by its name, or the risks of every category that it can match."""
    if pattern.fact is None:
        return
    if pattern.fact != "risk":
        if pattern.fact in pack.made:
            yield "fact", pattern.fact
        return
    states = _left(pattern, "state", pack)
    if not empty(meet(states, Values(among=_RAISED))):
        categories = _left(pattern, "category", pack).among or frozenset()
        yield from sorted(("risk", name) for _, name in categories if isinstance(name, str))


def _left(pattern: Pattern, field: str, pack: Pack) -> Values:
    """The values of a field that a pattern lets through."""
    values = possible(pattern, field, pack.made)
    condition = pattern.where.get(field)
    return listed(meet(values, values_of(condition)) if condition else values)


def components(graph: Mapping[Vertex, Sequence[Vertex]]) -> Iterator[list[Vertex]]:
    """Strongly connected components (Tarjan 1972, without recursion), in time linear in vertices and edges."""
    number: dict[Vertex, int] = {}
    low: dict[Vertex, int] = {}
    stack: list[Vertex] = []
    on_stack: set[Vertex] = set()
    for root in graph:
        if root in number:
            continue
        work = [(root, iter(graph[root]))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on_stack.add(root)
        while work:
            here, ahead = work[-1]
            for other in ahead:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on_stack.add(other)
                    work.append((other, iter(graph[other])))
                    break
                if other in on_stack:
                    low[here] = min(low[here], number[other])
            else:
                work.pop()
                if work:
                    parent = work[-1][0]
                    low[parent] = min(low[parent], low[here])
                if low[here] == number[here]:
                    cut = _from_end(stack, here)
                    found = stack[cut:]
                    del stack[cut:]
                    on_stack.difference_update(found)
                    yield found


def _from_end(stack: Sequence[Vertex], vertex: Vertex) -> int:
    position = len(stack) - 1
    while stack[position] != vertex:
        position -= 1
    return position
