"""What the lender offers: a kind of loan, its bounds, price and schedule."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.core.models import Identified, Timestamped
from apps.products.catalogue import LONGEST_OFFER_DAYS, SHORTEST_OFFER_DAYS


class Purpose(models.TextChoices):
    """What money is borrowed for; the same list the feature contract knows."""

    DEBT_CONSOLIDATION = "debt_consolidation", _("Debt consolidation")
    CREDIT_CARD = "credit_card", _("Credit card repayment")
    HOME_IMPROVEMENT = "home_improvement", _("Home improvement")
    MAJOR_PURCHASE = "major_purchase", _("Major purchase")
    SMALL_BUSINESS = "small_business", _("Small business")
    CAR = "car", _("Vehicle")
    WEDDING = "wedding", _("Wedding")
    MEDICAL = "medical", _("Medical")
    MOVING = "moving", _("Moving home")
    HOUSE = "house", _("House purchase")
    VACATION = "vacation", _("Travel")
    EDUCATIONAL = "educational", _("Education")
    RENEWABLE_ENERGY = "renewable_energy", _("Renewable energy")
    AGRICULTURE = "agriculture", _("Agriculture")
    WORKING_CAPITAL = "working_capital", _("Working capital")
    OTHER = "other", _("Other")


class ProductQuerySet(models.QuerySet["Product"]):
    """Products by who may see them."""

    def visible_to(self, actor: User) -> "ProductQuerySet":
        """Keep the products of the entities in whose branches the person works."""
        if actor.works_everywhere:
            return self
        branches = Branch.objects.filter(pk__in=accounts.branch_ids(actor))
        return self.filter(entity__in=branches.values("entity"))


class Product(Identified, Timestamped):
    """A kind of loan: bounds, price, schedule, and the model segment that scores it."""

    class Schedule(models.TextChoices):
        EMI = "emi", _("Equal instalments on declining balance")
        EQUAL_PRINCIPAL = "equal_principal", _("Equal principal, interest on declining balance")
        FLAT = "flat", _("Flat rate on the amount lent")
        INTEREST_ONLY = "interest_only", _("Interest only, principal at the end")
        BALLOON = "balloon", _("Equal instalments and a balloon at the end")
        STEPPED = "stepped", _("Instalments that rise in steps")
        SINGLE = "single", _("One payment at maturity")

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="products")
    code = models.SlugField(_("code"), max_length=40, unique=True)
    name = models.CharField(_("name"), max_length=120)
    # By the code of each language beside English; a statement is written in the borrower's.
    names = models.JSONField(_("names in other languages"), default=dict, blank=True)
    description = models.TextField(_("description"), blank=True)
    currency = models.CharField(_("currency"), max_length=3)
    minimum_amount = models.DecimalField(_("smallest amount"), max_digits=18, decimal_places=2)
    maximum_amount = models.DecimalField(_("largest amount"), max_digits=18, decimal_places=2)
    minimum_term_months = models.PositiveSmallIntegerField(_("shortest term in months"))
    maximum_term_months = models.PositiveSmallIntegerField(_("longest term in months"))
    annual_rate = models.DecimalField(
        _("interest rate a year"), max_digits=7, decimal_places=6, help_text=_("As a fraction.")
    )
    schedule = models.CharField(_("schedule"), max_length=20, choices=Schedule)
    purposes = ArrayField(
        models.CharField(max_length=32, choices=Purpose), verbose_name=_("purposes")
    )
    secured = models.BooleanField(_("collateral required"), default=False)
    scoring_segment = models.SlugField(_("scoring segment"), max_length=40)
    cooling_off_days = models.PositiveSmallIntegerField(_("cooling-off days"))
    # An approval under which nothing was lent by then lapses.
    offer_days = models.PositiveSmallIntegerField(_("days an approval stays open"), default=30)
    is_open = models.BooleanField(_("open for applications"), default=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [("view_product", _("See loan products"))]
        constraints: ClassVar[list[Any]] = [
            models.CheckConstraint(
                condition=Q(minimum_amount__gt=0) & Q(maximum_amount__gte=F("minimum_amount")),
                name="products_product_amounts_in_order",
            ),
            models.CheckConstraint(
                condition=Q(minimum_term_months__gte=1)
                & Q(maximum_term_months__gte=F("minimum_term_months")),
                name="products_product_terms_in_order",
            ),
            models.CheckConstraint(
                condition=Q(annual_rate__gte=0) & Q(annual_rate__lt=5),
                name="products_product_rate_is_a_fraction",
            ),
            models.CheckConstraint(
                condition=Q(offer_days__gte=SHORTEST_OFFER_DAYS)
                & Q(offer_days__lte=LONGEST_OFFER_DAYS),
                name="products_product_offer_in_bounds",
            ),
        ]
        verbose_name = _("loan product")
        verbose_name_plural = _("loan products")

    def __str__(self) -> str:
        return self.name

    def named(self, language: str) -> str:
        """Return the name in a language; the English one where there is no other."""
        return str(self.names.get(language) or self.name)
