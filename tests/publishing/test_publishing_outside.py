"""A publication asks nobody: pages that would are refused, and addresses that links may lead to are those that are made."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml
from publishing_fixture import content, playbooks

from riskreg.playbooks.markup import EXTENSIONS
from riskreg.publishing import BuildFailed, page_addresses, publish
from riskreg.publishing.build import all_pages, tree_files
from riskreg.publishing.outside import requests

ASKING = [
    '<img src="http://evil.example/t.png">',
    "<img alt='a > b' src=//evil.example/t.png>",
    '<img srcset="a.png 1x, https://evil.example/b.png 2x">',
    '<link rel="stylesheet" href="https://evil.example/x.css">',
    '<p style="background: url(//evil.example/x)">',
    '<style>@import "https://evil.example/x.css";</style>',
    '<image xlink:href="https://evil.example/x.svg">',
    '<script src="https&#58;//evil.example/x.js"></script>',
    '<meta http-equiv="refresh" content="0; url=https://evil.example">',
]


@pytest.mark.parametrize("tag", ASKING)
def test_a_page_that_asks_is_named(tag: str, tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub/good.html").write_text(
        '<a href="https://example.org"><img src="../a.png">url(https://example.org)</a>', "utf-8"
    )
    (tmp_path / "sub/page.html").write_text(f"<p>x</p>{tag}", "utf-8")
    (fault,) = requests(tmp_path)
    assert (fault.code, str(fault.span)) == ("publication-asks-outside", "sub/page.html")
    assert "evil.example" in fault.message


def test_the_publication_itself_asks_nobody(public: Path) -> None:
    assert requests(public) == ()


def test_a_publication_that_asks_is_refused_and_the_old_one_stands(tmp_path: Path) -> None:
    public = tmp_path / "public"
    publish(content(), tmp_path / "tree", public)
    before = {path: path.read_bytes() for path in sorted(public.rglob("*.html"))}
    bad = playbooks()[0].model_copy(update={"text": "# A title\n\n![x](http://evil.example/t.png)\n"})
    with pytest.raises(BuildFailed, match=r"evil\.example") as refused:
        publish(content(playbooks=(bad,)), tmp_path / "tree", public)
    assert [fault.span.path for fault in refused.value.faults] == ["playbooks/site-lost--site-CEB.html"]
    assert {path: path.read_bytes() for path in sorted(public.rglob("*.html"))} == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["public", "tree"]


@pytest.mark.parametrize("audience", ["internal", "public"])
def test_every_address_that_may_be_linked_is_made(audience: str) -> None:
    whole = content(audience=audience)
    made = {page.path for page in all_pages(whole)}
    made |= {name[len("docs/") : -len(".md")] for name in tree_files(whole, [], "public") if re.match(r"docs/guide/.*\.md$", name)}
    known = page_addresses(whole.workspace)
    # drills and general forms are made from the workspace's own, which the fixture gives as finished pages
    families = re.compile(r"drills/(?!index$)|playbooks/(?!index$)|register/R-")
    assert {path for path in known if not families.match(path)} == {path for path in made if not families.match(path)}


def test_playbooks_are_looked_at_as_the_site_reads_them() -> None:
    site = yaml.safe_load(tree_files(content(), [], "public")["mkdocs.yml"])["markdown_extensions"]
    named = {next(iter(each)) if isinstance(each, dict) else each for each in site}
    assert named - {"riskreg.publishing.svg_markdown"} == set(EXTENSIONS)
