"""Which day it is where a segment is lent in."""

from datetime import date, datetime

from apps.core import dates
from apps.products.models import Product


def today(segment: str, now: datetime) -> date:
    """Return the day of the first lender of a segment; UTC where nobody lends in it."""
    product = (
        Product.objects.filter(scoring_segment=segment)
        .select_related("entity")
        .order_by("entity__code", "code")
        .first()
    )
    return dates.local_date(now, product.entity.time_zone if product else "UTC")
