"""Each role sees its own navigation, and every page behind it opens without a fault."""

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.journeys import accessibility
from tests.journeys.conftest import MakeDesk
from tests.journeys.desk import PHONE, WIDE, Desk

pytestmark = pytest.mark.browser

LENDING = [
    "Customers",
    "Applications",
    "Letters",
    "Collateral",
    "Offers",
    "Products",
    "All loans",
    "Disbursements",
    "Quotes",
]
LENDING_AND_BLOCKS = ["Customers", "Block list", *LENDING[1:]]
MODELS = [
    "Models",
    "Health of models",
    "Incidents of models",
    "Limits and plans",
    "Credit policy",
    "Reason codes",
    "Automated decisions",
    "Trainings",
    "Promotions",
    "Register of models",
    "Gates",
    "Findings",
]
MODELS_AND_TRIALS = [
    *MODELS[: MODELS.index("Promotions")],
    "Trials",
    *MODELS[MODELS.index("Promotions") :],
]
REVIEW = [
    "Review queue",
    "Appeals",
    "Blind second opinions",
    "Reviewer analytics",
    "Conflicts of interest",
]
LEDGER = ["Ledger", "Journal entries", "Proofs of the ledger"]
PAYMENTS = [
    "Repayment desk",
    "Sheet of the day",
    "Statements",
    "Money in suspense",
    "Direct debits",
    "Promises to pay",
    "Debits to follow up",
]
COLLECTIONS = ["Overdue loans", "Results of collectors", "Early signals", "Open settlements"]
BOOK = [
    "Portfolio summary",
    "Portfolio quality",
    "Vintages",
    "Cohorts",
    "Roll rates",
    "Concentration",
    "Provisions",
]
NIGHTS = [
    "Expected credit loss",
    "Classes set by people",
    "What was found",
    "Alerts",
    "Returns",
    "Rules",
    "Ends of days",
]
QUALITY = [*BOOK, *NIGHTS]
QUALITY_AND_RESERVE = [
    *BOOK,
    "Releases from the reserve",
    "Expected credit loss",
    "Stress tests",
    *NIGHTS[1:],
]
CONTROL = ["People", "Roles", "Audit trail", *LEDGER]
NAVIGATION = {
    "Alice": [
        "Home",
        "Customers",
        "Applications",
        "Uploads",
        "Letters",
        "Collateral",
        "Offers",
        "Products",
        "All loans",
        "Disbursements",
        "Quotes",
        *PAYMENTS,
        "Written off",
        "Appeals",
        "Conflicts of interest",
    ],
    "Bob": [
        "Home",
        *LENDING,
        "Sheet of the day",
        "Direct debits",
        "Promises to pay",
        "Recalls of debits",
        "Waivers, write-offs",
        "Transfers",
        "Written off",
        *QUALITY,
        *REVIEW,
        *MODELS,
    ],
    "Charlie": [
        "Home",
        *LENDING_AND_BLOCKS,
        *COLLECTIONS,
        "Numbers of the collections desk",
        *PAYMENTS,
        "Recalls of debits",
        "Waivers, write-offs",
        "Transfers",
        "Benchmark rates",
        "Written off",
        *QUALITY_AND_RESERVE,
        *REVIEW,
        *MODELS,
        "Laboratory",
        *LEDGER,
        "Accrual of days",
    ],
    "Carol": [
        "Home",
        "Customers",
        "Collateral",
        "All loans",
        "Disbursements",
        "Quotes",
        *COLLECTIONS,
        "Sheet of the day",
        "Direct debits",
        "Promises to pay",
        "Debits to follow up",
        "Written off",
        *QUALITY,
        "Conflicts of interest",
    ],
    "Rita": [
        "Home",
        "Applications",
        "Products",
        "All loans",
        "Disbursements",
        "Quotes",
        "Promises to pay",
        *QUALITY_AND_RESERVE,
        *MODELS_AND_TRIALS,
        "Laboratory",
    ],
    "Mark": ["Home", "Products", "Quotes", "Stress tests", *MODELS_AND_TRIALS, "Laboratory"],
    "Amir": [
        "Home",
        "Customers",
        "Block list",
        "Applications",
        "Uploads",
        "Letters",
        "Collateral",
        "Offers",
        "Products",
        "All loans",
        "Disbursements",
        "Quotes",
        *COLLECTIONS,
        *PAYMENTS[1:-1],
        "Written off",
        *QUALITY_AND_RESERVE,
        *REVIEW,
        *MODELS_AND_TRIALS,
        "Laboratory",
        *CONTROL,
    ],
    "Esther": [
        "Home",
        "Portfolio summary",
        "Vintages",
        "Cohorts",
        "Roll rates",
        "Concentration",
    ],
    "Diana": [
        "Home",
        "Products",
        "Quotes",
        "Credit policy",
        "Reason codes",
        "Automated decisions",
        "People",
        "Roles",
    ],
}
_KEY = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|(?<=/products/)[^/]+")
# The OpenAPI viewer is not ours to mend; the API answers programs.
_NO_PAGES = ("/api/", "/static/")
_EVERYTHING_HAS_ARRIVED = "() => !document.querySelector('.htmx-request')"
_COLOURS = ("color-contrast",)
# What a narrow screen may change: the rest is the same page.
_LAYOUT = ("scrollable-region-focusable",)
_WIDER_THAN_THE_SCREEN = """() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return [];
    return [...document.querySelectorAll("body *")]
        .filter(one => one.getBoundingClientRect().right > width + 1)
        .map(one => one.tagName.toLowerCase() + "." + [...one.classList].join("."))
        .slice(0, 5);
}"""
# An element with the classes of itself, its parent and its parent's parent.
_KINDS_OF_ELEMENTS = """() => {
    const name = one => one ? one.tagName + "." + [...one.classList].join(".") : "";
    const kind = one => [one, one.parentElement, one.parentElement?.parentElement].map(name).join();
    return [...new Set([...document.querySelectorAll("body *")].map(kind))];
}"""
# The shapes of addresses and the kinds of elements that were looked at already.
_met: set[str] = set()


