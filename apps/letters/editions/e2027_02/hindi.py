"""The letters in Hindi. Pure."""

from apps.letters.editions.e2027_01.hindi import HINDI as BEFORE
from apps.letters.editions.e2027_02.wording import Wording

HINDI = Wording(
    **vars(BEFORE),
    change_again=(
        "आप कभी भी दोबारा आवेदन कर सकते हैं: हर नए आवेदन पर निर्णय उसी दिन के तथ्यों के आधार पर होता है।"
    ),
)
