"""Addresses of loans."""

from django.urls import path

from apps.loans.views import listing, loan, payments, schedule_files

app_name = "loans"
urlpatterns = [
    path("", listing.loans, name="list"),
    path("disbursements/", payments.queue, name="queue"),
    path("disbursements/count/", payments.count, name="count"),
    path("disbursements/instruct/", payments.instruct, name="instruct"),
    path("disbursements/files/", payments.files, name="files"),
    path("disbursements/files/<uuid:pk>/", payments.file, name="file"),
    path("disbursements/limits/", payments.limits, name="limits"),
    path("disbursements/<uuid:pk>/approve/", payments.approve, name="approve"),
    path("disbursements/<uuid:pk>/refuse/", payments.refuse, name="refuse"),
    path("disbursements/<uuid:pk>/take-back/", payments.take_back, name="take_back"),
    path("disbursements/<uuid:pk>/confirm/", payments.confirm, name="confirm"),
    path("disbursements/<uuid:pk>/fail/", payments.fail, name="fail"),
    path("disbursements/<uuid:pk>/reverse/", payments.reverse_payment, name="reverse"),
    path("of-application/<uuid:pk>/", listing.application_panel, name="application_panel"),
    path("of-application/<uuid:pk>/next/", listing.next_step, name="next_step"),
    path("of-application/<uuid:pk>/open/", loan.open_loan, name="open"),
    path("<uuid:pk>/", loan.detail, name="detail"),
    path("<uuid:pk>/schedules/", loan.schedules, name="schedules"),
    path("<uuid:pk>/schedule.<str:form>", schedule_files.schedule_file, name="schedule_file"),
    path("<uuid:pk>/cancel/", loan.cancel, name="cancel"),
    path("<uuid:pk>/give-up-rest/", loan.give_up_rest, name="give_up_rest"),
    path("<uuid:pk>/settle-exit/", loan.settle_exit, name="settle_exit"),
    path("<uuid:pk>/ask/", payments.ask, name="ask"),
]
