"""The page that says what the publication was made from."""

from __future__ import annotations

from collections.abc import Iterator

from riskreg import __version__
from riskreg.publishing import words
from riskreg.publishing.edition import Edition
from riskreg.publishing.render import Page, page


def pages(edition: Edition) -> Iterator[Page]:
    """`made-from`."""
    content = edition.content
    facts = [
        ("As of", words.moment(content.as_of, edition.zone)),
        ("Register", content.register_hash),
        ("Network", edition.network.hash),
        ("Rules decided by", content.engine),
        ("Made with", f"riskreg {__version__}"),
        ("Audience", edition.settings.publishing.audience),
    ]
    files = [] if edition.public else sorted(content.workspace.files_read.items())
    methods = sorted({plan.method for plan in content.plans.values()})
    yield page(
        "made-from", "made_from.html", {"facts": facts, "files": files, "methods": methods}, wide=True, kind="made-from", weight=0
    )


def stamp(edition: Edition) -> dict[str, str]:
    """What the foot of every page says: the moment, and the short hashes of register and network."""
    return {
        "as_of": words.moment(edition.content.as_of, edition.zone),
        # A workspace of a fixed moment, such as an example or a replay, does not grow old.
        "iso": "" if edition.settings.as_of else edition.content.as_of.isoformat(),
        "register": edition.content.register_hash[:8],
        "network": edition.network.hash[:8],
    }
