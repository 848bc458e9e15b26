"""The quote of what ends a loan as a file to keep."""

from django.http import HttpResponse


def response(pdf: bytes, number: str) -> HttpResponse:
    """Return the PDF, to be downloaded under the loan's number."""
    answer = HttpResponse(pdf, content_type="application/pdf")
    answer["Content-Disposition"] = f'attachment; filename="payoff-{number}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer
