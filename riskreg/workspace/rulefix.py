"""Mends in a workspace's own rule files what is certain, and leaves all else, comments and layout too, as it is."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import date, datetime
from difflib import get_close_matches, unified_diff
from pathlib import Path as File

from riskreg.inference.lint import mends
from riskreg.inference.lint.checks import Gone, Path
from riskreg.model.rule import ORDER, Rule, Scalar
from riskreg.workspace.definitions import Definitions, lift_node, read_definitions
from riskreg.workspace.rulechecks import known_beside, unknown_names
from riskreg.workspace.rulelint import moment, must_be_workspace
from riskreg.workspace.sources import Desk
from riskreg.workspace.storage import write_atomic, write_lock
from riskreg.workspace.validate import Written, validate
from riskreg.workspace.yamledit import NotHere, edited, has_aliases, removed, replaced, shortened
from riskreg.workspace.yamlfile import Node, parse

MISSPELT = frozenset({"unknown-fact-field", "unknown-signal", "unknown-fact", "unknown-playbook", "unknown-metric"})
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,15})?")
MOST_PASSES = 10
CLOSE = 0.7
"""How alike two names must be for one to be meant by the other, and no second one may be."""


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of a rule: where the rule begins, the path within it, what is to stand there, and why. `key`: another name."""

    rule: tuple[int, int]
    path: Path
    value: Scalar | Gone
    why: str
    key: bool = False


@dataclass(frozen=True, slots=True)
class Mended:
    """A file that was mended, or would be: each change in words, and the difference line by line."""

    path: str
    changes: tuple[str, ...]
    diff: str


def fix(
    root: File, *, now: datetime, as_of: datetime | None = None, only: Collection[str] = (), dry_run: bool = False
) -> tuple[Mended, ...]:
    """Mends what is certain in the rule files of the workspace at `root`; with `only`, in those rules; shipped rules never.

    Certain are: a name that nothing has and exactly one name is like; a join field named twice; a condition that always holds; a
    number in quotes; an exception whose last day has passed. A file is written as a whole or not at all, and only where it then
    says what it said, these changes apart. What a change uncovers is mended too; with `dry_run`
    nothing is written, so that this is not seen.

    Raises:
        FaultError: `root` is no workspace, another process writes in it, or the system refuses.
    """
    must_be_workspace(root)
    first: dict[str, str] = {}
    said: dict[str, tuple[str, ...]] = {}
    with nullcontext() if dry_run else write_lock(root):
        for _ in range(1 if dry_run else MOST_PASSES):
            texts = dict(_pass(root, now, as_of, only))
            for path, (before, after, changes) in texts.items():
                first.setdefault(path, before)
                said[path] = (*said.get(path, ()), *changes)
                if not dry_run:
                    write_atomic(root / path, after.encode())
            if dry_run or not texts:
                break
        mended = []
        for path in sorted(first):
            after = texts[path][1] if dry_run else (root / path).read_bytes().decode()
            lines = [text.splitlines(keepends=True) for text in (first[path], after)]
            mended.append(Mended(path, said[path], "".join(unified_diff(lines[0], lines[1], path, path))))
    return tuple(mended)


def _pass(
    root: File, now: datetime, as_of: datetime | None, only: Collection[str]
) -> Iterator[tuple[str, tuple[str, str, tuple[str, ...]]]]:
    """Each file that would change, as it is and as it would be, and the changes in words."""
    desk = Desk()
    found = read_definitions(root, desk)
    for path, edits in _edits(found, moment(found, now, as_of).date(), only, partial=desk.partial).items():
        before = (root / path).read_bytes().decode()
        after, changes = _applied(before, path, edits)
        if after != before:
            yield path, (before, after, changes)


def _edits(found: Definitions, today: date, only: Collection[str], *, partial: bool) -> dict[str, list[Edit]]:
    """File → its changes."""
    own = {
        ident: item
        for ident, item in found.rules.declared.items()
        if item.path.startswith("rules/") and (not only or ident in only)
    }
    edits: dict[str, list[Edit]] = {}

    def add(item: Written, path: Path, value: Scalar | Gone, why: str, *, key: bool = False) -> None:
        edits.setdefault(item.path, []).append(Edit((item.node.line, item.node.col), path, value, why, key))

    spots = {(item.path, *spot): (item, path) for item in own.values() for spot, path in _spots(item.node)}
    for unknown in () if partial else unknown_names(found):
        meant = _meant(unknown.word, unknown.known)
        span = unknown.span
        if unknown.code in MISSPELT and meant is not None and (span.path, span.line, span.col) in spots:
            item, path = spots[span.path, span.line, span.col]
            is_key = unknown.code == "unknown-fact-field" and path[-1] == unknown.word
            add(item, path, meant, f"{unknown.message}; '{meant}' is meant", key=is_key)
    for item in own.values():
        for path in _twice(item.node):
            add(item, path, Gone.GONE, "join names a field twice")
        for path, number in _quoted(item.node):
            add(item, path, number, f"'{path[-2]}' is compared with the text of {number:g}; the number is meant")
    for ident, path, value, why in mends(found.rules.nouns, replace(known_beside(found), as_of=today)):
        if ident in own:
            add(own[ident], path, value, why)
    return edits


