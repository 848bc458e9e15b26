"""The Celery application and its timetable. Tasks are found by `apps.core.apps`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
# One thread for each small prediction: spinning threads up costs more than the prediction.
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = Celery("creditrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.beat_schedule = {
    "seal the audit chain": {"task": "audit.seal", "schedule": 5.0},
    "sweep waiting applications": {"task": "decisions.sweep", "schedule": 60.0},
    "sweep waiting letters": {"task": "letters.sweep", "schedule": 60.0},
    "sweep waiting trainings": {"task": "governance.sweep", "schedule": 60.0},
    "release lapsed claims": {"task": "decisions.release_lapsed", "schedule": 60.0},
}
