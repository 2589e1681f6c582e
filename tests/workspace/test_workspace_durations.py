"""Durations and times of day are written with the digits 0 to 9, and with nothing behind them."""

from __future__ import annotations

import pytest

from riskreg.model.times import parse_duration, parse_profile


@pytest.mark.parametrize("text", ["٣d", "3٣d", "３d", "4h\n", "३w"])
def test_a_duration_with_other_digits_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="a duration is a whole number and a unit"):
        parse_duration(text)


@pytest.mark.parametrize("text", ["٠٨:00", "08:00\n"])
def test_a_time_of_day_with_other_digits_is_refused(text: str) -> None:
    assert parse_profile([{"from": "08:00", "positions": 4}])
    with pytest.raises(ValueError, match="a time of day is written"):
        parse_profile([{"from": text, "positions": 4}])
