"""A node of a file → a noun, or faults that a person can act on: one for each mistake, at the place where it stands."""

from __future__ import annotations

import re
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from riskreg.model.faults import Fault, Span
from riskreg.workspace.codes import did_you_mean, fault
from riskreg.workspace.fields import example
from riskreg.workspace.schemafiles import model_schema
from riskreg.workspace.yamlfile import Node

M = TypeVar("M", bound=BaseModel)
Schema = dict[str, Any]
_NEEDS = frozenset({"needs", "home_needs", "all", "any", "of"})


@dataclass(frozen=True)
class Written:
    """An entry as it stands in its file, sound or not."""

    node: Node
    path: str

    def span(self, *fields: str | int) -> Span:
        """The place of a field's value, or of the deepest thing on the way to it."""
        return self.at(self.node.down(*fields))

    def at(self, node: Node) -> Span:
        """The place of a node of this file."""
        return Span(path=self.path, line=node.line, col=node.col)

    def texts(self, *fields: str) -> Iterator[tuple[str, Span]]:
        """Every text at the end of `fields` with its place; a list on the way stands for each of its entries."""
        nodes = [self.node]
        for name in (*fields, None):
            nodes = [item for node in nodes for item in (node.items if isinstance(node.value, list) else (node,))]
            if name is not None:
                nodes = [below for node in nodes if (below := node.get(name)) is not None]
        yield from ((node.value, self.at(node)) for node in nodes if isinstance(node.value, str))


@dataclass(frozen=True)
class Placed(Written, Generic[M]):
    """A sound entry: the noun, and where it stands."""

    noun: M


def validate(model: type[M], node: Node, path: str, also: Mapping[str, Any] | None = None) -> tuple[M | None, list[Fault]]:
    """The noun that `node` describes, or None with every fault in it. `also` are fields that the file gives elsewhere."""
    try:
        value = node.value | dict(also or {}) if isinstance(node.value, dict) else node.value
        return model.model_validate(value, by_alias=True, by_name=False), []
    except ValidationError as error:
        schema = model_schema(model)
        groups: dict[tuple[str | int, ...], list[ErrorDetails]] = {}
        for detail in error.errors(include_url=False):
            where = _where(node, detail)
            below = node.down(*where)
            if detail["type"] != "too_short" or len(below.items) < detail["ctx"]["min_length"]:  # else: its entries are at fault
                groups.setdefault(where, []).append(detail)
        groups = {
            where: details for where, details in groups.items() if not _other_member(node.down(*where), where, details, groups)
        }
        faults = {where: _fault(schema, node, path, where, details) for where, details in groups.items()}
        return None, [item for where, item in faults.items() if not _misspelt(where, item, faults)]


def _other_member(
    node: Node, where: tuple[str | int, ...], details: list[ErrorDetails], groups: Container[tuple[Any, ...]]
) -> bool:
    """True for a mapping that is no plain value, where a member of the union that is a mapping has faults of its own."""
    plain = isinstance(node.value, dict) and all(detail["type"] in _PLAIN for detail in details)
    return plain and any((*where, field) in groups for field in node.fields)


def _misspelt(where: tuple[str | int, ...], item: Fault, faults: Mapping[tuple[str | int, ...], Fault]) -> bool:
    """True for a field that is missing because its name beside it is misspelt: that is one mistake."""
    if item.code != "missing-field":
        return False
    hint = f"Did you mean '{where[-1]}'?"
    return any(f.code == "unknown-field" and f.hint == hint and other[:-1] == where[:-1] for other, f in faults.items())


def _where(node: Node, detail: ErrorDetails) -> tuple[str | int, ...]:
    """The steps of pydantic's location that exist in the file; the rest are names of union members."""
    steps: list[str | int] = []
    for step in detail["loc"]:
        below = node.get(step)
        if below is not None:
            steps.append(step)
            node = below
    if detail["type"] == "missing":
        steps.append(detail["loc"][-1])
    return tuple(steps)


_CALLED = {"Named": "LimitByName", "RuleException": "Exception"}


