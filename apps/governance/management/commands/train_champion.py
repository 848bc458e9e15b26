"""Train the first champion of each segment that has none."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.accounts import selectors as accounts
from apps.accounts.models import User
from apps.core.errors import DomainError
from apps.governance import kinds, selectors, services
from apps.governance.models import TrainingRun
from apps.scoring import selectors as scoring

_SHOWN = (
    ("AUC", "auc"),
    ("KS", "ks"),
    ("Brier", "brier"),
    ("calibration error", "expected_calibration_error"),
)


class Command(BaseCommand):
    """Train, propose and - in a demonstration - validate and approve, as three different people.

    In production the command trains and measures only: people document the model, enter it in the
    register, ask for its promotion, validate and approve it on their pages.
    """

    help = "Train and propose a champion for segments that have none (default: all of them)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--segment", action="append", help="May be given more than once.")
        parser.add_argument("--all", action="store_true", help="Every segment (the default).")
        parser.add_argument("--from-date", type=date.fromisoformat, help="Loans paid out from.")
        parser.add_argument("--to-date", type=date.fromisoformat, help="Loans paid out before.")
        parser.add_argument(
            "--holdout-to-date", type=date.fromisoformat, help="Tested on later loans before."
        )
        parser.add_argument(
            "--kind",
            choices=list(kinds.OFFERS),
            default=kinds.DEFAULT,
            help="Which kind of model; "
            + " ".join(f"{code}: {offer.purpose}" for code, offer in kinds.OFFERS.items()),
        )
        parser.add_argument("--developer", help="E-mail of a risk analyst.")
        parser.add_argument("--validator", help="E-mail of a model validator.")
        parser.add_argument("--approver", help="E-mail of a model approver.")
        parser.add_argument(
            "--excepting", help="E-mail of another one, who lets the model through failed gates."
        )

    def handle(self, *args: Any, **options: Any) -> None:
        known = selectors.segments()
        wanted = options["segment"] or known
        strange = sorted(set(wanted) - set(known))
        if strange:
            raise CommandError(f"No product is scored in: {', '.join(strange)}.")
        for segment in wanted:
            self._one(segment, options)

    def _one(self, segment: str, options: dict[str, Any]) -> None:
        champion = scoring.champion(segment)
        if champion is not None:
            self.stdout.write(f"{segment}: {champion} decides already.")
            return
        window = _window(segment, options)
        if window is None:
            self.stdout.write(f"{segment}: no finished loans yet, so no model.")
            return
        developer = _person(options["developer"], "risk_analyst", "--developer")
        try:
            run = _registered(segment) or _train(developer, segment, window, kind=options["kind"])
            self.stdout.write(_figures(run))
            self._promote(run, developer, options)
        except DomainError as refusal:
            raise CommandError(f"{segment}: {refusal.sentence}") from refusal

    def _promote(self, run: TrainingRun, developer: User, options: dict[str, Any]) -> None:
        now = timezone.now()
        if settings.PRODUCTION:
            if selectors.newest_report(run.model) is None:
                services.make_report(actor=developer, model=run.model, now=now)
            self.stdout.write("  measured; people document, register, validate and approve it.")
            return
        validator = _person(options["validator"], "model_validator", "--validator")
        approver = _person(options["approver"], "model_approver", "--approver")
        excepting = _person(
            options["excepting"], "model_approver", "--excepting", other_than=approver
        )
        services.register_first(developer=developer, approver=approver, run=run, now=now)
        promotion = services.first_promotion(developer=developer, run=run, now=now)
        done = services.first_champion(
            promotion=promotion,
            validator=validator,
            approver=approver,
            excepting=excepting,
            now=now,
        )
        self.stdout.write(
            f"  proposed by {done.proposed_by}, validated by {validator}, approved by {approver}."
        )
        for one in done.exceptions.all():
            self.stdout.write(
                f"  let through the gate {one.gate} until {one.until} by {one.granted_by}."
            )


def _window(segment: str, options: dict[str, Any]) -> tuple[date, date, date | None] | None:
    """Return the window the options name, or the usual one when they name none."""
    from_date, to_date = options["from_date"], options["to_date"]
    if from_date is None and to_date is None:
        return selectors.usual_window(segment)
    if from_date is None or to_date is None:
        raise CommandError("Give both --from-date and --to-date, or neither.")
    return from_date, to_date, options["holdout_to_date"]


def _registered(segment: str) -> TrainingRun | None:
    """Return the newest run that nobody has refused: an earlier start was interrupted."""
    runs = selectors.runs().filter(segment=segment, model__status="registered")
    runs = runs.exclude(model__promotions__status="refused")
    return runs.order_by("-trained_at").first()


def _train(
    developer: User, segment: str, window: tuple[Any, Any, Any], *, kind: str
) -> TrainingRun:
    from_date, to_date, holdout_to_date = window
    return services.train(
        actor=developer,
        segment=segment,
        from_date=from_date,
        to_date=to_date,
        holdout_to_date=holdout_to_date,
        kind=kind,
        now=timezone.now(),
    )


def _person(email: str | None, role: str, option: str, *, other_than: User | None = None) -> User:
    """Return the person an option names, or the first of a role; CommandError without one."""
    people = accounts.people(role=role, active=True)
    if other_than is not None:
        people = people.exclude(pk=other_than.pk)
    found = (people.filter(email__iexact=email) if email else people).first()
    if found is None:
        another = " another" if other_than else " an"
        raise CommandError(f"Name{another} active person with the role {role} by {option}.")
    return found


def _figures(run: TrainingRun) -> str:
    size = f"{run.rows:,} loans, {run.defaults:,} defaults, data {run.dataset_sha256[:12]}"
    lines = [f"{run.segment}: {run.model}, {size}"]
    for label, name in (("out of fold", "development"), ("out of time", "holdout")):
        found = run.figures[name]
        if found is not None:
            named = ", ".join(f"{word} {_short(found[key])}" for word, key in _SHOWN)
            lines.append(f"  {label}: n {found['n']:,}, {named}")
    refused = sum(run.figures["refused"].values())
    if refused:
        lines.append(f"  {refused:,} loans did not fit the schema")
    return "\n".join(lines)


def _short(figure: float | None) -> str:
    return "\u2014" if figure is None else f"{figure:.4f}"
