"""What is done with the ledger: post, reverse, close days, derive anew, prove, export."""

from apps.ledger.services.posting import post, reverse

__all__ = ["post", "reverse"]
