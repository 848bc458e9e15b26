"""Addresses of what changes on loans."""

from django.urls import path

from apps.servicing.views import early, loan, losses, proposals, transfers

app_name = "servicing"
urlpatterns = [
    path("proposals/", proposals.worklist, name="proposals"),
    path("proposals/count/", proposals.count, name="count"),
    path("proposals/<uuid:pk>/approve/", proposals.approve, name="approve"),
    path("proposals/<uuid:pk>/refuse/", proposals.refuse, name="refuse"),
    path("proposals/<uuid:pk>/withdraw/", proposals.withdraw, name="withdraw"),
    path("transfers/", transfers.worklist, name="transfers"),
    path("transfers/count/", transfers.count, name="transfers_count"),
    path("transfers/<uuid:pk>/approve/", transfers.approve, name="approve_transfer"),
    path("transfers/<uuid:pk>/refuse/", transfers.refuse, name="refuse_transfer"),
    path("transfers/<uuid:pk>/withdraw/", transfers.withdraw, name="withdraw_transfer"),
    path("loans/<uuid:pk>/transfer/", transfers.propose, name="transfer"),
    path("written-off/", losses.register, name="losses"),
    path("written-off/table.csv", losses.register_csv, name="losses_csv"),
    path("loans/<uuid:pk>/top-up/", early.top_up, name="top_up"),
    path("loans/<uuid:pk>/recover/", losses.recover, name="recover"),
    path("rates/", proposals.rates, name="rates"),
    path("rates/<uuid:pk>/take-back/", proposals.take_rate_back, name="take_rate_back"),
    path("pauses/<uuid:pk>/end/", loan.end_pause, name="end_pause"),
    path("events/<uuid:pk>/take-back/", loan.undo, name="undo"),
    path("loans/<uuid:pk>/panel/", loan.panel, name="loan_panel"),
    path("loans/<uuid:pk>/prepay/", early.prepay, name="prepay"),
    path("loans/<uuid:pk>/payoff/", early.payoff, name="payoff"),
    path("loans/<uuid:pk>/payoff/quote/", early.quote_paper, name="payoff_paper"),
    path("loans/<uuid:pk>/change/<slug:kind>/", loan.change, name="change"),
    path("loans/<uuid:pk>/follow-rate/", loan.follow_rate, name="follow_rate"),
    path("loans/<uuid:pk>/relief/", loan.relief, name="relief"),
    path("loans/<uuid:pk>/pause/", loan.pause, name="pause"),
    path("loans/<uuid:pk>/close/", loan.close, name="close"),
]
