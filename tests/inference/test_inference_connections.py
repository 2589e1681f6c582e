"""Which rules decide together, and that asking so costs one look at each of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from riskreg.inference.language.connections import Connection, Connections


class _Counted(list[str]):
    """Makers of one fact that count how often they are gone through."""

    walks = 0

    def __iter__(self) -> Iterator[str]:
        self.walks += 1
        return super().__iter__()


def test_a_rule_needs_those_whose_conclusions_it_sees_and_those_that_conclude_the_same() -> None:
    rules = {
        "first": Connection("seen", ()),
        "second": Connection("seen", ("other",)),
        "third": Connection("other", ()),
        "user": Connection(None, ("seen", "cover")),
        "apart": Connection(None, ("cover",)),
    }
    connections = Connections(rules)
    assert connections.around(["user"]) == ("first", "second", "third", "user")
    assert connections.around(["first"]) == ("first", "second", "third")
    assert connections.around(["third"]) == ("third",)
    assert connections.around(["apart", "no-such-rule", "apart"]) == ("apart",)


def test_a_circle_of_conclusions_ends() -> None:
    rules = {"a": Connection("x", ("y",)), "b": Connection("y", ("x",))}
    assert Connections(rules).around(["b"]) == ("a", "b")


@pytest.mark.parametrize("size", [1000, 2000])
def test_many_makers_of_one_fact_are_gone_through_once(size: int) -> None:
    connections = Connections({f"rule-{number}": Connection("seen", ("seen",)) for number in range(size)})
    makers = _Counted(connections._makers["seen"])
    connections._makers["seen"] = makers
    assert len(connections.around(["rule-7"])) == size
    assert makers.walks == 1
