"""One script per figure, run by `make bench`; each measures its limit or peer beside it.

Importing the package readies Django, as `manage.py` would.
"""

import django

django.setup()
