"""YAML: the scalars of 1.2, and every way in which a file can be hostile or broken."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from riskreg.workspace.yamlfile import MOST_ALIASED, parse


def value(text: str) -> object:
    node, faults = parse(text, "x.yaml")
    assert node is not None
    assert not faults
    return node.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("NO", "NO"), ("on", "on"), ("yes", "yes"), ("22:30", "22:30"), ("2026-06-30", "2026-06-30"), ("1_000", "1_000"),
        ("007", 7), ("0o17", 15), ("0x1F", 31), ("-3", -3), ("1e3", 1000.0), (".5", 0.5), ("1.", 1.0), ("+.5e-1", 0.05),
        ("true", True), ("False", False), ("~", None), ("null", None), ('"5"', "5"), ("'true'", "true"), ("4h", "4h"),
        (".inf", float("inf")), ("+44 1632 960101", "+44 1632 960101"), ("9" * 40, 1e40), ("", None),
    ],
)  # fmt: skip
def test_scalars_are_those_of_the_core_schema(written: str, meant: object) -> None:
    read = value(f"key: {written}\n")
    assert isinstance(read, dict)
    assert read == {"key": meant}
    assert type(read["key"]) is type(meant)


def test_keys_are_always_text() -> None:
    assert value("on: 1\n1: 2\nnull: 3\n") == {"on": 1, "1": 2, "null": 3}


def test_places_are_those_of_the_editor() -> None:
    node, _ = parse("a:\n  - b: 1\n    cé: [x,  y]\n", "x.yaml", first_line=3)
    assert node is not None
    assert (node.down("a", 0, "cé", 1).line, node.down("a", 0, "cé", 1).col) == (5, 14)
    assert node.down("a", 0).keys["cé"] == (5, 5)
    assert node.down("a", 7, "z") is node.down("a")


def test_an_alias_is_the_anchored_value() -> None:
    assert value("a: &x {k: [1, 2]}\nb: *x\n") == {"a": {"k": [1, 2]}, "b": {"k": [1, 2]}}


def laughs() -> str:
    lines = ["a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 9)]
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("a: [1\nb: 2\n", "2:2", "yaml-syntax"),
        ("a: b: c\n", "1:5", "yaml-syntax"),
        ("a: 'x\n", "2:1", "yaml-syntax"),
        ("a: \x07\n", "1:1", "yaml-syntax"),
        ("a:\n\tb: 1\n", "2:1", "yaml-tab"),
        ("a: 1\nb: 2\na: 3\n", "3:1", "duplicate-key"),
        ("a: 1\n---\nb: 2\n", "2:1", "yaml-documents"),
        ("a: !!python/object/apply:os.system [ls]\n", "1:4", "yaml-tag"),
        ("? [a]\n: b\n", "1:3", "yaml-key"),
        ("a: *gone\n", "1:4", "yaml-alias"),
        ("a: &a {b: *a}\n", "1:11", "yaml-alias"),
        (laughs(), "5:45", "yaml-alias"),
        ("[" * 5000, "1:62", "yaml-depth"),
        ("a:\n  <<: {b: 1}\n", "2:3", "yaml-merge"),
    ],
)  # fmt: skip
def test_broken_text_is_one_fault_at_its_place(text: str, place: str, code: str) -> None:
    _, faults = parse(text, "x.yaml")
    assert [(str(fault.span), fault.code) for fault in faults] == [(f"x.yaml:{place}", code)]
    assert faults[0].hint
    assert parse(faults[0].example, "good.yaml")[1] == []
    assert faults[0].example


def test_aliases_below_the_limit_are_read() -> None:
    each = 100
    text = f"a: &a [{', '.join(['1'] * each)}]\nb: [{', '.join(['*a'] * 50)}]\n"
    assert each * 50 < MOST_ALIASED
    read = value(text)
    assert isinstance(read, dict)
    assert len(read["b"]) == 50


plain = st.text(st.characters(min_codepoint=32, max_codepoint=0x2FF, exclude_categories=["Cc"]), max_size=12)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**17), 10**17) | st.floats(allow_nan=False, allow_infinity=False) | plain,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(plain.filter(lambda key: key != "<<"), below, max_size=4),
    max_leaves=20,
)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(values)
def test_json_is_yaml(written: object) -> None:
    text = json.dumps(written, ensure_ascii=False)
    node, faults = parse(text, "x.yaml")
    assert not faults
    assert node is not None
    assert node.value == written
