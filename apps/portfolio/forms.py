"""What the pages of portfolios can be narrowed to; all of it stands in the address."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Branch, Entity
from apps.core.form_fields import DayField
from apps.core.money import MINOR_UNITS
from apps.portfolio import split_page, summary_wording, wording
from apps.portfolio.bands import ON_BOOKS, Band
from apps.portfolio.cohorts import AGES, Measure
from apps.portfolio.concentration import Dimension
from apps.portfolio.figures import Period
from apps.portfolio.months import Width
from apps.products.models import Product

BY = {"amount": _("By amount"), "number": _("By number of loans")}


class SharedForm(forms.Form):
    """The lender, the branch, the product, the currency, and what shares are counted in."""

    lender = forms.ChoiceField(label=_("Lender"), required=False)
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    segment = forms.ChoiceField(label=_("Segment"), required=False)
    by = forms.ChoiceField(label=_("Shares"), required=False, choices=list(BY.items()))
    currency = forms.ChoiceField(
        label=_("Currency"),
        required=False,
        choices=[("", _("The lender's")), *((code, code) for code in MINOR_UNITS)],
    )

    def __init__(
        self,
        *args: Any,
        entities: list[Entity],
        branches: list[Branch],
        products: list[Product],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._entities = {one.code: one for one in entities}
        self._branches = {str(one.pk): one for one in branches}
        self._products = {str(one.pk): one for one in products}
        shown: Any = self.fields
        shown["lender"].choices = [(one.code, one.name) for one in entities]
        if len(entities) <= 1:
            shown["lender"].widget = forms.HiddenInput()
        of_branches = ((key, one.name) for key, one in self._branches.items())
        of_products = ((key, one.name) for key, one in self._products.items())
        shown["branch"].choices = [("", _("All branches")), *of_branches]
        shown["product"].choices = [("", _("All products")), *of_products]
        codes = sorted({one.scoring_segment for one in products})
        shown["segment"].choices = [("", _("All segments")), *((one, one) for one in codes)]

    def of_lender(self, default: Entity) -> Entity:
        """Return the lender chosen, else the person's own."""
        return self._entities.get(self.given("lender"), default)

    def within(self, entity: Entity) -> dict[str, Any]:
        """Return branch and product chosen, as far as they are of the lender, and the segment."""
        chosen = {
            "branch": self._branches.get(self.given("branch")),
            "product": self._products.get(self.given("product")),
        }
        keys = {
            name: one.pk
            for name, one in chosen.items()
            if one is not None and one.entity_id == entity.pk
        }
        return {**keys, "segment": self.given("segment")}

    def given(self, name: str) -> Any:
        """Return what was chosen of a field; nothing where it is empty or not valid."""
        return self.cleaned_data.get(name) or "" if self.is_bound else ""


class VintageForm(SharedForm):
    """Which vintages are shown, and as known when."""

    width = forms.ChoiceField(
        label=_("Vintages by"), required=False, choices=list(wording.WIDTHS.items())
    )
    day = DayField(label=_("As known at the end of"), required=False)
    field_order = ["lender", "width", "by", "product", "segment", "branch", "day", "currency"]

    def of_width(self) -> Width:
        """Return how many months a vintage spans; a quarter unless another is chosen."""
        return Width(self.given("width") or Width.QUARTER)


class VintageLoansForm(VintageForm):
    """Which vintage's loans are listed."""

    vintage = DayField(label=_("Vintage that begins on"), required=False)
    lost = forms.BooleanField(label=_("Written off only"), required=False)
    field_order = [
        *("lender", "vintage", "width", "lost", "product"),
        *("segment", "branch", "day", "currency", "by"),
    ]


