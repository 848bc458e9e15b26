"""Addresses of the applicant's own pages, and of the panel that makes links to them."""

from django.urls import path

from apps.portal.views import applicant, links, loan, offer, reminders

app_name = "portal"
urlpatterns = [
    path("links/<uuid:pk>/", links.panel, name="links"),
    path("links/<uuid:pk>/issue/", links.issue, name="issue"),
    path("links/<uuid:pk>/revoke/", links.revoke, name="revoke"),
    path("reminders/<str:token>/", reminders.reminders, name="reminders"),
    path("<str:token>/", applicant.status, name="status"),
    path("<str:token>/appeal/", applicant.appeal, name="appeal"),
    path("<str:token>/offer/", offer.show, name="offer"),
    path("<str:token>/offer/pdf/", offer.pdf, name="offer_pdf"),
    path("<str:token>/offer/decline/", offer.decline, name="offer_decline"),
    path("<str:token>/offer/step-back/", offer.step_back, name="offer_step_back"),
    path("<str:token>/loan/", loan.show, name="loan"),
    path("<str:token>/loan/receipts/<uuid:pk>/", loan.receipt, name="receipt"),
    path("<str:token>/letters/<uuid:pk>/", applicant.letter, name="letter"),
    path("<str:token>/letters/<uuid:pk>/pdf/", applicant.letter_pdf, name="letter_pdf"),
]
