"""A US platform and its products, enough for the LendingClub mapping to land."""

from decimal import Decimal

from apps.accounts.models import Branch, Entity
from apps.products.models import Product, Purpose


def us_platform() -> Branch:
    """Return the branch the LendingClub mapping names, with both its products."""
    entity = Entity.objects.create(
        code="prairie",
        name="Prairie Lending Exchange",
        kind=Entity.Kind.PLATFORM,
        country="US",
        currency="USD",
        time_zone="America/Chicago",
        address="1 Main Street, Omaha, NE 68102",
        email="care@prairie.example",
        phone="+1 402 555 0100",
        review_contact="Review desk, 1 Main Street, Omaha, NE 68102",
        data_protection_contact="privacy@prairie.example",
        regulator="Consumer Financial Protection Bureau, Washington, DC 20552",
    )
    for term in (36, 60):
        Product.objects.create(
            entity=entity,
            code=f"us-personal-{term}",
            name=f"Personal loan, {term} months",
            currency="USD",
            minimum_amount=Decimal(500),
            maximum_amount=Decimal(40_000),
            minimum_term_months=term,
            maximum_term_months=term,
            annual_rate=Decimal("0.13"),
            schedule=Product.Schedule.EMI,
            purposes=[purpose for purpose in Purpose.values if purpose != "agriculture"],
            scoring_segment="us-personal",
            cooling_off_days=1,
        )
    return Branch.objects.create(entity=entity, code="online", name="Online")
