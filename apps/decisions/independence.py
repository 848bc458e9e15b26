"""Whether a person is, or declared to be close to, the borrower or who answers for the loan.

A person is found among the customers by what they declared about themselves and by the e-mail they
sign in with; both are compared as blind indexes.
"""

from django.db.models import Q, QuerySet

from apps.accounts.models import User
from apps.applications.models import Application
from apps.collateral.models import CoBorrower
from apps.customers import fingerprints
from apps.customers.models import Customer
from apps.decisions.models import DeclaredInterest


def is_connected(actor: User, application: Application) -> bool:
    """Say whether the person must keep out of this application."""
    return connected_applications(actor).filter(pk=application.pk).exists()


def connected_applications(actor: User) -> QuerySet[Application]:
    """Return the applications the person must keep out of."""
    close = _close_customers(actor).values("pk")
    answering = Application.objects.filter(guarantors__customer__in=close).values("pk")
    owing = CoBorrower.objects.filter(customer__in=close).values("application")
    return Application.objects.filter(Q(customer__in=close) | Q(pk__in=answering) | Q(pk__in=owing))


def _close_customers(actor: User) -> QuerySet[Customer]:
    declared = DeclaredInterest.objects.filter(person=actor).standing()
    numbers = declared.exclude(index="").values("index")
    own = fingerprints.email(actor.email.strip().lower())
    return Customer.objects.filter(
        Q(pk__in=declared.filter(customer__isnull=False).values("customer"))
        | Q(identities__index__in=numbers)
        | Q(phone_index__in=numbers)
        | Q(email_index__in=numbers)
        | Q(email_index=own)
    )
