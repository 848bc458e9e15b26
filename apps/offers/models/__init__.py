"""Offers and what is agreed by them."""

from apps.offers.models.offer import Channel, Offer

__all__ = ["Channel", "Offer"]
