"""The form in a real browser, without scripts: keyboard only, phone, dark; and what a person sees afterwards."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from shutil import which

import pytest
from playwright.sync_api import Browser, Page, sync_playwright
from walked import Walked

CHROMIUM = which("chromium") or which("chromium-browser")
pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="Chromium is not installed (Debian: apt-get install chromium)"),
]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update", "--disable-sync"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def served(meridian: Walked, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    root = meridian.copy(tmp_path_factory.mktemp("served") / "copy")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "riskreg", "serve", str(root), "--port", str(port)], stdout=subprocess.DEVNULL
    )
    for _ in range(200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait()


def reachable_only_here(port: int) -> bool:
    listening = Path("/proc/net/tcp").read_text().splitlines()[1:]
    hosts = {
        line.split()[1].split(":")[0] for line in listening if line.split()[1].endswith(f":{port:04X}") and line.split()[3] == "0A"
    }
    return hosts == {"0100007F"}


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="reads Linux's table of sockets")
def test_only_this_machine_can_reach_it(served: str) -> None:
    assert reachable_only_here(int(served.rsplit(":", 1)[1]))


def test_an_owner_reassesses_with_the_keyboard_and_without_scripts(browser: Browser, served: str) -> None:
    page = browser.new_context(java_script_enabled=False).new_page()
    page.goto(f"{served}/app/")
    page.get_by_role("link", name="R-002").first.focus()
    page.keyboard.press("Enter")
    page.locator("#likelihood-4").focus()
    page.keyboard.press("ArrowUp")
    page.get_by_label("Why do you score it so?").focus()
    page.keyboard.type("A class of twelve graduates on Monday")
    page.keyboard.press("Tab")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Check what will change").wait_for()
    page.get_by_role("button", name="Save my assessment").focus()
    page.keyboard.press("Enter")
    page.get_by_role("status").get_by_text("Saved").wait_for()
    assert "A class of twelve graduates on Monday" in page.locator("main").inner_text()


def test_an_empty_form_says_what_to_do_and_leads_there(browser: Browser, served: str) -> None:
    page = browser.new_context().new_page()
    page.goto(f"{served}/app/risks/R-001")
    page.get_by_role("button", name="Check what will change").click()
    problem = page.get_by_role("alert")
    assert "There is a problem" in problem.inner_text()
    problem.get_by_role("link", name="Say why").click()
    assert page.evaluate("location.hash") == "#reason"
    assert page.title().startswith("Error:")


@pytest.mark.parametrize("address", ["/app/", "/app/risks/R-001"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_fit_a_phone_and_ask_nobody_else(browser: Browser, served: str, address: str, scheme: str) -> None:
    page: Page = browser.new_context(viewport={"width": 320, "height": 700}, color_scheme=scheme).new_page()  # type: ignore[arg-type]
    asked: list[str] = []
    wrong: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: wrong.append(message.text))
    page.goto(served + address)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert all(url.startswith((served, "data:")) for url in asked) and not wrong
    background = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert background == ("rgb(255, 255, 255)" if scheme == "light" else "rgb(18, 23, 30)")
    small = page.evaluate(
        "[...document.querySelectorAll('button, select, .app-step')].filter(e => e.getBoundingClientRect().height < 40).length"
    )
    assert small == 0


def test_the_published_site_works_under_its_policy(browser: Browser, served: str) -> None:
    page = browser.new_context().new_page()
    wrong: list[str] = []
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.goto(f"{served.replace('127.0.0.1', 'localhost')}/index.html")
    page.get_by_placeholder("Search").fill("Kraków")
    page.locator(".md-search-result__item").first.wait_for(timeout=10_000)
    assert not wrong
