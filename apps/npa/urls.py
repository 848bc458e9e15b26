"""Addresses of the quality of the book."""

app_name = "npa"
urlpatterns: list[object] = []
