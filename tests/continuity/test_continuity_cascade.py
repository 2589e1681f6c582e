"""What falls with what: by hand, and against a fixed point found the slow way."""

from __future__ import annotations

from fractions import Fraction
from itertools import product
from typing import Any

import networkx as nx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from small_networks import contract, function, lose, network, pool, site, two_sites

from riskreg.continuity import cascade, criticality, dependency_graph, restart_deadlocks
from riskreg.continuity.timeline import states
from riskreg.model.disruption import Loss
from riskreg.model.network import AllOf, AnyOf, AtLeast, Need, Network


def system(ident: str, needs: Any = None, **more: Any) -> dict[str, Any]:
    return {"id": ident, "name": ident, "needs": needs} | more


def systems(**needs: Any) -> Network:
    return network(systems=[system(ident, need) for ident, need in needs.items()])


def down(net: Network, *refs: str) -> set[str]:
    return {ref.partition(":")[2] for ref in cascade(net, lose(*refs).losses).fallen}


def test_all_any_and_at_least() -> None:
    net = systems(
        a=None,
        b=None,
        c=None,
        every={"all": ["system:a", "system:b"]},
        either={"any": ["system:a", "system:b"]},
        two={"at_least": {"k": 2, "of": ["system:a", "system:b", "system:c"]}},
        nested={"any": [{"all": ["system:a", "system:b"]}, "system:c"]},
    )
    assert down(net, "system:a") == {"a", "every"}
    assert down(net, "system:a", "system:b") == {"a", "b", "every", "either", "two"}
    assert down(net, "system:a", "system:c") == {"a", "c", "every", "two", "nested"}


def test_causes_are_direct_and_only_what_is_missing() -> None:
    net = systems(a=None, b=None, mid={"any": ["system:a", "system:b"]}, top={"all": ["system:mid", "system:b"]})
    found = cascade(net, lose("system:a", "system:b").losses)
    assert found.because == {
        "system:a": (),
        "system:b": (),
        "system:mid": ("system:a", "system:b"),
        "system:top": ("system:b", "system:mid"),
    }


def test_a_site_takes_its_pools_and_functions_with_it_and_a_hazard_takes_its_sites() -> None:
    net = two_sites(hazards=[{"id": "grid", "name": "Grid", "kind": "power"}], sites=[site("A", hazards=["grid"]), site("B")])
    assert cascade(net, lose("hazard:grid").losses).fallen == ("function:F", "hazard:grid", "pool:a", "site:A")
    assert cascade(net, lose("vendor:acme").losses).fallen == (
        "function:F", "function:G", "pool:a", "pool:b", "site:A", "site:B", "vendor:acme",
    )  # fmt: skip


def test_a_function_stands_while_one_of_its_pools_does() -> None:
    net = two_sites(functions=[function("F", {"a": 0.6, "b": 0.4}), function("G", "b", 4)])
    assert "function:F" not in cascade(net, lose("site:A").losses).fallen
    assert "function:F" in cascade(net, lose("site:A", "site:B").losses).fallen


def test_shares_are_capacities_in_series() -> None:
    net = two_sites()
    found = cascade(net, (Loss(ref="site:A", share=0.4), Loss(ref="pool:a", share=0.15)))
    assert found.of("site:A") == Fraction(3, 5)
    assert found.of("pool:a") == Fraction(3, 5), "60% of the seats can hold the 85% of the people only in part"
    assert found.of("people:a") == Fraction(17, 20)
    assert found.fallen == ()


def test_any_takes_the_best_and_at_least_the_kth_share() -> None:
    both = ["system:a", "system:b"]
    net = systems(a=None, b=None, c=None, either={"any": both}, two={"at_least": {"k": 2, "of": [*both, "system:c"]}})
    found = cascade(net, (Loss(ref="system:a", share=0.8), Loss(ref="system:b", share=0.3), Loss(ref="system:c", share=0.5)))
    assert found.of("system:either") == Fraction(7, 10)
    assert found.of("system:two") == Fraction(1, 2)


@pytest.mark.parametrize("kind", ["people", "access"])
def test_losing_people_or_access_leaves_the_place_but_not_the_homes(kind: Any) -> None:
    found = cascade(two_sites(), (Loss(ref="site:A", kind=kind),))
    assert found.of("site:A") == 1
    assert found.of("pool:a") == 0
    assert found.of("home:a") == 0
    assert cascade(two_sites(), (Loss(ref="site:A"),)).of("home:a") == 1


@pytest.mark.parametrize(("kind", "left"), [("storm", 0), ("power", 0), ("carrier", 1), ("group", 0)])
def test_a_hazard_reaches_homes_unless_it_is_the_office_s_line(kind: str, left: int) -> None:
    net = two_sites(hazards=[{"id": "h", "name": "Hazard", "kind": kind}], sites=[site("A", hazards=["h"]), site("B")])
    found = cascade(net, lose("hazard:h").losses)
    assert found.of("pool:a") == 0
    assert found.of("home:a") == left


