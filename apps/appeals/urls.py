"""Addresses of appeals."""

app_name = "appeals"
urlpatterns: list[object] = []
