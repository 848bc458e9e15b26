"""Addresses of repayments."""

from django.urls import path

from apps.repayments.views import charges, desk, promises, receipts, reminders, statements, suspense

app_name = "repayments"
urlpatterns = [
    path("", desk.desk, name="desk"),
    path("day/", desk.sheet, name="day_sheet"),
    path("payments/<uuid:pk>/take-back/", desk.take_back, name="take_back"),
    path("accruals/", charges.accruals, name="accruals"),
    path("charges/<uuid:pk>/take-back/", charges.take_back, name="take_charge_back"),
    path("of-loan/<uuid:pk>/charges/", charges.charges, name="charges"),
    path("of-loan/<uuid:pk>/charges/ask/", charges.ask, name="ask_charge"),
    path("of-loan/<uuid:pk>/charges/panel/", charges.panel, name="charges_panel"),
    path("promises/", promises.promises, name="promises"),
    path("promises/count/", promises.count, name="promises_count"),
    path("promises/<uuid:pk>/withdraw/", promises.withdraw, name="withdraw_promise"),
    path("of-loan/<uuid:pk>/contact/", reminders.panel, name="contact_panel"),
    path("of-loan/<uuid:pk>/promise/", promises.take, name="take_promise"),
    path("of-loan/<uuid:pk>/reminders/stop/", reminders.stop, name="stop_reminders"),
    path("of-loan/<uuid:pk>/reminders/resume/", reminders.resume, name="resume_reminders"),
    path("of-loan/<uuid:pk>/receipts/", receipts.panel, name="receipts_panel"),
    path("receipts/<uuid:pk>/", receipts.pdf, name="receipt"),
    path("reminders/", reminders.plans, name="reminder_plans"),
    path("reminders/enter/", reminders.enter_plan, name="enter_reminder_plan"),
    path("reminders/<uuid:pk>/end/", reminders.end_plan, name="end_reminder_plan"),
    path("statements/", statements.statements, name="statements"),
    path("statements/new/", statements.upload, name="statement_upload"),
    path("statements/sample-<str:layout>.csv", statements.sample, name="statement_sample"),
    path("statements/<uuid:pk>/", statements.statement, name="statement"),
    path("statements/<uuid:pk>/progress/", statements.progress, name="statement_progress"),
    path("statements/<uuid:pk>/lines/", statements.lines, name="statement_lines"),
    path("statements/<uuid:pk>/refused.csv", statements.refused, name="statement_refused"),
    path("statements/<uuid:pk>/check/", statements.check, name="statement_check"),
    path("statements/<uuid:pk>/start/", statements.start, name="statement_start"),
    path("statements/<uuid:pk>/stop/", statements.stop, name="statement_stop"),
    path("statements/<uuid:pk>/discard/", statements.discard, name="statement_discard"),
    path("suspense/", suspense.worklist, name="suspense"),
    path("suspense/count/", suspense.count, name="suspense_count"),
    path("suspense/<uuid:pk>/", suspense.line, name="suspense_line"),
    path("suspense/<uuid:pk>/place/", suspense.place, name="suspense_place"),
    path("suspense/<uuid:pk>/misplace/", suspense.misplace, name="suspense_misplace"),
    path("suspense/<uuid:pk>/return/", suspense.ask_return, name="suspense_ask_return"),
    path("suspense/<uuid:pk>/keep/", suspense.refuse_return, name="suspense_refuse_return"),
    path("suspense/<uuid:pk>/give-back/", suspense.give_back, name="suspense_give_back"),
    path("suspense/<uuid:pk>/note/", suspense.note, name="suspense_note"),
]
