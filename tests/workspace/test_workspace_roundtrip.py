"""What can be said in the model can be written in a file and read back the same."""

from __future__ import annotations

import tempfile
from datetime import date
from pathlib import Path

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from riskreg.model.network import (
    AllOf,
    AnyOf,
    AtLeast,
    Contract,
    Evidence,
    Function,
    Hazard,
    Need,
    Network,
    Pool,
    PoolLever,
    Quorum,
    Routing,
    Served,
    ShareLever,
    Site,
    System,
    Takeover,
    Vendor,
)
from riskreg.model.times import write_duration
from riskreg.workspace import load, schemas

VALIDATOR = Draft202012Validator(schemas()["network"])
SETTINGS = "title: T\nclient: c\nshipped_rules: false\n"


class Quoting(yaml.SafeDumper):
    """Quotes every text: PyYAML leaves some plain that YAML 1.2 reads as numbers, such as 1e3."""


Quoting.add_representer(str, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", text, style='"'))

letters = st.characters(min_codepoint=33, max_codepoint=0x24F, exclude_categories=["Cc"])
names = st.text(letters, max_size=12).map(lambda text: f"n{text}".strip())
durations = st.integers(1, 200).map(lambda hours: write_duration(hours * 900))
shares = st.integers(1, 100).map(lambda part: part / 100)
systems = [f"system:S{n}" for n in range(3)]
# Needs point only to systems with a smaller number, so that everything can start.
leaves: st.SearchStrategy[Need] = st.sampled_from(systems)
needs: st.SearchStrategy[Need] = st.recursive(
    leaves,
    lambda below: st.one_of(
        st.lists(below, min_size=1, max_size=3).map(lambda parts: AllOf(all=tuple(parts))),
        st.lists(below, min_size=1, max_size=3).map(lambda parts: AnyOf(any=tuple(parts))),
        st.lists(below, min_size=2, max_size=3).map(lambda parts: AtLeast(at_least=Quorum(k=2, of=tuple(parts)))),
    ),
    max_leaves=5,
)
evidence = st.sampled_from([Evidence(), Evidence(grade="tested", on=date(2026, 6, 30), note="half a day", positions=18.5)])
profiles = st.one_of(
    st.integers(1, 500).map(lambda tenths: tenths / 10),
    st.integers(1, 400).map(lambda step: [(step * hour % 400 + 1) / 10 for hour in range(336)]),
)


@st.composite
def networks(draw: st.DrawFn) -> Network:
    site = st.builds(
        Site,
        id=st.just("NO"),
        name=names,
        party=st.just("v1"),
        country=st.sampled_from(["NO", "PH"]),
        time_zone=st.sampled_from(["Asia/Kathmandu", "UTC"]),
        kind=st.sampled_from(["office", "home"]),
        seats=st.integers(0, 900),
        hazards=st.just(("h",)),
        needs=st.none() | needs,
        restore=st.none() | durations,
    )
    here = draw(site)
    home = Site(id="1e3", name="Home", party="client", country="GB", time_zone="Europe/London")
    pool = {"languages": ("EN", "on"), "channels": ("voice", "chat"), "skills": ("007",)}
    lever = {"opens": draw(durations), "lasts": draw(st.none() | durations), "evidence": draw(evidence)}
    pools = (
        Pool(
            id="p1",
            name=draw(names),
            site="NO",
            positions=draw(profiles),
            needs=draw(st.none() | needs),
            routing=Routing(**lever),
            **pool,
        ),
        Pool(id="p2", name=draw(names), site="1e3", positions=draw(profiles), home=ShareLever(share=draw(shares), **lever), **pool),
    )
    share = draw(shares)
    served = (Served(pool="p1", share=share), Served(pool="p2", share=1 - share)) if share < 1 else (Served(pool="p1", share=1.0),)
    function = Function(
        id="f", name=draw(names), channel=draw(st.sampled_from(["voice", "chat"])), language="on", skill="007", time_zone="UTC",
        demand=draw(profiles), served_by=served, tier=draw(st.integers(1, 6)), rto="4h", mtpd="1d", mbco=draw(shares),
        impact=draw(st.integers(1, 5)), needs=draw(st.none() | needs),
    )  # fmt: skip
    contract = Contract(
        id="c", vendor="v1", title=draw(names), starts=date(2025, 1, 1), ends=date(2027, 12, 31), notice="90d", scope=("f",),
        surge=(PoolLever(pool="p1", positions=draw(st.integers(1, 90)) / 10, **lever),),
        takeover=(Takeover(pool="p2", positions=3, authority="boss", trigger=draw(names), after="1h", **lever),),
        monthly_fee=draw(st.floats(0, 1e9)),
    )  # fmt: skip
    return Network(
        vendors=(Vendor(id="v1", name=draw(names)),),
        hazards=(Hazard(id="h", name=draw(names), kind="power"),),
        systems=tuple(System(id=f"S{n}", name="S", needs=systems[0] if n else None) for n in range(3)),
        sites=(here, home),
        pools=pools,
        functions=(function,),
        contracts=(contract,),
    )


@settings(max_examples=20, deadline=None, derandomize=True, phases=(Phase.generate,))
@given(networks())
def test_a_network_written_as_yaml_is_read_back_the_same(network: Network) -> None:
    plain = network.model_dump(mode="json", by_alias=True, exclude_unset=True)
    assert [error.message for error in VALIDATOR.iter_errors(plain)] == []
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "network").mkdir()
        (root / "riskreg.yaml").write_text(SETTINGS)
        for number, part in enumerate(plain):  # spread over files: they are merged
            text = yaml.dump({part: plain[part]}, Dumper=Quoting, allow_unicode=True, sort_keys=False)
            (root / f"network/{number}.yaml").write_text(text, encoding="utf-8")
        loaded = load(root)
    assert [fault for fault in loaded.faults if fault.severity == "error"] == []
    assert loaded.workspace is not None
    assert loaded.workspace.network == network
    assert loaded.workspace.network.hash == network.hash
