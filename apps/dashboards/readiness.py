"""Whether this process can do its work: database, broker, and a model for what is on offer."""

from dataclasses import dataclass

from celery import current_app
from django.db import DatabaseError, connection
from kombu.exceptions import OperationalError as BrokerError

from apps.products.models import Product
from apps.scoring import champion
from apps.scoring.errors import ScoringFailed

BROKER_PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Part:
    """One thing we need, and whether it is there."""

    name: str
    is_ready: bool


def parts() -> list[Part]:
    """Return every part with its state; without a database the models are not known."""
    database = Part("database", is_ready=_database_answers())
    found = [database, Part("broker", is_ready=_broker_answers())]
    if database.is_ready:
        found += [Part(f"model {segment}", is_ready=_loads(segment)) for segment in segments()]
    return found


def segments() -> list[str]:
    """Return the scoring segments of the products that are open."""
    open_products = Product.objects.filter(is_open=True).order_by("scoring_segment")
    return list(open_products.values_list("scoring_segment", flat=True).distinct())


def _database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        return False
    return True


def _broker_answers() -> bool:
    try:
        with current_app.connection_for_write(connect_timeout=BROKER_PATIENCE_SECONDS) as broker:
            broker.ensure_connection(max_retries=1, timeout=BROKER_PATIENCE_SECONDS)
    except (BrokerError, OSError):
        return False
    return True


def _loads(segment: str) -> bool:
    try:
        champion.current(segment)
    except ScoringFailed:
        return False
    return True