def test_unknown_references_are_refused() -> None:
    with pytest.raises(KeyError, match="site:Z"):
        cascade(two_sites(), lose("site:Z").losses)


def test_a_ring_stands_until_it_is_broken_and_then_cannot_start_again() -> None:
    net = systems(identity="system:directory", directory="system:identity", crm="system:identity", power=None)
    assert down(net, "system:power") == {"power"}
    assert restart_deadlocks(net) == (("system:directory", "system:identity"),)
    assert restart_deadlocks(systems(a={"any": ["system:b", "system:c"]}, b="system:a", c=None)) == ()
    assert restart_deadlocks(systems(alone="system:alone")) == (("system:alone",),)


def test_what_waits_for_itself_stays_down_when_the_cause_is_over() -> None:
    ring = [system("identity", {"all": ["system:directory", "system:power"]}), system("directory", "system:identity")]
    net = network(systems=[*ring, system("power", restore="2h"), system("lamp", "system:power")])
    first, second = states(net, lose("system:power"), 86400)
    assert (first.end, second.start) == (7200, 7200)
    assert first.now.fallen == ("system:directory", "system:identity", "system:lamp", "system:power")
    assert second.now.fallen == ("system:directory", "system:identity")


def test_the_graph_says_how_and_does_not_depend_on_file_order() -> None:
    net = systems(a=None, b=None, top={"any": ["system:a", {"at_least": {"k": 1, "of": ["system:b"]}}]})
    graph = dependency_graph(net)
    assert list(graph.edges(data="how")) == [("system:a", "system:top", "any"), ("system:b", "system:top", "at_least")]
    turned = net.model_copy(update={"systems": tuple(reversed(net.systems))})
    assert list(dependency_graph(turned).edges(data=True)) == list(graph.edges(data=True))
    sites = dependency_graph(two_sites())
    assert sites.edges["pool:a", "function:F"]["how"] == "any"
    assert nx.has_path(sites, "vendor:acme", "function:G")


@pytest.mark.parametrize(
    ("key", "impact"),
    [
        ({"function": "F"}, 5),
        ({"site": "B"}, 2),
        ({"vendor": "acme"}, 5),
        ({"vendor": "acme", "site": "B"}, 2),
        ({"system": "crm"}, 2),
        ({"pool": "a"}, 5),
        ({"contract": "acme-msa"}, 2),
        ({"system": "unknown"}, 1),
        ({"metric": "csat"}, 5),
        ({}, 5),
    ],
)
def test_criticality_is_the_greatest_impact_in_the_scope(key: dict[str, str], impact: int) -> None:
    net = two_sites(
        functions=[function("F", "a", impact=5), function("G", "b", 4, impact=2, needs="system:crm")],
        systems=[system("crm")],
        contracts=[contract("acme", ["G"])],
    )
    assert criticality(net, key) == impact


def holds(need: Need | None, up: set[str]) -> bool:
    if need is None:
        return True
    if isinstance(need, AllOf):
        return all(holds(part, up) for part in need.all)
    if isinstance(need, AnyOf):
        return any(holds(part, up) for part in need.any)
    if isinstance(need, AtLeast):
        return sum(holds(part, up) for part in need.at_least.of) >= need.at_least.k
    return need in up


NAMES = [f"system:s{number}" for number in range(6)]
LEAF = st.sampled_from(NAMES)
NEED = st.recursive(
    LEAF,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
        st.lists(inner, min_size=2, max_size=3).map(lambda parts: {"at_least": {"k": 2, "of": parts}}),
    ),
    max_leaves=5,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.none() | NEED, min_size=6, max_size=6), st.sets(LEAF, min_size=1, max_size=2))
def test_the_cascade_and_the_restart_are_the_extreme_fixed_points(needs: list[Any], lost: set[str]) -> None:
    net = systems(**{f"s{number}": need for number, need in enumerate(needs)})
    need_of = {f"system:{item.id}": item.needs for item in net.systems}
    fixed = []
    for bits in product((False, True), repeat=len(NAMES)):
        up = {name for name, on in zip(NAMES, bits, strict=True) if on}
        if all((name in up) == (name not in lost and holds(need_of[name], up)) for name in NAMES):
            fixed.append(up)
    greatest = max(fixed, key=len)
    assert set(cascade(net, lose(*sorted(lost)).losses).fallen) == set(NAMES) - greatest
    up: set[str] = set()
    while (more := {name for name in NAMES if holds(need_of[name], up)}) != up:
        up = more
    stuck = {name for group in restart_deadlocks(net) for name in group}
    assert not stuck & up
    assert bool(stuck) == (up != set(NAMES))


def test_a_pool_without_its_system_falls_in_part_with_it() -> None:
    net = two_sites(systems=[system("crm")], pools=[pool("a", "A", needs="system:crm"), pool("b", "B")])
    assert cascade(net, (Loss(ref="system:crm", share=0.25),)).of("pool:a") == Fraction(3, 4)
