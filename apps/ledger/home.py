"""What of the books is out of order, on the start page."""

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.core.home import Waiting, register
from apps.ledger import policies, selectors


def _failed(_actor: User, _now: datetime) -> int:
    """Return how many checks of the last proof do not hold."""
    last = selectors.last_proof()
    if last is None or last.holds:
        return 0
    return sum(1 for one in last.results if not one["holds"])


register(
    Waiting(
        name="ledger.proofs",
        label=_("Proofs of the ledger that do not hold"),
        icon="shield-x",
        order=8,
        rights=(policies.VIEW,),
        count=_failed,
        url_name="ledger:proofs",
        pressing=True,
    )
)
