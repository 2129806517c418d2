"""
A real browser for tests of pages: Debian's Chromium, driven by Playwright; nothing is downloaded.

Without one the tests are skipped, unless CREEVEY_BROWSER is "required" (as in `.ci/run`): then they fail.
"""

import os
import shutil
from urllib.parse import urlsplit

import attrs
import pytest

BROWSERS = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome", "chrome")
OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
    "--host-resolver-rules=MAP * ~NOTFOUND , EXCLUDE 127.0.0.1",
)


@pytest.fixture(scope="module")
def browser():
    """Start one browser for a module; its loop must not outlive the module, for other tests run loops of their own."""
    executable = next(filter(None, map(shutil.which, BROWSERS)), None)
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        sync_playwright = None
    missing = "playwright is not installed" if sync_playwright is None else "" if executable else "no Chromium here"
    if missing and os.environ.get("CREEVEY_BROWSER") == "required":
        pytest.fail(f"CREEVEY_BROWSER is 'required', but {missing}")
    if missing:
        pytest.skip(missing)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=list(OPTIONS))
        yield browser
        browser.close()


@attrs.define
class Watch:
    """
    What a browser did behind the pages of one test.

    State: requests = addresses that were asked for; problems = errors of scripts and of the console.
    """

    requests: list[str] = attrs.field(factory=list)
    problems: list[str] = attrs.field(factory=list)

    def over(self, page):
        """Watch *page*."""
        page.on("request", lambda request: self.requests.append(request.url))
        page.on("pageerror", lambda error: self.problems.append(f"error: {error}\n{error.stack}"))
        page.on("console", lambda message: self._hear(message))  # it wants a function
        return page

    def _hear(self, message):
        if message.type in {"error", "warning"}:
            self.problems.append(f"{message.type}: {message.text}")

    def outward(self):
        """Return the requests that went anywhere but to files and to this machine."""
        own = {"file", "data", "blob"}
        return [url for url in self.requests if urlsplit(url).scheme not in own and urlsplit(url).hostname != "127.0.0.1"]


@pytest.fixture
def watch():
    """Watch what a test's pages do; in the end nothing may have gone wrong, and nothing may have left the machine."""
    watch = Watch()
    yield watch
    found = [*watch.problems, *(f"asked for: {url}" for url in watch.outward())]
    if found:
        pytest.fail("\n".join(found))


@pytest.fixture
def open_page(browser, watch):
    """Open an address in a fresh, watched browser window; options are those of Playwright's contexts."""
    contexts = []

    def open_address(url, **options):
        options.setdefault("viewport", {"width": 1280, "height": 900})
        contexts.append(browser.new_context(**options))
        page = watch.over(contexts[-1].new_page())
        page.set_default_timeout(15_000)
        page.goto(url)
        return page

    yield open_address
    for context in contexts:
        context.close()
