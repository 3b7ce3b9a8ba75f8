"""The studio in a real browser: Debian's Chromium, driven by Playwright."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Download, Locator, Page, Playwright, ViewportSize, expect

from tests.support.shop import Shop

DESKTOP: ViewportSize = {"width": 1440, "height": 900}
PHONE: ViewportSize = {"width": 390, "height": 844}

PATIENCE_MS = 60_000
"""How long a slow machine may take to show something."""

_MISSING = (
    "the tests need Chromium: `apt-get install chromium` has it, "
    "and VIVANT_CHROMIUM names one that is elsewhere"
)


def launch(playwright: Playwright) -> Browser:
    """Start Chromium.

    Raises:
        FileNotFoundError: there is none.
    """
    program = os.environ.get("VIVANT_CHROMIUM") or shutil.which("chromium")
    if program is None:
        raise FileNotFoundError(_MISSING)
    # Chromium's own sandbox does not start for root, as whom containers run their tests.
    alone = ["--no-sandbox"] if os.getuid() == 0 else []
    return playwright.chromium.launch(executable_path=program, args=alone)


@dataclass
class Studio:
    """The studio in one browser window, let in as a customer of a shop.

    Attributes:
        page: the window.
        shop: the server and the customer.
        faults: what the browser complained of.
    """

    page: Page
    shop: Shop
    faults: list[str] = field(default_factory=list)

    def enter(self) -> None:
        """Follow a new link of the server's."""
        key = self.shop.service.desk.studio_key(self.shop.account.id)
        self.page.goto(f"{self.shop.url}/#enter={self.shop.service.sessions.invite(key)}")
        expect(self.page.locator("pose-page .go .price")).to_be_visible()

    def go(self, name: str) -> Locator:
        """Open one of the pages by its link."""
        self.page.locator(f'.place[data-name="{name}"]').click()
        shown = self.page.locator(f"{name}-page")
        expect(shown).to_be_visible()
        return shown

    def draw(self, place: str) -> None:
        """Press the button of a page."""
        self.page.locator(f"{place}-page .go").click()

    @property
    def picture(self) -> Locator:
        """The picture that was made."""
        return self.page.locator("take-viewer .shot .zoom img").first

    def joint(self, name: str, figure: int = 0) -> Locator:
        """A joint of a figure on the canvas."""
        drawn = self.page.locator(f'.joint[data-person="{figure}"]')
        return drawn.filter(has=self.page.locator("title", has_text=name))

    def place_of(self, joint: str, figure: int = 0) -> tuple[float, float]:
        """Where a joint is, in pixels of the canvas."""
        mark = self.joint(joint, figure)
        return float(mark.get_attribute("cx") or 0), float(mark.get_attribute("cy") or 0)

    def drag(self, joint: str, dx: float, dy: float) -> None:
        """Take a joint by the mouse and move it so many pixels of the screen."""
        box = self.joint(joint).bounding_box()
        assert box is not None
        x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        self.page.mouse.move(x, y)
        self.page.mouse.down()
        self.page.mouse.move(x + dx / 2, y + dy / 2)
        self.page.mouse.move(x + dx, y + dy)
        self.page.mouse.up()

    def on_screen(self, dx: float, dy: float) -> tuple[float, float]:
        """A movement in pixels of the canvas, in pixels of the screen."""
        wide: float = self.page.evaluate(
            "(() => { const stage = document.querySelector('.stage');"
            " return stage.clientWidth / stage.viewBox.baseVal.width; })()"
        )
        return dx * wide, dy * wide

    def past(self) -> list[dict[str, Any]]:
        """What the customer asked for, newest first."""
        past: list[dict[str, Any]] = self.shop.client.get("/v1/requests").json()["requests"]
        return past


def saved(download: Download) -> bytes:
    """The bytes of a file that the browser was given."""
    return Path(download.path()).read_bytes()


@contextmanager
def studio_of(browser: Browser, shop: Shop, **options: Any) -> Iterator[Studio]:
    """A window of its own on a shop, not yet let in; `options` are those of a browser context."""
    context = browser.new_context(**{"viewport": DESKTOP, "reduced_motion": "reduce"} | options)
    context.set_default_timeout(PATIENCE_MS)
    studio = Studio(context.new_page(), shop)
    studio.page.on("pageerror", lambda error: studio.faults.append(str(error)))
    studio.page.on(
        "console",
        lambda told: studio.faults.append(told.text) if told.type in {"error", "warning"} else None,
    )
    try:
        yield studio
    finally:
        context.close()
