"""YAML text → a tree of nodes that know where they stand.

The scalars are those of YAML 1.2's core schema: `NO`, `on`, `yes` and `22:30` are text. Nothing is evaluated: a tag is a fault,
an alias shares a node and is counted, and depth and size have limits, so that a hostile file ends in a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from riskreg.model.faults import Fault, Span
from riskreg.workspace.codes import fault

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 60
MOST_ALIASED = 100_000
"""Nodes that aliases may add to a file, counted as if each alias were written out."""

_INT = re.compile(r"[-+]?[0-9]{1,18}\Z")
_BASED = re.compile(r"0(o[0-7]{1,20}|x[0-9a-fA-F]{1,16})\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, Any] = {"": None, "~": None, ".nan": float("nan"), ".NaN": float("nan"), ".NAN": float("nan")}
for _word, _meaning in (("null", None), ("true", True), ("false", False)):
    _WORDS |= dict.fromkeys((_word, _word.title(), _word.upper()), _meaning)
_WORDS |= {sign + form: float(sign + "inf") for sign in ("", "+", "-") for form in (".inf", ".Inf", ".INF")}

_EXAMPLES = {
    "yaml-syntax": "when: {signal: quality_drift, where: {strength: {gte: 3}}}",
    "yaml-tab": "    join: [site]",
    "yaml-key": "site: MNL",
    "yaml-tag": 'title: "2026"',
    "yaml-merge": "where: {strength: {gte: 3}, site: MNL}",
    "yaml-alias": 'title: "*** urgent"',
    "yaml-depth": "all: [{signal: quality_drift}, {any: [{signal: attrition_spike}, {signal: forecast_miss}]}]",
    "yaml-documents": "- id: second-rule",
    "duplicate-key": "join: [site, function]",
}
"""A good line for each mistake of form."""


@dataclass(frozen=True, slots=True)
class Node:
    """A value with its place (line and column from 1), and the nodes below it."""

    value: Any
    line: int
    col: int
    fields: dict[str, Node] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)
    items: tuple[Node, ...] = ()
    size: int = 1

    def get(self, key: str | int) -> Node | None:
        """The node below, by field name or position; None where there is none."""
        if isinstance(key, int):
            return self.items[key] if 0 <= key < len(self.items) else None
        return self.fields.get(key)

    def down(self, *path: str | int) -> Node:
        """The node at the end of `path`, or the deepest one on the way to it."""
        here = self
        for key in path:
            below = here.get(key)
            if below is None:
                break
            here = below
        return here

    def scalars(self) -> Iterator[Node]:
        """Every node without nodes below it, in file order."""
        if not self.fields and not self.items:
            yield self
        for below in (*self.fields.values(), *self.items):
            yield from below.scalars()


class _Stop(Exception):
    """The rest of this file cannot be read."""


def parse(text: str, path: str, first_line: int = 1) -> tuple[Node | None, list[Fault]]:
    """The tree of one YAML document, with every fault; None where the text cannot be read to its end.

    An empty document is a node whose value is None. `first_line` is the file's line at which `text` begins.
    """
    composer = _Composer(path, first_line - 1)
    try:
        return composer.document(yaml.parse(text, Loader=_Loader)), composer.faults
    except _Stop:
        return None, composer.faults
    except yaml.reader.ReaderError as error:
        line = text.encode()[: error.position].count(b"\n") + first_line
        composer.add("yaml-syntax", "a character stands here that YAML does not allow", line, 1, hint="Delete it.")
    except yaml.MarkedYAMLError as error:
        composer.syntax(error, text)
    return None, composer.faults


class _Composer:
    def __init__(self, path: str, offset: int) -> None:
        self.path, self.offset = path, offset
        self.faults: list[Fault] = []
        self.anchors: dict[str, Node] = {}
        self.aliased = 0

    def add(self, code: str, message: str, line: int, col: int, hint: str) -> None:
        span = Span(path=self.path, line=line, col=col)
        self.faults.append(fault(code, message, span, hint=hint, example=_EXAMPLES[code]))

    def at(self, event: yaml.Event) -> tuple[int, int]:
        mark = event.start_mark
        return (mark.line + 1 + self.offset, mark.column + 1) if mark else (0, 0)

    def syntax(self, error: yaml.MarkedYAMLError, text: str) -> None:
        mark = error.problem_mark or error.context_mark
        line, col = (mark.line, mark.column) if mark else (0, 0)
        lines = text.splitlines()
        written = lines[line] if line < len(lines) else ""
        if "\t" in written[: col + 1] and not written[: col + 1].strip("\t -"):
            hint = "Indent with spaces; most editors can convert tabs."
            self.add("yaml-tab", "a tab indents this line, and YAML allows only spaces", line + 1 + self.offset, col + 1, hint)
            return
        hint = "Look at this line and the one above: a missing colon, quote, bracket or indent is the usual cause."
        said = error.problem or "it ends too early"
        self.add("yaml-syntax", f"this is not well-formed YAML: {said}", line + 1 + self.offset, col + 1, hint)

    def document(self, events: Iterator[yaml.Event]) -> Node:
        root: Node | None = None
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                if root is not None:
                    line, col = self.at(event)
                    self.add("yaml-documents", "a second document begins here", line, col, "Put it into a file of its own.")
                    raise _Stop
                root = self.node(next(events), events, 0)
        return root if root is not None else Node(None, 1 + self.offset, 1)

    def node(self, event: yaml.Event, events: Iterator[yaml.Event], depth: int) -> Node:
        line, col = self.at(event)
        if isinstance(event, yaml.AliasEvent):
            return self.alias(event.anchor or "", line, col)
        if depth > DEEPEST:
            hint = "Give parts a place of their own instead of nesting them."
            self.add("yaml-depth", f"this is nested more than {DEEPEST} levels deep", line, col, hint)
            raise _Stop
        if (tag := getattr(event, "tag", None)) not in (None, "!"):
            tag = tag.replace("tag:yaml.org,2002:", "!!")
            self.add("yaml-tag", f"the tag '{tag}' is not read here", line, col, "Leave it out; quote what must stay text.")
        if isinstance(event, yaml.ScalarEvent):
            node = Node(_scalar(event.value) if event.implicit[0] else event.value, line, col)
        elif isinstance(event, yaml.SequenceStartEvent):
            items = []
            while not isinstance(below := next(events), yaml.SequenceEndEvent):
                items.append(self.node(below, events, depth + 1))
            node = Node([item.value for item in items], line, col, items=tuple(items), size=1 + sum(item.size for item in items))
        else:
            node = self.mapping(events, depth, line, col)
        if anchor := getattr(event, "anchor", None):
            self.anchors[anchor] = node
        return node

    def mapping(self, events: Iterator[yaml.Event], depth: int, line: int, col: int) -> Node:
        fields: dict[str, Node] = {}
        keys: dict[str, tuple[int, int]] = {}
        while not isinstance(event := next(events), yaml.MappingEndEvent):
            where = self.at(event)
            if not isinstance(event, yaml.ScalarEvent):
                self.add("yaml-key", "a key must be plain text", *where, hint="Text in braces needs quotes.")
                self.node(event, events, depth + 1)
                self.node(next(events), events, depth + 1)
                continue
            below = self.node(next(events), events, depth + 1)
            if event.value == "<<" and event.implicit[0]:
                self.add("yaml-merge", "'<<' does not merge here", *where, hint="Write the fields out.")
            elif event.value in fields:
                first = keys[event.value][0]
                message = f"'{event.value}' is written twice in one place, first in line {first}"
                self.add("duplicate-key", message, *where, hint="Keep one of the two.")
            else:
                fields[event.value], keys[event.value] = below, where
        values = {key: item.value for key, item in fields.items()}
        return Node(values, line, col, fields, keys, size=1 + sum(item.size for item in fields.values()))

    def alias(self, name: str, line: int, col: int) -> Node:
        node = self.anchors.get(name)
        if node is None:
            self.add("yaml-alias", f"'*{name}' names no anchor above it", line, col, "Text that begins with * needs quotes.")
            return Node(None, line, col)
        self.aliased += node.size
        if self.aliased > MOST_ALIASED:
            hint = "Write out what is meant, in several files where it is much."
            self.add("yaml-alias", f"the aliases of this file expand to more than {MOST_ALIASED:,} values", line, col, hint)
            raise _Stop
        return node


def _scalar(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if _INT.match(text):
        return int(text)
    if _BASED.match(text):
        return int(text, 0)
    return float(text) if _FLOAT.match(text) else text
