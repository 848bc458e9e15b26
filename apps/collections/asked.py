"""What requests of the API ask for: whose portfolio, in which currency, on the last day ended."""

from datetime import timedelta

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.request import Request

from apps.core import dates
from apps.core.errors import DomainError, NotVisible
from apps.core.money import MINOR_UNITS
from apps.npa import portfolio_rows
from apps.npa.portfolio_rows import Chosen


def chosen(request: Request) -> Chosen:
    """Return what is asked about. Raises NotVisible for a lender, DomainError for a currency."""
    code = request.query_params.get("lender") or request.user.branch.entity.code
    entities = {one.code: one for one in portfolio_rows.entities(request.user)}
    if code not in entities:
        raise NotVisible("not_found", _("There is no such lender."))
    entity = entities[code]
    currency = request.query_params.get("currency") or entity.currency
    if currency not in MINOR_UNITS:
        sentence = _("This lender has no such currency.")
        raise DomainError("currency_refused", sentence, fields={"currency": sentence})
    today = dates.local_date(timezone.now(), entity.time_zone)
    # Before anything was ended: the book of the last day that is over, which is empty.
    day = portfolio_rows.last_day(request.user, entity) or today - timedelta(days=1)
    return Chosen(entity=entity, currency=currency, day=day)
