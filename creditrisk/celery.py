"""The Celery application and its timetable. Tasks are found by `apps.core.apps`."""

import os

from celery import Celery, signals
from celery.schedules import crontab
from django.db import close_old_connections

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
# One thread for each small prediction: spinning threads up costs more than the prediction.
os.environ.setdefault("OMP_NUM_THREADS", "1")

app = Celery("creditrisk")
app.config_from_object("django.conf:settings", namespace="CELERY")
# A worker keeps its database connection from task to task, as the web does from request to
# request; opening one costs as much as a small task. `_look_at_connections` drops a broken one.
app.conf.update(CELERY_DB_REUSE_MAX=1_000_000)
app.conf.beat_schedule = {
    "seal the audit chain": {"task": "audit.seal", "schedule": 5.0},
    "sweep waiting applications": {"task": "decisions.sweep", "schedule": 60.0},
    "sweep waiting letters": {"task": "letters.sweep", "schedule": 60.0},
    "send waiting letters": {"task": "letters.deliver_waiting", "schedule": 60.0},
    "put promotions in force": {"task": "governance.enact", "schedule": 60.0},
    "sweep waiting trainings": {"task": "governance.sweep", "schedule": 60.0},
    "score with shadows": {"task": "scoring.score_shadows", "schedule": 15.0},
    "end trials of models": {"task": "governance.end_trials", "schedule": 60.0},
    "sweep waiting files": {"task": "bulk.sweep", "schedule": 60.0},
    "sweep waiting experiments": {"task": "laboratory.sweep", "schedule": 60.0},
    # In UTC: half past two in India, midnight in East Africa.
    "prove the ledger": {"task": "ledger.prove", "schedule": crontab(hour=21, minute=0)},
    "close lapsed offers": {"task": "decisions.lapse_offers", "schedule": 3600.0},
    "end offers whose time is over": {"task": "offers.expire_due", "schedule": 300.0},
    "let clocks run on": {"task": "desk.lapse_information", "schedule": 60.0},
    "sample decisions blindly": {"task": "desk.sample_blind", "schedule": 60.0},
    "end blind samples": {"task": "desk.end_blind", "schedule": 60.0},
    "put reminders down": {"task": "repayments.remind_due", "schedule": 600.0},
    "send reminders": {"task": "repayments.send_reminders", "schedule": 60.0},
    "sweep waiting statements": {"task": "repayments.sweep_statements", "schedule": 60.0},
    "sweep answers to debits": {"task": "debits.sweep_answers", "schedule": 60.0},
    "prepare direct debits": {"task": "debits.prepare", "schedule": crontab(minute=10)},
    "end mandates": {"task": "debits.expire_mandates", "schedule": crontab(minute=2)},
    # Somewhere a day has just ended.
    # Every hour: somewhere a day has just ended.
    "accrue days that are over": {
        "task": "repayments.accrue_missing",
        "schedule": crontab(minute=20),
    },
    "judge promises to pay": {"task": "repayments.judge_promises", "schedule": crontab(minute=5)},
    "judge settlements": {"task": "collections.judge_settlements", "schedule": crontab(minute=15)},
    "find early signals": {
        "task": "collections.find_all_signals",
        "schedule": crontab(minute=55),
    },
    "end days that are over": {"task": "npa.end_missing", "schedule": crontab(minute=35)},
    "add portfolios up": {"task": "portfolio.summarise_all", "schedule": crontab(minute=50)},
    # Once a day: somewhere the last day of a month has been ended.
    "measure expected losses": {
        "task": "impairment.measure_missing",
        "schedule": crontab(minute=5, hour=3),
    },
    # Every hour, so that what a lost worker left is taken up soon; what is made is made once.
    "watch models": {"task": "monitoring.measure_missing", "schedule": crontab(minute=25)},
    "send incidents of models": {"task": "monitoring.deliver_waiting", "schedule": 60.0},
    "send stress tests again": {"task": "stress.sweep", "schedule": 60.0},
    "make returns that wait": {"task": "npa.make_waiting_returns", "schedule": 60.0},
    "send alerts": {"task": "npa.deliver_waiting_alerts", "schedule": 60.0},
    "release lapsed claims": {"task": "decisions.release_lapsed", "schedule": 60.0},
}


@signals.task_prerun.connect  # type: ignore[untyped-decorator]
def _look_at_connections(**_: object) -> None:
    """Close a connection that is too old or that an error has broken, before it is used."""
    close_old_connections()
