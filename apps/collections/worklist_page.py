"""How the worklist is shown: a row with its words, the chances it is ordered by, a file."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from django.db.models import QuerySet

from apps.collections import notice_page, selectors, signal_rows, wording, worklist
from apps.collections.contacting import Outcome
from apps.collections.legal import Stage
from apps.collections.worth import Chances
from apps.npa.models import LoanDay
from apps.portfolio import bands
from apps.portfolio.bands import Band
from apps.portfolio.wording import BANDS
from apps.repayments import contact_looks

COLUMNS = (
    *("day", "loan", "customer", "branch", "currency", "days_past_due", "band", "overdue"),
    *("outstanding", "worth", "chance_worse", "chance_cured", "collector", "promise"),
    *(
        "promised_for",
        "promised",
        "paid_towards_it",
        "paid_since",
        "last_contact",
        "next_action",
        "next_date",
        "legal_stage",
        "legal_since",
        "last_notice",
        "notice_on",
        "notice_status",
        "signals",
    ),
)


def rows(found: Sequence[LoanDay]) -> list[dict[str, Any]]:
    """Return listed loans with what is known of each."""
    known = worklist.about(found)
    return [
        {
            "one": one,
            "known": known[one.loan_id],
            "band": BANDS[bands.of_days(one.dpd_ifrs)],
            "look": _look(known[one.loan_id]),
            "legal": _legal(known[one.loan_id]),
            "signals": [signal_rows.word(each) for each in known[one.loan_id].signals],
            "notice": _notice(known[one.loan_id]),
            "outcome": _outcome(known[one.loan_id]),
        }
        for one in found
    ]


def _look(known: worklist.Known) -> Any:
    return contact_looks.PROMISES[known.promise.status] if known.promise else None


def _outcome(known: worklist.Known) -> Any:
    return wording.OUTCOMES[Outcome(known.contact.outcome)] if known.contact else ""


def _legal(known: worklist.Known) -> Any:
    return wording.STAGES[Stage(known.legal.stage)] if known.legal else ""


def _notice(known: worklist.Known) -> Any:
    return notice_page.shown(known.notice) if known.notice else None


def chances(known: Mapping[Band, Chances]) -> list[tuple[Any, Chances]]:
    """Return the chances of each band with its name."""
    return [(BANDS[band], one) for band, one in known.items()]


def table(found: QuerySet[LoanDay], known: Mapping[Band, Chances]) -> Iterator[Sequence[Any]]:
    """Yield the listed loans as a file in the order of the list; no name, no official number."""
    yield COLUMNS
    ordered = found.select_related("loan", "customer", "branch").order_by(*worklist.order(known))
    for chunk in _chunks(ordered.iterator(chunk_size=worklist.CHUNK)):
        about = worklist.about(chunk)
        for one in chunk:
            yield _line(one, about[one.loan_id], known)


def _chunks(found: Iterable[LoanDay]) -> Iterator[list[LoanDay]]:
    chunk: list[LoanDay] = []
    for one in found:
        chunk.append(one)
        if len(chunk) == worklist.CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _line(one: Any, known: worklist.Known, chances: Mapping[Band, Chances]) -> Sequence[Any]:
    band = bands.of_days(one.dpd_ifrs)
    seen, promise = chances.get(band), known.promise
    promised = (
        (promise.status, promise.promised_date, promise.amount, promise.paid_by_day)  # type: ignore[attr-defined]  # annotated
        if promise
        else ("", "", "", "")
    )
    contact = known.contact
    said = (contact.made_on, contact.next_action, contact.next_date or "") if contact else ("",) * 3
    suit = (known.legal.stage, known.legal.made_on) if known.legal else ("none", "")
    notice = known.notice
    status = selectors.notice_status(notice).value if notice else ""
    told = (notice.kind, notice.issued_on, status) if notice else ("",) * 3
    who = known.collector.email if known.collector else ""
    return (
        *(one.day, one.loan.number, one.customer.number, one.branch.code, one.currency),
        *(one.dpd_ifrs, band.value, one.overdue, one.principal, one.worth if chances else ""),
        *((round(seen.worse, 4), round(seen.cured, 4)) if seen else ("", "")),
        *(who, *promised, known.paid_since, *said, *suit, *told),
        " ".join(sorted(each.code for each in known.signals)),
    )
