"""What the API of files takes and answers."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.applications.models import Application
from apps.bulk import sentences, words
from apps.bulk.models import Upload, UploadRow
from apps.core.api import Strict
from apps.core.table_formats import Format


class UploadIn(Strict):
    """A file, whose it is, and how it writes."""

    file = serializers.FileField(help_text="CSV or Excel (.xlsx) with one header row.")
    source = serializers.CharField(  # type: ignore[assignment]  # DRF takes it off the class
        max_length=60, help_text="Whose file it is; references are told apart by it."
    )
    branch = serializers.SlugField(required=False, help_text="A code; left out, your own branch.")
    encoding = serializers.ChoiceField(choices=words.ENCODINGS, default="utf-8")
    delimiter = serializers.ChoiceField(choices=words.DELIMITERS, default="auto")
    decimal = serializers.ChoiceField(choices=words.DECIMALS, default="point")
    dates = serializers.ChoiceField(choices=words.DATES, default="iso")

    def format(self) -> Format:
        """Return how the file writes numbers and dates."""
        given = self.validated_data
        names = ("encoding", "delimiter", "decimal", "dates")
        return Format(**{name: given[name] for name in names})


class ColumnsIn(Strict):
    """What each column of the file is."""

    columns = serializers.DictField(
        child=serializers.CharField(allow_blank=True, max_length=80),
        help_text="Heading of the file -> column of the template; empty where it is not used.",
    )


class UploadOut(serializers.Serializer[Upload]):
    """A file and how far it has come."""

    id = serializers.UUIDField()
    state = serializers.CharField(
        source="status",
        help_text="One of received, checking, checked, running, finished, cancelled.",
    )
    source = serializers.CharField()  # type: ignore[assignment]  # as above
    branch = serializers.CharField(source="branch.code")
    sha256 = serializers.CharField()
    header = serializers.ListField(child=serializers.CharField())
    columns = serializers.SerializerMethodField()
    uploaded_by = serializers.EmailField(source="uploaded_by.email")
    uploaded_at = serializers.DateTimeField()
    checked_at = serializers.DateTimeField(allow_null=True)
    started_at = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    stopped_because = serializers.SerializerMethodField()
    total_rows = serializers.IntegerField()
    rows = serializers.SerializerMethodField()
    applications = serializers.SerializerMethodField()

    def get_columns(self, upload: Upload) -> dict[str, str]:
        """Return the file's heading of each column told."""
        return {name: upload.header[place] for name, place in upload.mapping.items()}

    def get_stopped_because(self, upload: Upload) -> str:
        """Return why it was stopped by itself, in words; empty otherwise."""
        return sentences.of_file(upload.stopped_because) if upload.stopped_because else ""

    def get_rows(self, upload: Upload) -> dict[str, int]:
        """Return how many rows are in each state."""
        return dict(self.context["counts"][upload.pk].by_state)

    def get_applications(self, upload: Upload) -> dict[str, int]:
        """Return how many of the applications taken in are in each state."""
        return dict(self.context["counts"][upload.pk].by_outcome)


class UploadPage(serializers.Serializer[Any]):
    """Some files, newest first; `after` leads to the next page and is empty at the end."""

    results = UploadOut(many=True)
    after = serializers.CharField(allow_blank=True)


class UploadListIn(serializers.Serializer[Any]):
    """Which page of the list."""

    after = serializers.CharField(max_length=300, required=False)
    limit = serializers.IntegerField(min_value=1, max_value=100, default=25)


class UploadRowsIn(serializers.Serializer[Any]):
    """Which rows of a file."""

    state = serializers.ChoiceField(choices=UploadRow.State.choices, required=False)
    after = serializers.CharField(
        max_length=300, required=False, help_text="`after` of the page before."
    )
    limit = serializers.IntegerField(min_value=1, max_value=1_000, default=200)


class FaultOut(serializers.Serializer[Any]):
    """One thing that is wrong with a row."""

    column = serializers.CharField(
        allow_blank=True, help_text="As in the template; empty: the row as a whole."
    )
    sentence = serializers.CharField()


class UploadRowOut(serializers.Serializer[UploadRow]):
    """One row of a file and what became of it."""

    row = serializers.IntegerField(source="number", help_text="The header is row 1.")
    state = serializers.CharField(help_text="One of waiting, good, known, refused, accepted.")
    application = serializers.SerializerMethodField()
    number = serializers.SerializerMethodField()
    status = serializers.SerializerMethodField()
    faults = serializers.SerializerMethodField()

    @extend_schema_field(serializers.UUIDField(allow_null=True))
    def get_application(self, row: UploadRow) -> str | None:
        """Return the application's key; null without one, or with one you may not see."""
        return None if (found := _shown(row)) is None else str(found.pk)

    def get_number(self, row: UploadRow) -> str:
        """Return the application's number; empty where `application` is null."""
        return "" if (found := _shown(row)) is None else found.number

    def get_status(self, row: UploadRow) -> str:
        """Return the application's state; empty where `application` is null."""
        return "" if (found := _shown(row)) is None else found.status

    @extend_schema_field(FaultOut(many=True))
    def get_faults(self, row: UploadRow) -> list[dict[str, str]]:
        """Return everything that is wrong with the row, in your language."""
        return sentences.of_row(row.faults)


def _shown(row: UploadRow) -> Application | None:
    return row.application if row.is_seen else None  # type: ignore[attr-defined]


class UploadRowPage(serializers.Serializer[Any]):
    """Some rows in the file's order; `after` leads on and is empty at the end."""

    results = UploadRowOut(many=True)
    after = serializers.CharField(allow_blank=True)
