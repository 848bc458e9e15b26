"""A person at a browser of their own; whatever goes wrong in it is noted."""

from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import (
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Response,
    StorageState,
    expect,
)

from tests.journeys.world import PASSWORD

WIDE = (1280, 900)
PHONE = (390, 844)
_BROKEN_OFF = "net::ERR_ABORTED"


class Desk:
    """One browser profile. `problems` holds console errors and failed requests of all its tabs."""

    def __init__(
        self, browser: Browser, url: str, name: str, *, session: StorageState | None = None
    ) -> None:
        self.name = name
        self.url = url
        self.problems: list[str] = []
        self._expected: set[int] = set()
        self.context = browser.new_context(
            base_url=url,
            viewport={"width": WIDE[0], "height": WIDE[1]},
            color_scheme="light",
            reduced_motion="reduce",
            accept_downloads=True,
            locale="en-GB",
            storage_state=session,
        )
        self.context.set_default_timeout(20_000)
        self.page = self.tab()

    def tab(self) -> Page:
        """Opens one more tab of the same browser."""
        page = self.context.new_page()
        page.on("console", self._on_console)
        page.on("pageerror", lambda error: self._note(page, f"script: {error}"))
        page.on("requestfailed", self._on_failure)
        page.on("response", self._on_response)
        return page

    def sign_in(self) -> "Desk":
        """Ends on the start page: through the form, or at once in a session that still holds."""
        self.page.goto("/")
        if self.page.url == f"{self.url}/":
            return self
        self.page.get_by_label("E-mail").fill(f"{self.name.lower()}@lender.example")
        self.page.get_by_label("Password").fill(PASSWORD)
        self.page.get_by_role("button", name="Sign in").click()
        expect(self.page).to_have_url(f"{self.url}/")
        return self

    def open_case(self, number: str) -> None:
        """Opens an application by its number in the list of applications."""
        self.page.goto(f"/applications/?text={number}")
        self.page.get_by_role("link", name=number).click()
        expect(self.heading(number)).to_be_visible()

    def heading(self, name: str) -> Locator:
        """Returns the page's title."""
        return self.page.get_by_role("heading", level=1, name=name)

    @contextmanager
    def refused(self, *statuses: int) -> Iterator[None]:
        """Lets the server refuse with these statuses inside the block."""
        self._expected = set(statuses)
        yield
        # A round trip, so that events of the block do not arrive after it.
        self.page.evaluate("1")
        self._expected = set()

    def _on_console(self, message: ConsoleMessage) -> None:
        if message.type != "error":
            return
        # Chromium repeats every refused request here.
        if any(
            f"the server responded with a status of {one}" in message.text for one in self._expected
        ):
            return
        self._note(message.page, f"console: {message.text}")

    def _on_failure(self, request: Request) -> None:
        # Leaving a page breaks off what it still asks for; a download is broken off as a page.
        if request.failure != _BROKEN_OFF:
            self.problems.append(f"{request.method} {request.url}: {request.failure}")

    def _on_response(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self._expected:
            self.problems.append(f"{response.request.method} {response.url}: {response.status}")

    def _note(self, page: Page | None, text: str) -> None:
        self.problems.append(f"{page.url if page else '?'}: {text}")
