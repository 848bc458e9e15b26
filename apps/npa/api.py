"""The quality of the book over the API."""

from apps.npa import (
    day_end_api,
    finding_api,
    override_api,
    portfolio_api,
    reserve_api,
    rules_api,
)

urlpatterns = [
    *day_end_api.urlpatterns,
    *finding_api.urlpatterns,
    *override_api.urlpatterns,
    *portfolio_api.urlpatterns,
    *reserve_api.urlpatterns,
    *rules_api.urlpatterns,
]
