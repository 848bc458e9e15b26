"""Wiring of the project: settings, addresses, Celery. No rules live here."""

from creditrisk.celery import app as celery_app

__all__ = ["celery_app"]
