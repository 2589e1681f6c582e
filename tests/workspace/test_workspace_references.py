"""What only shows between entries, each at the place that names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from workspace_cases import FILES, NETWORK, changed, told, write

from riskreg.workspace import load

NET, RULES, TESTS, METRICS = "network/network.yaml", "rules/rules.yaml", "rules/leaving.test.yaml", "metrics/metrics.yaml"


def line_of(text: str, at: str) -> str:
    """Line and column at which `at` begins, the last time that it stands there."""
    before = text[: text.rindex(at)]
    return f"{before.count(chr(10)) + 1}:{len(before) - before.rfind(chr(10))}"


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "code", "said"),
    [
        (NET, "party: altura, country", "party: altara, country", "altara", "unknown-id", "Did you mean 'altura'?"),
        (NET, "hazards: [grid]", "hazards: [gird]", "gird", "unknown-id", "Did you mean 'grid'?"),
        (NET, "needs: {all: [system:tel,", "needs: {all: [system:tell,", "system:tell", "unknown-id", "Did you mean 'tel'?"),
        (NET, "needs: system:tel}\nsites", "needs: system:vpn}\nsites", "system:vpn}\n", "self-need", "out of its own needs"),
        (NET, "GLA-o, name: Orders, site: GLA", "GLA-o, name: Orders, site: GLX", "GLX", "unknown-id", "'GLA'"),
        (NET, "pool: BOG-o, share: 0.2", "pool: BOG-p, share: 0.2", "BOG-p", "unknown-id", "'BOG-o'"),
        (NET, "vendor: altura\n", "vendor: alturo\n", "alturo", "unknown-id", "'altura'"),
        (NET, "scope: [ORD-EN]", "scope: [ORD-ES]", "ORD-ES", "unknown-id", "'ORD-EN'"),
        (NET, "surge: [{pool: MNL-o", "surge: [{pool: BOG-o", "BOG-o", "wrong-party", "run by beacon"),
        (NET, "takeover: [{pool: GLA-o", "takeover: [{pool: MNL-o", "MNL-o", "wrong-party", "a pool of the client"),
        (
            NET,
            "{id: beacon, name: Beacon}",
            "{id: beacon, name: Beacon}\n  - {id: Client, name: C}",
            "Client",
            "bad-id",
            "company itself",
        ),
        (
            NET,
            "{id: GLA, name",
            "{id: BOG, name: B, party: client, country: GB, time_zone: UTC}\n  - {id: GLA, name",
            "BOG, name: B,",
            "duplicate-id",
            "network.yaml:11:10",
        ),
        (
            NET,
            "{id: GLA, name",
            "{id: bog, name: B, party: client, country: GB, time_zone: UTC}\n  - {id: GLA, name",
            "bog",
            "duplicate-id",
            "upper and lower case",
        ),
        (NET, "language: EN\n", "language: ES\n", "MNL-o, share", "cannot-serve", "the language ES"),
        (NET, "impact: 4", "impact: 4\n    countries: [CO]", "MNL-o, share", "cannot-serve", "a place in CO (it is in PH)"),
        (NET, "time_zone: America/Bogota", "time_zone: America/Bogata", "America/Bogata", "unknown-zone", "'America/Bogota'"),
        (METRICS, "forecast: plan", "forecast: pln", "pln", "unknown-metric", "'plan'"),
        (
            METRICS,
            "definition: Calls forecast",
            "least: 2, most: 1, definition: Calls forecast",
            "2, most",
            "bad-value",
            "larger than most",
        ),
        (
            METRICS,
            "definition: Calls forecast",
            "labels: [{title: Fair, from: 2026-01-01, to: 2026-01-07, site: MNX}], definition: Calls forecast",
            "MNX",
            "unknown-id",
            "'MNL'",
        ),
        ("riskreg.yaml", "Leavers: leavers", "Leavers: leaver", "leaver,", "unknown-metric", "'leavers'"),
        ("riskreg.yaml", "site: Place", 'site: "=MNX"', '"=MNX"', "unknown-id", "'MNL'"),
        ("riskreg.yaml", "{leavers: Heads}", "{csta: Heads}", "csta", "unknown-metric", "'csat'"),
        (RULES, "signal: attrition_spike", "signal: attrition_spikes", "attrition_spikes", "unknown-signal", "'attrition_spike'"),
        (RULES, "not: {fact: contract", "not: {fact: contarct", "contarct", "unknown-fact", "'contract'"),
        (RULES, "strength: {gte", "stregth: {gte", "stregth", "unknown-fact-field", "'strength'"),
        (RULES, "days_left", "days_lef", "days_lef", "unknown-fact-field", "'days_left'"),
        (RULES, "playbooks: [stay]\n    escalate", "playbooks: [stey]\n    escalate", "stey", "unknown-playbook", "'stay'"),
        (RULES, "escalate: tier-1", "lose: [{ref: site:MNX}]", "site:MNX", "unknown-id", "'MNL'"),
        (TESTS, "rule: leaving\ntests", "rule: leavin\ntests", "leavin\n", "unknown-rule", "'leaving'"),
        (TESTS, "strength: 4, value: 9.0", "strenght: 4, value: 9.0", "strenght", "unknown-fact-field", "'strength'"),
        (
            TESTS,
            "signal: attrition_spike, vendor: altura, site",
            "signal: attrition_spik, vendor: altura, site",
            "attrition_spik,",
            "unknown-signal",
            "'attrition_spike'",
        ),
    ],
)
def test_a_name_that_nothing_has_is_an_error(tmp_path: Path, name: str, old: str, new: str, at: str, code: str, said: str) -> None:
    write(tmp_path, {"readings/wide.csv": "Week,Place,Leavers,Heads,Satisfied\n2026-10-05,MNL,3,100,0.8\n2026-10-05,GLA,,50,0.7\n"})
    loaded = changed(tmp_path, name, old, new)
    assert told(loaded) == [f"{name}:{line_of(FILES[name].replace(old, new), at)} error {code}"]
    assert said in f"{loaded.faults[0].message} {loaded.faults[0].hint}"
    assert loaded.workspace is None


@pytest.mark.parametrize(
    ("name", "old", "new", "at", "code", "said"),
    [
        (
            NET,
            'to: "20:00", positions: 30}]',
            'to: "20:00", positions: 30}]\n    owner: head',
            "head",
            "unknown-role",
            "no role has the id 'head'",
        ),
        (RULES, "escalate: tier-1", "escalate: tier-2", "tier-2", "unknown-tier", "'tier-1'"),
        (RULES, "site: {ne: GLA}", "site: {in: [MNL, GLX]}", "GLX", "unknown-id", "'GLA'"),
        (RULES, "strength: {gte: 3}", "metric: leaver", "leaver,", "unknown-metric", "'leavers'"),
        (
            NET,
            "scope: [ORD-EN]",
            "scope: [ORD-EN]\n    penalties: [{metric: csta, limit: 1, credit: 0.1}]",
            "csta",
            "unknown-metric",
            "'csat'",
        ),
    ],
)
def test_what_may_be_meant_is_a_warning(tmp_path: Path, name: str, old: str, new: str, at: str, code: str, said: str) -> None:
    loaded = changed(tmp_path, name, old, new)
    assert told(loaded) == [f"{name}:{line_of(FILES[name].replace(old, new), at)} warning {code}"]
    assert said in f"{loaded.faults[0].message} {loaded.faults[0].hint}"
    assert loaded.workspace is not None


@pytest.mark.parametrize(
    ("systems", "circle"),
    [
        ("{id: a, name: A, needs: system:b}|{id: b, name: B, needs: system:a}", "system:a → system:b → system:a"),
        (
            "{id: c, name: C, needs: {all: [system:tel, system:d]}}|{id: d, name: D, needs: {any: [system:c, system:c]}}",
            "system:c → system:d → system:c",
        ),
        (
            "{id: a, name: A, needs: {at_least: {k: 2, of: [system:tel, system:b]}}}|{id: b, name: B, needs: pool:MNL-x}",
            "pool:MNL-x → system:a → system:b → pool:MNL-x",
        ),
    ],
)
def test_a_circle_that_can_never_start_is_one_error(tmp_path: Path, systems: str, circle: str) -> None:
    extra = "systems:\n" + "".join(f"  - {line}\n" for line in systems.split("|"))
    pool = "{id: MNL-x, name: X, site: MNL, languages: [EN], channels: [voice], skills: [x], positions: 1, needs: system:a}"
    if "MNL-x" in systems:
        extra += f"pools:\n  - {pool}\n"
    extra += "sites:\n  - {id: LUZ, name: L, party: client, country: PH, time_zone: UTC, needs: system:tel}\n"
    loaded = load(write(tmp_path, {"network/more.yaml": extra}))
    assert [fault.code for fault in loaded.faults] == ["need-cycle"]
    assert loaded.faults[0].message.endswith(circle)


@pytest.mark.parametrize(
    "needs",
    ["{any: [system:b, system:tel]}", "{at_least: {k: 1, of: [system:b, system:tel]}}", "{all: [system:tel]}"],
)
def test_a_circle_with_another_way_in_can_start(tmp_path: Path, needs: str) -> None:
    more = f"systems:\n  - {{id: a, name: A, needs: {needs}}}\n  - {{id: b, name: B, needs: system:a}}\n"
    assert told(load(write(tmp_path, {"network/more.yaml": more}))) == []


def test_what_hangs_on_a_circle_is_not_blamed(tmp_path: Path) -> None:
    lines = ["{id: a, name: A, needs: system:b}", "{id: b, name: B, needs: system:a}", "{id: c, name: C, needs: system:a}"]
    loaded = load(write(tmp_path, {"network/more.yaml": "systems:\n" + "".join(f"  - {line}\n" for line in lines)}))
    assert told(loaded) == ["network/more.yaml:2:29 error need-cycle"]


def test_two_circles_are_two_errors(tmp_path: Path) -> None:
    lines = [f"{{id: {a}, name: N, needs: system:{b}}}" for a, b in ("ab", "ba", "xy", "yx")]
    loaded = load(write(tmp_path, {"network/more.yaml": "systems:\n" + "".join(f"  - {line}\n" for line in lines)}))
    assert [fault.code for fault in loaded.faults] == ["need-cycle", "need-cycle"]


def test_hours_that_nobody_is_staffed_for_are_a_warning(tmp_path: Path) -> None:
    text = NETWORK.replace("positions: 40}", 'positions: [{days: mon-fri, from: "15:00", to: "24:00", positions: 40}]}')
    text = text.replace("positions: 10}", 'positions: [{days: mon-fri, from: "11:00", to: "12:00", positions: 10}]}')
    loaded = load(write(tmp_path, {NET: text}))
    assert told(loaded) == [f"{NET}:{line_of(text, '- {pool: MNL-o, share')} warning not-staffed"]
    # Manila works until 16:00 and Bogotá from 16:00 to 17:00 in London's winter: 17:00 to 20:00 is open, five days a week.
    assert "on Mon 17:00–20:00 (Europe/London, in winter); 15 hours a week in all" in loaded.faults[0].message


def test_references_wait_until_every_file_can_be_read(tmp_path: Path) -> None:
    files: dict[str, str | bytes] = {NET: NETWORK.replace("sites:", "sites: ["), "people/people.yaml": "roles: [{id: x}]\n"}
    loaded = load(write(tmp_path, files))
    assert {fault.code for fault in loaded.faults} == {"yaml-syntax", "missing-field"}


def test_a_rule_that_cannot_be_read_hides_no_conclusion(tmp_path: Path) -> None:
    loaded = changed(tmp_path, RULES, "severity: high", "severity: hgh")
    assert told(loaded) == [f"{RULES}:{line_of(FILES[RULES].replace('high', 'hgh'), 'hgh')} error unknown-choice"]


def test_rules_that_conclude_in_a_circle_are_refused_with_their_place(tmp_path: Path) -> None:
    text = FILES[RULES].replace("then: {playbooks: [stay]}", "then: {conclude: {fact: loop}}")
    text = text.replace("fact: contract, where: {days_left: {lt: 30}}", "fact: loop")
    loaded = load(write(tmp_path, {RULES: text}))
    assert [fault.code for fault in loaded.faults] == ["rule-cycle-negated", "rule-cycle-negated"]
    assert [str(fault.span) for fault in loaded.faults] == [
        f"{RULES}:{line_of(text, at)}" for at in ("{fact: loop}\n  join", "{as: t,")
    ]


def test_own_rules_and_playbooks_take_the_place_of_shipped_ones(tmp_path: Path) -> None:
    settings = FILES["riskreg.yaml"].replace("shipped_rules: false", "shipped_rules: true")
    rule = (
        FILES[RULES]
        .replace("id: leaving", "id: attrition-spike")
        .replace("playbooks: [stay]\n    escalate", "playbooks: [retention-surge]\n    escalate")
    )
    tests = FILES[TESTS].replace("leaving", "attrition-spike")
    playbook = FILES["playbooks/stay.md.j2"].replace("title: Keep people", "title: Ours").replace("id: stay", "id: retention-surge")
    files: dict[str, str | bytes] = {"riskreg.yaml": settings, RULES: rule, TESTS: tests, "playbooks/stay.md.j2": playbook}
    loaded = load(write(tmp_path, files | {RULES: rule.replace("playbooks: [stay]", "playbooks: [retention-surge]")}))
    assert not [fault for fault in loaded.faults if fault.severity == "error"]
    assert loaded.workspace is not None
    rules = {item.id: item.title for item in loaded.workspace.rules}
    assert rules["attrition-spike"] == "People leave"
    assert len(rules) > 10
    assert [test.name for test in loaded.workspace.tests["attrition-spike"]] == ["it fires", "weak"]
    assert {item.id: item.title for item in loaded.workspace.playbooks}["retention-surge"] == "Ours"
    assert any(path.startswith("shipped/rules/") for path in loaded.workspace.files_read)


@pytest.mark.parametrize(
    ("name", "old", "new", "codes"),
    [
        (NET, "rto: 4h", "rto: 30\n    owner: nobody", ["bad-value", "unknown-id", "unknown-role"]),
        (NET, "channel: voice\n", "channel: voic\n", ["unknown-choice", "unknown-id"]),
    ],
)
def test_a_bad_field_of_a_function_hides_no_name(tmp_path: Path, name: str, old: str, new: str, codes: list[str]) -> None:
    text = FILES[name].replace(old, new).replace("{all: [system:tel, {any", "{all: [system:nope, {any")
    assert sorted(fault.code for fault in load(write(tmp_path, {name: text})).faults) == codes


def test_a_bad_field_hides_no_name_in_any_kind_of_entry(tmp_path: Path) -> None:
    network = NETWORK.replace("seats: 100, hazards: [grid], needs: system:tel", "seats: many, hazards: [gridd], needs: system:gen")
    network = network.replace("{pool: BOG-o, share: 0.2}", "{pool: BOG-x, share: lots}")
    network = network.replace("notice: 90d\n    scope: [ORD-EN]", "notice: soon\n    scope: [ORD-ES]")
    metrics = FILES[METRICS].replace("name: Volume", "name: Volume\n    unit: cats").replace("forecast: plan", "forecast: pln")
    rules = FILES[RULES].replace("severity: high", "severity: hgh").replace("[stay]\n    escalate", "[stey]\n    escalate")
    drill = "id: one\nlose: [{ref: site:NOPE}]\nminutes: -5\n"
    files: dict[str, str | bytes] = {NET: network, METRICS: metrics, RULES: rules, "drills/one.yaml": drill}
    found = [(fault.code, fault.message.rpartition("'")[0].rpartition("'")[2]) for fault in load(write(tmp_path, files)).faults]
    names = [("unknown-id", name) for name in ("gridd", "gen", "BOG-x", "ORD-ES", "NOPE")]
    assert set(names) | {("unknown-metric", "pln"), ("unknown-playbook", "stey")} <= set(found)


def test_a_name_that_many_places_miss_is_one_fault(tmp_path: Path) -> None:
    network = NETWORK.replace("{id: tel, name", "{id: tell, name")
    loaded = load(write(tmp_path, {NET: network}))
    assert [fault.message for fault in loaded.faults] == ["no system has the id 'tel'; it is named in 4 places"]
    assert str(loaded.faults[0].span) == f"{NET}:{network[: network.index('system:tel}')].count(chr(10)) + 1}:33"


def test_an_explain_that_fails_is_told_where_it_stands(tmp_path: Path) -> None:
    loaded = changed(tmp_path, RULES, "{{ t.vendor }} is thin", "{{ t.vendr }} is thin")
    assert told(loaded) == [f"{RULES}:{line_of(FILES[RULES], chr(34) + '{{ t.vendor')} error rule-explain"]


def test_where_each_rule_stands_is_known(tmp_path: Path) -> None:
    spans = load(write(tmp_path)).rules
    assert {ident: str(span) for ident, span in spans.items()} == {
        "leaving": f"{RULES}:1:3",
        "thin-cover": f"{RULES}:{line_of(FILES[RULES], 'id: thin-cover')}",
    }
