"""How a reason is asked for, where one is missing, too short or too long."""

from django.utils.translation import gettext as _


def asked_for(*, least: int, most: int) -> str:
    """Return the sentence that asks for a reason, with both bounds of its length."""
    return _("Say why, in %(least)s to %(most)s letters.") % {"least": least, "most": most}
