"""Print the receipt of a payment: set and frozen when first asked for, the same ever after."""

import hashlib
from collections import defaultdict
from datetime import datetime
from decimal import Decimal

import structlog
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.audit import names
from apps.audit import services as audit
from apps.core import crypto, dates
from apps.core.errors import Conflict, DomainError, NotPermitted
from apps.core.visibility import get_visible
from apps.ledger import selectors as ledger
from apps.ledger.chart import Account
from apps.letters import services as letters
from apps.letters import statement_rendering, statements, typesetting
from apps.letters.checks import ContentRefused
from apps.loans.models import Loan
from apps.repayments import policies, receipt_wording
from apps.repayments.facts import MONEY_IN
from apps.repayments.models import AccountEvent, ReceiptPaper

logger = structlog.get_logger(__name__)


def print_receipt(*, actor: User | None, event: AccountEvent, now: datetime) -> ReceiptPaper:
    """Return the receipt of a payment, set and frozen where there is none yet.

    Without an actor it is the borrower's own page that asks. Raises NotPermitted, NotVisible,
    DomainError for what is no payment, Conflict for a payment that was taken back before it had a
    receipt, and for one that cannot be set or is no longer whole.
    """
    if actor is not None:
        _permit(actor, policies.VIEW)
        event = get_visible(AccountEvent.objects.all(), actor, pk=event.pk)
    if event.kind not in MONEY_IN:
        raise DomainError("no_payment", _("There are receipts of payments alone."))
    paper = paper_of(event) or _first(actor, event, now)
    if not is_whole(paper):
        logger.error("receipt_damaged", receipt=str(paper.pk))
        raise Conflict(
            "receipt_damaged", _("This receipt is not as it was printed. Tell your administrator.")
        )
    return paper


def paper_of(event: AccountEvent) -> ReceiptPaper | None:
    """Return the receipt that was printed of a payment, or None."""
    return ReceiptPaper.objects.select_related("loan").filter(event=event.pk).first()


def is_whole(paper: ReceiptPaper) -> bool:
    """Say whether facts and PDF still have the hashes they were frozen with."""
    try:
        facts = letters.facts_hash(paper.facts)
        return facts == paper.facts_sha256 and _sha256(paper.pdf) == paper.pdf_sha256
    except crypto.CannotOpen:
        return False


@transaction.atomic
def _first(actor: User | None, event: AccountEvent, now: datetime) -> ReceiptPaper:
    """Set and freeze a receipt; whoever comes second at the same moment gets the first one."""
    if actor is not None:
        _permit(actor, policies.PRINT)
    # Numbers of a loan's receipts follow each other without a gap.
    rows = Loan.objects.select_related("customer", "product", "branch__entity")
    loan = rows.select_for_update(of=("self",), no_key=True).get(pk=event.loan_id)
    there = paper_of(event)
    if there is not None:
        return there
    found = AccountEvent.objects.select_related("entry", "made_by").get(pk=event.pk)
    if found.status != "live" or found.entry is None:
        raise Conflict("taken_back", _("This payment was taken back; it has no receipt."))
    paper = _set(loan, found, now)
    paper.printed_by = actor
    paper.save(force_insert=True)
    audit.record(
        names.APPLICANT if actor is None else actor,
        "repayments.receipt_printed",
        loan,
        case=f"applications.application:{loan.application_id}",
        event=str(event.pk),
        receipt=paper.label,
        pdf_sha256=paper.pdf_sha256,
    )
    return paper


def _set(loan: Loan, event: AccountEvent, now: datetime) -> ReceiptPaper:
    paper = ReceiptPaper(
        event=event,
        loan=loan,
        number=ReceiptPaper.objects.filter(loan=loan).count() + 1,
        language=loan.customer.language,
        template_version=statements.CURRENT,
        printed_at=now,
        engine=typesetting.engine(),
    )
    try:
        with translation.override(paper.language):
            said = receipt_wording.statement(_payment(loan, event, paper), _parties(loan))
        made = statement_rendering.render(said, edition=paper.template_version)
    except (ContentRefused, typesetting.RenderingFailed) as refusal:
        raise Conflict("receipt_not_set", _("The receipt could not be set.")) from refusal
    paper.facts = said.to_dict()
    paper.facts_sha256 = letters.facts_hash(paper.facts)
    paper.pdf = made.pdf
    paper.pdf_sha256 = _sha256(made.pdf)
    return paper


def _payment(loan: Loan, event: AccountEvent, paper: ReceiptPaper) -> receipt_wording.Payment:
    held = ledger.balances([loan.pk], event.day)[loan.pk]
    amount = event.amount or Decimal(0)
    return receipt_wording.Payment(
        number=paper.label,
        loan=loan.number,
        product=loan.product.name,
        day=event.day,
        amount=amount,
        currency=event.currency,
        channel=str(event.parameters.get("channel", "")),
        reference=str(event.parameters.get("external_reference", "")),
        split=split_of(event),
        principal=held[Account.PRINCIPAL],
        owed=held.owed,
        received_by=event.made_by.name if event.made_by else loan.branch.entity.name,
        printed=dates.local_date(paper.printed_at, loan.branch.entity.time_zone),
    )


def split_of(event: AccountEvent) -> dict[Account, Decimal]:
    """Return what a payment was used for, by the account it was taken off; it sums to the amount.

    As the entry that stands for the payment has it, which balances.
    """
    found: dict[Account, Decimal] = defaultdict(Decimal)
    if event.entry is not None:
        for line in event.entry.lines.all():
            found[Account(line.account)] += line.credit - line.debit
    return {one: found[one] for one in Account if found.get(one) and one != Account.CASH}


def _parties(loan: Loan) -> receipt_wording.Parties:
    entity = loan.branch.entity
    return receipt_wording.Parties(
        lender=entity.name,
        lender_lines=(*entity.address.splitlines(), entity.phone, entity.email),
        payer=loan.customer.full_name or loan.customer.number,
    )


def _permit(actor: User, permission: str) -> None:
    if not actor.has_perm(permission):
        raise NotPermitted("not_permitted", _("Your role does not print receipts of payments."))


def _sha256(content: bytes | memoryview) -> str:
    return hashlib.sha256(content).hexdigest()
