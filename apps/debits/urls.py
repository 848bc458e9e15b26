"""Addresses of direct debits."""

from django.urls import path

from apps.debits.views import answers, files, following, mandates, recalls

app_name = "debits"
urlpatterns = [
    path("", files.files, name="files"),
    path("prepare/", files.prepare, name="prepare"),
    path("rules/", files.rules, name="rules"),
    path("files/<uuid:pk>/", files.file, name="file"),
    path("files/<uuid:pk>/download/", files.download, name="download"),
    path("files/<uuid:pk>/take-on/", files.take_on, name="take_on"),
    path("files/<uuid:pk>/release/", files.release, name="release"),
    path("files/<uuid:pk>/withdraw/", files.withdraw, name="withdraw"),
    path("files/<uuid:pk>/recall/", recalls.ask, name="ask_recall"),
    path("recalls/", recalls.recalls, name="recalls"),
    path("recalls/count/", recalls.count, name="recalls_count"),
    path("recalls/<uuid:pk>/confirm/", recalls.confirm, name="confirm_recall"),
    path("recalls/<uuid:pk>/refuse/", recalls.refuse, name="refuse_recall"),
    path("answers/", answers.answers, name="answers"),
    path("answers/new/", answers.upload, name="upload"),
    path("answers/<uuid:pk>/", answers.answer, name="answer"),
    path("answers/<uuid:pk>/progress/", answers.progress, name="progress"),
    path("answers/<uuid:pk>/go-on/", answers.go_on, name="go_on"),
    path("rows/<uuid:pk>/post/", answers.post_row, name="post_row"),
    path("rows/<uuid:pk>/run/", answers.run_row, name="run_row"),
    path("rows/<uuid:pk>/close/", answers.close_row, name="close_row"),
    path("following/", following.worklist, name="following"),
    path("following/count/", following.count, name="following_count"),
    path("<uuid:pk>/look-at/", following.look_at, name="look_at"),
    path("mandates/<uuid:pk>/", mandates.mandate, name="mandate"),
    path("mandates/<uuid:pk>/<slug:action>/", mandates.move, name="move_mandate"),
    path("of-loan/<uuid:pk>/panel/", mandates.panel, name="panel"),
    path("of-loan/<uuid:pk>/mandate/", mandates.record, name="record_mandate"),
]
