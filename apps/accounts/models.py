"""Entities, branches, people, and how much each may approve."""

from decimal import Decimal
from typing import Any, ClassVar

from django.conf import settings
from django.contrib.auth.models import (
    AbstractBaseUser,
    BaseUserManager,
    Group,
    Permission,
    PermissionsMixin,
)
from django.contrib.postgres.aggregates import StringAgg
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Concat, Lower
from django.utils.translation import gettext_lazy as _

from apps.accounts import labels, roles
from apps.core import prepared
from apps.core.models import Identified, Timestamped
from apps.core.prepared import Given


class Entity(Identified, Timestamped):
    """The lender: a legal person under one regulator. Letters carry what stands here."""

    class Kind(models.TextChoices):
        BANK = "bank", _("Commercial bank")
        NBFC = "nbfc", _("Non-banking financial company")
        SACCO = "sacco", _("Savings and credit co-operative")
        PLATFORM = "platform", _("Lending platform")

    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind)
    country = models.CharField(_("country"), max_length=2)
    currency = models.CharField(_("currency"), max_length=3)
    time_zone = models.CharField(_("time zone"), max_length=64)
    address = models.TextField(_("postal address"))
    email = models.EmailField(_("e-mail"))
    phone = models.CharField(_("telephone"), max_length=32)
    review_contact = models.TextField(_("contact for review and complaints"))
    data_protection_contact = models.TextField(_("data protection contact"))
    regulator = models.TextField(_("regulator or ombudsman, with address"))
    # One block for each bureau: its name, its address, and its telephone on the last line.
    credit_bureaus = models.TextField(_("credit bureaus, with address and telephone"), blank=True)
    review_days = models.PositiveSmallIntegerField(_("days to ask for a review"), default=30)
    # Who answers complaints about a loan, named in its statement; empty where nobody is named.
    nodal_officer = models.CharField(_("nodal officer for complaints"), max_length=120, blank=True)
    nodal_phone = models.CharField(_("nodal officer's telephone"), max_length=32, blank=True)
    nodal_email = models.EmailField(_("nodal officer's e-mail"), blank=True)
    # Where borrowers pay to, a line each; empty where borrowers are to ask.
    repayment_account = models.TextField(_("account loans are repaid to"), blank=True)
    # Days of the week nobody works (Monday is 0), and the days beside them.
    weekend = ArrayField(
        models.PositiveSmallIntegerField(), verbose_name=_("weekly days off"), default=list
    )
    holidays = ArrayField(models.DateField(), verbose_name=_("holidays"), default=list)

    class Meta:
        default_permissions = ()
        verbose_name = _("entity")
        verbose_name_plural = _("entities")

    def __str__(self) -> str:
        return self.name


class Branch(Identified, Timestamped):
    """A branch of an entity; most people see only their branch's customers."""

    entity = models.ForeignKey(Entity, on_delete=models.PROTECT, related_name="branches")
    code = models.SlugField(_("code"), unique=True)
    name = models.CharField(_("name"), max_length=120)

    class Meta:
        default_permissions = ()
        permissions = [("work_in_branch", _("Work in this branch as well"))]
        verbose_name = _("branch")
        verbose_name_plural = _("branches")

    def __str__(self) -> str:
        return self.name


class UserManager(BaseUserManager["User"]):
    """Makes people who sign in with their e-mail."""

    def get(self, *args: Any, **kwargs: Any) -> "User":
        """Return one person; by key alone, as every request asks, with a prepared query."""
        # A branch's people, say, have a manager of a class of their own.
        if args or kwargs.keys() not in _BY_KEY or type(self) is not UserManager:
            return super().get(*args, **kwargs)
        [key] = kwargs.values()
        found = _PERSON.first(key=User._meta.pk.to_python(key))
        if found is None:
            raise User.DoesNotExist(key)
        return found

    def get_by_natural_key(self, username: str | None) -> "User":
        # Exactly: `iexact` compares in capitals, where a long s (U+017F) is an S. Every such
        # spelling of one e-mail would have a lock-out count of its own.
        return self.get(email=(username or "").strip().lower())


class Callers(UserManager):
    """People as they call the API: with all they may, asked for in one message."""

    def get(self, *args: Any, **kwargs: Any) -> "User":
        """Return one person by key; `permitted` holds what the roles allow."""
        if args or kwargs.keys() not in _BY_KEY:
            return super().get(*args, **kwargs)
        [key] = kwargs.values()
        found, permitted = _CALLER.first(key=User._meta.pk.to_python(key))
        if found is None or permitted is None:
            raise User.DoesNotExist(key)
        [found.permitted] = permitted
        return found


