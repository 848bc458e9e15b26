"""Why the system itself changed an account is kept as a code, and said in the reader's language."""

from datetime import timedelta

import pytest
from django.utils import translation
from django.utils.translation import gettext

from apps.core import stored_reasons
from apps.loans.models import Loan
from apps.repayments import own_reasons, services
from apps.repayments.models import AccountEvent
from apps.repayments.tests import factories
from apps.repayments.tests.test_capping import CLERK, _accrue, _pay_all_due

STOPPED = "Interest stopped at the principal owed when the loan ceased to perform"
AGAIN = "The loan performs again"
OTHERWISE = "When the loan ceased to perform, or performed again, is known otherwise"
ANEW = "What is owed for being late was computed anew"
NEVER = "All of the loan came back"


@pytest.mark.django_db
def test_why_interest_stops_and_runs_again_is_kept_as_a_code(dear: Loan) -> None:
    since = dear.instalments.get(number=1).due_date + timedelta(days=91)
    _accrue(dear, since)
    _pay_all_due(dear, since + timedelta(days=1))
    _accrue(dear, since + timedelta(days=1))
    paid = AccountEvent.objects.get(kind="receipt")

    services.take_back(actor=CLERK, event=paid, reason="Bounced.", now=factories.NOW)
    _accrue(dear, since + timedelta(days=2))

    capped, lifted = AccountEvent.objects.filter(kind="change").order_by("day")
    assert capped.words == {"reason": "repayments.interest_capped:"}
    assert lifted.words == {"reason": "repayments.interest_runs:"}
    assert lifted.reversed_reason == "repayments.cap_otherwise:"
    assert (capped.reason, lifted.reason, lifted.why_reversed) == (STOPPED, AGAIN, OTHERWISE)


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        (own_reasons.CAPPED, STOPPED),
        (own_reasons.LIFTED, AGAIN),
        (own_reasons.CAP_OTHERWISE, OTHERWISE),
        (own_reasons.CHARGED_ANEW, ANEW),
        (own_reasons.NEVER_LENT, NEVER),
    ],
)
@pytest.mark.parametrize("language", ["en", "hi", "sw"])
def test_a_code_and_the_sentence_kept_before_there_were_codes_read_alike(
    code: str, sentence: str, language: str
) -> None:
    now, before = own_reasons.kept(code), sentence

    with translation.override(language):
        wanted = gettext(sentence)
        for kept in (now, before):
            event = AccountEvent(words={"reason": kept}, reversed_reason=kept)
            assert (event.reason, event.why_reversed) == (wanted, wanted)
    assert stored_reasons.is_code(now)
    # Anybody may type a sentence; only codes are the system's own.
    assert not stored_reasons.is_code(before)
