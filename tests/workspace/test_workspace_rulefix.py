"""What --fix mends, and that nothing else of a rule file changes: not its comments, its layout or its meaning."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from workspace_cases import write

from riskreg.model.faults import FaultError
from riskreg.resources import shipped
from riskreg.workspace import load, write_lock
from riskreg.workspace.rulefix import Mended, fix
from riskreg.workspace.rulelint import lint

NOW = datetime(2026, 11, 21, 6, tzinfo=UTC)
RULE = """\
# Why this rule is there.
- id: leaving   # never reused
  version: 1
  title: People leave
  owner: vendor-manager
  category: talent-attrition
  severity: high
  when:
    all:
      # the spike itself
      - as: spike
        signal: attrition_spike
        where: {strength: {gte: 3}, metric: leavers}   # as agreed
      - not: {fact: contract, where: {days_left: {lt: 30}}}

  join: [vendor]
  keep_open_for: 5w
  then:
    raise: {likelihood: 4, impact: 3}
    playbooks: [stay]
  explain: >-
    {{ spike.site }}:   two  blanks
    and a second line
- {id: other, version: 1, title: Two, owner: vendor-manager, category: coverage-gap, severity: low, when: {fact: cover},
   join: [site], then: {playbooks: [stay]}, explain: x}
"""
EXCEPTION = """\
  exceptions:
    - where: {site: BOG}   # the small site
      until: 2026-01-31
      reason: Ramp-down
      approved_by: vendor-manager
