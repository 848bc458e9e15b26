"""The test settings for mypy's Django plugin, which reads them without any service running."""

import os

os.environ.setdefault("DATABASE_URL", "postgresql:///types")
os.environ.setdefault("CELERY_BROKER_URL", "redis:///types")
os.environ.setdefault("CACHE_URL", "redis:///types")

from creditrisk.settings_test import *  # noqa: F403
