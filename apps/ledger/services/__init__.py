"""What is done with the ledger: post, reverse, close days, derive anew, prove, export."""

from apps.ledger.services.closing import close_day
from apps.ledger.services.exporting import export_journal
from apps.ledger.services.posting import post, reverse
from apps.ledger.services.posting_few import post_few, refusal_of
from apps.ledger.services.posting_many import post_many
from apps.ledger.services.posting_pairs import Pairs, post_pairs
from apps.ledger.services.proving import prove
from apps.ledger.services.rederiving import Rederived, foresee, rederive

__all__ = [
    "Pairs",
    "Rederived",
    "close_day",
    "export_journal",
    "foresee",
    "post",
    "post_few",
    "post_many",
    "post_pairs",
    "prove",
    "rederive",
    "refusal_of",
    "reverse",
]