"""
LATER = EXCEPTION.removeprefix("  exceptions:\n").replace("2026-01-31", "2027-01-31").replace("BOG", "MNL")


def mended(tmp_path: Path, text: str, **how: bool) -> tuple[str, tuple[Mended, ...]]:
    files: dict[str, str | bytes] = {"rules/rules.yaml": text.encode(), "rules/leaving.test.yaml": ""}
    root = write(tmp_path, files)
    done = fix(root, now=NOW, **how)
    return (root / "rules/rules.yaml").read_bytes().decode(), done


@pytest.mark.parametrize(
    ("wrong", "right"),
    [
        (("strength: {gte: 3}", "strenght: {gte: 3}"), ("strenght", "strength")),
        (("signal: attrition_spike", "signal: atrition_spike"), ("atrition_spike", "attrition_spike")),
        (("signal: attrition_spike", 'signal: "atrition_spike"'), ("atrition_spike", "attrition_spike")),
        (("fact: contract", "fact: contracts"), ("contracts", "contract")),
        (("metric: leavers", "metric: leaver"), ("metric: leaver}", "metric: leavers}")),
        (("metric: leavers", "metric: {in: [csat, leaver]}"), ("leaver]", "leavers]")),
        (("playbooks: [stay]\n  explain", "playbooks: [stey]\n  explain"), ("stey", "stay")),
        (("join: [vendor]", "join: [vendor, site, vendor]"), (", vendor]", "]")),
        (("join: [vendor]", "join:\n    - vendor # first\n    - site\n    - vendor # twice"), ("    - vendor # twice\n", "")),
        (("strength: {gte: 3}", "strength: {gte: 3, lte: 5}"), (", lte: 5", "")),
        (("strength: {gte: 3}", "strength: {exists: true, gte: 3}"), ("exists: true, ", "")),
        (("strength: {gte: 3}, metric", "strength: {gte: 1}, metric"), ("strength: {gte: 1}, ", "")),
        (("{strength: {gte: 3}, metric: leavers}", "{metric: leavers, strength: {gte: 1}}"), (", strength: {gte: 1}", "")),
        (("        where: {strength: {gte: 3}, metric: leavers}   # as agreed\n", "        where: {strength: {gte: 1}}\n"),
         ("        where: {strength: {gte: 1}}\n", "")),
        (("        where: {strength: {gte: 3}, metric: leavers}   # as agreed\n",
          "        where:\n          strength:\n            gte: 1\n          metric: leavers # kept\n"),
         ("          strength:\n            gte: 1\n", "")),
        (("strength: {gte: 3}, metric", "strength: {gte: 1, lte: 5}, metric"), ("strength: {gte: 1, lte: 5}, ", "")),
        ((", where: {days_left: {lt: 30}}", ", where: {contract: {exists: true, not_in: []}}"),
         (", where: {contract: {exists: true, not_in: []}}", "")),
        (("days_left: {lt: 30}", "fact: contract"), (", where: {fact: contract}", "")),
        (("strength: {gte: 3}", "strength: '3'"), ("'3'", "3")),
        (("strength: {gte: 3}", 'strength: {in: ["3", 4]}'), ('"3"', "3")),
        (("days_left: {lt: 30}", 'days_left: {ne: "-30"}'), ('"-30"', "-30")),
        (("  keep_open_for", EXCEPTION + "  keep_open_for"), (EXCEPTION, "")),
        (("  keep_open_for", EXCEPTION + LATER + "  keep_open_for"), (EXCEPTION, "  exceptions:\n")),
        (("  keep_open_for", "  scope: {strength: {gte: 1}}\n  keep_open_for"), ("  scope: {strength: {gte: 1}}\n", "")),
        (("  join: [vendor]\n", ""), ("", "")),
    ],
)  # fmt: skip
def test_what_is_certain_is_mended_and_nothing_else(tmp_path: Path, wrong: tuple[str, str], right: tuple[str, str]) -> None:
    assert RULE.count(wrong[0]) == 1
    before = RULE.replace(*wrong)
    after, done = mended(tmp_path, before)
    assert after == before.replace(*right, 1)
    assert [one.path for one in done] == (["rules/rules.yaml"] if after != before else [])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("strength: {gte: 3}", "stuff: {gte: 3}"),  # nothing is near
        ("signal: attrition_spike", "signal: spike"),
        ("metric: leavers", "function: {not_in: []}"),  # it may stay for a reason
        ("strength: {gte: 3}", 'strength: "three"'),
        ("strength: {gte: 3}", 'strength: {gte: "three"}'),
        ("strength: {gte: 3}", 'strength: "3.5"'),  # a strength is whole
        ("metric: leavers", "metric: 3"),  # a text, or another field
        ("strength: {gte: 3}", "strength: {gte: 6}"),  # never holds: what was meant?
        ("  keep_open_for: 5w\n", ""),
        ("strength: {gte: 3}", "strenght: {gte: 3}, strength: {lte: 4}"),  # the name is taken
        ("strength: {gte: 3}", "strength: &three {gte: 1}, value: *three"),  # one text, two meanings
    ],
)
def test_what_is_not_certain_is_left_alone(tmp_path: Path, old: str, new: str) -> None:
    assert RULE.count(old) == 1
    before = RULE.replace(old, new)
    after, done = mended(tmp_path, before)
    assert after == before
    assert done == ()


def test_two_names_that_are_equally_near_are_not_guessed(tmp_path: Path) -> None:
    text = RULE.replace("days_left: {lt: 30}", "notice_bys: {exists: true}, days_lef: {lt: 30}, site: MNL")
    after, _ = mended(tmp_path, text.replace("fact: contract,", "fact: cover,"))
    assert "notice_bys" in after
    assert "days_lef:" in after


def test_several_faults_of_several_rules_at_once_and_the_rest_word_for_word(tmp_path: Path) -> None:
    before = RULE.replace("strength: {gte: 3}", "strength: {gte: '3', lte: 5, exists: true}").replace(
        "join: [vendor]", "join: [vendor, vendor]"
    )
    before = before.replace("{fact: cover}", "{fact: cover, where: {outcom: breach}}")
    after, done = mended(tmp_path, before)
    assert after == RULE.replace("{fact: cover}", "{fact: cover, where: {outcome: breach}}")
    assert len(done[0].changes) == 5  # two of them could be seen only when the rule could be read
    assert mended(tmp_path, after)[1] == ()


def test_under_when_join_is_mended_too(tmp_path: Path) -> None:
    before = RULE.replace("  join: [vendor]\n", "").replace("  when:\n", "  when:\n    join: [vendor, vendor]\n")
    assert mended(tmp_path, before)[0] == before.replace("[vendor, vendor]", "[vendor]")


def test_line_ends_and_a_byte_order_mark_stay(tmp_path: Path) -> None:
    before = "\ufeff" + RULE.replace("strength", "strenght").replace("\n", "\r\n")
    assert mended(tmp_path, before)[0] == before.replace("strenght", "strength")


def test_a_file_with_one_rule_is_mended(tmp_path: Path) -> None:
    text = "\n".join(line[2:] for line in RULE.split("- {id")[0].splitlines()[1:]) + "\n"
    before = text.replace("strength", "strenght")
    assert mended(tmp_path, before)[0] == text


def test_a_dry_run_shows_and_writes_nothing(tmp_path: Path) -> None:
    before = RULE.replace("strength", "strenght")
    after, (one,) = mended(tmp_path, before, dry_run=True)
    assert after == before
    assert one.changes == ("'attrition_spike' has no field 'strenght'; 'strength' is meant",)
    assert [line for line in one.diff.splitlines() if line[0] in "+-"] == [
        "--- rules/rules.yaml",
        "+++ rules/rules.yaml",
        "-        where: {strenght: {gte: 3}, metric: leavers}   # as agreed",
        "+        where: {strength: {gte: 3}, metric: leavers}   # as agreed",
    ]


def test_only_the_rules_that_are_named(tmp_path: Path) -> None:
    before = RULE.replace("strength", "strenght").replace("{fact: cover}", "{fact: cver}")
    root = write(tmp_path, {"rules/rules.yaml": before})
    fix(root, now=NOW, only=("other",))
    assert (root / "rules/rules.yaml").read_text() == RULE.replace("strength", "strenght")


def test_what_is_mended_loads_and_is_in_order(tmp_path: Path) -> None:
    root = write(tmp_path, {"rules/rules.yaml": RULE.replace("signal: attrition_spike", "signal: atrition_spike")})
    assert load(root).workspace is None
    fix(root, now=NOW)
    assert load(root).workspace is not None


def test_nothing_is_mended_while_another_writes(tmp_path: Path) -> None:
    root = write(tmp_path, {"rules/rules.yaml": RULE.replace("strength", "strenght")})
    with write_lock(root), pytest.raises(FaultError, match="is writing in this workspace"):
        fix(root, now=NOW)


def test_the_lint_of_a_workspace_is_in_file_order_and_only_of_the_rules_asked_for(tmp_path: Path) -> None:
    root = write(tmp_path, {"rules/rules.yaml": RULE.replace("strength: {gte: 3}", "strength: {gte: 6}")})
    found = lint(root, now=NOW)
    assert [f"{one.span} {one.code}" for one in found.faults] == [
        "rules/rules.yaml:13:27 rule-never",
        "rules/rules.yaml:24:3 rule-no-negative-test",
        "rules/rules.yaml:24:3 rule-untested",
    ]
    assert {one.span.line for one in lint(root, now=NOW, only=("other",)).faults} == {24}


@pytest.mark.parametrize("example", ["meridian", "bank-calls"])
def test_no_check_cries_wolf_on_the_shipped_rules_and_the_examples(example: str) -> None:
    root = shipped("rules").parent / "examples" / example
    if not root.exists():
        pytest.skip("not part of a wheel")
    found = lint(root, now=NOW)
    assert len(found.rules) > 15
    assert [str(fault) for fault in found.faults] == []
