"""Forms of the desk: what of the queue to show, and one form for each act."""

from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any, cast

from django import forms
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from apps.accounts import labels
from apps.accounts.models import Entity, User
from apps.applications.forms import AmountField
from apps.core.form_fields import DayField, MoneyField, WholeField
from apps.customers import filetypes
from apps.customers.findings import Finding
from apps.customers.forms.fields import PickField
from apps.customers.models import IdentityNumber
from apps.customers.sentences import words
from apps.decisions import sentences
from apps.decisions.models import DeclaredInterest
from apps.decisions.services import InterestEntry
from apps.desk import selectors
from apps.desk.models import InformationRequest
from apps.desk.models.service_levels import LONGEST_HOURS
from apps.desk.selectors import Filters
from apps.desk.services import InformationEntry, LevelEntry
from apps.desk.services.working import LONGEST_TEXT
from apps.products.models import Product

_ANY = ("", _("Any"))
_AGES = [
    _ANY,
    ("4", _("4 hours and more")),
    ("24", _("A day and more")),
    ("72", _("3 days and more")),
    ("168", _("A week and more")),
]
_ENDINGS = ",".join(ending for endings in filetypes.EXTENSIONS.values() for ending in endings)


def _long_text(label: Any, *, rows: int = 3, **options: Any) -> forms.CharField:
    widget = forms.Textarea(attrs={"rows": rows})
    return forms.CharField(label=label, max_length=LONGEST_TEXT, widget=widget, **options)


class RefusedForm(forms.Form):
    """A form that can show what a service refused."""

    def refuse(self, refusal: Any) -> None:
        """Show the sentences beside the fields they belong to, the rest above."""
        for name, sentence in refusal.fields.items():
            self.add_error(name if name in self.fields else None, str(sentence))
        if not refusal.fields:
            self.add_error(None, str(refusal))


