"""Addresses of appeals: the worklist, one appeal, and what came of them."""

from django.urls import path

from apps.appeals.views import case, listing

app_name = "appeals"
urlpatterns = [
    path("", listing.worklist, name="list"),
    path("count/", listing.count, name="count"),
    path("outcomes/", listing.outcomes, name="outcomes"),
    path("applications/<uuid:pk>/", case.panel, name="application_panel"),
    path("applications/<uuid:pk>/register/", case.register, name="register"),
    path("<uuid:pk>/", case.detail, name="detail"),
    path("<uuid:pk>/take/", case.take, name="take"),
    path("<uuid:pk>/assign/", case.assign, name="assign"),
    path("<uuid:pk>/acknowledge/", case.acknowledge, name="acknowledge"),
    path("<uuid:pk>/withdraw/", case.withdraw, name="withdraw"),
    path("<uuid:pk>/overtaken/", case.end_overtaken, name="end_overtaken"),
    path("<uuid:pk>/corrections/<uuid:correction_pk>/", case.correct, name="correct"),
    path("<uuid:pk>/judge/", case.judge, name="judge"),
    path("<uuid:pk>/answer/", case.answer, name="answer"),
    path("<uuid:pk>/sign/", case.countersign, name="countersign"),
    path("<uuid:pk>/send-back/", case.send_back, name="send_back"),
    path("<uuid:pk>/files/", case.add_file, name="add_file"),
    path("<uuid:pk>/files/<uuid:file_pk>/", case.file, name="file"),
]
