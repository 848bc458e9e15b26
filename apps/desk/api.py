"""The review desk over the API."""

from apps.desk import queue_api

urlpatterns = [*queue_api.urlpatterns]
