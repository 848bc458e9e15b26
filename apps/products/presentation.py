"""Words for how a product's loans are repaid, where a request is judged by one instalment."""

from decimal import Decimal

from django.utils.translation import gettext as _

from apps.core.formatting import format_money
from apps.core.money import money
from apps.products.models import Conditions, Product


def judged_by(product: Product, amount: Decimal) -> str:
    """Return which instalment a request is judged by; nothing where all of them are equal.

    What falls due in one sum at the end is named beside it: the instalment does not hold it.
    """
    schedule = Product.Schedule
    if product.schedule == schedule.EQUAL_PRINCIPAL:
        return _("The first instalment, which is the largest.")
    if product.schedule == schedule.STEPPED:
        return _("The largest instalment: the one after the last step within the term.")
    at_the_end = _at_the_end(product, amount)
    if at_the_end is None:
        return ""
    return _(
        "As if repaid in equal instalments. In truth %(amount)s of the loan falls due in one sum"
        " at the end."
    ) % {"amount": format_money(at_the_end, product.currency)}


def _at_the_end(product: Product, amount: Decimal) -> Decimal | None:
    """Return the principal that the last payment asks for at once, if it is by its nature such."""
    if product.schedule in (Product.Schedule.INTEREST_ONLY, Product.Schedule.SINGLE):
        return amount
    conditions: Conditions | None = getattr(product, "conditions", None)
    if product.schedule != Product.Schedule.BALLOON or conditions is None:
        return None
    share = conditions.balloon_share
    return None if share is None else money(share * amount, product.currency)
