"""A new rule: ids whose files would never be read are refused before anything is written."""

from __future__ import annotations

from pathlib import Path

import pytest

from riskreg.model.faults import FaultError
from riskreg.workspace import RuleFiles
from riskreg.workspace.newrule import Answers, write_rule


def answers(ident: str) -> Answers:
    return Answers(
        id=ident,
        title="Something is wrong",
        category="sla-breach",
        severity="low",
        owner="duty-manager",
        looks=("cover",),
        join=("site",),
    )


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "riskreg.yaml").write_text("format: 1\ntitle: Acme\nclient: acme\nshipped_rules: false\n")
    return tmp_path


@pytest.mark.parametrize("ident", ["x.test", "x.TEST", "README", "README-first", "readme", "CON", "con.v2", "nul", "LPT9"])
def test_an_id_whose_file_would_not_be_read_as_a_rule_is_refused(root: Path, ident: str) -> None:
    with pytest.raises(FaultError) as raised:
        write_rule(root, answers(ident), [])
    (told,) = raised.value.faults
    assert told.code == "bad-id"
    assert told.message.startswith(f"'{ident}' cannot be the id of a rule: ")
    assert not (root / "rules").exists()


@pytest.mark.parametrize("ident", ["x.tests", "test", "console", "read-me", "com10"])
def test_ids_that_only_look_like_those_are_written_and_read_again(root: Path, ident: str) -> None:
    write_rule(root, answers(ident), [])
    read = RuleFiles(root).read()
    assert [rule.id for rule in read.rules] == [ident]
    assert len(read.tests[ident]) == 2
