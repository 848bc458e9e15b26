"""A receipt as a file to keep."""

from django.http import HttpResponse

from apps.repayments.models import ReceiptPaper


def response(paper: ReceiptPaper) -> HttpResponse:
    """Return the PDF of a receipt, to be downloaded under its number."""
    answer = HttpResponse(bytes(paper.pdf or b""), content_type="application/pdf")
    name = paper.label.replace("/", "-")
    answer["Content-Disposition"] = f'attachment; filename="{name}.pdf"'
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Cache-Control"] = "no-store, private"
    return answer
