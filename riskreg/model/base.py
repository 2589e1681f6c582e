"""What every noun shares: frozen, strict about unknown fields, comparable by value, hashable to canonical bytes."""

from __future__ import annotations

import hashlib
import json
import math
import unicodedata
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError


class Frozen(BaseModel):
    """Base of all nouns: immutable, unknown fields refused, NaN and infinity refused."""

    # A validator is built when it is first used, so that a command waits for the nouns that it needs and for no other.
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False, populate_by_name=True, defer_build=True)


def _no_bool(value: Any) -> Any:
    # Python counts True as 1; a file that says `impact: true` has a mistake in it.
    if isinstance(value, bool):
        raise ValueError("a number is needed here, not true or false")
    return value


def _number(value: Any) -> Any:
    if isinstance(value, str):
        raise ValueError("a number is needed here, without quotes")
    return _no_bool(value)


Id = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
"""Identifier: ASCII letters, digits, dot, dash, underscore; at most 64 characters; stable, because addresses are made of it."""

Ref = Annotated[
    str,
    StringConstraints(pattern=r"^(site|system|vendor|pool|function|hazard):[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"),
]
"""A typed reference such as `site:MNL` or `system:telephony`."""

# These turn the direction of what is shown, so that a reader sees another text than the one that was stored.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


LONGEST_LINE = 200
"""Characters of a name, a title or another text of one line."""


def unprintable(text: str, *, lines: bool) -> str:
    """The name of the first character that cannot be shown or turns what is shown around; empty where there is none.

    Line breaks and tabs are allowed with `lines`.
    """
    for sign in text:
        if lines and sign in "\n\t":
            continue
        if unicodedata.category(sign) in ("Cc", "Cs", "Cn", "Zl", "Zp") or sign in _TURNING:
            return unicodedata.name(sign, f"U+{ord(sign):04X}")
    return ""


def _one_line(text: str) -> str:
    if "\n" in text:
        raise PydanticCustomError("not_printable", "is one line, and has a line break in it")
    return _shown(text, lines=False)


def _lines(text: str) -> str:
    return _shown(text, lines=True)


def _shown(text: str, *, lines: bool) -> str:
    if strange := unprintable(text, lines=lines):
        raise PydanticCustomError("not_printable", "has a character in it that cannot be shown: {sign}", {"sign": strange})
    return text


Text = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_LINE, strip_whitespace=True), AfterValidator(_one_line)]
"""A name or a title: one line."""
Prose = Annotated[str, StringConstraints(min_length=1, max_length=4000, strip_whitespace=True), AfterValidator(_lines)]
"""Sentences; line breaks are kept."""
Line = Annotated[str, StringConstraints(max_length=LONGEST_LINE, strip_whitespace=True), AfterValidator(_one_line)]
"""One line that may be left empty."""
Remark = Annotated[str, StringConstraints(max_length=4000, strip_whitespace=True), AfterValidator(_lines)]
"""Sentences that may be left out."""
Whole = Annotated[int, BeforeValidator(_number)]
Number = Annotated[float, BeforeValidator(_number)]
Share = Annotated[float, BeforeValidator(_number), Field(ge=0.0, le=1.0)]
"""A part of a whole, 0 to 1."""
Level = Annotated[int, BeforeValidator(_number), Field(ge=1, le=5)]
"""A step of a five-step scale (likelihood, impact, strength)."""


def split_ref(ref: str) -> tuple[str, str]:
    """`site:MNL` → `("site", "MNL")`."""
    kind, _, ident = ref.partition(":")
    return kind, ident


def canonical(value: Any) -> bytes:
    """Canonical JSON bytes: sorted keys, no blanks, UTF-8, shortest round-trip floats; NaN is refused with ValueError.

    The same value gives the same bytes on every machine, so a hash over them can be kept and compared.
    """
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", by_alias=True)
    return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def content_hash(value: Any) -> str:
    """SHA-256 over the canonical bytes, as 64 hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def _plain(value: Any) -> Any:
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(_plain(item) for item in value)
    if isinstance(value, float) and math.isfinite(value) and value == int(value) and abs(value) < 2**53:
        return int(value)  # 5.0 and 5 are one number in JSON
    return value
