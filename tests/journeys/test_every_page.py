"""Each role sees its own navigation, and every page behind it opens without a fault.

Most pages are the same to several people. Each page is asked for by each; it is drawn, and looked
at as on a desk, in the dark and on a phone, where it holds what nobody was shown before.
"""

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
_KINDS = """
    const name = one => one ? one.tagName + "." + [...one.classList].join(".") : "";
    const kind = one => [one, one.parentElement, one.parentElement?.parentElement].map(name).join();
    const kinds = of => [...of.querySelectorAll("body *")].map(kind);
"""
_KINDS_OF_ELEMENTS = f"() => {{ {_KINDS} return [...new Set(kinds(document))]; }}"
# What a page and the parts it fetches at once consist of, read without drawing anything.
_READ = f"""async path => {{
    {_KINDS}
    const found = {{headings: 0, kinds: new Set(), links: new Set()}};
    const read = async (url, headers, depth) => {{
        const answer = await fetch(url, {{headers}});
        const type = answer.headers.get("content-type") ?? "";
        if (!answer.ok || !type.startsWith("text/html")) return;
        // What styles a page may hold is for the page that is open to say, which is another.
        const text = (await answer.text()).replace(/<style[^]*?<[/]style>/g, "");
        const page = new DOMParser().parseFromString(text, "text/html");
        const whole = address => new URL(address, answer.url);
        found.headings += page.querySelectorAll("h1").length;
        kinds(page).forEach(one => found.kinds.add(one));
        for (const one of page.querySelectorAll("a[href]:not([download])"))
            found.links.add(whole(one.getAttribute("href")).href);
        const parts = depth ? [...page.querySelectorAll("[hx-get][hx-trigger='load']")] : [];
        await Promise.all(parts.map(one =>
            read(whole(one.getAttribute("hx-get")), {{"HX-Request": "true"}}, depth - 1)));
    }};
    await read(path, {{}}, 2);
    return {{...found, kinds: [...found.kinds], links: [...found.links]}};
}}"""
# The shapes of addresses and the kinds of elements that were looked at already.
_met: set[str] = set()


@pytest.mark.parametrize("name", NAVIGATION)
def test_it_shows_a_person_their_pages_and_each_opens(desk: MakeDesk, name: str) -> None:
    person = desk(name)

    faults = list(_faults_of_all(person))

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


def _faults_of_all(person: Desk) -> Iterator[str]:
    """Yields what is wrong with one page of each kind that links lead to from the start page."""
    waiting, known = ["/"], {"/"}
    while waiting:
        path = waiting.pop(0)
        is_known = f"address {_shape(path)}" in _met
        read = person.page.evaluate(_READ, path) if is_known else None
        if read and _met.issuperset(read["kinds"]):
            links = read["links"]
            if read["headings"] != 1:
                yield f"{person.name} {path}: has not one main heading"
        else:
            yield from _faults(person, path)
            links = _links(person.page)
            _met.update(read["kinds"] if read else [])
        for link in _pages(links, person.url):
            if _shape(link) not in known:
                known.add(_shape(link))
                waiting.append(link)


def _links(page: Page) -> list[str]:
    """Returns the addresses that the open page leads to; downloads are no pages."""
    found: list[str] = page.locator("a[href]:not([download])").evaluate_all(
        "all => all.map(a => a.href)"
    )
    return found


def _pages(links: list[str], start: str) -> list[str]:
    """Returns the paths of those that are pages of ours."""
    own = [urlsplit(link) for link in links if urlsplit(link).netloc == urlsplit(start).netloc]
    return [parts.path for parts in own if not parts.path.startswith(_NO_PAGES)]


def _shape(path: str) -> str:
    return _KEY.sub("*", path)


def _faults(person: Desk, path: str) -> list[str]:
    """Opens a page and returns what is wrong with it, as seen on a desk and on a phone."""
    page = person.page
    page.goto(path)
    page.wait_for_function(_EVERYTHING_HAS_ARRIVED)
    found = [] if page.locator("h1").count() == 1 else ["has not one main heading"]
    if _is_new(path, page.evaluate(_KINDS_OF_ELEMENTS)):
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


def _is_new(path: str, kinds: list[str]) -> bool:
    """Say whether nobody saw a page of this shape yet, or it holds an element met on no page."""
    found = {f"address {_shape(path)}", *kinds}
    is_new = not found <= _met
    _met.update(found)
    return is_new


def _too_wide(page: Page) -> list[str]:
    """Says which elements make a page wider than a phone."""
    wide = page.evaluate(_WIDER_THAN_THE_SCREEN)
    return [f"wider than a phone: {', '.join(wide)}"] if wide else []
