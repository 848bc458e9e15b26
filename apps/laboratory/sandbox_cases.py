"""Where a case of the sandbox comes from: an application one may see, or figures made up."""

from datetime import date

from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.applications.models import Application
from apps.core.errors import NotVisible
from apps.core.visibility import get_visible
from apps.decisions import inputs
from apps.laboratory import sandbox
from apps.laboratory.sandbox import Case, CaseRefused
from apps.laboratory.sandbox_typed import TypedCase
from apps.products import selectors as products
from apps.products.models import Product
from apps.scoring import selectors as scoring
from apps.scoring.errors import NoChampion
from apps.scoring.models import ModelVersion


def real(actor: User, number: str) -> Case:
    """Return an application a person may see, by its number, as a case.

    Raises CaseRefused, with the sentence at `number`, for one that is none or not theirs to see.
    """
    rows = Application.objects.select_related(
        "product", "customer__address", "branch__entity", "employment", "bureau_report"
    ).prefetch_related("collaterals")
    try:
        return sandbox.of_application(get_visible(rows, actor, number__iexact=number.strip()))
    except NotVisible as error:
        fields = {"number": error.sentence}
        raise CaseRefused("not_found", error.sentence, fields=fields) from error


def made_up(typed: TypedCase, product: Product, *, today: date) -> Case:
    """Return typed figures as a request for a product at its listed rate, of this day."""
    gathered = inputs.Gathered(
        typed.standing(),
        typed.born(on=today),
        today,
        typed.owed_with_us + typed.guarantees_with_us,
    )
    return Case(
        product=product,
        amount=typed.amount,
        term_months=typed.term_months,
        listed_rate=product.annual_rate,
        facts=typed.facts(on=today),
        gathered=gathered,
        afford=lambda rate: typed.afford(
            rate, repaid=products.repaid(product), currency=product.currency
        ),
    )


def champion_of(product: Product) -> ModelVersion:
    """Return the model that decides on a product. Raises CaseRefused where none does."""
    found = scoring.champion(product.scoring_segment)
    if found is None:
        sentence = NoChampion(product.scoring_segment).sentence
        raise CaseRefused("no_champion", sentence, fields={"model": sentence})
    return found


def product_of(actor: User, code: str) -> Product:
    """Return a product of a lender one works for, by its code. Raises CaseRefused."""
    found = Product.objects.visible_to(actor).select_related("entity").filter(code=code).first()
    if found is None:
        sentence = _("There is no such product.")
        raise CaseRefused("unknown_product", sentence, fields={"product": sentence})
    return found