@pytest.mark.parametrize("name", NAVIGATION)
def test_it_shows_a_person_their_pages_and_each_opens(desk: MakeDesk, name: str) -> None:
    person = desk(name)

    faults = [fault for path in _pages_of(person) for fault in _faults(person, path)]

    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("name", NAVIGATION)
def test_it_shows_a_person_only_their_own_navigation(desk: MakeDesk, name: str) -> None:
    person = desk(name)

    links = person.page.locator("#sidebar .nav a")

    expect(links).to_have_count(len(NAVIGATION[name]))
    expect(links).to_contain_text(NAVIGATION[name])
    expect(person.page.locator("#sidebar [aria-current]")).to_have_text("Home")


@pytest.mark.parametrize("kind", ["lightgbm", "scorecard"])
def test_it_shows_each_kind_of_model(desk: MakeDesk, kind: str) -> None:
    person = desk("Rita")
    person.page.goto("/models/")
    link = person.page.get_by_role("link", name=f"A {kind} of synthetic applications").first
    path = link.get_attribute("href") or ""

    assert _faults(person, path) == []

    points = person.page.get_by_role("region", name="Table of points")
    expect(points).to_have_count(int(kind == "scorecard"))


def test_it_shows_a_stranger_only_the_sign_in(desk: MakeDesk) -> None:
    stranger = desk("Alice")
    stranger.context.clear_cookies()

    assert _faults(stranger, "/people/sign-in/") == []

    expect(stranger.page.locator("#sidebar")).to_have_count(0)


def _pages_of(person: Desk) -> Iterator[str]:
    """Yields the address of one page of each kind that links lead to, the start page first.

    The caller opens each: links are read from the page that is then open.
    """
    waiting, known = ["/"], {"/"}
    while waiting:
        path = waiting.pop(0)
        yield path
        for link in _links(person.page):
            if _shape(link) not in known:
                known.add(_shape(link))
                waiting.append(link)


def _links(page: Page) -> list[str]:
    """Returns the addresses of ours that the open page leads to; downloads are no pages."""
    found = page.locator("a[href]:not([download])").evaluate_all("all => all.map(a => a.href)")
    own = [urlsplit(link) for link in found if urlsplit(link).netloc == urlsplit(page.url).netloc]
    return [parts.path for parts in own if not parts.path.startswith(_NO_PAGES)]


def _shape(path: str) -> str:
    return _KEY.sub("*", path)


def _faults(person: Desk, path: str) -> list[str]:
    """Opens a page and returns what is wrong with it, as seen on a desk and on a phone."""
    page = person.page
    page.goto(path)
    page.wait_for_function(_EVERYTHING_HAS_ARRIVED)
    found = [] if page.locator("h1").count() == 1 else ["has not one main heading"]
    if _shows_something_new(page, path):
        found += accessibility.grave_violations(page)
        page.emulate_media(color_scheme="dark")
        found += [f"dark: {one}" for one in accessibility.grave_violations(page, only=_COLOURS)]
        page.emulate_media(color_scheme="light")
        page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
        found += [f"phone: {one}" for one in accessibility.grave_violations(page, only=_LAYOUT)]
    page.set_viewport_size({"width": PHONE[0], "height": PHONE[1]})
    found += _too_wide(page)
    page.set_viewport_size({"width": WIDE[0], "height": WIDE[1]})
    return [f"{person.name} {path}: {one}" for one in found]


def _shows_something_new(page: Page, path: str) -> bool:
    """Say whether nobody saw a page of this shape yet, or it holds an element met on no page.

    Most pages look the same to several roles; axe takes a second for each look.
    """
    found = {f"address {_shape(path)}", *page.evaluate(_KINDS_OF_ELEMENTS)}
    is_new = not found <= _met
    _met.update(found)
    return is_new


def _too_wide(page: Page) -> list[str]:
    """Says which elements make a page wider than a phone."""
    wide = page.evaluate(_WIDER_THAN_THE_SCREEN)
    return [f"wider than a phone: {', '.join(wide)}"] if wide else []
