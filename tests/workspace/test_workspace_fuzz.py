"""Whatever a file holds, loading ends, and says something or gives a workspace."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from workspace_cases import FILES, write

from riskreg.workspace import CODES, load

SETTINGS = FILES["riskreg.yaml"]
words = st.sampled_from(
    [
        "a",
        "id",
        "needs",
        "sites",
        "all",
        "MNL",
        "4h",
        "1e3",
        "true",
        "null",
        ".inf",
        ".nan",
        "-1",
        "[",
        "]",
        "{",
        "}",
        ": ",
        ", ",
        "- ",
        "\n",
        "\n  ",
        '"',
        '"\\e[31m"',
        "&x ",
        "*x",
        "#",
        "é",
    ],
)
cells = st.sampled_from(
    [
        "2026-11-16",
        "2026-11-16T00:00:00Z",
        "leavers",
        "csat",
        "MNL",
        "BOG",
        "ORD-EN",
        "3",
        "-1",
        "nan",
        "",
        '"',
        ",",
        "\n",
        "\r\n",
        ";",
        "\x00",
        "é",
        " ",
        "1e400",
        "\x1b[31m",
    ],
)


def ends(files: dict[str, str | bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        loaded = load(write(Path(folder), files))
    assert (loaded.workspace is None) == any(fault.severity == "error" for fault in loaded.faults)
    for fault in loaded.faults:
        assert fault.code in CODES or fault.code.startswith("rule-")
        assert fault.message.isprintable()


@pytest.mark.parametrize("name", ["network/network.yaml", "rules/rules.yaml", "riskreg.yaml", "playbooks/stay.md.j2"])
@settings(max_examples=25, deadline=None, derandomize=True)
@given(data=st.data())
def test_any_text_in_place_of_a_line(name: str, data: st.DataObject) -> None:
    lines = FILES[name].splitlines()
    lines[data.draw(st.integers(0, len(lines) - 1))] = "".join(data.draw(st.lists(words, max_size=8)))
    ends({name: "\n".join(lines)})


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.lists(cells, max_size=40), st.sampled_from(["at,metric,site,value,n\n", "at,metric,value\n", ""]))
def test_any_csv(parts: list[str], head: str) -> None:
    ends({"readings/more.csv": head + "".join(part + ("," if index % 3 else "") for index, part in enumerate(parts))})


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.binary(max_size=60), st.sampled_from(["csv", "jsonl", "parquet", "xlsx"]))
def test_any_bytes(data: bytes, suffix: str) -> None:
    ends({f"readings/more.{suffix}": data})


def test_a_workspace_with_nothing_but_settings_and_readings() -> None:
    for text in ("at,metric,value\n", "at,metric,value\n2026-11-16,leavers,3\n"):
        with tempfile.TemporaryDirectory() as folder:
            root = Path(folder)
            (root / "readings").mkdir()
            (root / "riskreg.yaml").write_text("title: T\nclient: c\nshipped_rules: false\n")
            (root / "readings/x.csv").write_text(text)
            assert [fault.code for fault in load(root).faults] == ["unknown-metric"] * (text.count("\n") - 1)
