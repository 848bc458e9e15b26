"""Take in an appeal: by the applicant's link, or by an officer for an applicant."""

import hashlib
import uuid
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.appeals import correctable, deadlines, policies, selectors
from apps.appeals.errors import AppealedAlready, AppealIncomplete, NothingToAppeal, WindowClosed
from apps.appeals.models import Appeal, Channel, Correction, Evidence, Ground
from apps.appeals.services import _ground
from apps.applications.models import Application
from apps.audit import names
from apps.audit import services as audit
from apps.core import dates
from apps.core.errors import Conflict, DomainError
from apps.core.visibility import get_visible
from apps.customers import filetypes, sentences
from apps.customers.findings import Finding, Findings
from apps.decisions import selectors as decisions
from apps.decisions.models import Decision
from apps.desk import services as desk
from apps.letters import regimes

LONGEST_STATEMENT = 4_000
MOST_FILES = 5


@dataclass(frozen=True)
class Claim:
    """A fact that is said to be wrong, and the right value as typed."""

    fact: str
    value: str


@dataclass(frozen=True)
class File:
    """A file as it came."""

    name: str
    content: bytes


@dataclass(frozen=True, kw_only=True)
class Asked:
    """What is asked for: grounds of the list, own words, what is wrong, what shows it.

    `key` names one sending: it becomes the primary key, so a form sent twice asks once.
    """

    channel: str
    grounds: tuple[str, ...]
    statement: str
    claims: tuple[Claim, ...] = ()
    files: tuple[File, ...] = ()
    key: uuid.UUID = field(default_factory=uuid.uuid4)


@transaction.atomic
def ask(*, actor: User | None, application: Application, asked: Asked, now: datetime) -> Appeal:
    """Take in an appeal against the latest decision and return it.

    Without an actor the applicant asks by a signed link, and what may be seen was checked there.
    The same sending again returns the appeal that is there. Raises NotPermitted, NotVisible,
    AppealIncomplete, NothingToAppeal, WindowClosed, Conflict for a key of another application's
    appeal, and AppealedAlready where the decision has one: of two that come at once one is refused.
    """
    if actor is not None:
        _ground.permit(actor, policies.REGISTER)
        get_visible(Application.objects.only("pk"), actor, pk=application.pk)
    found = _ground.lock_application(application.pk)
    sent = _sent_before(found, asked.key)
    if sent is not None:
        return sent
    stood = selectors.facts(found)
    values = _checked(asked, stood, by_applicant=actor is None)
    decision = _appealed(found, now=now)
    appeal = _written(actor, found, decision, asked, now=now)
    # Whoever answers the appeal has to see what was decided.
    desk.drop_blind(found, actor or names.APPLICANT, now)
    for fact, value in values.items():
        Correction.objects.create(
            appeal=appeal,
            fact=fact,
            stood=stood.get(fact, ""),
            claimed=correctable.written(value),
            claimed_by=actor,
        )
    for one in asked.files:
        store(appeal, one, by=actor)
    audit.record(
        actor or names.APPLICANT,
        "appeals.received",
        appeal,
        case=found,
        channel=appeal.channel,
        grounds=appeal.grounds,
        facts=sorted(values),
        files=len(asked.files),
        due=appeal.due_date.isoformat(),
        rule=appeal.rule,
    )
    if appeal.channel in (Channel.LINK, Channel.COUNTER):
        # The page, or the person at the counter, says at once that it came and by when it ends.
        appeal.move("acknowledge", acknowledged_at=now)
        audit.record(
            actor or names.APPLICANT, "appeals.acknowledged", appeal, case=found, at_once=True
        )
    return appeal


def store(appeal: Appeal, given: File, *, by: User | None) -> Evidence:
    """Keep a file with an appeal; the very same file is kept once. Raises DomainError."""
    content_type, name = checked_file(given)
    digest = hashlib.sha256(given.content).hexdigest()
    same = Evidence.objects.filter(appeal=appeal, sha256=digest).first()
    if same is not None:
        return same
    if Evidence.objects.filter(appeal=appeal).count() >= MOST_FILES:
        raise too_many_files()
    kept = Evidence.objects.create(
        appeal=appeal,
        filename=name,
        content_type=content_type,
        size=len(given.content),
        sha256=digest,
        content=given.content,
        uploaded_by=by,
    )
    audit.record(
        by or names.APPLICANT,
        "appeals.file_added",
        appeal,
        case=appeal.application,
        content_type=content_type,
        size=kept.size,
        sha256=digest,
    )
    return kept


def checked_file(given: File) -> tuple[str, str]:
    """Return media type, read from the bytes, and bare name; raise DomainError beside `file`."""

    def check() -> tuple[str, str]:
        found = Findings()
        found.clean("file", filetypes.size, len(given.content), limit=settings.DOCUMENT_MAX_BYTES)
        content_type = found.clean("file", filetypes.sniff, given.content)
        name = content_type and found.clean("file", filetypes.file_name, given.name, content_type)
        found.finish()
        return str(content_type), str(name)

    return sentences.checked(check)


