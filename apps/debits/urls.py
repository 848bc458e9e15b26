"""Addresses of direct debits."""

app_name = "debits"
urlpatterns: list[object] = []
