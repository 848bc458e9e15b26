"""The letters in English. Pure."""

from apps.letters.editions.e2026_11.english import ENGLISH as FIRST
from apps.letters.editions.e2026_12.wording import Wording

ENGLISH = Wording(
    **vars(FIRST),
    lapsed_subject="Your loan application: our offer has lapsed",
    lapsed_opening=(
        "We had approved a loan ({product}) for you on the terms below, to be taken up by {until}. "
        "It was not taken up by then. Our offer has lapsed, and this application is closed."
    ),
    lapsed_terms_heading="What we had approved",
    lapsed_asked="You had asked for {amount} over {term}.",
    dated="Date of this letter",
    right_to_reasons_heading="Your right to the reasons",
    right_to_reasons=(
        "We did not approve the loan as you had asked for it. If you ask us for the reasons by "
        "{date}, we will tell you the specific reasons in writing within 30 days. "
        "Write to or call:"
    ),
)
