"""The WSGI application gunicorn serves."""

import gc
import os
from importlib import import_module

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "creditrisk.settings")
os.environ.setdefault("OMP_NUM_THREADS", "1")
application = get_wsgi_application()
# Load every view before gunicorn forks: once for all workers, and no first request waits for it.
import_module(settings.ROOT_URLCONF)
import_module("apps.core.outbox").send_behind_answers()
# What is loaded by now stays: collecting garbage need not go through it with every thousandth
# request, and the workers go on sharing its memory.
gc.collect()
gc.freeze()
# What a request leaves behind is mostly gone with it; the rest need not be looked for as often.
gc.set_threshold(10_000, 20, 20)
