"""The letters in Swahili. Pure."""

from apps.letters.editions.e2026_11.swahili import SWAHILI as FIRST
from apps.letters.editions.e2026_12.wording import Wording

SWAHILI = Wording(
    **vars(FIRST),
    lapsed_subject="Ombi lako la mkopo: muda wa toleo letu umekwisha",
    lapsed_opening=(
        "Tulikuwa tumekukubalia mkopo ({product}) kwa masharti yaliyo hapa chini, uchukuliwe hadi "
        "tarehe {until}. Haukuchukuliwa kufikia tarehe hiyo. Muda wa toleo letu umekwisha, na ombi "
        "hili limefungwa."
    ),
    lapsed_terms_heading="Tulichokuwa tumekubali",
    lapsed_asked="Ulikuwa umeomba {amount} kwa {term}.",
    dated="Tarehe ya barua hii",
    right_to_reasons_heading="Haki yako ya kujua sababu",
    right_to_reasons=(
        "Hatukukubali mkopo kama ulivyouomba. Ukituomba sababu hadi tarehe {date}, tutakueleza "
        "sababu mahususi kwa maandishi ndani ya siku 30. Andika au piga simu kwa:"
    ),
)
