"""What must hold for every plan, on random networks with random losses."""

from __future__ import annotations

import random

import pytest
from small_networks import lose, plan

from networks import make_network  # isort: skip
from riskreg.model.disruption import Loss
from riskreg.model.network import Network
from riskreg.model.plan import FailoverPlan, Verdict


def random_plan(seed: int) -> tuple[Network, FailoverPlan]:
    dice = random.Random(seed)
    net = make_network(dice.randint(3, 8), seed)
    tables = ("site", "pool", "system", "vendor", "hazard")
    refs = [f"{table}:{ident}" for table in tables for ident in sorted(getattr(net, table))]
    losses = [
        Loss.model_validate(
            {
                "ref": dice.choice(refs),
                "kind": dice.choice((None, None, "workplace", "people", "access", "vendor")),
                "share": dice.choice((1, 1, 0.5, 0.15)),
                "for": dice.choice((None, "45m", "6h", "2d")),
            }
        )
        for _ in range(dice.choice((1, 1, 2)))
    ]
    return net, plan(net, *losses, horizon=86400)


def consistent(found: Verdict) -> None:
    minimum_at = found.minimum_at
    if found.outcome == "met":
        assert minimum_at is not None
        assert minimum_at <= found.rto
        assert (found.short, found.binding, found.counterexample) == (0, None, "")
    elif found.outcome == "late":
        assert minimum_at is not None
        assert found.rto < minimum_at <= found.mtpd
    elif found.outcome == "breach":
        assert minimum_at is None or minimum_at > found.mtpd
    if found.outcome in ("late", "breach", "not-known"):
        assert found.short > 0
        assert found.binding is not None
        assert found.binding.advice
        assert found.counterexample
        assert found.short_from is not None
    if found.outcome == "not-known":
        assert found.weakest
    if found.full_at is not None:
        assert minimum_at is not None
        assert minimum_at <= found.full_at
    assert [point.at for point in found.cover] == sorted({point.at for point in found.cover})
    for point in found.cover:
        assert 0 <= point.minimum <= point.demand
        assert 0 <= point.served <= point.demand
        assert 0 <= point.proven <= point.demand


@pytest.mark.parametrize("seed", range(40))
def test_verdicts_moves_and_donors_agree_with_each_other(seed: int) -> None:
    net, made = random_plan(seed)
    for found in made.verdicts:
        consistent(found)
    options = {option.id: option for option in made.options}
    for move in made.moves:
        assert move.positions > 0
        assert move.ends is None or move.starts < move.ends
        if move.option in options:
            assert move.positions <= options[move.option].positions
        else:
            assert move.kind == "idle", "only a donor's work moves by an option that is not open to lost work"
            assert move.function in {donor.function for donor in made.donors}
    refused = {(r.function, r.option) for r in made.refusals}
    assert not refused & {(move.function, move.option) for move in made.moves}
    verdicts = {found.function for found in made.verdicts}
    for donor in made.donors:
        assert donor.function in verdicts
        assert donor.gives > 0
        assert donor.to
        if all(f"pool:{part.pool}" not in {f.ref for f in made.fallen} for part in net.function[donor.function].served_by):
            assert donor.keeps >= donor.minimum
    assert FailoverPlan.model_validate_json(made.model_dump_json(by_alias=True)) == made


@pytest.mark.parametrize("seed", range(20))
def test_an_option_is_eligible_or_refused_and_never_used_and_free_at_once(seed: int) -> None:
    _, made = random_plan(seed)
    pairs = {(pair.function, pair.option) for pair in made.eligible}
    options = {option.id: option for option in made.options}
    assert not pairs & {(refusal.function, refusal.option) for refusal in made.refusals}
    assert {option for _, option in pairs} == options.keys()
    lost = {verdict.function for verdict in made.verdicts if verdict.lost}
    assert {(move.function, move.option) for move in made.moves if move.function in lost} <= pairs
    for option in made.options:
        assert [step.at for step in option.free] == sorted({step.at for step in option.free})
        for time in {0, *(step.at for step in option.free)}:
            used = sum(move.at(time) for move in made.moves if move.option == option.id)
            assert 0 <= option.free_at(time) <= max(0, option.positions - used)
    for donor in made.donors:
        assert max(step.positions for step in donor.steps) == donor.gives


def test_the_same_question_gives_the_same_bytes() -> None:
    assert random_plan(4)[1].model_dump_json(by_alias=True) == random_plan(4)[1].model_dump_json(by_alias=True)


def test_losing_everything_is_a_plan_too() -> None:
    net = make_network(4, 1)
    made = plan(net, *(f"site:{ident}" for ident in sorted(net.site)), horizon=86400)
    assert made.decision.choice == "not-covered" or made.count("met")
    assert all(found.outcome != "untouched" for found in made.verdicts if found.lost)
    assert made.disruption == lose(*(f"site:{ident}" for ident in sorted(net.site)))
