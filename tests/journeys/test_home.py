"""The start page in a browser: what waits is counted again without loading the page anew."""

import time

import pytest
from playwright.sync_api import Browser, Request, expect

from apps.dashboards import parts
from tests.journeys import accessibility, counter
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, Desk
from tests.journeys.stack import Stack

pytestmark = pytest.mark.browser
ARRIVES = 45_000.0
_UNCLAIMED = "[data-count='waiting:desk.unclaimed']"
_BADGE = "#nav-desk-count"


def test_it_counts_again_without_a_reload(desk: MakeDesk, stack: Stack) -> None:
    alice, bob = desk("Alice"), desk("Bob")
    asked = _look(bob)
    looked = time.monotonic()
    before = _number(bob)
    expect(bob.page.locator(_BADGE)).not_to_be_empty()
    bob.page.evaluate("document.title = 'not loaded since'")

    counter.take_application(alice, stack.made["customers"]["referred"], amount="2,00,000")
    counter.submit(alice)
    expect(alice.page.locator("#decision")).to_contain_text("Sent to review", timeout=ARRIVES)
    bob.page.clock.fast_forward(29_000)
    assert asked == [], "asked within half a minute"
    # The server keeps its answer for some seconds by its own clock.
    time.sleep(max(0.0, parts.KEPT_SECONDS + 1 - (time.monotonic() - looked)))
    # At most a quarter is added by chance.
    bob.page.clock.fast_forward(10_000)
    expect(bob.page.locator(_UNCLAIMED)).to_have_text(str(before + 1))
    expect(bob.page.locator(_BADGE)).not_to_be_empty()
    expect(bob.page.locator("[data-count-status]")).to_contain_text(str(before + 1))
    assert bob.page.title() == "not loaded since"
    assert len(asked) == 1
    bob.page.clock.resume()
    assert accessibility.grave_violations(bob.page) == []


def test_it_asks_nothing_while_nobody_looks(desk: MakeDesk) -> None:
    bob = desk("Bob")
    asked = _look(bob)

    _hide(bob, hidden=True)
    bob.page.clock.fast_forward(600_000)
    assert asked == [], "asked while nobody looked"
    with bob.page.expect_response("**/counts/**", timeout=ARRIVES):
        _hide(bob, hidden=False)
        bob.page.clock.fast_forward(1_000)

    assert len(asked) == 1


def test_it_is_whole_without_script(desk: MakeDesk, browser: Browser, stack: Stack) -> None:
    bob = desk("Bob")
    expect(bob.page.locator("#home-waiting")).to_be_visible()
    shown = _number(bob)
    plain = browser.new_context(
        base_url=stack.url,
        java_script_enabled=False,
        viewport={"width": PHONE[0], "height": PHONE[1]},
        storage_state=bob.context.storage_state(),
    )

    page = plain.new_page()
    page.goto("/")

    assert int(page.locator(_UNCLAIMED).text_content() or 0) == shown
    expect(page.get_by_role("link", name="Next case")).to_be_visible()
    plain.close()


def _look(person: Desk) -> list[str]:
    """Open the start page where time stands still; return what is asked of numbers from now on."""
    asked: list[str] = []
    person.page.on("request", lambda request: _note(asked, request))
    person.page.clock.install(time=0)
    person.page.clock.pause_at(1_000)
    person.page.goto("/")
    return asked


def _number(person: Desk) -> int:
    return int(person.page.locator(_UNCLAIMED).text_content() or 0)


def _note(asked: list[str], request: Request) -> None:
    if "/counts/" in request.url:
        asked.append(request.url)


def _hide(person: Desk, *, hidden: bool) -> None:
    """Tell the page that its tab went behind another, or came back."""
    person.page.evaluate(
        """(hidden) => {
          Object.defineProperty(document, "hidden", { configurable: true, get: () => hidden });
          document.dispatchEvent(new Event("visibilitychange"));
        }""",
        hidden,
    )
