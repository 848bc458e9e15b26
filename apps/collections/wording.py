"""What choices, columns and states at the collections desk are called."""

from django.utils.translation import gettext, ngettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.collections.contacting import Limit, Outcome, Way
from apps.collections.legal import Stage

WHOSE = {
    "": _("All"),
    "mine": _("Mine"),
    "nobody": _("Nobody's"),
    "others": _("Somebody else's"),
}
PROMISE = {
    "": _("All"),
    "due": _("Its day has come"),
    "open": pgettext_lazy("promise", "Open"),
    "broken": pgettext_lazy("promise", "Broken"),
    "none": _("None open"),
}
WAYS = {
    Way.CALL: pgettext_lazy("way of contact", "Call"),
    Way.VISIT: pgettext_lazy("way of contact", "Visit"),
    Way.MESSAGE: pgettext_lazy("way of contact", "Message"),
    Way.LETTER: pgettext_lazy("way of contact", "Letter"),
}
SYMBOLS = {
    Way.CALL: "phone",
    Way.VISIT: "map-pin",
    Way.MESSAGE: "message-square",
    Way.LETTER: "mail",
}
OUTCOMES = {
    Outcome.PROMISED: _("Promised to pay"),
    Outcome.PAID: _("Says it is paid"),
    Outcome.SPOKE: _("Spoke, nothing agreed"),
    Outcome.REFUSED: _("Refuses to pay"),
    Outcome.DISPUTES: _("Disputes what is owed"),
    Outcome.HARDSHIP: _("Cannot pay, asks for relief"),
    Outcome.CALL_BACK: _("Asks to be contacted again"),
    Outcome.OTHER_PERSON: _("Another person answered; nothing was said of the loan"),
    Outcome.NOBODY: _("Nobody answered"),
    Outcome.WRONG_PLACE: _("Wrong number or address"),
    Outcome.LEFT_WORD: _("Left word to contact us"),
    Outcome.SENT: _("Sent"),
    Outcome.CAME_BACK: _("Came back"),
}

STAGES = {
    Stage.NONE: pgettext_lazy("legal stage", "None"),
    Stage.NOTICE: pgettext_lazy("legal stage", "Notice sent"),
    Stage.FILED: pgettext_lazy("legal stage", "Filed in court"),
    Stage.JUDGMENT: pgettext_lazy("legal stage", "Judgment"),
    Stage.EXECUTION: pgettext_lazy("legal stage", "Execution"),
    Stage.CLOSED: pgettext_lazy("legal stage", "Closed"),
}
LEGAL = {
    "": _("All"),
    "under_way": _("Under way"),
    **{stage.value: word for stage, word in STAGES.items()},
}


def too_often(way: Way, limit: Limit) -> str:
    """Return why one contact more may not be made."""
    made = ngettext(
        "No more than %(most)s contact by this way within %(days)s days, today counted.",
        "No more than %(most)s contacts by this way within %(days)s days, today counted.",
        limit.most,
    ) % {"most": limit.most, "days": limit.days}
    if limit.days == 1:
        made = ngettext(
            "No more than %(most)s contact by this way on one day.",
            "No more than %(most)s contacts by this way on one day.",
            limit.most,
        ) % {"most": limit.most}
    return gettext("%(limit)s Nothing was written down. (%(source)s; %(way)s)") % {
        "limit": made,
        "source": gettext(limit.source),
        "way": WAYS[way],
    }


# The sources of limits that are words and no citation.
_SOURCES = (_("Rule of the house"),)
