"""What a decision can say."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Outcome(models.TextChoices):
    """What was decided."""

    APPROVE = "approve", _("Approved")
    REFER = "refer", _("Sent to review")
    DECLINE = "decline", _("Declined")
