"""The publication in a browser, opened from disk: nothing is asked of any network, and people can use it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed: apt-get install chromium"),
]
ARGUMENTS = ["--no-sandbox", "--headless", "--disable-gpu", "--disable-background-networking"]
KINDS = (
    "index", "unsure", "register/index", "register/R-001", "register/R-003", "playbooks/index",
    "playbooks/site-lost--site-CEB",
    "fails/index", "fails/map", "fails/site-CEB", "fails/system-telephony", "fails/vendor-altura", "functions/index",
    "functions/ORD-EN", "drills/index", "drills/drill-ceb-player", "rules/index", "rules/attrition-spike",
    "rules/data-exposed", "made-from",
    "guide/index",    "guide/reader", "guide/risk-engineer",
)  # fmt: skip


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


class Watched:
    """A page that remembers what it asked for and what went wrong."""

    def __init__(self, browser: Any, public: Path, **context: Any) -> None:
        self.context = browser.new_context(**context)
        self.page = self.context.new_page()
        self.public = public
        self.outside: list[str] = []
        self.wrong: list[str] = []
        self.page.on("request", lambda asked: self._asked(asked.url))
        self.page.on("console", lambda said: self.wrong.append(said.text) if said.type in ("error", "warning") else None)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))

    def _asked(self, url: str) -> None:
        if not url.startswith((self.public.as_uri(), "data:", "about:")):
            self.outside.append(url)

    def open(self, name: str) -> Any:
        self.page.goto((self.public / f"{name}.html").as_uri())
        return self.page


@pytest.fixture
def desk(browser: Any, public: Path) -> Iterator[Watched]:
    watched = Watched(browser, public, viewport={"width": 1280, "height": 900})
    yield watched
    watched.context.close()
    assert watched.outside == []
    assert watched.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_asks_the_network_or_scrolls_sideways_on_a_phone(browser: Any, public: Path, scheme: str) -> None:
    phone = Watched(browser, public, viewport={"width": 390, "height": 844}, color_scheme=scheme)
    wide = []
    for name in KINDS if scheme == "light" else KINDS[:8]:
        page = phone.open(name)
        if page.evaluate("document.documentElement.scrollWidth") > 390:
            wide.append(name)
    phone.context.close()
    assert wide == []
    assert phone.outside == []
    assert phone.wrong == []


def test_reflow_at_320_pixels(browser: Any, public: Path) -> None:
    small = Watched(browser, public, viewport={"width": 320, "height": 800})
    wide = [name for name in KINDS if small.open(name).evaluate("document.documentElement.scrollWidth") > 320]
    small.context.close()
    assert wide == []


def test_search_finds_a_risk_from_disk(desk: Watched) -> None:
    page = desk.open("index")
    page.keyboard.press("/")
    page.locator(".md-search__input").type("carrier serves")
    found = page.locator(".md-search-result__link").first
    found.wait_for(timeout=10_000)
    assert "R-002" in found.inner_text()
    assert "register/R-002.html" in str(found.get_attribute("href"))


@pytest.mark.parametrize(
    ("asked", "first"),
    [
        ("wifi", ("I am not sure what is down", "Cebu site lost")),
        ("blackout", ("I am not sure what is down", "Cebu site lost")),
        ("phones down", ("I am not sure what is down",)),
        ("cebu lost", ("Cebu site lost",)),
    ],
)
def test_search_finds_the_plan_by_the_words_of_the_night(desk: Watched, asked: str, first: tuple[str, ...]) -> None:
    page = desk.open("index")
    page.keyboard.press("/")
    page.locator(".md-search__input").type(asked)
    page.locator(".md-search-result__link").first.wait_for(timeout=10_000)
    found = page.locator(".md-search-result__item > .md-search-result__link h1").all_inner_texts()
    assert tuple(found[: len(first)]) == first


def test_search_says_words_apart_and_keeps_exercises_out(desk: Watched) -> None:
    page = desk.open("index")
    page.keyboard.press("/")
    page.locator(".md-search__input").type("carrier billing")
    found = page.locator(".md-search-result__item", has_text="R-005").first
    found.wait_for(timeout=10_000)
    assert "OwnerPriya" not in found.inner_text()
    index = (desk.public / "search/search_index.json").read_text("utf-8")
    assert "drills/drill-ceb" not in index
    assert "made-from.html" not in index
    assert "Owner Priya Nairfield" in index


def test_the_menu_of_a_phone_opens_with_the_keyboard(browser: Any, public: Path) -> None:
    phone = Watched(browser, public, viewport={"width": 390, "height": 844})
    page = phone.open("register/index")
    for _ in range(8):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.getAttribute('for')") == "__drawer":
            break
    page.keyboard.press("Enter")
    page.wait_for_function("document.activeElement.closest('.md-sidebar--primary') !== null")
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.getAttribute('for')") == "__drawer"
    assert not page.locator("#__drawer").is_checked()
    phone.context.close()
    assert phone.wrong == []


def test_the_scheme_can_be_switched_and_stays(desk: Watched) -> None:
    page = desk.open("index")
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.locator("label[title='Switch to dark']").click()
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (light, dark) == ("rgb(255, 255, 255)", "rgb(18, 23, 30)")
    desk.open("register/index")
    assert page.locator("body").get_attribute("data-md-color-scheme") == "slate"


def test_the_keyboard_reaches_the_emergency_buttons_and_sees_where_it_is(desk: Watched) -> None:
    page = desk.open("index")
    for _ in range(30):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.classList.contains('rr-door')"):
            break
    assert page.evaluate("document.activeElement.textContent") == "Cebu"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid"
    page.keyboard.press("Enter")
    page.wait_for_url("**/playbooks/site-lost--site-CEB.html")
    assert page.locator("h1").inner_text() == "Cebu site lost"


def test_targets_are_large_enough_in_an_emergency(browser: Any, public: Path) -> None:
    phone = Watched(browser, public, viewport={"width": 390, "height": 844}, has_touch=True)
    for name, selector in (("index", ".rr-door"), ("playbooks/site-lost--site-CEB", ".rr-call"), ("unsure", ".rr-door")):
        boxes = [item.bounding_box() for item in phone.open(name).locator(selector).all()]
        assert boxes
        assert all(box and box["height"] >= 44 and box["width"] >= 44 for box in boxes), name
    heat = [item.bounding_box() for item in phone.open("register/index").locator(".rr-heat td a").all()]
    assert heat
    assert all(box and box["height"] >= 24 and box["width"] >= 24 for box in heat)
    phone.context.close()


def _luminance(colour: str) -> float:
    parts = [int(part) / 255 for part in colour.removeprefix("rgb(").removesuffix(")").split(", ")[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_texts_have_contrast(browser: Any, public: Path, scheme: str) -> None:
    desk = Watched(browser, public, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = desk.open("register/index")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for selector in (
        ".rr-lead",
        ".rr-stamp",
        ".rr-table a",
        ".rr-note",
        ".rr-status--not-covered",
        ".rr-status--partly",
        "thead th",
    ):
        colour = page.locator(selector).first.evaluate("item => getComputedStyle(item).color")
        assert _contrast(colour, ground) >= 4.5, selector
    for band in ("low", "moderate", "high", "critical"):
        chip = page.locator(f".rr-chip--{band}").first
        style = chip.evaluate("item => [getComputedStyle(item).color, getComputedStyle(item).backgroundColor]")
        assert _contrast(*style) >= 4.5, band
    desk.context.close()


def test_paper_opens_what_is_folded_and_hides_the_frame(desk: Watched) -> None:
    page = desk.open("playbooks/site-lost--site-CEB")
    folded = page.get_by_text("Cebu stopped taking contacts at")
    assert not folded.is_visible()
    page.emulate_media(media="print")
    assert folded.is_visible()
    assert page.locator(".rr-done").first.is_visible()
    assert not page.locator(".md-header").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_readings_fold_on_a_page_and_open_on_paper(desk: Watched) -> None:
    page = desk.open("register/R-001")
    reading = page.get_by_text("Leavers 11, usual 3, limit 7")
    assert not reading.is_visible()
    page.locator(".rr-fold summary").first.click()
    assert reading.is_visible()
    page.locator(".rr-fold summary").first.click()
    page.emulate_media(media="print")
    assert reading.is_visible()


def test_a_rule_shows_its_year_and_opens_the_same_as_a_table(desk: Watched) -> None:
    page = desk.open("rules/attrition-spike")
    year = page.locator(".rr-year").first
    assert "Cebu 8" in str(year.get_attribute("aria-label"))
    assert year.evaluate("item => item.getBoundingClientRect().width") == 720
    row = page.get_by_role("cell", name="from Sat\u00a031\u00a0Oct")
    assert not row.is_visible()
    page.locator(".rr-episodes > summary").focus()
    page.keyboard.press("Enter")
    assert row.is_visible()
    page.keyboard.press("Enter")
    page.emulate_media(media="print")
    assert row.is_visible()


def test_from_what_is_not_judged_to_the_rule(desk: Watched) -> None:
    page = desk.open("index")
    page.get_by_role("link", name="See which").click()
    page.wait_for_url("**/rules/index.html#not-judged")
    page.locator("#not-judged ~ table a").first.click()
    page.wait_for_url("**/rules/attrition-spike.html")
    assert page.get_by_text("Leavers of Bogotá are 12 days late").is_visible()


def test_the_year_of_a_phone_is_drawn_for_it(browser: Any, public: Path) -> None:
    phone = Watched(browser, public, viewport={"width": 390, "height": 844})
    page = phone.open("rules/attrition-spike")
    shown = [item for item in page.locator(".rr-year").all() if item.is_visible()]
    assert [item.bounding_box()["width"] for item in shown] == [344]
    phone.context.close()
    assert phone.wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_marks_of_a_year_stand_out(browser: Any, public: Path, scheme: str) -> None:
    desk = Watched(browser, public, viewport={"width": 1280, "height": 900}, color_scheme=scheme)
    page = desk.open("rules/attrition-spike")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    for selector, part in ((".rr-fired:not(.rr-fired--false)", "fill"), (".rr-fired--false", "stroke"), (".rr-week", "fill")):
        colour = page.locator(f".rr-wide {selector}").first.evaluate(f"item => getComputedStyle(item).{part}")
        assert _contrast(colour, ground) >= 3, selector
    desk.context.close()


def test_age_is_shown_and_an_old_publication_says_so(desk: Watched) -> None:
    desk.page.clock.set_fixed_time("2026-11-21T09:30:00Z")
    page = desk.open("index")
    assert page.locator(".rr-foot__age").inner_text().startswith("These pages are 3 h old")
    assert page.locator(".rr-stale").count() == 0
    desk.page.clock.set_fixed_time("2026-11-24T09:30:00Z")
    page = desk.open("index")
    assert "These pages are 3 days old." in page.locator(".rr-stamp").inner_text()
    assert page.locator(".rr-stale").count() == 2
