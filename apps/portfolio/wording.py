"""What bands, vintages and choices are called."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.portfolio.bands import Band
from apps.portfolio.cohorts import Measure
from apps.portfolio.concentration import Dimension
from apps.portfolio.months import Width

BANDS = {
    Band.CURRENT: gettext_lazy("Current"),
    Band.DAYS_1: gettext_lazy("1-29 days"),
    Band.DAYS_30: gettext_lazy("30-59 days"),
    Band.DAYS_60: gettext_lazy("60-89 days"),
    Band.DAYS_90: gettext_lazy("90-119 days"),
    Band.DAYS_120: gettext_lazy("120-149 days"),
    Band.DAYS_150: gettext_lazy("150 days or more"),
    Band.WRITTEN_OFF: gettext_lazy("Written off"),
    Band.CLOSED: gettext_lazy("Repaid"),
}
DIMENSIONS = {
    Dimension.PURPOSE: gettext_lazy("Purpose"),
    Dimension.REGION: gettext_lazy("State or county"),
    Dimension.SEGMENT: gettext_lazy("Segment"),
    Dimension.EMPLOYER: gettext_lazy("Employer"),
    Dimension.PRODUCT: gettext_lazy("Product"),
    Dimension.BRANCH: gettext_lazy("Branch"),
}
MEASURES = {
    Measure.LATE_30: gettext_lazy("30 days late or more"),
    Measure.LATE_60: gettext_lazy("60 days late or more"),
    Measure.LATE_90: gettext_lazy("90 days late or more"),
    Measure.WRITTEN_OFF: gettext_lazy("Written off"),
    Measure.PREPAID: gettext_lazy("Repaid early"),
}
WIDTHS = {
    Width.MONTH: gettext_lazy("Month"),
    Width.QUARTER: gettext_lazy("Quarter"),
    Width.YEAR: gettext_lazy("Year"),
}


def vintage(first: date, width: Width) -> str:
    """Return what a vintage is called, by the first day of it."""
    if width == Width.YEAR:
        return str(first.year)
    if width == Width.QUARTER:
        values = {"year": first.year, "number": (first.month + 2) // 3}
        return _("%(year)s, quarter %(number)s") % values
    return date_format(first, "YEAR_MONTH_FORMAT")