def _permitted() -> models.QuerySet[Permission, tuple[str]]:
    """Return in one text every `app.codename` that a person and the roles are permitted."""
    roles = User.groups.through.objects.filter(user=Given("key")).values("group")
    by_role = Group.permissions.through.objects.filter(group__in=roles).values("permission")
    own = User.user_permissions.through.objects.filter(user=Given("key")).values("permission")
    # One list of keys: with an OR the database would go through all permissions.
    rows = Permission.objects.filter(pk__in=by_role.union(own))
    word = Concat("content_type__app_label", models.Value("."), "codename")
    return prepared.over_all(rows, words=StringAgg(word, delimiter=" "))


# How sessions and tokens name a person.
_BY_KEY = ({"pk"}, {"id"})
_PERSON = prepared.Query(lambda: User.objects.filter(pk=Given("key")))
PERMITTED = prepared.Query(_permitted)
_CALLER = prepared.Both(_PERSON, PERMITTED)


class User(Identified, AbstractBaseUser, PermissionsMixin):
    """A person who works for the lender, or a system that uses the API."""

    email = models.EmailField(_("e-mail"), unique=True)
    name = models.CharField(_("name"), max_length=150)
    branch = models.ForeignKey(
        Branch, on_delete=models.PROTECT, related_name="people", verbose_name=_("branch")
    )
    language = models.CharField(
        _("language"), max_length=8, choices=settings.LANGUAGES, default="en"
    )
    is_active = models.BooleanField(_("may sign in"), default=True)
    joined_at = models.DateTimeField(_("joined"), auto_now_add=True)

    objects: ClassVar[UserManager] = UserManager()
    callers: ClassVar[Callers] = Callers()
    # What the roles allow, where that was read with the person.
    permitted: str | None

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []

    class Meta:
        default_permissions = ()
        permissions = [
            ("view_people", _("See people, roles and limits")),
            ("manage_people", _("Keep people, roles, branches and limits")),
            ("view_style_guide", _("See the style guide")),
        ]
        constraints = [models.UniqueConstraint(Lower("email"), name="accounts_user_email_unique")]
        verbose_name = _("person")
        verbose_name_plural = _("people")

    def __str__(self) -> str:
        return self.name

    @property
    def audit_reference(self) -> str:
        """The person as the audit trail names them: by id, never by e-mail."""
        return f"accounts.user:{self.pk}"

    @property
    def role_codes(self) -> set[str]:
        """The codes of the roles this person holds."""
        if not hasattr(self, "_role_codes"):
            # A prefetched list is used as it is; one person alone asks once.
            self._role_codes = {group.name for group in self.groups.all()}
        return self._role_codes

    @property
    def role_labels(self) -> list[str]:
        """The labels of the roles, in the order of the table."""
        return [
            str(labels.ROLES[role.code]) for role in roles.ROLES if role.code in self.role_codes
        ]

    @property
    def works_everywhere(self) -> bool:
        """Whether a role of this person reaches beyond the own branches."""
        return any(role.everywhere for role in roles.ROLES if role.code in self.role_codes)

    def refresh_from_db(self, *args: Any, **kwargs: Any) -> None:
        self.__dict__.pop("_role_codes", None)
        super().refresh_from_db(*args, **kwargs)


class ApprovalLimit(Identified, Timestamped):
    """The largest amount a role or a person may approve alone, by currency and product.

    A person's own limit outweighs the role's; a product's limit outweighs the general one.
    No row means no authority.
    """

    role = models.ForeignKey(Group, null=True, blank=True, on_delete=models.CASCADE)
    user = models.ForeignKey(
        User, null=True, blank=True, on_delete=models.CASCADE, related_name="approval_limits"
    )
    currency = models.CharField(_("currency"), max_length=3)
    product_code = models.CharField(
        _("product"), max_length=40, blank=True, help_text=_("Empty: any product.")
    )
    amount = models.DecimalField(_("amount"), max_digits=18, decimal_places=2)

    class Meta:
        default_permissions = ()
        verbose_name = _("approval limit")
        verbose_name_plural = _("approval limits")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role__isnull=True) ^ models.Q(user__isnull=True),
                name="accounts_limit_role_or_user",
            ),
            models.CheckConstraint(
                condition=models.Q(amount__gte=Decimal(0)), name="accounts_limit_not_negative"
            ),
            models.UniqueConstraint(
                fields=["role", "currency", "product_code"],
                condition=models.Q(user__isnull=True),
                name="accounts_limit_once_per_role",
            ),
            models.UniqueConstraint(
                fields=["user", "currency", "product_code"],
                condition=models.Q(role__isnull=True),
                name="accounts_limit_once_per_user",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.currency} {self.amount}"
