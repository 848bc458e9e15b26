"""The review desk over the API."""

from apps.desk import case_api, queue_api

urlpatterns = [*queue_api.urlpatterns, *case_api.urlpatterns]
