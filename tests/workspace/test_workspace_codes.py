"""Every code that is given is explained, and every code that is explained can be given."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import riskreg.workspace
from riskreg.model.faults import Span
from riskreg.workspace import CODES
from riskreg.workspace.codes import did_you_mean, fault

ROOM = Path(riskreg.workspace.__file__).parent
CODE = re.compile(r"[a-z]+(-[a-z]+)*")


def given() -> set[str]:
    """Every text constant of the room's modules that is a known code, the table apart."""
    found: set[str] = set()
    for path in ROOM.glob("*.py"):
        if path.name != "codes.py":
            constants = (node.value for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Constant))
            found |= {value for value in constants if isinstance(value, str)}
    return found


def called() -> set[str]:
    """The first argument of every call of `fault`, `add` and `check` that is a text."""
    found: set[str] = set()
    for path in ROOM.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, (ast.Name, ast.Attribute)):
                name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                place = {"fault": 0, "check": 2}.get(name)
                if place is not None and len(node.args) > place and isinstance(node.args[place], ast.Constant):
                    found.add(str(node.args[place].value))  # type: ignore[attr-defined]
    return found


def test_every_code_is_given_somewhere() -> None:
    assert sorted(set(CODES) - given()) == []


def test_every_code_that_is_given_is_in_the_table() -> None:
    assert len(called()) > 30
    assert sorted(called() - set(CODES)) == []


def test_a_code_outside_the_table_cannot_be_given() -> None:
    with pytest.raises(KeyError):
        fault("no-such-code", "x", Span(path="x"))


def test_codes_and_meanings_are_well_formed() -> None:
    for code, meaning in CODES.items():
        assert CODE.fullmatch(code), code
        assert meaning.endswith("."), code
        assert meaning[0].isupper(), code


def test_the_nearest_word() -> None:
    assert did_you_mean("mnl", ["CEB", "MNL"]) == "Did you mean 'MNL'?"
    assert did_you_mean("zzz", ["CEB", "MNL"]) == ""
