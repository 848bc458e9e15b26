"""How an explanation is shown: sentences in the reader's language, rows of loans, what differs."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext, gettext_lazy

from apps.accounts.models import User
from apps.core.formatting import format_money
from apps.core.money import money
from apps.core.templatetags.format import day as written_day
from apps.loans.models import Loan
from apps.npa import wording
from apps.npa.explaining import Difference, Explained, Other
from apps.schedules.refusals import Sentence

HEADINGS = {
    "late": gettext_lazy("What is late"),
    "class": gettext_lazy("What decided the class"),
    "borrower": gettext_lazy("All loans of the borrower"),
    "upgrade": gettext_lazy("What must happen for it to perform again"),
    "loss": gettext_lazy("Expected loss"),
}
COLUMNS = {
    "principal": gettext_lazy("Principal outstanding"),
    "principal_due": gettext_lazy("Principal due"),
    "interest_due": gettext_lazy("Interest due"),
    "interest_earned": gettext_lazy("Interest not due yet"),
    "charges_due": gettext_lazy("Charges due"),
    "oldest_due": gettext_lazy("Oldest unpaid demand"),
    "missed": gettext_lazy("Instalments missed"),
    "dpd_rbi": gettext_lazy("Days past due, due date counted"),
    "dpd_ifrs": gettext_lazy("Days past due"),
    "bucket": gettext_lazy("Bucket"),
    "asset_class": gettext_lazy("Class"),
    "computed": gettext_lazy("Class by the rules"),
    "npa_date": gettext_lazy("Non-performing since"),
    "class_since": gettext_lazy("Class since"),
    "aged_from": gettext_lazy("Aged from"),
    "stage": gettext_lazy("Stage"),
    "reason": gettext_lazy("Reason"),
    "secured": gettext_lazy("Secured"),
    "unsecured": gettext_lazy("Unsecured"),
    "provision": gettext_lazy("Provision"),
    "reserve": gettext_lazy("Reserve"),
    "rule_table_id": gettext_lazy("Rule table"),
}
_CODES = ("grade", "computed")
_WORDS: Mapping[str, Callable[[str], str]] = {
    "asset_class": wording.asset_class,
    "computed": wording.asset_class,
    "bucket": wording.bucket,
}


def text(sentence: Sentence, currency: str) -> str:
    """Return a sentence in the reader's language, its values as they are written there."""
    values = {name: _value(name, given, currency) for name, given in sentence.values.items()}
    return gettext(sentence.pattern) % values


def context(found: Explained, actor: User) -> dict[str, Any]:
    """Return what the page of an explanation shows."""
    currency = found.loan.currency
    seen = set(
        Loan.objects.visible_to(actor)
        .filter(pk__in=[one.stood.loan.pk for one in found.others])
        .values_list("pk", flat=True)
    )
    return {
        "found": found,
        "rules": found.rules,
        "its": found.judged.found,
        "name": wording.asset_class(found.judged.found.asset_class),
        "bucket": wording.bucket(found.judged.found.bucket),
        "is_bad": not found.rules.performs(found.judged.found.asset_class),
        "sections": [
            {
                "heading": HEADINGS[section.code],
                "code": section.code,
                "said": [text(one, currency) for one in section.said],
            }
            for section in found.sections
        ],
        "others": [_other(one, one.stood.loan.pk in seen) for one in found.others],
        "working": [
            {
                "label": gettext(part.label),
                "part": part,
                "is_total": part.amount is None,
                "is_last": place == len(found.working) - 1,
            }
            for place, part in enumerate(found.working)
        ],
        "segment": next(
            one.name for one in found.rules.segments if one.code == found.provided.segment
        ),
        "differences": differences(found),
        "is_new": found.stood.before is None,
        "before_day": _earlier(found),
    }


def as_data(found: Explained) -> dict[str, Any]:
    """Return an explanation as the API gives it."""
    its, currency = found.judged.found, found.loan.currency
    return {
        "loan": found.loan.pk,
        "day": found.day,
        "rule_table": found.rules.code,
        "asset_class": its.asset_class,
        "class_by_the_rules": its.computed,
        "bucket": its.bucket,
        "days_past_due": its.dpd_ifrs,
        "days_past_due_due_date_counted": its.dpd_rbi,
        "non_performing_since": its.npa_date,
        "class_since": its.class_since,
        "reason": its.reason,
        "stage": its.stage,
        "provision": found.provided.amount,
        "reserve": found.provided.reserve,
        "sections": [
            {"about": one.code, "said": [text(each, currency) for each in one.said]}
            for one in found.sections
        ],
        "working": [
            {
                "part": gettext(one.label),
                "amount": one.amount,
                "rate": one.rate,
                "result": money(one.result, currency),
            }
            for one in found.working
        ],
        "equals_snapshot": None if found.differences is None else not found.differences,
        "differences": [
            {"column": one.column, "stored": _plain(one.stored), "computed": _plain(one.computed)}
            for one in found.differences or ()
        ],
    }


def differences(found: Explained) -> list[dict[str, Any]] | None:
    """Return what the snapshot says otherwise; None where there is none to compare with."""
    if found.differences is None:
        return None
    return [
        {
            "name": COLUMNS[one.column],
            "stored": _shown(one, one.stored, found.loan.currency),
            "computed": _shown(one, one.computed, found.loan.currency),
        }
        for one in found.differences
    ]


def _other(one: Other, is_seen: bool) -> dict[str, Any]:  # noqa: FBT001 - a fact
    """Return a row of another loan."""
    return {
        "loan": one.stood.loan if is_seen else None,
        "found": one.judged.found,
        "name": wording.asset_class(one.judged.found.asset_class),
        "rules": one.table.rules,
    }


def _earlier(found: Explained) -> date | None:
    """Return the day of the class before, where that is not the day before."""
    before = found.stood.before
    if before is None or (found.day - before.day).days == 1:
        return None
    return before.day


def _shown(one: Difference, value: Any, currency: str) -> str:
    if one.column in _WORDS:
        return _WORDS[one.column](value)
    return _value(one.column, value, currency)


def _value(name: str, given: object, currency: str) -> str:
    if name in _CODES:
        return wording.asset_class(str(given))
    if given is None:
        return "\u2013"
    if isinstance(given, date):
        return str(written_day(given))
    if isinstance(given, Decimal):
        return format_money(given, currency)
    return str(given)


def _plain(value: object) -> str | None:
    return None if value is None else str(value)
