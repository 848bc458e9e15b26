"""What the names of facts are called where people read a history.

A fact that has no word here is called by its name, without the marks between its parts.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext_lazy as _

NAMES: Mapping[str, Any] = {
    "annual_rate": _("rate a year"),
    "apr": _("annual percentage rate"),
    "bank_reference": _("the bank's reference"),
    "channel": _("how"),
    "content_sha256": _("fingerprint of the content"),
    "cooling_off_until": _("cooling-off until"),
    "entry": _("entry of the ledger"),
    "failed": _("checks that failed"),
    "features_sha256": _("fingerprint of the features"),
    "file": _("payment file"),
    "holds": _("all checks hold"),
    "html_sha256": _("fingerprint of the page"),
    "key_facts_sha256": _("fingerprint of the key facts"),
    "kept": _("entries that stay"),
    "layout": _("form of the file"),
    "limit": _("limit of one person"),
    "link_held_by": _("a link was held by"),
    "net": _("to the borrower"),
    "of_day": _("corrects the closed day"),
    "paid_out": _("paid out before"),
    "payment": _("payment"),
    "pd": _("probability of default"),
    "pdf_sha256": _("fingerprint of the PDF"),
    "policy_sha256": _("fingerprint of the policy"),
    "posted": _("entries posted"),
    "principal": _("principal"),
    "reversed": _("takes back entry"),
    "sha256": _("fingerprint"),
    "since": _("from the day"),
    "state_before": _("stood before as"),
    "statement_sha256": _("fingerprint of the statement"),
    "taken_back": _("entries taken back"),
    "term_months": _("months"),
    "valid_until": _("valid until"),
}


def name_of(fact: str) -> str:
    """Return what a fact is called."""
    return str(NAMES.get(fact) or fact.replace("_", " "))
