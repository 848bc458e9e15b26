"""Make an administrator where there is none: the first person of an installation."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.accounts import forms, services
from apps.accounts.models import Branch
from apps.core.errors import DomainError
from apps.core.origin import origin


class Command(BaseCommand):
    """The administrator then adds everybody else on the page "People"."""

    help = "Make an administrator and print, once, the link with which to set a password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--email", required=True)
        parser.add_argument("--name", required=True)
        parser.add_argument("--branch", required=True, help="The code of a branch.")
        parser.add_argument(
            "--another", action="store_true", help="Although there is an administrator already."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        entry = _entry(options)
        try:
            with origin("command:add_administrator"):
                person, path = services.add_administrator(entry=entry, another=options["another"])
        except services.AdministratorExists as error:
            raise CommandError(
                f"{error} Ask them to add people, or say --another if they cannot."
            ) from error
        except DomainError as error:
            raise CommandError(str(error)) from error
        scheme = "https" if settings.HTTPS else "http"
        host = settings.ALLOWED_HOSTS[0].removeprefix(".")
        self.stdout.write(
            f"{person.name} is an administrator, {person.email}. The link works once, for "
            f"{settings.PASSWORD_RESET_TIMEOUT // 3600} hours; hand it to nobody else:\n"
            f"{scheme}://{host}{path}"
        )


def _entry(options: dict[str, Any]) -> services.PersonEntry:
    """Return what was typed, checked as on the page. Raises CommandError."""
    branch = Branch.objects.filter(code=options["branch"]).first()
    if branch is None:
        codes = ", ".join(Branch.objects.order_by("code").values_list("code", flat=True))
        known = f"there are {codes}" if codes else "run load_products first"
        raise CommandError(f"There is no branch {options['branch']!r}: {known}.")
    typed = {"email": options["email"], "name": options["name"], "branch": branch.pk}
    form = forms.PersonForm({**typed, "language": settings.LANGUAGE_CODE})
    if not form.is_valid():
        wrong = [f"--{name}: {' '.join(map(str, said))}" for name, said in form.errors.items()]
        raise CommandError("; ".join(wrong))
    return form.entry()
