"""The letters in English. Pure."""

from apps.letters.editions.e2027_01.english import ENGLISH as BEFORE
from apps.letters.editions.e2027_02.wording import Wording

ENGLISH = Wording(
    **vars(BEFORE),
    change_again=(
        "You may apply again at any time: every new application is decided on the facts "
        "of its own day."
    ),
)
