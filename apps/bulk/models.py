"""Uploaded files, what became of each of their rows, and the columns people told us."""

from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts import selectors as accounts
from apps.accounts.models import Branch, Entity, User
from apps.applications.models import Application
from apps.bulk.lifecycle import AT_WORK, LIFECYCLE
from apps.core.fields import EncryptedJSONField, EncryptedTextField
from apps.core.models import Identified, Stateful, Timestamped, status_constraint


class UploadQuerySet(models.QuerySet["Upload"]):
    """Which rows a person may see."""

    def visible_to(self, actor: User) -> "UploadQuerySet":
        """Keep the files uploaded for branches the person works in."""
        return self.filter(accounts.in_reach(actor))


class Upload(Identified, Timestamped, Stateful):
    """A file of applications: what it is, how its columns are read, and how far it has come."""

    lifecycle = LIFECYCLE

    branch = models.ForeignKey(Branch, on_delete=models.PROTECT, verbose_name=_("branch"))
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, verbose_name=_("entity"))
    # Whose file it is: references are told apart by it.
    source = models.CharField(_("source"), max_length=60)
    filename = EncryptedTextField(_("file name"))
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(max_length=64, editable=False)
    format = models.JSONField(_("format"))
    header = ArrayField(models.CharField(max_length=80), verbose_name=_("columns of the file"))
    # Our column -> place in the header.
    mapping = models.JSONField(_("columns"), default=dict)
    total_rows = models.PositiveIntegerField(_("rows"))
    uploaded_by = models.ForeignKey(User, on_delete=models.PROTECT, related_name="bulk_uploads")
    uploaded_at = models.DateTimeField(_("uploaded"))
    checked_at = models.DateTimeField(_("checked"), null=True)
    started_at = models.DateTimeField(_("started"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    # Why it was stopped by itself: a code of `sentences`.
    stopped_because = models.CharField(max_length=40, blank=True)

    objects = UploadQuerySet.as_manager()

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_upload", _("See uploaded files of applications")),
            ("upload_applications", _("Take in applications from files")),
        ]
        constraints: ClassVar[list[Any]] = [
            status_constraint(LIFECYCLE, "bulk_upload_status_known"),
            models.UniqueConstraint(
                fields=["branch", "sha256"],
                condition=~Q(status="discarded"),
                name="bulk_upload_same_file_once",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["branch", "-uploaded_at", "-id"]),
            models.Index(
                fields=["updated_at"], condition=Q(status__in=AT_WORK), name="bulk_upload_at_work"
            ),
        ]
        verbose_name = _("uploaded file")
        verbose_name_plural = _("uploaded files")

    def __str__(self) -> str:
        return self.source

    @property
    def is_at_work(self) -> bool:
        """Whether a worker is at it."""
        return self.status in AT_WORK


class UploadRow(Identified):
    """One row of a file, as it was sent, and what became of it.

    Every application comes from one row, and a row identity (`key`) is taken in once for a
    lender, whatever file it stands in. Both are constraints.
    """

    class State(models.TextChoices):
        WAITING = "waiting", _("Waiting")
        GOOD = "good", _("Can be taken in")
        KNOWN = "known", _("Taken in before")
        REFUSED = "refused", _("Refused")
        ACCEPTED = "accepted", _("Taken in")

    upload = models.ForeignKey(Upload, on_delete=models.CASCADE, related_name="rows")
    entity = models.ForeignKey(Entity, on_delete=models.PROTECT)
    number = models.PositiveIntegerField(_("row"))
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    cells = EncryptedJSONField(_("cells"))
    # What is wrong, as `table_faults.Fault.to_json` writes it; no personal values.
    faults = models.JSONField(_("faults"), default=list, encoder=DjangoJSONEncoder)
    # Blind indexes: of the row's reference or of who asks for what, and of everything it says.
    key = models.CharField(max_length=40, blank=True, editable=False)
    digest = models.CharField(max_length=40, blank=True, editable=False)
    # What was made of it, or what was made of the same row before.
    application = models.ForeignKey(
        Application, null=True, on_delete=models.PROTECT, related_name="upload_rows"
    )

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["upload", "number"], name="bulk_row_number"),
            models.UniqueConstraint(
                fields=["entity", "key"],
                condition=Q(state="accepted"),
                name="bulk_row_taken_in_once",
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=Q(state="accepted"),
                name="bulk_row_one_for_an_application",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | Q(application__isnull=False) & ~Q(key=""),
                name="bulk_row_accepted_has_application",
            ),
        ]
        indexes: ClassVar[list[Any]] = [
            models.Index(fields=["upload", "state", "number"], name="bulk_row_by_state")
        ]
        verbose_name = _("row of a file")
        verbose_name_plural = _("rows of files")

    def __str__(self) -> str:
        return f"{self.number}"


class SavedMapping(Identified, Timestamped):
    """How a person told us to read files with a certain header; offered when one comes again."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="bulk_mappings")
    # SHA-256 of the header's names.
    signature = models.CharField(max_length=64, editable=False)
    # Our column -> the file's heading.
    headings = models.JSONField(_("columns"))

    class Meta:
        default_permissions = ()
        constraints: ClassVar[list[Any]] = [
            models.UniqueConstraint(fields=["user", "signature"], name="bulk_mapping_once")
        ]
        verbose_name = _("remembered columns")
        verbose_name_plural = _("remembered columns")

    def __str__(self) -> str:
        return self.signature[:8]
