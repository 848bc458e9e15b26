"""One running system and one browser for all journeys; every person gets a profile of their own.

All of it lives for this package only: while Playwright runs, Django takes the thread for an
asynchronous one and refuses the database to other tests.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, StorageState, expect, sync_playwright

from creditrisk.local import install, places
from tests.journeys import stack as stacks
from tests.journeys.desk import Desk
from tests.journeys.stack import Stack

_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
)
_PICTURES = places.VAR / "journeys"
# For a page that is on its way while the machine is busy; what is there at once waits for nothing.
_PATIENCE_MS = 20_000.0

MakeDesk = Callable[[str], Desk]


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The running system; its programs must not have written a traceback by the end."""
    with stacks.running(tmp_path_factory.mktemp("journeys")) as started:
        yield started
    for name in ("web", "worker"):
        text = started.log(name).read_text(errors="replace")
        assert "Traceback" not in text, f"{started.log(name)} holds a traceback"


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Debian's Chromium; `make test` installs it where it may.

    The one without windows comes first: it has none to manage, which is half of what the browser
    does beside the pages themselves.
    """
    program = next(filter(None, map(shutil.which, install.BROWSERS)), None)
    assert program, "No Chromium is installed: apt-get install chromium"
    expect.set_options(timeout=_PATIENCE_MS)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=program, args=list(_FLAGS))
        yield started
        started.close()


@pytest.fixture(scope="package")
def sessions() -> dict[str, StorageState]:
    """Where people are signed in already: scrypt takes its time, once for each is enough."""
    return {}


@pytest.fixture
def desk(
    stack: Stack,
    browser: Browser,
    sessions: dict[str, StorageState],
    request: pytest.FixtureRequest,
) -> Iterator[MakeDesk]:
    """Sign a person in: `desk("Alice")`. Their browser must end without errors in it."""
    desks: list[Desk] = []

    def take_a_seat(name: str) -> Desk:
        seat = Desk(browser, stack.url, name, session=sessions.get(name))
        desks.append(seat)
        seat.sign_in()
        sessions[name] = seat.context.storage_state()
        return seat

    yield take_a_seat
    report = request.node.stash.get(_REPORT, None)
    if report is not None and report.failed:
        _take_pictures(request.node.name, desks)
    for seat in desks:
        seat.context.close()
    problems = [f"{seat.name}: {problem}" for seat in desks for problem in seat.problems]
    assert not problems, "\n".join(problems)


_REPORT = pytest.StashKey[pytest.TestReport]()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Keep the outcome of the test itself, for pictures of what a failed one saw."""
    report = yield
    if report.when == "call":
        item.stash[_REPORT] = report
    return report


def _take_pictures(test: str, desks: list[Desk]) -> None:
    folder: Path = _PICTURES
    folder.mkdir(parents=True, exist_ok=True)
    for number, seat in enumerate(desks):
        for tab, page in enumerate(seat.context.pages):
            file = folder / f"{test}-{number}-{seat.name}-{tab}.png"
            page.screenshot(path=file, full_page=True)