def _article(noun: str) -> str:
    noun = _CALLED.get(noun, noun)
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", noun).lower()
    return f"{'an' if words[:1] in 'aeiou' else 'a'} {words}"


def _fault(schema: Schema, root: Node, path: str, where: tuple[str | int, ...], details: list[ErrorDetails]) -> Fault:
    detail = details[0]
    node = root.down(*where)
    name = next((step for step in reversed(where) if isinstance(step, str)), "")
    kind, own = _field(schema, schema, root, where)
    line, col = node.line, node.col
    if detail["type"] == "extra_forbidden":
        parent = root.down(*where[:-1])
        line, col = parent.keys[name]
        known = sorted({field for field, _ in _properties(schema, schema, root, where[:-1])} - set(parent.fields))
        hint = did_you_mean(name, known) or f"It may have {', '.join(known)}."
        nouns = {str(member["title"]) for member in _at(schema, schema, root, where[:-1]) if "properties" in member}
        code, message = "unknown-field", f"'{name}' is not a field {'of ' + _article(nouns.pop()) if len(nouns) == 1 else 'here'}"
    elif detail["loc"][-1:] == ("[key]",):
        line, col = root.down(*where[:-1]).keys.get(name, (line, col))
        code, message, hint = _say(details, Node(name, line, col), "", {})
    else:
        code, message, hint = _say(details, node, name, own)
        if detail["type"] == "union_tag_invalid":
            tag = node.down(_tag(detail))
            line, col = tag.line, tag.col
        elif detail["type"] == "value_error" and (meant := _meant(node, message)) is not None:
            line, col = meant.line, meant.col
    line_example = example(kind, name, own) if name and code != "unknown-field" else ""
    return fault(code, message, Span(path=path, line=line, col=col), hint=hint, example=line_example)


def _meant(node: Node, message: str) -> Node | None:
    """The field that a rule over several fields speaks about: the first that its message names."""
    named = dict(_fields_below(node))
    return next((named[word] for word in re.findall(r"[a-z_]+", message) if word in named), None)


def _fields_below(node: Node) -> Iterator[tuple[str, Node]]:
    for name, below in node.fields.items():
        yield from _fields_below(below)
        yield name, below  # after those below it, so that the nearer field of a name counts


def _say(details: list[ErrorDetails], node: Node, name: str, own: Schema) -> tuple[str, str, str]:
    """Code, message and hint of one mistake; several details are the members of one union, none of which fits."""
    detail = details[0]
    kind, context, written = detail["type"], detail.get("ctx", {}), _short(node.value)
    about = f"'{name}'" if name else "this"
    if isinstance(node.value, float) and not isfinite(node.value) and kind != "value_error":
        return "out-of-range", f"{about} must be a finite number, not {written}", "Write the number, or leave the field out."
    if isinstance(node.value, (dict, list)) and len(details) > 1 and all(item["type"] in _PLAIN for item in details):
        return "wrong-type", f"{about} cannot be {written}", f"It is {_expected(own)}."
    if len({item["type"] for item in details}) > 1 and not isinstance(node.value, (dict, list)):
        return "wrong-type", f"{about} cannot be {written}", f"It is {_expected(own)}."
    if kind == "missing":
        return "missing-field", f"'{name}' is missing", str(own.get("description", ""))
    if kind in ("value_error", "assertion_error"):
        said = str(context.get("error", detail["msg"]))
        plain = name and not isinstance(node.value, (dict, list))
        return "bad-value", f"{about} cannot be {written}: {said}" if plain else said, ""
    if kind == "not_printable":
        return "not-printable", f"{about} {detail['msg']}", "Type the text again instead of pasting it."
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        tag = _tag(detail)
        choices = [part.strip(" '") for part in str(context.get("expected_tags", "")).split(",") if part.strip(" '")]
        below = node.get(tag)
        if below is None:
            return "missing-field", f"'{tag}' is missing in {about}", f"It is one of {', '.join(choices)}." if choices else ""
        return "unknown-choice", f"'{below.value}' is not a {tag} of {about}", _choose(str(below.value), choices)
    if name in _NEEDS and isinstance(node.value, dict):
        return (
            "bad-value",
            "a need is a reference, or all, any or at_least over needs",
            did_you_mean(str(next(iter(node.value), "")), _NEEDS),
        )
    choices = [str(item) for item in _choices(own)]
    if kind == "literal_error" or (choices and kind.endswith("_type")):
        choices = choices or re.findall(r"'([^']+)'", str(context.get("expected", "")))
        return "unknown-choice", f"{about} cannot be {written}", _choose(str(node.value), choices)
    if kind == "string_pattern_mismatch":
        return _pattern(str(context.get("pattern", "")), about, written)
    if kind.startswith(("date_", "datetime_", "timezone_")) or kind in ("date_type", "datetime_type"):
        if kind == "timezone_aware":
            return "naive-time", f"{about} does not say its time zone", "Add the offset from UTC: 2026-11-21T06:00:00+00:00."
        return "bad-date", f"{written} is not a date that exists", "Write year-month-day: 2026-06-30."
    if kind in _BOUNDS:
        words, key = _BOUNDS[kind]
        return "out-of-range", f"{about} must be {words} {context[key]}, not {written}", str(own.get("description", ""))
    if kind in ("too_short", "too_long", "string_too_short", "string_too_long"):
        return "bad-value", f"{about} {_length(kind, context)}", str(own.get("description", ""))
    return "wrong-type", f"{about} must be {_EXPECTED.get(kind, _expected(own))}, not {written}", _quote_hint(kind, node.value)


