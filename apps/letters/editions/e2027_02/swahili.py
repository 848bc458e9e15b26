"""The letters in Swahili. Pure."""

from apps.letters.editions.e2027_01.swahili import SWAHILI as BEFORE
from apps.letters.editions.e2027_02.wording import Wording

SWAHILI = Wording(
    **vars(BEFORE),
    change_again=(
        "Unaweza kuomba tena wakati wowote: kila ombi jipya huamuliwa kulingana na "
        "taarifa zilizopo siku hiyo."
    ),
)
