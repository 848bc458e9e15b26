"""Starts everything the system needs on one machine: PostgreSQL, Redis, web, worker and beat.

Only for `make demo`, `make test` and development; production brings its own services by URL.
Nothing here imports Django, so that the services can be up before the settings are read.
"""
