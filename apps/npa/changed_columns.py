"""What another run of a day found otherwise for one loan, column by column, in words."""

from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.models import Branch
from apps.core.formatting import format_money, format_percent
from apps.npa import wording
from apps.npa.marks import RESTRUCTURED
from apps.npa.models import Changed, LoanDay, RuleTable

# What is asked of first; a loan that was not there before, or is no more, shows these alone.
_FIRST: Mapping[str, Any] = {
    "asset_class": gettext_lazy("Class"),
    "bucket": gettext_lazy("Bucket"),
    "npa_date": gettext_lazy("Non-performing since"),
    "oldest_due": gettext_lazy("Oldest unpaid demand"),
    "dpd_rbi": gettext_lazy("Days past due"),
    "principal": gettext_lazy("Principal"),
    "interest_due": gettext_lazy("Interest due"),
    "charges_due": gettext_lazy("Charges due"),
    "provision": gettext_lazy("Provision"),
    "interest_suspended": gettext_lazy("Interest suspended"),
}
_COLUMNS = {field.attname: field for field in LoanDay._meta.concrete_fields}


def of(row: Changed, currency: str) -> list[tuple[str, str, str]]:
    """Return each column that differs: what it is called, what it was, what it is."""
    is_whole = not row.before or not row.after
    differ = {*row.before, *row.after}
    names = [name for name in _FIRST if name in differ]
    if not is_whole:
        names += [name for name in _COLUMNS if name in differ and name not in _FIRST]
    return [
        (
            _label(name),
            _value(name, row.before.get(name), currency),
            _value(name, row.after.get(name), currency),
        )
        for name in names
    ]


def _label(name: str) -> str:
    if name in _FIRST:
        return str(_FIRST[name])
    said = str(_COLUMNS[name].verbose_name)
    return said[:1].upper() + said[1:]


def _value(name: str, value: Any, currency: str) -> str:
    if value in (None, ""):
        return "-"
    if name in _WORDS:
        return _WORDS[name](str(value))
    field = _COLUMNS[name]
    if isinstance(field, models.DateField):
        return date_format(date.fromisoformat(value), "DATE_FORMAT")
    if isinstance(field, models.DecimalField):
        return format_money(Decimal(value), currency)
    return str(value)


def _table(key: str) -> str:
    found = RuleTable.objects.filter(pk=int(key)).first()
    return str(found) if found else key


def _branch(key: str) -> str:
    found = Branch.objects.filter(pk=key).first()
    return found.name if found else key


_WORDS: Mapping[str, Callable[[str], str]] = {
    "asset_class": lambda code: str(wording.asset_class(code)),
    "computed": lambda code: str(wording.asset_class(code)),
    "bucket": lambda code: str(wording.bucket(code)),
    "rate": lambda rate: format_percent(Decimal(rate), decimals=2),
    "rule_table_id": _table,
    "branch_id": _branch,
    # Which one is a click away, on the loan's own page.
    "override_id": lambda _key: _("set by people"),
    "flags": lambda flags: _("restructured") if flags == RESTRUCTURED else flags,
}
