"""The quality of the book over the API."""

from apps.npa import override_api, portfolio_api

urlpatterns = [*override_api.urlpatterns, *portfolio_api.urlpatterns]