def _applied(before: str, path: str, edits: Collection[Edit]) -> tuple[str, tuple[str, ...]]:
    """The text with every change that can be made safely, and these in words; as it was where it would not mean the same."""
    mark = "\ufeff" if before.startswith("\ufeff") else ""
    text = before.removeprefix(mark)
    tree, faults = parse(text, path)
    if tree is None or faults or has_aliases(text):
        return before, ()
    wanted, done = tree.value, list[str]()
    # Values before names, removals after both and the last entry of a list first, so that no change moves another's place.
    ordered = sorted(edits, key=lambda e: (e.value is Gone.GONE, e.key, [-step if isinstance(step, int) else 0 for step in e.path]))
    for edit in dict.fromkeys(ordered):
        try:
            here = shortened(wanted, _whole(tree, edit))
            if edit.value is Gone.GONE:
                fresh, data = removed(text, here), edited(wanted, here, edit.value)
            else:
                fresh, data = replaced(text, here, edit.value, key=edit.key), edited(wanted, here, edit.value, key=edit.key)
        except NotHere:
            continue
        again, wrong = parse(fresh, path)
        if again is not None and not wrong and again.value == data and _loads(again, path) >= _loads(tree, path):
            text, wanted = fresh, data
            done.append(edit.why)
    return mark + text, tuple(done)


def _loads(tree: Node, path: str) -> int:
    """How many rules of a file can be read."""
    return sum(validate(Rule, lift_node(node), path)[0] is not None for node in _rules(tree))


def _rules(tree: Node) -> tuple[Node, ...]:
    return tree.items if isinstance(tree.value, list) else (tree,)


def _whole(tree: Node, edit: Edit) -> Path:
    """The path of a change in the file: the rule's position in a list first, and `when` where the field stands there."""
    listed = isinstance(tree.value, list)
    index = next((index for index, rule in enumerate(_rules(tree)) if (rule.line, rule.col) == edit.rule), 0)
    rule = _rules(tree)[index]
    under = ("when",) if edit.path[0] not in rule.fields and edit.path[0] in rule.down("when").fields else ()
    return (*((index,) if listed else ()), *under, *edit.path)


def _spots(node: Node, path: Path = ()) -> Iterator[tuple[tuple[int, int], Path]]:
    """Where each name and each scalar of a rule stands, and its path."""
    for name, below in node.fields.items():
        yield node.keys[name], (*path, name)
        yield from _spots(below, (*path, name))
    for index, below in enumerate(node.items):
        yield from _spots(below, (*path, index))
    if not node.fields and not node.items:
        yield (node.line, node.col), path


def _twice(rule: Node) -> Iterator[Path]:
    join = rule.get("join")
    for index, item in enumerate(join.items if join else ()):
        if join and item.value in [other.value for other in join.items[:index]]:
            yield "join", index


def _quoted(node: Node, path: Path = ()) -> Iterator[tuple[Path, float]]:
    """Where a number stands in quotes after gt, gte, lt or lte, and the number."""
    parts: list[tuple[str | int, Node]] = [*node.fields.items(), *enumerate(node.items)]
    for name, below in parts:
        if name == "tests" and not path:
            continue  # what a test gives has no operators
        if name in ORDER and isinstance(below.value, str) and _NUMBER.fullmatch(below.value):
            yield (*path, name), float(below.value) if "." in below.value else int(below.value)
        yield from _quoted(below, (*path, name))


def _meant(word: str, known: Collection[str]) -> str | None:
    """The one name that is like a word; None where there is none, or more than one."""
    same = [name for name in known if name.lower() == word.lower()]
    near = same or get_close_matches(word, sorted(known), n=2, cutoff=CLOSE)
    return near[0] if len(near) == 1 else None
