"""What is done with files of applications, one module for each action."""

from apps.bulk.services.checking import ask_check, check
from apps.bulk.services.ending import cancel, discard
from apps.bulk.services.receiving import receive, refuse_announced
from apps.bulk.services.rejecting import download_rejects
from apps.bulk.services.running import advance, resume, start
from apps.bulk.services.sweeping import sweep
from apps.bulk.services.telling import missing_columns, tell_columns

__all__ = [
    "advance",
    "ask_check",
    "cancel",
    "check",
    "discard",
    "download_rejects",
    "missing_columns",
    "receive",
    "refuse_announced",
    "resume",
    "start",
    "sweep",
    "tell_columns",
]
