"""What apps above tell letters: how and when an applicant is reached, how to ask for a review.

They register in their `AppConfig.ready()`; letters knows neither customers nor appeals. The e-mail
is asked for when a letter is sent, so that a consent taken back and an address corrected count at
once, and letters keeps no address.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any


@dataclass(frozen=True)
class Recipient:
    """How a letter may reach the applicant now; without an e-mail, `obstacle` says why.

    `obstacle` is one of `no_address` and `no_consent`.
    """

    email: str = ""
    obstacle: str = ""


# Of cases by their keys, as many as are asked about: key -> how to reach the applicant.
Reach = Callable[[Sequence[str]], Mapping[str, Recipient]]
# `build(subject=, case=, until=)`: the address of a page, complete with https and host.
ReviewLink = Callable[..., str]
# `ask(letter, now)`: whether a letter may go out by e-mail at that time.
MayMail = Callable[[Any, datetime], bool]

_reach: dict[str, Reach] = {}
_may_mail: dict[str, MayMail] = {}
_review_links: list[ReviewLink] = []


def know_recipients(kind: str, reach: Reach) -> None:
    """Ask `reach(keys)` how to reach the applicants of cases of a kind, as audit names kinds."""
    _reach[kind] = reach


def recipient(case: str) -> Recipient:
    """Return how the applicant of a case can be reached; nobody knows of one, then not at all."""
    return recipients([case])[case]


def recipients(cases: Sequence[str]) -> dict[str, Recipient]:
    """Return for each case what `recipient` says; each kind of case is asked about once."""
    found = dict.fromkeys(cases, Recipient(obstacle="no_address"))
    for kind, reach in _reach.items():
        keys = [key for one, _, key in (case.partition(":") for case in found) if one == kind]
        if keys:
            found |= {f"{kind}:{key}": reached for key, reached in reach(keys).items()}
    return found


def judge_mail(kinds: Sequence[str], ask: MayMail) -> None:
    """Ask each time before a letter of these kinds goes by e-mail whether it may just then."""
    _may_mail.update(dict.fromkeys(kinds, ask))


def may_mail(letter: Any, now: datetime) -> bool:
    """Say whether a letter may go by e-mail now; one of a kind nobody judges may at any time."""
    ask = _may_mail.get(letter.kind)
    return ask is None or ask(letter, now)


def build_review_links(build: ReviewLink) -> None:
    """Let letters carry the address at which a review of the decision can be asked for.

    `build(subject=..., case=..., until=...)` gets both as audit names them and the last day.
    """
    _review_links[:] = [build]


def review_link(*, subject: str, case: str, until: date) -> str:
    """Return the address to ask for a review, or nothing while no app offers one."""
    return next((build(subject=subject, case=case, until=until) for build in _review_links), "")
