"""One mistake in a file is one fault, at the place where it stands, in words that say what to do."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from workspace_cases import FILES, NETWORK, changed, told, write

from riskreg.workspace import load

NET = "network/network.yaml"
BOG = "  - {id: BOG, name: Bogotá, party: beacon, country: CO, time_zone: America/Bogota, seats: 50}\n"


def test_the_sound_workspace_has_no_fault(tmp_path: Path) -> None:
    loaded = load(write(tmp_path))
    assert told(loaded) == []
    assert loaded.workspace is not None
    assert [function.id for function in loaded.workspace.network.functions] == ["ORD-EN"]
    assert [rule.id for rule in loaded.workspace.rules] == ["leaving", "thin-cover"]
    assert [test.name for test in loaded.workspace.tests["leaving"]] == ["it fires", "weak"]
    assert loaded.workspace.playbooks[0].body.startswith("## What happened")
    assert loaded.workspace.playbooks[0].span.line == 8
    assert sorted(loaded.workspace.files_read) == sorted(FILES)


def place(name: str, old: str, new: str, at: str) -> str:
    """Where `at` begins in the changed file."""
    text = FILES[name].replace(old, new)
    before = text[: text.index(at)]
    return f"{name}:{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


JOIN = "join: [vendor]\n  then:\n"
"""Where a line of the first rule can be put in."""


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "code", "said"),
    [
        # fields
        (NET, "seats: 50", "seat: 50", "seat: 50", "unknown-field", "Did you mean 'seats'?"),
        (NET, ", country: CO", "", "{id: BOG", "missing-field", "'country' is missing"),
        (NET, "country: CO", "contry: CO", "contry: CO", "unknown-field", "Did you mean 'country'?"),
        (NET, "country: CO", "country: Colombia", "Colombia", "bad-value", "two capital letters"),
        (NET, "seats: 50", "seats: fifty", "fifty", "bad-value", "a number is needed here"),
        (NET, "seats: 50", "seats: -1", "-1", "out-of-range", "at least 0"),
        (NET, "seats: 50", "seats: 1.5", "1.5", "wrong-type", "a whole number"),
        (NET, "id: BOG,", "id: 12,", "12,", "wrong-type", "Put it in quotes"),
        (NET, "id: BOG,", 'id: "B G",', '"B G"', "bad-id", "not an identifier"),
        (
            NET,
            "id: grid, name: Luzon grid, kind: power",
            "id: grid, name: Luzon grid, kind: pwoer",
            "pwoer",
            "unknown-choice",
            "'power'",
        ),
        (NET, "rto: 4h", "rto: 4 hours", "4 hours", "bad-value", "15m, 4h, 3d or 2w"),
        (NET, "rto: 4h", "rto: 2d", "2d\n    mtpd", "bad-value", "rto is later than mtpd"),
        (NET, "impact: 4", "impact: true", "true", "bad-value", "not true or false"),
        (NET, "impact: 4", "impact: 6", "6\n", "out-of-range", "at most 5"),
        (NET, "positions: 10}", "positions: .inf}", ".inf", "bad-value", "at most one decimal"),
        (NET, "share: 0.8", "share: 0.7", "- {pool: MNL-o, share", "bad-value", "must add up to 1"),
        (NET, 'from: "08:00"', 'from: "08:10"', '[{days: mon-fri, from: "08:10"', "bad-value", "half hour"),
        (NET, "ends: 2027-12-31", "ends: 2027-02-30", "2027-02-30", "bad-date", "not a date that exists"),
        (NET, "ends: 2027-12-31", "ends: 2024-12-31", "2024-12-31", "bad-value", "ends before it starts"),
        (
            NET,
            "id: vpn, name: VPN, needs: system:tel",
            "id: vpn, name: VPN, needs: telephony",
            "telephony}\nsites",
            "bad-ref",
            "kind:id",
        ),
        (NET, "{any: [system:vpn, system:tel]}", "{ayn: [system:vpn, system:tel]}", "{ayn:", "bad-value", "Did you mean 'any'?"),
        (NET, "hazards:\n  - {id: grid", "hazrads:\n  - {id: grid", "hazrads:", "unknown-field", "Did you mean 'hazards'?"),
        (NET, "vendors:\n", "vendors: altura\nfunctons:\n", "altura\nfunctons", "wrong-type", "Begin each entry with a dash"),
        ("riskreg.yaml", "format: 1", "format: 7", "7\n", "unknown-choice", "It is one of 1"),
        (
            "riskreg.yaml",
            "time_zone: Europe/London\nship",
            "time_zone: Mars/Olympus\nship",
            "Mars/Olympus",
            "bad-value",
            "is not a time zone",
        ),
        ("riskreg.yaml", "site: Place", "sit: Place", "sit: Place", "unknown-choice", "Did you mean 'site'?"),
        ("people/people.yaml", "holder: Robin Vale, ", "", "{id: vendor-manager", "missing-field", "Who holds the role"),
        (
            "metrics/metrics.yaml",
            "kind: attrition_spike",
            "kind: attrition",
            "attrition}",
            "unknown-choice",
            "Did you mean 'attrition_spike'?",
        ),
        (
            "metrics/metrics.yaml",
            "kind: attrition_spike",
            "kind: attrition_spike, ratio: 0.5",
            "0.5}",
            "out-of-range",
            "at least 1",
        ),
        ("rules/rules.yaml", "strength: {gte: 3}", "strength: {gte: three}", "three", "wrong-type", "a number"),
        ("rules/rules.yaml", "strength: {gte: 3}", "strength: {atleast: 3}", "atleast", "unknown-field", "gte"),
        (
            "rules/rules.yaml",
            "version: 1\n  title: Thin",
            "version: 1\n  titel: Thin",
            "titel",
            "unknown-field",
            "Did you mean 'title'?",
        ),
        ("rules/rules.yaml", "likelihood: 4", "likelihood: 9", "9, imp", "out-of-range", "at most 5"),
        (
            "rules/rules.yaml",
            "category: talent-attrition",
            "category: talent-atrition",
            "talent-atrition\n",
            "unknown-choice",
            "Did you mean 'talent-attrition'?",
        ),
        *(
            ("rules/rules.yaml", JOIN, f"{field}: {value}\n  {JOIN}", value, "bad-value", "15m, 4h, 3d or 2w")
            for field, value in (("within", "4q"), ("keep_open_for", "5 weeks"), ("for", "14"), ("within", "1.5d"))
        ),
        ("rules/rules.yaml", "    all:\n", "    within: 4q\n    all:\n", "4q", "bad-value", "a whole number and a unit"),
        ("rules/rules.yaml", "{gte: 3}", "{gte: .nan}", ".nan", "out-of-range", "a finite number"),
        ("rules/rules.yaml", "{gte: 3}", "{lt: -.inf}", "-.inf", "out-of-range", "a finite number"),
        ("rules/rules.yaml", "{gte: 3}", "{in: [1, .nan]}", ".nan", "out-of-range", "a finite number"),
        ("rules/rules.yaml", "{gte: 3}", "{gte: {treshold: floor}}", "treshold", "unknown-field", "Did you mean 'threshold'?"),
        ("rules/rules.yaml", "{gte: 3}", "{eq: {threshold: floor}}", "{threshold", "wrong-type", "or text"),
        ("rules/rules.yaml", "_spike, where", "_spike, at_least: 1, where", "1, where", "out-of-range", "at least 2"),
        ("rules/rules.yaml", "_spike, where", "_spike, at_least: few, where", "few", "bad-value", "a number is needed"),
        ("rules/rules.yaml", "_spike, where", "_spike, different: site, where", "site, where", "bad-value", "needs at_least"),
        ("rules/rules.yaml", JOIN, f"scope: [MNL]\n  {JOIN}", "[MNL]", "wrong-type", "a mapping of names"),
        (
            "rules/rules.yaml",
            JOIN,
            f"on_missing_data: warn\n  {JOIN}",
            "warn",
            "unknown-choice",
            "flag, ok, fire",
        ),
        *(
            ("rules/rules.yaml", JOIN, f"exceptions: [{{{text}}}]\n  {JOIN}", place, code, said)
            for text, place, code, said in (
                (
                    "where: {site: MNL}, until: 2027-02-30, reason: R, approved_by: vendor-manager",
                    "2027-02",
                    "bad-date",
                    "2026-06-30",
                ),
                ("where: {site: MNL}, until: soon, reason: R, approved_by: vendor-manager", "soon", "bad-date", "year-month-day"),
                ("where: {}, until: 2027-02-03, reason: R, approved_by: vendor-manager", "{}", "bad-value", "at least 1 entry"),
                ("where: {site: MNL}, until: 2027-02-03, approved_by: vendor-manager", "{where", "missing-field", "Why"),
                ("where: {site: MNL}, until: 2027-02-03, reason: R", "{where", "missing-field", "answers for it"),
            )
        ),
        *(
            ("metrics/metrics.yaml", "kind: attrition_spike}", f"kind: attrition_spike}}, thresholds: {text}", place, code, said)
            for text, place, code, said in (
                ("{floor: high}", "high", "bad-value", "a limit is a number"),
                ("{floor: true}", "true", "bad-value", "a limit is a number"),
                ("{floor: .nan}", ".nan", "out-of-range", "a finite number"),
                ("{the floor: 3}", "the floor", "bad-id", "Letters A to Z"),
                ("[floor]", "[floor]", "wrong-type", "a mapping of names"),
                ("{floor: {value: 1, overrides: [{value: 2}]}}", "2}]", "bad-value", "say where"),
                ("{floor: {value: 1, overrides: [{site: MNL, value: .inf}]}}", ".inf", "out-of-range", "a finite number"),
                ("{floor: {value: 1, overrides: [{site: MLN, value: 2}]}}", "MLN", "unknown-id", "Did you mean 'MNL'?"),
                ("{floor: {value: 1, overrides: [{vendor: nobody, value: 2}]}}", "nobody", "unknown-id", "altura"),
                ("{floor: {value: 1, overrides: [{function: F9, value: 2}]}}", "F9", "unknown-id", "ORD-EN"),
                ("{floor: {value: 1, overrides: [{client: other, value: 2}]}}", "other", "unknown-id", "northwind-home"),
            )
        ),
        ("rules/rules.yaml", "  " + JOIN, "\t" + JOIN, "\tjoin", "yaml-tab", "Indent with spaces"),
        (
            "rules/rules.yaml",
            JOIN,
            "join: [vendor]\n  join: [site]\n  then:\n",
            "join: [site]",
            "duplicate-key",
            "first in line 11",
        ),
        ("rules/leaving.test.yaml", "expect: []", "expects: []", "expects", "unknown-field", "Did you mean 'expect'?"),
        ("playbooks/stay.md.j2", "version: 1", "version: one", "one\n", "bad-value", "a number is needed here"),
        ("playbooks/stay.md.j2", "---\nid", "id", "id: stay", "playbook-head", "no head"),
        # text
        (NET, "rto: 4h", "rto: [4h", ": 24h", "yaml-syntax", "not well-formed"),
        (NET, "    rto: 4h", "\t rto: 4h", "\t rto", "yaml-tab", "Indent with spaces"),
        (NET, "rto: 4h", "rto: 4h\n    tier: 2", "tier: 2\n    mtpd", "duplicate-key", "first in line 28"),
        (NET, "name: Glasgow", "name: !!str Glasgow", "!!str", "yaml-tag", "Leave it out"),
        (NET, "contracts:", "---\ncontracts:", "---\ncontracts", "yaml-documents", "a file of its own"),
    ],
)
def test_a_mistake_is_one_fault_at_its_place(tmp_path: Path, name: str, old: str, new: str, at: str, code: str, said: str) -> None:
    loaded = changed(tmp_path, name, old, new)
    first = loaded.faults[0]
    assert (str(first.span), first.code) == (place(name, old, new, at), code)
    assert said in f"{first.message} {first.hint}"
    assert first.example == "" or ":" in first.example
    assert loaded.workspace is None
    assert told(loaded)[1:] == (["network/network.yaml:2:1 error unknown-field"] if "functons" in new else [])


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ('"\\e]0;pwned\\a"', "U+001B"),
        ('"\\u202eevil"', "RIGHT-TO-LEFT OVERRIDE"),
        ('"Gla\\0sgow"', "U+0000"),
        ('"Glas\\ngow"', "is one line"),
    ],
)
def test_a_name_is_one_line_that_can_be_shown(tmp_path: Path, written: str, said: str) -> None:
    loaded = changed(tmp_path, NET, "name: Glasgow", f"name: {written}")
    assert told(loaded) == [f"{NET}:{NETWORK[: NETWORK.index('Glasgow')].count(chr(10)) + 1}:21 error not-printable"]
    assert said in loaded.faults[0].message
    assert "Type the text again" in loaded.faults[0].hint


def test_a_name_is_short_and_prose_may_have_lines(tmp_path: Path) -> None:
    assert "longer than 200" in changed(tmp_path / "a", NET, "name: Glasgow", f"name: {'G' * 201}").faults[0].message
    prose = "|\n    first\n    second\n" + "    x" * 300
    text = FILES["rules/rules.yaml"].replace("  title: Thin cover", f"  description: {prose}\n  title: Thin cover")
    assert told(load(write(tmp_path / "b", {"rules/rules.yaml": text}))) == []


def test_nothing_that_pydantic_says_reaches_a_reader(tmp_path: Path) -> None:
    loaded = changed(
        tmp_path,
        NET,
        BOG,
        "  - {id: [], nme: 3, party: {}, country: 7, time_zone: null, seats: x, hazards: 3, needs: 4, restore: 3}\n",
    )
    assert len(loaded.faults) == 9
    for fault in loaded.faults:
        assert "Input should" not in fault.message + fault.hint
        assert "permitted" not in fault.message + fault.hint
        assert fault.message[0] != " "


def test_a_broken_line_among_many_is_the_only_fault(tmp_path: Path) -> None:
    sites = [f"  - {{id: S{n}, name: Site {n}, party: altura, country: PH, time_zone: Asia/Manila, seats: 10}}" for n in range(300)]
    pools = [
        f"  - {{id: P{n}, name: Pool {n}, site: S{n}, languages: [EN], channels: [voice], skills: [orders], positions: 1}}"
        for n in range(300)
    ]
    sites[170] = sites[170].replace("seats: 10", "seats: ten")
    text = "\n".join(["sites:", *sites, "pools:", *pools, ""])
    loaded = load(write(tmp_path, {"network/more.yaml": text}))
    assert told(loaded) == ["network/more.yaml:172:91 error bad-value"]


def test_all_faults_of_all_files_come_in_one_pass(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {
        NET: NETWORK.replace("seats: 50", "seats: x").replace("rto: 4h", "rto: 4"),
        "people/people.yaml": "roles: [{id: vendor-manager, title: V, holder: R, tier: 1}]\n",
        "rules/rules.yaml": FILES["rules/rules.yaml"].replace("severity: low", "severity: lowest"),
        "readings/weekly.csv": FILES["readings/weekly.csv"].replace(",3,100", ",x,100"),
    }
    loaded = load(write(tmp_path, files))
    assert told(loaded) == [
        "network/network.yaml:11:91 error bad-value",
        "network/network.yaml:29:10 error bad-value",
        "people/people.yaml:1:51 error unknown-field",
        "readings/weekly.csv:2:5 error bad-number",
        "rules/rules.yaml:23:13 error unknown-choice",
    ]


@pytest.mark.parametrize(
    ("data", "place", "code"),
    [
        ("vendors: []\n".encode("utf-16"), f"{NET}:1:1", "encoding"),
        (b"# fine\nvendors: [{id: a, name: Caf\xe9}]\n", f"{NET}:2:1", "encoding"),
        (b"#" * (16 * 2**20 + 1), NET, "too-large"),
    ],
)
def test_a_file_that_is_not_text_is_one_fault(tmp_path: Path, data: bytes, place: str, code: str) -> None:
    loaded = load(write(tmp_path, {NET: data}))
    assert told(loaded) == [f"{place} error {code}"]


def test_a_byte_order_mark_is_no_mistake(tmp_path: Path) -> None:
    assert told(load(write(tmp_path, {NET: b"\xef\xbb\xbf" + NETWORK.encode()}))) == []


def test_a_link_out_of_the_workspace_is_not_followed(tmp_path: Path) -> None:
    outside = tmp_path / "outside.yaml"
    outside.write_text("roles: []\n")
    root = write(tmp_path / "ws")
    (root / "people/linked.yaml").symlink_to(outside)
    (root / "people/inside.yaml").symlink_to(root / "people/people.yaml")
    loaded = load(root)
    assert told(loaded)[:2] == ["people/linked.yaml error outside", "people/people.yaml:2:10 error duplicate-id"]


def test_a_linked_folder_is_not_followed(tmp_path: Path) -> None:
    root = write(tmp_path / "ws")
    (root / "people").rename(tmp_path / "people")
    (root / "people").symlink_to(tmp_path / "people")
    assert "people/people.yaml error outside" in told(load(root))


def test_settings_that_are_a_link_out_of_the_workspace_are_not_read(tmp_path: Path) -> None:
    root = write(tmp_path / "ws")
    (root / "riskreg.yaml").rename(tmp_path / "riskreg.yaml")
    (root / "riskreg.yaml").symlink_to(tmp_path / "riskreg.yaml")
    assert "riskreg.yaml error outside" in told(load(root))


def test_a_pipe_and_a_dead_link_are_faults(tmp_path: Path) -> None:
    root = write(tmp_path)
    os.mkfifo(root / "readings/pipe.csv")
    (root / "readings/dead.csv").symlink_to(root / "nowhere.csv")
    assert told(load(root)) == ["readings/dead.csv error cannot-read", "readings/pipe.csv error cannot-read"]


def test_what_a_file_says_cannot_steer_a_terminal(tmp_path: Path) -> None:
    loaded = changed(tmp_path, NET, "country: CO", 'country: "\\e[31m"')
    assert loaded.faults[0].message == "'country' cannot be '�[31m'"


def test_a_name_that_looks_like_a_mistake_is_a_warning(tmp_path: Path) -> None:
    loaded = load(write(tmp_path, {"network/more.yml": "sites: []\n", "network/README.md": "", "readings/old.xls": b""}))
    assert told(loaded) == ["network/more.yml warning ignored", "readings/old.xls warning ignored"]
    assert loaded.workspace is not None


def test_a_folder_without_settings_is_not_a_workspace(tmp_path: Path) -> None:
    for root in (tmp_path, tmp_path / "nowhere"):
        assert told(load(root)) == ["riskreg.yaml error not-a-workspace"]


def test_loading_changes_nothing(tmp_path: Path) -> None:
    root = write(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in root.rglob("*")}
    load(root)
    assert {path: path.stat().st_mtime_ns for path in root.rglob("*")} == before
