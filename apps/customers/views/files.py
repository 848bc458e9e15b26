"""Documents: in by a form, out as an attachment."""

import uuid

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt, csrf_protect
from django.views.decorators.http import require_GET, require_http_methods

from apps.core import bodies
from apps.core.access import requires
from apps.core.errors import NotVisible
from apps.customers import selectors, services
from apps.customers.forms import DocumentForm
from apps.customers.views import _answers

# A body this many times the limit is not read at all; below it the form says it is too large.
_HOPELESS = 4


# The token lies in the body: CSRF is checked in `_upload`, after the size, before anything else.
@bodies.limits_itself
@csrf_exempt
@require_http_methods(["GET", "POST"])
@requires("customers.upload_document")
def upload(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    """Take a document in."""
    if bodies.announced_size(request) > _HOPELESS * settings.DOCUMENT_MAX_BYTES:
        raise bodies.BodyTooLarge("file_too_large", _("The file is far too large."))
    return _upload(request, pk)


@csrf_protect
def _upload(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
    customer = _answers.visible_customer(request, pk)
    form = DocumentForm(request.POST, request.FILES) if request.method == "POST" else DocumentForm()

    def act() -> None:
        file = form.cleaned_data["file"]
        services.upload_document(
            actor=request.user,
            customer=customer,
            kind=form.cleaned_data["kind"],
            filename=file.name,
            content=file.read(),
        )

    return _answers.form_page(
        request,
        customer=customer,
        form=form,
        act=act,
        title=_("Upload a document"),
        done=_("The document is stored, encrypted."),
        section="documents",
    )


@require_GET
@requires("customers.download_document")
def download(request: HttpRequest, pk: uuid.UUID, document_pk: uuid.UUID) -> HttpResponse:
    """Hand a document out as an attachment that no browser runs in our origin."""
    customer = _answers.visible_customer(request, pk)
    document = selectors.documents(customer).filter(pk=document_pk).first()
    if document is None:
        raise NotVisible("not_found", _("There is no such record, or it is not yours to see."))
    content = services.read_document(actor=request.user, document=document)
    return HttpResponse(
        content,
        content_type=document.content_type,
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=document.filename
            ),
            "Content-Security-Policy": "sandbox; default-src 'none'",
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store, private",
        },
    )
