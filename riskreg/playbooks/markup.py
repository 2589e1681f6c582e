"""What the text of a playbook may become on its page: plain elements, and addresses that ask nobody and run nothing.

The text is read as the site's builder reads it, and the HTML that comes out is held against a list of what is allowed. There is
no list of what is dangerous: whatever is not known is refused, in whichever way it was written.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from html.parser import HTMLParser

import markdown

EXTENSIONS = (
    "abbr", "admonition", "attr_list", "def_list", "footnotes", "md_in_html", "tables", "toc", "pymdownx.details",
    "pymdownx.superfences",
)  # fmt: skip
"""How the site reads Markdown."""
UNKNOWN = "rrvalue"
"""Stands where a template writes a value; what a value makes of an address is seen when it is rendered."""
_ELEMENTS = frozenset((
    "a", "abbr", "b", "blockquote", "br", "code", "dd", "del", "details", "div", "dl", "dt", "em", "h1", "h2", "h3", "h4", "h5",
    "h6", "hr", "i", "img", "kbd", "li", "mark", "ol", "p", "pre", "q", "s", "small", "span", "strong", "sub", "summary", "sup",
    "table", "tbody", "td", "th", "thead", "tr", "ul",
))  # fmt: skip
_ATTRIBUTES = frozenset((
    "alt", "class", "colspan", "dir", "href", "id", "lang", "markdown", "open", "rowspan", "scope", "src", "start", "title",
))  # fmt: skip
_ALIGNED = re.compile(r"text-align: (?:left|right|center);")
_COMMENT = re.compile(r" rr:cover(?:-all| [A-Za-z0-9_.-]+) ")
_RISK = re.compile(r"\.\./register/R-\d+\.html")
_SCHEME = re.compile(r"([^/?#]*?):")
_IGNORED = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u2028\u2029\ufeff]")
_SCHEMES = {"href": frozenset({"http", "https", "mailto", "tel"}), "src": frozenset[str]()}

# Text in which every tag is one of these, and which holds no link, no attribute list and no control character, needs no reading.
_PLAIN = re.compile(
    r"</?(?:br|code|div|em|li|ol|p|small|span|strong|ul)(?: class=\"[\w -]*\"| markdown)*>"
    r"|<a(?: class=\"[\w -]*\")? href=\"(?:tel:\+?\d+|#[\w-]+|\.\./register/R-\d+\.html)\">|</a>"
    r"|<!-- rr:cover(?:-all| [A-Za-z0-9_.-]+) -->"
)
_SUSPECT = re.compile(r"<(?=[A-Za-z/!?])|\]\(|\]:|\{|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True)
class Problem:
    """One thing that may not stand on a page; `needle` is how it stands in the text, as far as that can be said."""

    code: str
    message: str
    hint: str
    example: str
    needle: str


def problems(text: str, pages: Collection[str] | None = None) -> tuple[Problem, ...]:
    """What in the Markdown of a playbook page is live, asks another host, or leads nowhere; each once, as they stand.

    `pages` are the addresses, without ending, that a relative link may lead to (`guide/index`); None lets them all pass.
    """
    if not _SUSPECT.search(_PLAIN.sub("", text)):
        return ()
    reader = _Reader(text, pages)
    reader.feed(markdown.Markdown(extensions=list(EXTENSIONS)).convert(text))
    reader.close()
    # The site passes text between markers of its own through unread; nobody but the site writes them.
    markers = [_MARKER] if "<!--" in _PLAIN.sub("", text) else []
    return tuple(dict.fromkeys([*reader.found, *markers]))


def lines_with(body: str, needle: str) -> list[int]:
    """The lines, from 1, on which a needle stands; the first where none holds it, because it was put together."""
    wanted = needle.lower()
    return [number for number, line in enumerate(body.split("\n"), 1) if wanted in line.lower()] or [1]


class _Reader(HTMLParser):
    """Collects what is not allowed while it walks through the HTML of one page."""

    def __init__(self, text: str, pages: Collection[str] | None) -> None:
        super().__init__(convert_charrefs=False)
        self.text = text
        self.pages = pages
        self.found: list[Problem] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in _ELEMENTS:
            self.found.append(_html(f"the element <{tag}>", f"<{tag}"))
            return
        for name, value in attrs:
            if name == "style" and _ALIGNED.fullmatch(value or ""):
                continue
            if name not in _ATTRIBUTES:
                self.found.append(_html(f"the attribute '{name}'", name))
            elif name in _SCHEMES:
                self.found += _address(name, value or "", self.text, self.pages)

    def handle_comment(self, data: str) -> None:
        if not _COMMENT.fullmatch(data):
            self.found.append(_MARKER)

    def handle_endtag(self, tag: str) -> None:
        if tag not in _ELEMENTS:
            self.found.append(_html(f"the element <{tag}>", f"</{tag}"))

    def handle_data(self, data: str) -> None:
        # a sign that was not read as a tag here may be read as one by a browser
        if "<" in data:
            self.found.append(_html("a '<' that opens no element", data[data.index("<") :].partition("\n")[0][:20]))

    def handle_decl(self, decl: str) -> None:
        self.found.append(_html(f"the declaration '<!{decl[:20]}'", "<!"))

    def handle_pi(self, data: str) -> None:
        self.found.append(_html(f"the instruction '<?{data[:20]}'", "<?"))

    def unknown_decl(self, data: str) -> None:
        self.handle_decl(data)


def _html(what: str, needle: str) -> Problem:
    return Problem(
        "template-html",
        f"{what} may not stand in a playbook",
        "Write Markdown. Of HTML only plain elements with class, id or title are allowed; write &lt; for a sign that shows.",
        '**bold**, [text](../guide/index.md), <p class="rr-fallback">',
        needle,
    )


_MARKER = _html("a comment other than <!-- rr:cover-all --> and <!-- rr:cover ID -->", "<!--")


def _address(name: str, written: str, text: str, pages: Collection[str] | None) -> Iterator[Problem]:
    address, said = _IGNORED.sub("", written), " ".join(written[:80].split())
    scheme = _SCHEME.match(address)
    if scheme or address.startswith(("//", "\\", "/\\")):
        if scheme and scheme[1].lower() in _SCHEMES[name]:
            return
        where = "a picture" if name == "src" else "a link"
        yield Problem(
            "template-address",
            f"{where} may not have the address '{said}'",
            "Pictures come from the publication itself: reading it asks nobody else." if name == "src"
            else "Links lead to pages of the publication, or begin with https://, mailto: or tel:.",
            "[text](https://example.org), [text](../guide/index.md)",
            written if written in text else (scheme[0] if scheme else "//"),
        )  # fmt: skip
        return
    if pages is None or address.startswith("#") or UNKNOWN in address or _leads(address, text, pages):
        return
    yield Problem(
        "template-link",
        f"'{said}' leads to no page that is always there",
        "Playbooks stand in their own folder: begin with ../ for every other; in Markdown the ending is .md, in HTML .html.",
        "[the guide](../guide/index.md), [the map](../fails/map.md), [the register](../register/index.md)",
        written,
    )


def _leads(address: str, text: str, pages: Collection[str]) -> bool:
    path = address.partition("#")[0]
    # The builder follows addresses in Markdown from file to file; those in HTML stand as they are.
    raw = f'href="{path}' in text
    page, ending = posixpath.splitext(posixpath.normpath(posixpath.join("playbooks", path)))
    return (raw and bool(_RISK.fullmatch(path))) or (ending == (".html" if raw else ".md") and page in pages)