class QueueForm(forms.Form):
    """What of the queue to show; stands in the address."""

    show = forms.ChoiceField(
        required=False,
        choices=[("", ""), *((name, name) for name in selectors.SHOWN)],
        widget=forms.HiddenInput,
    )
    q = forms.CharField(label=_("Application number"), required=False, max_length=24)
    cause = forms.ChoiceField(label=_("Reason for referral"), required=False)
    product = forms.ChoiceField(label=_("Product"), required=False)
    branch = forms.ChoiceField(label=_("Branch"), required=False)
    least = AmountField(label=_("Amount from"), required=False)
    most = AmountField(label=_("Amount to"), required=False)
    waiting = forms.ChoiceField(label=_("Waiting"), required=False, choices=_AGES)

    def __init__(
        self,
        *args: Any,
        causes: Iterable[str],
        rules: Mapping[str, str],
        products: Iterable[tuple[str, str]],
        branches: Iterable[tuple[str, str]],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        offered = {
            "cause": [(code, rules.get(code) or sentences.cause(code)) for code in causes],
            "product": list(products),
            "branch": list(branches),
        }
        for name, choices in offered.items():
            self.fields[name].choices = [_ANY, *choices]  # type: ignore[attr-defined]

    def filters(self) -> Filters:
        """Return the filters; what is not offered filters nothing."""
        self.is_valid()
        given = self.cleaned_data
        age = given.get("waiting") or ""
        return Filters(
            show=given.get("show", ""),
            cause=given.get("cause", ""),
            product=given.get("product", ""),
            branch=given.get("branch", ""),
            text=given.get("q", "").strip(),
            least=given.get("least"),
            most=given.get("most"),
            waiting_hours=int(age) if age else None,
        )


def kept_query(query: QueryDict) -> str:
    """Return the part of an address of the queue that is a way of looking, nothing else."""
    known = {*QueueForm.base_fields, "sort"}
    kept = QueryDict(mutable=True)
    for name in query:
        if name in known and query[name]:
            kept[name] = str(query[name])
    return kept.urlencode()


class ViewForm(RefusedForm):
    """Keep what is shown under a name."""

    name = forms.CharField(label=_("Name"), max_length=60)
    role = PickField(label=_("Share with"), required=False, choices=[])
    is_default = forms.BooleanField(label=_("Open the queue with it"), required=False)
    query = forms.CharField(required=False, max_length=1000, widget=forms.HiddenInput)

    def __init__(self, *args: Any, actor: User, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = [(code, labels.ROLES[code]) for code in sorted(actor.role_codes)]
        self.fields["role"].choices = [("", _("Nobody")), *held]  # type: ignore[attr-defined]


class NoteForm(RefusedForm):
    """Something to say to colleagues."""

    text = _long_text(_("Note"), help_text=_("For colleagues; never part of a letter."))


class InformationForm(RefusedForm):
    """What is asked for, from whom, until when."""

    item = PickField(label=_("What is needed"), choices=InformationRequest.Item.choices)
    text = _long_text(_("In words"), rows=2)
    source = PickField(label=_("From whom"), choices=InformationRequest.Source.choices)
    by_date = DayField(label=_("By"), help_text=_("After this day the clock runs on."))

    def entry(self) -> InformationEntry:
        """Return what was entered."""
        return InformationEntry(**self.cleaned_data)


class AnswerForm(RefusedForm):
    """What came of a request or an escalation."""

    answer = _long_text(_("What came of it"), rows=2)


class PersonField(forms.ModelChoiceField):
    """A person of a list the view gives."""

    def label_from_instance(self, obj: User) -> str:
        """Return name and branch."""
        return f"{obj.name} · {obj.branch.name}"


class ToPersonForm(RefusedForm):
    """Give a case to somebody, or ask somebody to look at it."""

    person = PersonField(
        label=_("To"),
        queryset=User.objects.none(),
        error_messages={"invalid_choice": _("This person cannot take the case.")},
    )
    why = _long_text(_("Why"), rows=2)

    def __init__(self, *args: Any, people: Iterable[User], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("PersonField", self.fields["person"])
        rows = User.objects.filter(pk__in=[one.pk for one in people])
        field.queryset = rows.select_related("branch").order_by("name", "pk")


class AttachmentForm(RefusedForm):
    """A file to lay beside a case."""

    file = forms.FileField(
        label=_("File"), max_length=1000, widget=forms.FileInput(attrs={"accept": _ENDINGS})
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["file"].help_text = _("PDF, JPEG or PNG, at most %(megabytes)s MB.") % {
            "megabytes": settings.DOCUMENT_MAX_BYTES // 1_048_576
        }

    def clean_file(self) -> UploadedFile:
        """Return the file unless it is too large to be read into memory at all."""
        file: UploadedFile = self.cleaned_data["file"]
        try:
            filetypes.size(file.size or 0, limit=settings.DOCUMENT_MAX_BYTES)
        except Finding as finding:
            raise forms.ValidationError(words(finding)) from None
        return file


class WhyForm(RefusedForm):
    """Why a step is put right."""

    note = _long_text(_("Why"), rows=2)


class LevelForm(RefusedForm):
    """One row of the table of service levels."""

    entity = forms.ModelChoiceField(
        label=_("Lender"), queryset=Entity.objects.none(), empty_label=None
    )
    cause = forms.ChoiceField(
        label=_("Reason for referral"),
        required=False,
        help_text=_("A row that names the reason goes before one that names the product."),
    )
    product = forms.ModelChoiceField(
        label=_("Product"),
        queryset=Product.objects.none(),
        required=False,
        empty_label=_("Any"),
    )
    from_amount = MoneyField(
        label=_("From amount"),
        required=False,
        help_text=_("In the lender's currency; empty is every amount."),
    )
    hours = WholeField(label=_("Hours"), min_value=1, max_value=LONGEST_HOURS)
    owner = forms.CharField(
        label=_("Owner"), max_length=120, help_text=_("Who answers for it in the house.")
    )

    def __init__(
        self, *args: Any, actor: User, causes: Iterable[tuple[str, str]], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["cause"].choices = [_ANY, *causes]  # type: ignore[attr-defined]
        lenders = Entity.objects.order_by("name")
        if not actor.works_everywhere:
            lenders = lenders.filter(pk=actor.branch.entity_id)
        entity = cast("forms.ModelChoiceField[Entity]", self.fields["entity"])
        entity.queryset, entity.initial = lenders, actor.branch.entity_id
        products = Product.objects.visible_to(actor).order_by("name")
        cast("forms.ModelChoiceField[Product]", self.fields["product"]).queryset = products

    def entry(self) -> LevelEntry:
        """Return the row that was entered."""
        given = dict(self.cleaned_data)
        given["from_amount"] = given["from_amount"] or 0
        return LevelEntry(**given)


class InterestForm(RefusedForm):
    """Whom one is close to, or what identifies oneself: a customer or an official number."""

    relation = PickField(label=_("What connects you"), choices=DeclaredInterest.Relation.choices)
    customer_number = forms.CharField(
        label=_("Customer number"),
        required=False,
        max_length=20,
        help_text=_("Or else a number by which the person is found, should he or she apply:"),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    kind = PickField(
        label=_("Kind of number"),
        required=False,
        choices=[
            *IdentityNumber.Kind.choices,
            ("phone", _("Telephone")),
            ("email", _("E-mail")),
        ],
    )
    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=254,
        help_text=_("Only a fingerprint of it is kept; nobody can read it back."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    reason = _long_text(_("In a few words"), rows=2)

    def entry(self) -> InterestEntry:
        """Return what was entered."""
        return InterestEntry(**self.cleaned_data)


def in_a_week(now_date: Any) -> dict[str, Any]:
    """Return what the request for information starts with: a week's time."""
    return {"by_date": now_date + timedelta(days=7)}
