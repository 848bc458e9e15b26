"""Addresses of the ledger."""

from django.urls import path

from apps.ledger.views import books, closing, journal, loans

app_name = "ledger"
urlpatterns = [
    path("", books.trial_balance, name="trial_balance"),
    path("trial-balance.csv", books.trial_csv, name="trial_csv"),
    path("trial-balance.pdf", books.trial_pdf, name="trial_pdf"),
    path("accounts/<slug:account>/", books.account, name="account"),
    path("entries/", books.entries, name="entries"),
    path("entries/<int:number>/", books.entry, name="entry"),
    path("journal/", journal.export, name="journal"),
    path("closing/", closing.close, name="closing"),
    path("proofs/", journal.proof_list, name="proofs"),
    path("proofs/run/", journal.prove, name="prove"),
    path("proofs/badge/", journal.proof_badge, name="proof_badge"),
    path("loans/<uuid:pk>/", loans.statement, name="statement"),
    path("loans/<uuid:pk>/panel/", loans.panel, name="loan_panel"),
    path("loans/<uuid:pk>/statement.csv", loans.statement_csv, name="statement_csv"),
    path("loans/<uuid:pk>/statement.pdf", loans.statement_pdf, name="statement_pdf"),
]
