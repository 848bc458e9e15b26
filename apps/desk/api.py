"""The review desk over the API."""

from apps.desk import analytics_api, blind_api, case_api, queue_api

urlpatterns = [
    *queue_api.urlpatterns,
    *case_api.urlpatterns,
    *blind_api.urlpatterns,
    *analytics_api.urlpatterns,
]
