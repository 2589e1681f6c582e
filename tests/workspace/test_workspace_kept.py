"""What is kept of earlier runs: of another shape it counts as absent, and a fresh run does not look at it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from riskreg.workspace import RuleFiles, kept, run_kept

RULE = """\
id: first
version: 1
title: Nobody can take over
owner: duty-manager
category: coverage-gap
severity: low
when: {fact: cover}
join: [site]
tests:
  - {name: fires, given: [{fact: cover, site: MNL}], expect: [{rule: first, site: MNL}]}
  - {name: fails, given: [{fact: cover, site: MNL}], expect: []}
"""


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "riskreg.yaml").write_text("format: 1\ntitle: Acme\nclient: acme\nshipped_rules: false\n")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "first.yaml").write_text(RULE)
    return tmp_path


def forge(root: Path, name: str, body: bytes) -> None:
    (root / ".riskreg").mkdir(exist_ok=True)
    (root / ".riskreg" / f"{name}.json").write_bytes(kept._seal(body) + b"\n" + body)


def written(root: Path, name: str) -> Any:
    return json.loads((root / ".riskreg" / f"{name}.json").read_bytes().partition(b"\n")[2])


def passed(root: Path, **options: Any) -> list[tuple[bool, bool]]:
    return [(one.result.passed, one.cached) for one in run_kept(root, engine="reference", **options)]


def test_a_fresh_run_does_not_believe_what_was_kept(root: Path) -> None:
    rule = root / "rules" / "first.yaml"
    rule.write_text(RULE.partition("  - {name: fails")[0])
    assert passed(root) == [(True, False)]
    assert passed(root) == [(True, True)]
    rule.write_text(RULE)
    assert passed(root) == [(True, False), (False, False)]
    from riskreg.model.base import content_hash

    key = content_hash(["reference", RuleFiles(root).hashes("first")])
    forge(root, "rule-tests", json.dumps({"first": [key, ["fails", True, [], ["rules/first.yaml", 11, 5]]]}).encode())
    assert passed(root) == [(True, True)], "who can write into .riskreg can forge what passed before"
    assert passed(root, fresh=True) == [(True, False), (False, False)]
    assert passed(root) == [(True, False), (False, False)], "what was forged is gone"


def test_a_fresh_run_reads_every_file(root: Path) -> None:
    passed(root)
    index = written(root, "rule-files")
    index["rules/first.yaml"][0] = None
    index["rules/first.yaml"][2:] = []
    forge(root, "rule-files", json.dumps(index).encode())
    assert passed(root) == [], "who can write into .riskreg can forge what a file holds"
    assert passed(root, fresh=True) == [(True, False), (False, False)]


@pytest.mark.parametrize(
    "value",
    [
        5,
        None,
        "text",
        [],
        [5],
        {},
        ["KEY", 5],
        ["KEY", [1, 2]],
        ["KEY", ["a", True, [5], ["p", 1, 1]]],
        ["KEY", ["a", True, [], 5]],
    ],
)
def test_results_of_another_shape_are_absent(root: Path, value: Any) -> None:
    from riskreg.model.base import content_hash

    key = content_hash(["reference", RuleFiles(root).hashes("first")])
    if isinstance(value, list) and value[:1] == ["KEY"]:
        value = [key, *value[1:]]
    forge(root, "rule-tests", json.dumps({"first": value}).encode())
    assert passed(root) == [(True, False), (False, False)]


@pytest.mark.parametrize(
    "value",
    [5, None, "text", [], {}, [None], [None, "SHA", 5], [None, "SHA", [1]], [None, "SHA", [1, 2, 3, 4, 5, 6, 7]],
     [None, "SHA", ["first", "1", 5, None, [], [], False]], [None, "SHA", ["first", 1, 5, None, [[1]], [], False]]],
)  # fmt: skip
def test_an_index_of_another_shape_is_absent(root: Path, value: Any) -> None:
    import hashlib

    sha256 = hashlib.sha256((root / "rules" / "first.yaml").read_bytes()).hexdigest()
    if isinstance(value, list):
        value = [sha256 if one == "SHA" else one for one in value]
    forge(root, "rule-files", json.dumps({"rules/first.yaml": value}).encode())
    assert passed(root) == [(True, False), (False, False)]


@pytest.mark.parametrize("body", [b"[" * 100_000, b"5", b"{", b"\xff"])
def test_a_file_that_is_no_mapping_is_absent(root: Path, body: bytes) -> None:
    for name in ("rule-files", "rule-tests"):
        forge(root, name, body)
    assert passed(root) == [(True, False), (False, False)]
