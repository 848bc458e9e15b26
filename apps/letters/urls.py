"""Addresses of letters."""

from django.urls import path

from apps.letters import views

app_name = "letters"
urlpatterns = [
    path("", views.letters, name="list"),
    path("count/", views.count, name="count"),
    path("of-case/", views.of_case, name="of_case"),
    path("<uuid:pk>/", views.detail, name="detail"),
    path("<uuid:pk>/pdf/", views.pdf, name="pdf"),
    path("<uuid:pk>/hand-over/", views.hand_over, name="hand_over"),
    path("<uuid:pk>/send-again/", views.send_again, name="send_again"),
    path("<uuid:pk>/bounced/", views.bounced, name="bounced"),
]
