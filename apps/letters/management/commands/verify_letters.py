"""Set frozen letters again from their facts and compare the hashes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from apps.letters import selectors, services

NAMED_AT_MOST = 20


class Command(BaseCommand):
    help = "Re-render letters from their stored facts and compare them with what was frozen."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--limit", type=int, help="only the newest letters, this many")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["limit"] is not None and options["limit"] < 1:
            raise CommandError("--limit must be at least 1.")
        checked = other_engine = 0
        broken: list[str] = []
        for letter in selectors.rendered(limit=options["limit"]):
            checked += 1
            verification = services.verify(letter)
            other_engine += verification.html_same is True and verification.pdf_same is None
            if not verification.holds:
                broken.append(f"{letter.pk}: {_finding(verification)}")
            if checked % 1_000 == 0:
                self.stdout.write(f"{checked} letters checked ...")
        self._report(checked, other_engine, broken)

    def _report(self, checked: int, other_engine: int, broken: list[str]) -> None:
        for line in broken[:NAMED_AT_MOST]:
            self.stdout.write(line)
        if other_engine:
            self.stdout.write(
                f"{other_engine} PDFs were set by another version of the typesetter; their stored"
                " bytes and their HTML were checked."
            )
        waiting = selectors.unrendered_count()
        if waiting:
            self.stdout.write(f"{waiting} letters are not rendered yet.")
        if broken:
            raise CommandError(f"{len(broken)} of {checked} letters do not hold.")
        self.stdout.write(f"{checked} letters hold.")


def _finding(verification: services.Verification) -> str:
    """Return in words why a letter does not hold."""
    if not verification.stored_whole:
        return "what is stored does not have its hash"
    if verification.obstacle:
        return f"it cannot be set again ({verification.obstacle})"
    return "the PDF differs" if verification.html_same else "the HTML differs"
