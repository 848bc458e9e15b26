"""What choices, columns and states at the collections desk are called."""

from django.utils.translation import gettext, ngettext, ngettext_lazy, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from apps.collections.contacting import Limit, Outcome, Way
from apps.collections.legal import Stage
from apps.collections.noticing import Kind, Status, Word
from apps.collections.rules import Code
from apps.collections.warning import Signal
from apps.loans.presentation import Look
from apps.repayments.facts import Bucket

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
    Outcome.JOB_LOST: _("Lost the job, cannot pay"),
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


SETTLEMENTS = {
    "proposed": Look("progress", "clock", pgettext_lazy("settlement", "Proposed")),
    "approved": Look("info", "hand-coins", pgettext_lazy("settlement", "Agreed")),
    "refused": Look("neutral", "circle-x", pgettext_lazy("settlement", "Refused")),
    "withdrawn": Look("neutral", "undo-2", pgettext_lazy("settlement", "Withdrawn")),
    "kept": Look("success", "circle-check", pgettext_lazy("settlement", "Kept")),
    "broken": Look("warning", "octagon-alert", pgettext_lazy("settlement", "Broken")),
}
NOTICES = {
    Kind.ARREARS: _("Reminder of arrears"),
    Kind.DEMAND: _("Formal demand"),
    Kind.PRE_LEGAL: _("Notice before legal action"),
}
NOTICE_STATES = {
    Status.QUEUED: Look("progress", "clock", pgettext_lazy("notice", "To be sent")),
    Status.SENT: Look("info", "send", pgettext_lazy("notice", "Sent")),
    Status.DELIVERED: Look("success", "circle-check", pgettext_lazy("notice", "Delivered")),
    Status.FAILED: Look("warning", "octagon-alert", pgettext_lazy("notice", "Not sent")),
    Status.RETURNED: Look("warning", "undo-2", pgettext_lazy("notice", "Came back")),
}
NOTICE_STATES_OF_MAIL = {
    **{state.value: look.word for state, look in NOTICE_STATES.items()},
    "cancelled": pgettext_lazy("notice", "Not by this way"),
}
NOTICE_WORDS = {
    Word.POSTED: pgettext_lazy("notice", "Posted"),
    Word.HANDED: pgettext_lazy("notice", "Handed over"),
    Word.DELIVERED: pgettext_lazy("notice", "Delivered"),
    Word.RETURNED: pgettext_lazy("notice", "Came back"),
}
SIGNALS = {
    Signal.LATE_IN_A_ROW: _("Late several times in a row"),
    Signal.BROKEN_PROMISE: _("Broke a promise to pay"),
    Signal.PARTIAL_PAYMENTS: _("Pays in part"),
    Signal.FALLING_SHARE: _("Pays a smaller share"),
    Signal.ENQUIRIES: _("New enquiries at the bureau"),
    Signal.DELINQUENCIES: _("New late payments at the bureau"),
    Signal.JOB_LOST: _("Lost the job"),
    Signal.SIBLING: _("Another loan is overdue"),
}
_SEEN = {
    Signal.LATE_IN_A_ROW: ngettext_lazy("%(n)s instalment", "%(n)s instalments", "n"),
    Signal.BROKEN_PROMISE: ngettext_lazy("%(n)s promise", "%(n)s promises", "n"),
    Signal.PARTIAL_PAYMENTS: ngettext_lazy("%(n)s payment", "%(n)s payments", "n"),
    Signal.FALLING_SHARE: ngettext_lazy("%(n)s point less", "%(n)s points less", "n"),
    Signal.ENQUIRIES: ngettext_lazy("%(n)s more", "%(n)s more", "n"),
    Signal.DELINQUENCIES: ngettext_lazy("%(n)s more", "%(n)s more", "n"),
    Signal.JOB_LOST: ngettext_lazy("said %(n)s time", "said %(n)s times", "n"),
    Signal.SIBLING: ngettext_lazy("%(n)s day past due", "%(n)s days past due", "n"),
}
SIGNAL = {"": _("All"), **{signal.value: word for signal, word in SIGNALS.items()}}
SIGNAL_STATES = {
    "standing": pgettext_lazy("signal", "Standing"),
    "over": pgettext_lazy("signal", "Over"),
    "any": _("All"),
}
BUCKETS = {
    Bucket.PENAL: _("Penal charges"),
    Bucket.FEE: _("Fees"),
    Bucket.TAX: _("Taxes"),
    Bucket.INTEREST: _("Interest"),
    Bucket.PRINCIPAL: _("Principal"),
}
SETTLEMENT_WORDS = {name: look.word for name, look in SETTLEMENTS.items()}
RULES = {
    Code.SETTLEMENT_GRACE_DAYS: _("Settlements: days of grace after each part"),
    Code.SETTLEMENT_LONGEST_DAYS: _("Settlements: days within which all parts are paid"),
    Code.LATE_IN_A_ROW: _("Early warning: late payments in a row"),
    Code.LATE_DAYS: _("Early warning: days after which a payment is late"),
    Code.BROKEN_WITHIN_DAYS: _("Early warning: days for which a broken promise counts"),
    Code.PARTIAL_PAYMENTS: _("Early warning: partial payments"),
    Code.PARTIAL_WITHIN_DAYS: _("Early warning: days within which partial payments count"),
    Code.FALLING_POINTS: _("Early warning: percentage points by which the share paid falls"),
    Code.FALLING_DAYS: _("Early warning: days in each stretch of the share paid"),
    Code.ENQUIRIES: _("Early warning: new enquiries at the bureau"),
    Code.ENQUIRIES_WITHIN_DAYS: _("Early warning: days since a bureau report"),
    Code.JOB_LOST_WITHIN_DAYS: _("Early warning: days for which a lost job counts"),
    Code.SIBLING_DAYS: _("Early warning: days past due on another loan of the borrower"),
}
# The sources of limits that are words and no citation.
_SOURCES = (_("Rule of the house"),)


def seen(signal: Signal, value: int) -> str:
    """Return what a rule saw, with its unit: the figures of two signals are of two kinds."""
    return str(_SEEN[signal] % {"n": value})
