"""The review desk over the API."""

from apps.desk import (
    analytics_api,
    attachment_api,
    blind_api,
    case_api,
    correcting_api,
    interest_api,
    level_api,
    queue_api,
    stamp_api,
    view_api,
)

urlpatterns = [
    *queue_api.urlpatterns,
    *case_api.urlpatterns,
    *blind_api.urlpatterns,
    *analytics_api.urlpatterns,
    *attachment_api.urlpatterns,
    *correcting_api.urlpatterns,
    *level_api.urlpatterns,
    *interest_api.urlpatterns,
    *stamp_api.urlpatterns,
    *view_api.urlpatterns,
]
