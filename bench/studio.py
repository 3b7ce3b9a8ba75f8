"""How long the studio takes to be usable, and what it loads, on this machine's loopback.

    python -m bench.studio

Medians of RUNS new browser profiles. `usable` is when the figure on the canvas can be taken hold
of, counted from the navigation; `again` is the same for a reload.
"""

from __future__ import annotations

import statistics
import tempfile
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.shop import Shop, open_shop
from tests.support.studio import launch, studio_of

RUNS = 5

WATCH = """
new MutationObserver((_, observer) => {
  if (!document.querySelector('pose-stage .joint')) return;
  window.usable = performance.now();
  observer.disconnect();
}).observe(document, { childList: true, subtree: true });
"""

LOADED = """() => {
  const all = performance.getEntries().filter((each) => 'transferSize' in each);
  return { files: all.length, bytes: all.reduce((sum, each) => sum + each.transferSize, 0) };
}"""


def main() -> None:
    """Print the table."""
    with (
        tempfile.TemporaryDirectory() as data,
        open_shop(Path(data)) as shop,
        sync_playwright() as playwright,
    ):
        browser = launch(playwright)
        runs = [once(browser, shop) for _ in range(RUNS + 1)][1:]  # the first warms both up
        print(f"{'usable':>10}{'again':>10}{'requests':>10}{'bytes':>10}")
        middle = {name: statistics.median(run[name] for run in runs) for name in runs[0]}
        print(
            f"{middle['usable']:>7.0f} ms{middle['again']:>7.0f} ms"
            f"{middle['files']:>10.0f}{middle['bytes']:>10,.0f}"
        )
        browser.close()


def once(browser: Browser, shop: Shop) -> dict[str, float]:
    """One new profile that follows a link, and reloads."""
    with studio_of(browser, shop) as studio:
        studio.page.add_init_script(WATCH)
        studio.enter()
        loaded: dict[str, Any] = studio.page.evaluate(LOADED)
        first = usable(studio.page)
        studio.page.reload()
        return {"usable": first, "again": usable(studio.page), **loaded}


def usable(page: Page) -> float:
    """Milliseconds from the navigation until the canvas is there."""
    page.wait_for_function("() => window.usable")
    moment: float = page.evaluate("window.usable")
    return moment


if __name__ == "__main__":
    main()
