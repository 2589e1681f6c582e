"""Changes in the text of a YAML file at known places: everything else, comments and layout too, stays as it was written."""

from __future__ import annotations

import copy
import json
from typing import Any

import yaml

from riskreg.inference.lint.checks import Gone, Path


class NotHere(Exception):
    """The file is written in a way in which this change cannot be made safely."""


def replaced(text: str, path: Path, value: Any, *, key: bool = False) -> str:
    """The text with another scalar at `path`; with `key`, with another name for the field that `path` ends in."""
    name, node, _ = _entry(_root(text), path)
    target = name if key else node
    if not isinstance(target, yaml.ScalarNode) or target.style in ("|", ">"):
        raise NotHere
    quote = target.style if isinstance(value, str) and target.style in ("'", '"') else ""
    return text[: target.start_mark.index] + quote + _written(value) + quote + text[target.end_mark.index :]


def removed(text: str, path: Path) -> str:
    """The text without the field or the entry of a list at `path`, nor what would be left empty around it."""
    root = _root(text)
    name, node, around = _entry(root, path)
    entries = _entries(around)
    position = next(index for index, (_, value) in enumerate(entries) if value is node)
    if len(entries) == 1:
        return removed(text, path[:-1])
    if getattr(around, "flow_style", None):
        spans = [((first or value).start_mark.index, value.end_mark.index) for first, value in entries]
        start, end = (
            (spans[position][0], spans[position + 1][0])
            if position + 1 < len(spans)
            else (spans[position - 1][1], spans[position][1])
        )
        return text[:start] + text[end:]
    start = text.rfind("\n", 0, (name or node).start_mark.index) + 1
    if text[start : (name or node).start_mark.index].strip(" -") or (name and "-" in text[start : name.start_mark.index]):
        raise NotHere
    last = text.find("\n", _end(node))
    return text[:start] + (text[last + 1 :] if last >= 0 else "")


def edited(data: Any, path: Path, value: Any, *, key: bool = False) -> Any:
    """The same change on plain data, to compare with."""
    data = copy.deepcopy(data)
    holders = [data]
    for step in path[:-1]:
        holders.append(holders[-1][step])
    holder, step = holders[-1], path[-1]
    if key:
        items = [(value if name == step else name, below) for name, below in holder.items()]
        holder.clear()
        holder.update(items)
    elif value is not Gone.GONE:
        holder[step] = value
    elif len(holder) > 1:
        del holder[step]
    else:
        return edited(data, path[:-1], value)
    return data


def shortened(data: Any, path: Path) -> Path:
    """`path` as the data have it: `metric: leavers` is short for an `eq` below it. NotHere where it leads nowhere."""
    for depth, step in enumerate(path):
        if not isinstance(data, (dict, list)):
            if path[depth:] != ("eq",):
                raise NotHere
            return path[:depth]
        holder: Any = data
        if step not in (data if isinstance(data, dict) else range(len(data))):
            raise NotHere
        data = holder[step]
    return path


def has_aliases(text: str) -> bool:
    """Whether one thing of the file stands for several, so that a change here would be one there too."""
    return any(isinstance(token, yaml.AnchorToken | yaml.AliasToken) for token in yaml.scan(text, Loader=yaml.SafeLoader))


def _root(text: str) -> yaml.Node:
    node = yaml.compose(text, Loader=yaml.SafeLoader)
    if node is None:
        raise NotHere
    return node


def _entry(root: yaml.Node, path: Path) -> tuple[yaml.Node | None, yaml.Node, yaml.Node]:
    """The name (None in a list), the value and what holds it."""
    name, node, around = None, root, root
    for step in path:
        around = node
        entries = _entries(node)
        found = [entry for index, entry in enumerate(entries) if (entry[0].value if entry[0] is not None else index) == step]
        if len(found) != 1:
            raise NotHere
        name, node = found[0]
    return name, node, around


def _entries(node: yaml.Node) -> list[tuple[yaml.Node | None, yaml.Node]]:
    if isinstance(node, yaml.MappingNode):
        return list(node.value)
    return [(None, item) for item in node.value] if isinstance(node, yaml.SequenceNode) else []


def _end(node: yaml.Node) -> int:
    """Where the last character of a node stands; the mark of a block is that of what comes after it."""
    entries = [] if getattr(node, "flow_style", None) else _entries(node)
    return _end(entries[-1][1]) if entries else int(node.end_mark.index) - (1 if getattr(node, "style", None) in ("|", ">") else 0)


def _written(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)