def _tag(detail: ErrorDetails) -> str:
    return str(detail.get("ctx", {}).get("discriminator", "kind")).strip("'")


_BOUNDS = {
    "greater_than_equal": ("at least", "ge"), "less_than_equal": ("at most", "le"),
    "greater_than": ("more than", "gt"), "less_than": ("less than", "lt"),
}  # fmt: skip
_PLAIN = frozenset({"bool_type", "int_type", "float_type", "string_type", "value_error"})
"""What a plain value is told when a mapping or a list stands there."""
_EXPECTED = {
    "string_type": "text", "int_type": "a whole number", "int_from_float": "a whole number", "int_parsing": "a whole number",
    "float_type": "a number", "float_parsing": "a number", "bool_type": "true or false", "bool_parsing": "true or false",
    "tuple_type": "a list", "list_type": "a list", "dict_type": "a mapping of names to values",
    "model_type": "a mapping of fields", "model_attributes_type": "a mapping of fields",
}  # fmt: skip
_TYPES = {
    "string": "text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "a list",
    "object": "a mapping",
}


def _pattern(pattern: str, about: str, written: str) -> tuple[str, str, str]:
    if pattern.startswith("^[A-Za-z0-9]["):
        hint = "Letters A to Z, digits, dot, dash and underscore, 64 at most, beginning with a letter or digit."
        return "bad-id", f"{written} is not an identifier", hint
    if pattern.startswith("^(site|"):
        kinds = pattern[2 : pattern.index(")")].replace("|", ", ")
        return "bad-ref", f"{written} is not a reference", f"Write kind:id, such as site:MNL; the kinds are {kinds}."
    if pattern.startswith("^[a-z][a-z0-9_]"):
        return (
            "bad-value",
            f"{written} is not the name of a field",
            "Small letters, digits and underscores, such as site.",
        )
    hints = {"^[A-Z]{2}$": "Write two capital letters, such as PH.", "^[A-Z]{3}$": "Write three capital letters, such as EUR."}
    return "bad-value", f"{about} cannot be {written}", hints.get(pattern, "")


def _length(kind: str, context: Mapping[str, Any]) -> str:
    if kind == "string_too_short":
        return "is empty"
    if kind == "string_too_long":
        return f"is longer than {context['max_length']} characters"
    edge, limit = ("at least", context["min_length"]) if kind == "too_short" else ("at most", context["max_length"])
    return f"needs {edge} {limit} {'entry' if limit == 1 else 'entries'}, and has {context['actual_length']}"


