"""Addresses of the review desk, beside those of decisions under the same first part."""

from django.urls import path

from apps.desk.views import case, queue, registers, work

app_name = "desk"
urlpatterns = [
    path("", queue.queue, name="queue"),
    path("count/", queue.count, name="count"),
    path("counts/", queue.counts, name="counts"),
    path("next/", queue.next_case, name="next"),
    path("views/", queue.save_view, name="save_view"),
    path("views/<uuid:pk>/delete/", queue.delete_view, name="delete_view"),
    path("service-levels/", registers.levels, name="levels"),
    path("service-levels/enter/", registers.enter_level, name="enter_level"),
    path("service-levels/<uuid:pk>/end/", registers.end_level, name="end_level"),
    path("interests/", registers.interests, name="interests"),
    path("interests/declare/", registers.declare, name="declare"),
    path("interests/<uuid:pk>/end/", registers.end_interest, name="end_interest"),
    path("cases/<uuid:pk>/desk/", work.work, name="work"),
    path("cases/<uuid:pk>/note/", work.note, name="note"),
    path("cases/<uuid:pk>/ask/", work.ask, name="ask"),
    path("cases/<uuid:pk>/escalate/", work.escalate, name="escalate"),
    path("cases/<uuid:pk>/assign/", work.assign, name="assign"),
    path("cases/<uuid:pk>/attach/", work.attach, name="attach"),
    path("cases/<uuid:pk>/keep/", work.keep, name="keep"),
    path("cases/<uuid:pk>/take-back/", work.take_back, name="take_back"),
    path(
        "information/<uuid:pk>/receive/",
        work.end_information,
        {"way": "receive"},
        name="receive_information",
    ),
    path(
        "information/<uuid:pk>/withdraw/",
        work.end_information,
        {"way": "withdraw"},
        name="withdraw_information",
    ),
    path("escalations/<uuid:pk>/answer/", work.answer_escalation, name="answer_escalation"),
    path("attachments/<uuid:pk>/", work.download, name="download"),
    path("applications/<uuid:pk>/desk/", work.application_panel, name="application_panel"),
    path("applications/<uuid:pk>/documents/", case.documents, name="documents"),
    path("applications/<uuid:pk>/exposure/", case.exposure, name="exposure"),
    path("applications/<uuid:pk>/similar/", case.similar, name="similar"),
    path("applications/<uuid:pk>/memo/", case.memo, name="memo"),
    path("applications/<uuid:pk>/memo/print/", case.print_memo, name="print_memo"),
    path("cases/<uuid:pk>/following/", case.following, name="following"),
    path("cases/<uuid:pk>/preceding/", case.preceding, name="preceding"),
    path("cases/<uuid:pk>/memo/", case.write_memo, name="write_memo"),
    path("applications/<uuid:pk>/reopen/", work.reopen, name="reopen"),
]
