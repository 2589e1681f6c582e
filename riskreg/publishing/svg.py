"""Writing SVG: elements as escaped text, numbers short, so that the same drawing is the same bytes."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup, escape


def short(value: float) -> str:
    """At most one decimal: a tenth of a pixel is finer than any screen."""
    return f"{value:.1f}".rstrip("0").rstrip(".") if value % 1 else str(int(value))


def tag(name: str, *inside: str, **attributes: object) -> Markup:
    """One element. `cls` becomes `class`, underscores become dashes, None leaves the attribute out, numbers are shortened.

    What is inside is escaped unless it is Markup.
    """
    given = {"class" if key == "cls" else key.replace("_", "-"): value for key, value in attributes.items() if value is not None}
    written = "".join(
        f' {key}="{short(value) if isinstance(value, (int, float)) else escape(value)}"' for key, value in given.items()
    )
    return Markup(f"<{name}{written}>{''.join(map(str, map(escape, inside)))}</{name}>")  # noqa: S704 - all parts are escaped


def text(x: float, y: float, words: str, cls: str = "", anchor: str = "start") -> Markup:
    """One line of text; `anchor` is start, middle or end."""
    return tag("text", words, x=x, y=y, cls=cls or None, text_anchor=None if anchor == "start" else anchor)


def path(points: Iterable[tuple[float, float]], cls: str, *, close: bool = False) -> Markup:
    """Straight lines through points."""
    drawn = " ".join(f"{'L' if index else 'M'}{short(x)} {short(y)}" for index, (x, y) in enumerate(points))
    return tag("path", d=drawn + (" Z" if close else ""), cls=cls)


def drawing(width: float, height: float, label: str, parts: Iterable[str], cls: str = "") -> Markup:
    """The whole figure at real size: one unit is one pixel; `label` states the result for those who do not see it."""
    return tag(
        "svg", Markup("").join(escape(part) for part in parts), cls=f"rr-svg {cls}".strip(), role="img", aria_label=label,
        viewBox=f"0 0 {short(width)} {short(height)}", width=width, height=height, xmlns="http://www.w3.org/2000/svg",
        # The words of a drawing stand in its table too; in search they would run together.
        data_search_exclude="",
    )  # fmt: skip


GLYPHS: dict[str, Markup] = {
    "covered": Markup(
        '<circle cx="8" cy="8" r="7.2"/><path class="rr-on" d="M4.6 8.3l2.4 2.4 4.5-5" fill="none" stroke-width="1.8"/>'
    ),
    "partly": Markup(
        '<circle cx="8" cy="8" r="6.4" fill="none" stroke="currentColor" stroke-width="1.6"/>'
        '<path d="M8 1.6a6.4 6.4 0 0 0 0 12.8z"/>'
    ),
    "not-covered": Markup(
        '<rect x="1" y="1" width="14" height="14" rx="2.5"/>'
        '<path class="rr-on" d="M5 5l6 6M11 5l-6 6" fill="none" stroke-width="1.9"/>'
    ),
    "not-known": Markup(
        '<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.4" stroke-dasharray="2.6 1.9"/>'
        '<path d="M6.2 6.3a1.9 1.9 0 1 1 2.6 1.8c-.6.3-.8.6-.8 1.3" fill="none" stroke="currentColor" stroke-width="1.4"/>'
        '<circle cx="8" cy="11.4" r=".9"/>'
    ),
    "not-true": Markup(
        '<circle cx="8" cy="8" r="6.6" fill="none" stroke="currentColor" stroke-width="1.5"/>'
        '<path d="M5 8h6" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    ),
}
"""Signs of a state on a 16-unit square: their shapes differ before their colours do."""


def glyph(name: str, x: float, y: float, cls: str) -> Markup:
    """The sign `name`, its upper left corner at (x, y)."""
    return tag("g", GLYPHS[name], transform=f"translate({short(x)} {short(y)})", cls=cls)
