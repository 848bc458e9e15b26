"""The WSGI application gunicorn serves."""

import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
os.environ.setdefault("OMP_NUM_THREADS", "1")
application = get_wsgi_application()
# Load every view before gunicorn forks: once for all workers, and no first request waits for it.
import_module(settings.ROOT_URLCONF)