def _quote_hint(kind: str, value: Any) -> str:
    if kind == "string_type" and isinstance(value, (int, float)):
        return "Put it in quotes, so that it stays text."
    if kind.startswith(("int_", "float_")) and isinstance(value, str):
        return "Write the number without quotes or unit."
    return "Write it as a list: [first, second]." if kind in ("tuple_type", "list_type") else ""


def _short(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return str(value)
    if isinstance(value, (dict, list)):
        return "a list" if isinstance(value, list) else "a mapping"
    text = str(value)
    return f"'{text}'" if len(text) <= 60 else f"'{text[:57]}…'"


def _choose(written: str, choices: list[str]) -> str:
    return did_you_mean(written, choices) or (f"It is one of {', '.join(choices)}." if choices else "")


def _choices(own: Schema) -> list[Any]:
    """The words of a field that allows words and nothing else."""
    members = own.get("anyOf", [own])
    words = [word for member in members for word in member.get("enum", [member["const"]] if "const" in member else [])]
    return words if all("enum" in member or "const" in member or member.get("type") == "null" for member in members) else []


def _expected(own: Schema) -> str:
    words = []
    for member in own.get("anyOf") or own.get("oneOf") or [own]:
        choices = [str(item) for item in member.get("enum", [member["const"]] if "const" in member else [])]
        words += choices or [_TYPES[kind] for kind in [member.get("type")] if kind in _TYPES]
    return " or ".join(dict.fromkeys(words)) or "something else"


# --- the schema along a path of the file ---


def _field(schema: Schema, here: Schema, root: Node, where: tuple[str | int, ...]) -> tuple[str, Schema]:
    """The model's name and the schema of the field that `where` speaks about."""
    depth = next((index for index in range(len(where) - 1, -1, -1) if isinstance(where[index], str)), -1)
    if depth < 0:
        return str(schema.get("title", "")), {}
    found = dict(_properties(schema, here, root, where[:depth]))
    model = next(_models(schema, here, root, where[:depth], str(where[depth])), "")
    own = found.get(str(where[depth]), {})
    for _ in where[depth + 1 :]:
        own = own.get("items", own)
    return model, own


def _properties(schema: Schema, here: Schema, root: Node, where: tuple[str | int, ...]) -> Iterator[tuple[str, Schema]]:
    for member in _at(schema, here, root, where):
        yield from member.get("properties", {}).items()


def _models(schema: Schema, here: Schema, root: Node, where: tuple[str | int, ...], field: str) -> Iterator[str]:
    members = list(_at(schema, here, root, where))
    yield from (str(member.get("title", "")) for member in members if field in member.get("properties", {}))
    yield from (str(member.get("title", "")) for member in members if "properties" in member)


def _at(schema: Schema, here: Schema, node: Node | None, where: tuple[str | int, ...]) -> Iterator[Schema]:
    """Every schema that may describe the value at the end of `where`."""
    for member in _open(schema, here, node):
        if not where:
            yield member
        elif isinstance(where[0], int):
            if isinstance(items := member.get("items"), dict):
                yield from _at(schema, items, node.get(where[0]) if node else None, where[1:])
        else:
            below = member.get("properties", {}).get(where[0], member.get("additionalProperties"))
            if isinstance(below, dict):
                yield from _at(schema, below, node.get(where[0]) if node else None, where[1:])


def _open(schema: Schema, here: Schema, node: Node | None) -> Iterator[Schema]:
    """References followed and unions opened; members of a tagged union whose tag the file contradicts are left out."""
    if "$ref" in here:
        yield from _open(schema, schema["$defs"][here["$ref"].rpartition("/")[2]], node)
    elif members := here.get("anyOf") or here.get("oneOf"):
        opened = [below for member in members for below in _open(schema, member, node)]
        yield from (below for below in opened if _tagged(below, node))
    else:
        yield here


def _tagged(member: Schema, node: Node | None) -> bool:
    fields = node.fields if node else {}
    tags = {name: body["const"] for name, body in member.get("properties", {}).items() if "const" in body}
    return all(name not in fields or fields[name].value == tag for name, tag in tags.items())
