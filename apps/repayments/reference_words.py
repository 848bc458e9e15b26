"""What the system's own references are called where people read a history."""

from django.utils.translation import gettext_lazy as _

from apps.repayments import facts

# By what they begin with; nobody typed them, and their keys say nothing to a reader.
_WORDS = {
    "before": _("charges of before the transfer"),
    "bounce": _("payment that the bank returned"),
    "change": _("change of the contract"),
    "charged": _("charge taken anew"),
    "late": _("cost of being late"),
    "moved": _("transfer to another branch"),
    "netted": _("paid off by a new loan"),
    "relief": _("waiver, write-off or refund approved by two people"),
    "suspense": _("money in suspense"),
    "suspense-again": _("money in suspense again"),
    "taken-on": _("taken over from another book"),
    "top-up": _("top-up"),
    "transfer": _("transfer to another branch"),
    "without": _("taken back"),
}


def said(reference: str) -> str:
    """Return a reference as people know it: what they told, or what the system did in words."""
    word = _WORDS.get(reference.partition(":")[0]) if ":" in reference else None
    return facts.told_reference(reference) if word is None else str(word)
