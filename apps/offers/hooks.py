"""Where apps above tell offers at which address an applicant answers one.

They register in their `AppConfig.ready()`; offers knows no pages of applicants.
"""

import uuid
from collections.abc import Callable
from datetime import date

# `build(application_id, until)`: the address, complete with https and host; empty without one.
OfferLink = Callable[[uuid.UUID, date], str]

_links: list[OfferLink] = []


def build_offer_links(build: OfferLink) -> None:
    """Let statements carry the address at which the offer can be answered until a day."""
    _links[:] = [build]


def offer_link(application_id: uuid.UUID, until: date) -> str:
    """Return the address to answer an offer, or nothing while no app builds one."""
    return next((build(application_id, until) for build in _links), "")
