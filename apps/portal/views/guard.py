"""What every page that a link opens begins with: the link holds, the language, no traces.

A link that is not ours, has expired, was revoked or is for something else gets one and the same
page; it does not tell whether there is such an application.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone, translation

from apps.core.errors import DomainError
from apps.portal import selectors, throttle, tokens
from apps.portal.selectors import Visit

Page = Callable[..., HttpResponse]
_LANGUAGES = tuple(code for code, _name in settings.LANGUAGES)
_COOKIE_PATH = "/my/"


def by_link(purpose: str) -> Callable[[Page], Page]:
    """Let a page be opened by a link that serves for a purpose.

    It speaks the applicant's language until another one is chosen, which then holds for as long
    as the link does; its days are those of the lender's calendar.
    """

    def guard(page: Page) -> Page:
        @wraps(page)
        def guarded(request: HttpRequest, token: str, **options: Any) -> HttpResponse:
            try:
                throttle.refuse_guessing(request)
            except throttle.TooMany as refusal:
                return _refused(request, refusal)
            found = selectors.visit(token, purpose=purpose, now=timezone.now())
            if found is None:
                throttle.note_wrong_link(request)
                return _kept_apart(render(request, "portal/not_valid.html", status=404))
            zone = found.application.branch.entity.time_zone
            with translation.override(_language(request, found)), timezone.override(zone):
                request.LANGUAGE_CODE = translation.get_language()
                try:
                    answer = _kept_apart(page(request, token, found, **options))
                except DomainError as refusal:
                    answer = _refused(request, refusal, token=token)
            return _remembered(request, answer, found)

        return guarded

    return guard


def by_stop_link(page: Page) -> Page:
    """Let a page be opened by the link that ends reminders, in the language of the borrower."""

    @wraps(page)
    def guarded(request: HttpRequest, token: str) -> HttpResponse:
        try:
            throttle.refuse_guessing(request)
        except throttle.TooMany as refusal:
            return _refused(request, refusal)
        customer = selectors.reminded(token)
        if customer is None:
            throttle.note_wrong_link(request)
            return _kept_apart(render(request, "portal/not_valid.html", status=404))
        zone = customer.entity.time_zone
        with translation.override(customer.language), timezone.override(zone):
            request.LANGUAGE_CODE = translation.get_language()
            return _kept_apart(page(request, customer))

    return guarded


def frame(visit: Visit, token: str) -> dict[str, Any]:
    """Return what every page shows, and which others the link opens."""
    entity = visit.application.branch.entity
    return {
        "application": visit.application,
        "entity": entity,
        "token": token,
        "languages": [(code, name) for code, name in settings.LANGUAGES],
        "opens_letters": visit.link.may(tokens.LETTER),
        "opens_appeal": visit.link.may(tokens.APPEAL),
        "opens_offer": visit.link.may(tokens.OFFER),
    }


def _language(request: HttpRequest, visit: Visit) -> str:
    kept = request.COOKIES.get(_cookie(visit), "")
    for chosen in (request.GET.get("language", ""), kept):
        if chosen in _LANGUAGES:
            return chosen
    return visit.application.customer.language


def _cookie(visit: Visit) -> str:
    # By application: another applicant may open a link of their own on the same device.
    return f"language_{visit.application.pk.hex}"


def _remembered(request: HttpRequest, response: HttpResponse, visit: Visit) -> HttpResponse:
    """Keep the language that was just chosen, so that forms and later visits speak it too."""
    chosen = request.GET.get("language", "")
    if chosen in _LANGUAGES:
        response.set_cookie(
            _cookie(visit),
            chosen,
            max_age=visit.link.expires_at - timezone.now(),
            # Never the address of the link itself, which opens what it is for.
            path=_COOKIE_PATH,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=True,
            samesite="Lax",
        )
    return response


def _refused(request: HttpRequest, refusal: DomainError, *, token: str = "") -> HttpResponse:
    context = {"error": refusal, "token": token}
    return _kept_apart(render(request, "portal/refused.html", context, status=refusal.status))


def _kept_apart(response: HttpResponse) -> HttpResponse:
    """Keep a page out of caches, and its address away from everybody else."""
    response["Cache-Control"] = "no-store, private"
    # Not `no-referrer`: a form would then send no origin, and its token could not be checked.
    response["Referrer-Policy"] = "same-origin"
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
