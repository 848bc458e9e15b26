"""A request for a loan, its collateral and its guarantors."""

import uuid
from decimal import Decimal
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, User
from apps.applications.affordability import Security
from apps.applications.lifecycle import LIFECYCLE, OPEN
from apps.core import withheld
from apps.core.errors import Conflict
from apps.core.fields import EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint
from apps.customers.models import BureauReport, Customer, Employment
from apps.products.models import Product, Purpose
from apps.scoring.models import ScoreRun

# States of a request that pays no other loan off, and will not.
_UNSETTLED = ["declined", "withdrawn", "lapsed"]


class ApplicationQuerySet(models.QuerySet["Application"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "ApplicationQuerySet":
        """Keep applications of the person's branches, and single ones granted beside them.

        Without those that are withheld from the person for now.
        """
        if actor.works_everywhere:
            return self
        granted = accounts.granted_ids(actor, Application)
        seen = self.filter(Q(branch_id__in=accounts.branch_ids(actor)) | Q(pk__in=granted))
        return withheld.without(seen, actor)


class Application(Identified, Timestamped, Stateful):
    """What the customer asks for. What was decided stands in `decisions`."""

    lifecycle = LIFECYCLE

    class Channel(models.TextChoices):
        COUNTER = "counter", _("Counter")
        API = "api", _("API")
        TAPE = "tape", _("Historical tape")
        FILE = "file", _("Uploaded file")

    number = models.CharField(_("application number"), max_length=24, unique=True)
    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name=_("branch"))
    customer = models.ForeignKey(Customer, on_delete=models.PROTECT, related_name="applications")
    product = models.ForeignKey(Product, on_delete=models.PROTECT, related_name="applications")
    channel = models.CharField(_("channel"), max_length=8, choices=Channel)
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)
    term_months = models.PositiveSmallIntegerField(_("term in months"))
    annual_rate = models.DecimalField(_("interest rate a year"), max_digits=7, decimal_places=6)
    purpose = models.CharField(_("purpose"), max_length=32, choices=Purpose)
    purpose_note = models.CharField(_("purpose in words"), max_length=300, blank=True)
    applied_date = models.DateField(_("applied on"))
    submitted_at = models.DateTimeField(_("submitted"), null=True)
    submitted_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="applications_submitted"
    )
    taken_by = models.ForeignKey(
        User, null=True, on_delete=models.PROTECT, related_name="applications_taken"
    )
    # The facts as they stood when the application was submitted.
    employment = models.ForeignKey(Employment, null=True, on_delete=models.PROTECT)
    bureau_report = models.ForeignKey(BureauReport, null=True, on_delete=models.PROTECT)
    obligations_monthly = models.DecimalField(
        _("existing obligations a month"), max_digits=18, decimal_places=2, null=True
    )
    # The part of it that our own running loans take; None where nobody told the parts apart.
    own_obligations_monthly = models.DecimalField(
        _("of them for loans with us"), max_digits=18, decimal_places=2, null=True
    )
    home = models.CharField(_("home"), max_length=16, blank=True)
    # The request whose loan is paid off out of what this one brings: a top-up.
    settles = models.ForeignKey(
        "self", null=True, on_delete=models.PROTECT, related_name="settled_by"
    )
    score_run = models.ForeignKey(ScoreRun, null=True, on_delete=models.PROTECT)
    source = models.CharField(_("source"), max_length=60, blank=True)
    source_reference = models.CharField(_("reference there"), max_length=80, blank=True)
    # A client's own key: the same request sent twice makes one application.
    idempotency_key = models.CharField(max_length=80, blank=True)
    # SHA-256 of what was asked with that key: the same key with other content is refused.
    idempotency_digest = models.CharField(max_length=64, blank=True, editable=False)

    objects = ApplicationQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_application", _("See applications")),
            ("take_application", _("Take, change, submit and withdraw applications")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "applications_status_known"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="applications_amount_positive"),
            models.CheckConstraint(
                condition=Q(term_months__gte=1) & Q(term_months__lte=480),
                name="applications_term_in_range",
            ),
            models.CheckConstraint(
                condition=Q(status__in=["draft", "historic", "withdrawn"])
                | Q(submitted_at__isnull=False),
                name="applications_submitted_has_time",
            ),
            models.CheckConstraint(
                condition=Q(own_obligations_monthly__isnull=True)
                | Q(
                    own_obligations_monthly__gte=0,
                    obligations_monthly__isnull=False,
                    own_obligations_monthly__lte=F("obligations_monthly"),
                ),
                name="applications_own_part_of_obligations",
            ),
            models.UniqueConstraint(
                fields=["source", "source_reference"],
                condition=~Q(source=""),
                name="applications_source_once",
            ),
            models.CheckConstraint(
                condition=Q(settles__isnull=True) | ~Q(settles=F("id")),
                name="applications_settles_another",
            ),
            models.UniqueConstraint(
                fields=["settles"],
                condition=Q(settles__isnull=False) & ~Q(status__in=_UNSETTLED),
                name="applications_settled_once",
            ),
            models.UniqueConstraint(
                fields=["taken_by", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="applications_idempotency_once",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-created_at", "id"]),
            models.Index(fields=["status", "-created_at", "id"]),
            models.Index(fields=["customer", "-created_at"]),
            models.Index(
                fields=["submitted_at"],
                condition=Q(status__in=["submitted", "scored"]),
                name="applications_waiting",
            ),
        ]
        verbose_name = _("application")
        verbose_name_plural = _("applications")

    def __str__(self) -> str:
        return self.number

    def move(self, *actions: str, **changes: Any) -> Self:
        """Change the status as every row with a life does.

        Raises Conflict too for a request that ended, where another one pays the same loan off now.
        """
        if self.settles_id is not None and self.status in _UNSETTLED:
            self._require_alone()
        return super().move(*actions, **changes)

    def _require_alone(self) -> None:
        others = Application.objects.filter(settles=self.settles_id).exclude(pk=self.pk)
        if others.exclude(status__in=_UNSETTLED).exists():
            raise Conflict(
                "top_up_under_way",
                _now("Another request to pay the same loan off is under way."),
            )

    @property
    def is_draft(self) -> bool:
        """Whether the request may still be changed."""
        return self.status == LIFECYCLE.initial

    @property
    def is_open(self) -> bool:
        """Whether the application was submitted and nobody has decided it yet."""
        return self.status in OPEN

    @property
    def facts_are_frozen(self) -> bool:
        """Whether the applicant's facts were written down, at submission or by an import."""
        return self.submitted_at is not None or self.status == "historic"

    @property
    def paid_elsewhere_monthly(self) -> Decimal | None:
        """Return what of the frozen obligations is paid to others a month; None is not known."""
        total = self.obligations_monthly
        return None if total is None else total - self.own_burden

    @property
    def own_burden(self) -> Decimal:
        """What of the frozen obligations our own loans take a month; nothing where not told."""
        return self.own_obligations_monthly or Decimal(0)

    @property
    def apart(self) -> tuple[uuid.UUID, ...]:
        """The requests whose debts do not count beside this one: itself, and what it pays off."""
        return (self.pk,) if self.settles_id is None else (self.pk, self.settles_id)

    @property
    def version(self) -> str:
        """What a form carries to notice that somebody changed the application meanwhile."""
        return self.updated_at.isoformat()


class Collateral(Identified, Timestamped):
    """Security offered: what it is and what it is worth (the lower of price and valuation)."""

    class Kind(models.TextChoices):
        PROPERTY = "property", _("Property")
        VEHICLE = "vehicle", _("Vehicle")
        GOLD = "gold", _("Gold")
        DEPOSIT = "deposit", _("Deposit")
        MACHINERY = "machinery", _("Machinery")
        OTHER = "other", _("Other")

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="collaterals"
    )
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    description = models.CharField(_("description"), max_length=200)
    currency = models.CharField(_("currency"), max_length=3)
    price = models.DecimalField(
        _("purchase price"), max_digits=18, decimal_places=2, null=True, blank=True
    )
    valuation = models.DecimalField(_("valuation"), max_digits=18, decimal_places=2)
    valued_date = models.DateField(_("valued on"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(valuation__gt=0) & (Q(price__isnull=True) | Q(price__gt=0)),
                name="applications_collateral_worth_something",
            )
        ]
        verbose_name = _("collateral")
        verbose_name_plural = _("collaterals")

    def __str__(self) -> str:
        return self.description

    @property
    def value(self) -> Decimal:
        """The lower of price and valuation (rule book 9.2)."""
        return Security(self.price, self.valuation).value


class Guarantor(Identified, Timestamped):
    """Somebody who answers for the loan: a customer of ours or a person named here."""

    application = models.ForeignKey(
        Application, on_delete=models.CASCADE, related_name="guarantors"
    )
    customer = models.ForeignKey(
        Customer, null=True, blank=True, on_delete=models.PROTECT, related_name="guarantees"
    )
    name = EncryptedTextField(_("name"))
    relationship = models.CharField(_("relationship"), max_length=80, blank=True)
    amount = models.DecimalField(_("guaranteed amount"), max_digits=18, decimal_places=2)
    currency = models.CharField(_("currency"), max_length=3)

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(amount__gt=0), name="applications_guarantor_amount_positive"
            ),
            models.UniqueConstraint(
                fields=["application", "customer"],
                condition=Q(customer__isnull=False),
                name="applications_guarantor_once",
            ),
        ]
        verbose_name = _("guarantor")
        verbose_name_plural = _("guarantors")

    def __str__(self) -> str:
        return self.relationship
