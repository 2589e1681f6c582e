"""The parts of pages: words, history, addresses, the Markdown extension, the tree."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from html import unescape
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown import markdown
from publishing_fixture import ACTOR, AS_OF, content, history

from riskreg.model.network import Network
from riskreg.model.plan import Outcome
from riskreg.model.reading import no_readings
from riskreg.model.risk import Score
from riskreg.model.words import plain_text
from riskreg.publishing import tree, views, words
from riskreg.publishing.audience import visible
from riskreg.publishing.build import all_pages
from riskreg.publishing.edition import Edition, slug
from riskreg.publishing.history import changes, standing_at
from riskreg.publishing.render import environment, from_html, heading, relative
from riskreg.publishing.svg_markdown import END, START


def test_words() -> None:
    assert words.moment(AS_OF, "Europe/London") == "Sat\u00a021\u00a0Nov\u00a02026, 06:00\u00a0London"
    assert words.clock(AS_OF, "Asia/Manila", "Cebu") == "14:00\u00a0Cebu"
    assert [words.age(seconds) for seconds in (0, 5399, 5400, 7200, 172800)] == [
        "0\u00a0min", "90\u00a0min", "2\u00a0h", "2\u00a0h", "2\u00a0days",
    ]  # fmt: skip
    assert [words.number(value) for value in (3.0, 3.25, -4.0, -0.01, 12345.6)] == ["3", "3.2", "−4", "0", "12,345.6"]
    assert [words.listed(items) for items in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert words.listed(["Orders, voice", "Mail", "Chat"]) == "Orders, voice; Mail; and Chat"
    assert words.counted(1, "risk") == "one risk"
    assert words.counted(12, "risk") == "12 risks"
    assert words.reading(0.034, "share", "GBP") == "3.4\u00a0%"
    assert words.reading(5.58, "money", "GBP") == "£5.58"
    assert words.reading(5.58, "money", "CHF") == "CHF\u00a05.58"


def test_the_worst_of_several_outcomes() -> None:
    cases: list[tuple[list[Outcome], Outcome]] = [
        (["met", "late"], "late"), (["late", "breach"], "breach"),
        (["met", "not-known"], "not-known"), (["untouched"], "untouched"),
        ([], "untouched"),
    ]  # fmt: skip
    assert [views.worst(given_) for given_, _ in cases] == [expected for _, expected in cases]


def test_addresses_work_from_any_folder() -> None:
    assert relative("index", "register/R-001") == "register/R-001.html"
    assert relative("register/R-001", "index") == "../index.html"
    assert relative("fails/site-CEB", "fails/map", "altura") == "map.html#altura"
    assert [slug(ident) for ident in ("R-001", "index", "README")] == ["R-001", "index-", "README-"]


def test_history_tells_computed_from_decided_and_keeps_the_score_that_stood() -> None:
    lines = changes(history())
    first = next(line for line in lines if line.risk == "R-001")
    assert (first.human, first.before, first.after) == (False, None, Score(likelihood=4, impact=5))
    assert first.text == "Raised by the rules. Now true: People leave faster than usual in Cebu."
    carrier = [line for line in lines if line.risk == "R-002"]
    assert [line.human for line in carrier] == [True, False]
    assert not carrier[1].moved, "the owner's score stands"
    assert carrier[1].text == "The rules now indicate 20."
    assert carrier[0].actor == ACTOR
    week_ago = datetime(2026, 11, 14, 6, tzinfo=UTC)
    assert standing_at(lines, week_ago) == {"R-002": Score(likelihood=3, impact=4), "R-003": Score(likelihood=3, impact=3)}
    assert standing_at(lines, AS_OF)["R-001"] == Score(likelihood=4, impact=5)


def test_generated_blocks_pass_through_markdown_untouched() -> None:
    block = '<table class="x"><tr><td>a | b `c` [d](javascript:e) *f* {{ g }}</td></tr></table>'
    text = f"# Title\n\n{START}\n{block}\n{END}\n\n*after*\n\n| a |\n|---|\n| b |"
    out = markdown(text, extensions=["tables", "md_in_html", "riskreg.publishing.svg_markdown"])
    assert block in out
    assert "<em>after</em>" in out
    assert '<table class="rr-table">' in out
    assert '<th scope="col">' in out


def test_headings_of_templates_become_markdown_and_data_in_them_stays_text() -> None:
    env = environment()
    page = env.from_string('<h1>{{ name }}</h1>\n<p>x</p><h2 id="why">Why</h2>').render(name="<b> [l](x) & `c`")
    text = from_html(page)
    assert text.splitlines()[0] == heading(1, "<b> [l](x) & `c`")
    assert unescape(markdown(text.splitlines()[0])) == "<h1><b> [l](x) & `c`</h1>"
    assert re.findall("<[^>]+>", markdown(text.splitlines()[0])) == ["<h1>", "</h1>"]
    assert "## Why {#why}" in text


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.text(max_size=60).filter(lambda name: plain_text(name).strip()))
def test_no_heading_text_becomes_markup(name: str) -> None:
    out = markdown(heading(1, name, "here"), extensions=["attr_list", "md_in_html", "tables", "footnotes", "abbr"])
    assert out.startswith('<h1 id="here">')
    assert out.endswith("</h1>")
    assert "<" not in out.removeprefix('<h1 id="here">').removesuffix("</h1>")


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.dictionaries(st.from_regex(r"[a-z]{1,3}(/[a-z]{1,3})?", fullmatch=True), st.binary(max_size=9), max_size=6))
def test_the_tree_holds_exactly_what_it_was_given(tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]) -> None:
    files = {f"{name}.md": data for name, data in files.items()}
    folder = tmp_path_factory.mktemp("tree")
    tree.write(folder, {"old/page.md": b"1", "kept.md": b"2"})
    tree.write(folder, files)
    assert tree.read(folder) == dict(sorted(files.items()))
    assert tree.write(folder, files) == 0


def test_a_page_takes_the_place_of_a_folder(tmp_path: Path) -> None:
    tree.write(tmp_path, {"a/b.md": b"1"})
    tree.write(tmp_path, {"a": b"2"})
    assert tree.read(tmp_path) == {"a": b"2"}


def test_an_edition_orders_by_band_and_knows_its_people() -> None:
    edition = Edition(visible(content()))
    assert [risk.id for risk in edition.standing] == ["R-001", "R-002", "R-003", "R-004", "R-005"]
    assert edition.who("vendor-manager") == "Priya Nairfield"
    assert edition.who("legal-lead") == "Legal lead"
    assert edition.name("vendor:client") == "Our own teams"
    assert edition.address("pool:CEB-team") == "fails/site-CEB"
    assert edition.address("hazard:visayas") is None
    assert edition.losses["site:CEB"].gravity < edition.losses["site:KRK"].gravity
    assert {risk.id for risk in edition.risks_touching("site:CEB")} == {"R-001"}


def test_a_moment_may_come_with_any_offset_and_a_workspace_may_be_empty() -> None:
    empty = content(risks=(), findings=(), history=(), plans={}, playbooks=(), drills=(), packs={}, tests=())
    bare = empty.workspace.model_copy(
        update={"network": Network(), "readings": no_readings(), "rules": (), "playbooks": (), "roles": ()}
    )
    elsewhere = datetime.fromisoformat("2026-11-21T02:00:00-04:00")
    made = {page.path: page.text for page in all_pages(empty.model_copy(update={"workspace": bare, "as_of": elsewhere}))}
    assert "06:00\u00a0London" in made["index"]
    assert "Nothing waits for a decision." in made["index"]
    assert "No risks yet. Add the first, or load readings and let rules propose some." in re.sub(
        "</?b>", "", made["register/index"]
    )
    assert "No drill has been made yet." in made["drills/index"]
    assert any("06:00\u00a0London" in page.text for page in all_pages(content(as_of=elsewhere)) if page.path == "index")