class CohortForm(VintageForm):
    """What of which cohorts is counted."""

    measure = forms.ChoiceField(
        label=_("Counted"), required=False, choices=list(wording.MEASURES.items())
    )
    field_order = [
        *("lender", "measure", "width", "by"),
        *("product", "segment", "branch", "day", "currency"),
    ]

    def of_measure(self) -> Measure:
        """Return what is counted: late by 30 days or more, unless another is chosen."""
        return Measure(self.given("measure") or Measure.LATE_30)

    def of_width(self) -> Width:
        """Return how many months a cohort spans; one unless another is chosen."""
        return Width(self.given("width") or Width.MONTH)


class CohortLoansForm(CohortForm):
    """Which cohort's loans are listed, at which age."""

    vintage = DayField(label=_("Cohort that begins on"), required=False)
    age = forms.TypedChoiceField(
        label=_("Months on book"), required=False, coerce=int, choices=[(one, one) for one in AGES]
    )
    field_order = [
        *("lender", "vintage", "width", "measure", "age", "product"),
        *("segment", "branch", "day", "currency", "by"),
    ]

    def of_age(self) -> int:
        """Return the age in months on book; the first unless another is chosen."""
        return int(self.given("age") or AGES[0])


class RollForm(SharedForm):
    """Which month's roll rates are shown."""

    month = forms.ChoiceField(label=_("Month to the end of"), required=False)
    field_order = ["lender", "month", "by", "product", "segment", "branch", "currency"]


class RollLoansForm(RollForm):
    """From which band to which the listed loans went."""

    was = forms.ChoiceField(
        label=_("From"),
        required=False,
        choices=[(band, wording.BANDS[band]) for band in ON_BOOKS],
    )
    became = forms.ChoiceField(
        label=_("To"), required=False, choices=[(band, wording.BANDS[band]) for band in Band]
    )
    field_order = [
        *("lender", "month", "was", "became"),
        *("product", "segment", "branch", "currency", "by"),
    ]


class SummaryForm(SharedForm):
    """Of which day the summary is, and of what part of the portfolio."""

    by: Any = None
    day = DayField(label=_("At the end of"), required=False)
    field_order = ["lender", "day", "product", "segment", "branch", "currency"]


class ConcentrationForm(SummaryForm):
    """By what the portfolio of a day is taken apart."""

    dimension = forms.ChoiceField(
        label=_("By"), required=False, choices=list(wording.DIMENSIONS.items())
    )
    field_order = ["lender", "day", "dimension", "product", "segment", "branch", "currency"]

    def of_dimension(self) -> Dimension:
        """Return by what it is taken apart; by purpose unless another is chosen."""
        return Dimension(self.given("dimension") or Dimension.PURPOSE)


class SplitForm(SummaryForm):
    """By what the figures of a day are told apart, and which of them are shown."""

    split = forms.ChoiceField(
        label=_("By"),
        required=False,
        choices=[(one, wording.DIMENSIONS[one]) for one in split_page.BY],
    )
    period = forms.ChoiceField(
        label=_("Figures"), required=False, choices=list(summary_wording.PERIODS.items())
    )
    field_order = ["lender", "day", "split", "period", "product", "segment", "branch", "currency"]

    def of_split(self) -> Dimension:
        """Return by what figures are told apart; by product unless another is chosen."""
        return Dimension(self.given("split") or Dimension.PRODUCT)

    def of_period(self) -> Period:
        """Return of what time figures are shown; of the day unless another is chosen."""
        return Period(self.given("period") or Period.DAY)


class ConcentrationLoansForm(ConcentrationForm):
    """Of which share the loans are listed; of what is not known where it is empty."""

    of = forms.CharField(required=False, max_length=120, widget=forms.HiddenInput)


class SummaryLoansForm(SummaryForm):
    """Behind which figure the list is, or of which band of days past due."""

    figure = forms.ChoiceField(
        label=_("Behind"), required=False, choices=list(summary_wording.NAMES.items())
    )
    band = forms.ChoiceField(
        label=_("Days past due"),
        required=False,
        choices=[("", _("All")), *((band, wording.BANDS[band]) for band in ON_BOOKS)],
    )
    field_order = ["lender", "day", "figure", "band", "product", "segment", "branch", "currency"]
