"""Quotes over the API, under /api/v1/."""

from django.urls import path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import APIView, Problem
from apps.schedules import policies, quotes, sentences
from apps.schedules import serializers as shapes
from apps.schedules.refusals import TermsRefused

PROBLEMS = {400: Problem, 401: Problem, 403: Problem}


class Quotes(APIView):
    """Schedules of any terms, and what they cost."""

    required_permission = policies.MAKE

    @extend_schema(
        operation_id="quotes_make",
        request=shapes.QuoteIn,
        responses={200: shapes.QuoteOut, **PROBLEMS},
        tags=["quotes"],
    )
    def post(self, request: Request) -> Response:
        """Compute a schedule, its totals and its cost; nothing is stored."""
        given = shapes.QuoteIn(data=request.data)
        given.is_valid(raise_exception=True)
        terms = given.terms(currency=request.user.branch.entity.currency)
        try:
            made = quotes.quote(terms)
        except TermsRefused as refused:
            raise sentences.in_words(refused) from None
        return Response(shapes.QuoteOut(made).data)


urlpatterns = [path("quotes", Quotes.as_view(), name="quotes")]