def too_many_files() -> DomainError:
    """Return the refusal of more files than an appeal takes."""
    sentence = _("At most %(most)d files go with one appeal.") % {"most": MOST_FILES}
    return DomainError("too_many_files", sentence, fields={"file": sentence})


def read_claim(claim: Claim) -> Any:
    """Return the value of a claim; raise AppealIncomplete with a sentence beside the fact."""
    said = {
        "not_a_choice": _("Choose one of the list."),
        "not_months": _("Enter whole months, at most 720."),
        "not_an_amount": _("Enter an amount with at most two decimals."),
        "not_a_number": _("Enter a number."),
        "negative": _("This cannot be less than zero."),
    }
    try:
        return correctable.read(claim.fact, claim.value)
    except KeyError:
        raise AppealIncomplete({"claims": _("This fact is not corrected here.")}) from None
    except correctable.NotAValue as wrong:
        raise AppealIncomplete({claim.fact: said[str(wrong)]}) from None


def refuse_net_above_gross(facts: Mapping[str, str], claimed: Collection[str]) -> None:
    """Raise AppealIncomplete beside a claimed income with which net would lie above gross.

    `facts` are all as they are kept, with the claimed ones among them.
    """
    beside = next((one for one in correctable.INCOME if one in claimed), None)
    if beside is not None and correctable.says_net_above_gross(facts):
        raise AppealIncomplete({beside: sentences.words(Finding("net_above_gross"))})


def _sent_before(application: Application, key: uuid.UUID) -> Appeal | None:
    """Return the appeal of an earlier sending; raise Conflict for one of another application."""
    sent = Appeal.objects.filter(pk=key).first()
    if sent is not None and sent.application_id != application.pk:
        raise Conflict("key_in_use", _("This form was used before. Open it anew."))
    return sent


def _checked(asked: Asked, stood: dict[str, str], *, by_applicant: bool) -> dict[str, Any]:
    """Return the claimed values by fact; raise AppealIncomplete for everything that is wrong.

    `stood` are the facts the decision rests on.
    """
    fields = _faults(asked, by_applicant=by_applicant)
    values: dict[str, Any] = {}
    for claim in asked.claims:
        try:
            values[claim.fact] = read_claim(claim)
        except AppealIncomplete as wrong:
            fields.update(wrong.fields)
    if fields:
        raise AppealIncomplete(fields)
    texts = {fact: correctable.written(value) for fact, value in values.items()}
    refuse_net_above_gross({**stood, **texts}, texts)
    return values


def _faults(asked: Asked, *, by_applicant: bool) -> dict[str, object]:
    """Return what is wrong with everything but the claimed values, by field."""
    fields: dict[str, object] = {}
    if (asked.channel == Channel.LINK) != by_applicant or asked.channel not in Channel.values:
        fields["channel"] = _("Choose how the appeal came.")
    if not asked.grounds or not set(asked.grounds) <= set(Ground.values):
        fields["grounds"] = _("Choose at least one.")
    if not asked.statement.strip():
        fields["statement"] = _("Say in a few words why the decision should be looked at again.")
    elif len(asked.statement) > LONGEST_STATEMENT:
        fields["statement"] = _("At most %(most)d signs.") % {"most": LONGEST_STATEMENT}
    if Ground.DATA_WRONG in asked.grounds and not asked.claims and not asked.files:
        fields["claims"] = _("Say which data are wrong, or add a file that shows it.")
    if len(asked.files) > MOST_FILES:
        fields["file"] = too_many_files().sentence
    return fields


def _appealed(application: Application, *, now: datetime) -> Decision:
    """Return the decision that may be appealed against now."""
    latest = decisions.latest(application)
    if latest is None or not selectors.is_against(application, latest):
        raise NothingToAppeal
    latest.application = application
    if selectors.standing(application) is not None:
        raise AppealedAlready
    last = selectors.last_day(latest)
    if dates.local_date(now, application.branch.entity.time_zone) > last:
        raise WindowClosed(date_format(last, "j F Y"))
    return latest


def _written(
    actor: User | None, application: Application, decision: Decision, asked: Asked, *, now: datetime
) -> Appeal:
    entity = application.branch.entity
    today = dates.local_date(now, entity.time_zone)
    within = deadlines.answer_within(
        regimes.regime_of(entity.country), data_wrong=Ground.DATA_WRONG in asked.grounds
    )
    appeal = Appeal(
        pk=asked.key,
        application=application,
        decision=decision,
        sequence=Appeal.objects.filter(application=application).count() + 1,
        channel=asked.channel,
        grounds=list(dict.fromkeys(asked.grounds)),
        statement=asked.statement.strip(),
        registered_by=actor,
        received_at=now,
        received_date=today,
        due_date=within.due_date(today),
        rule=within.rule,
    )
    try:
        with transaction.atomic():
            appeal.save(force_insert=True)
    except IntegrityError as error:
        if "appeals_one_per_decision" in str(error):
            raise AppealedAlready from error
        raise
    return appeal
