"""What the notes of the rule tables say, in the language of whoever reads them.

A table keeps its note as it was loaded. The notes of the file that is shipped are translated here;
one that a lender's own file brings is shown as it is written.
"""

from django.utils.translation import gettext, gettext_noop

NOTES = frozenset(
    {
        gettext_noop(
            "Restructured accounts, the specified period and the guarantee of the central"
            " government are from memory: see the rule book, 1.13 and 1.15."
        ),
        gettext_noop("These banks stay outside the expected-loss regime of 2027 (rule book 1.17)."),
        gettext_noop(
            "The definition of NPA is kept. The floors of some segments come from one source only"
            " (rule book 1.17)."
        ),
        gettext_noop(
            "Glide path of the base layer: more than 180 days before 31 Mar 2024 (from memory), 150"
            " by then, 120 by 31 Mar 2025, 90 by 31 Mar 2026 (rule book 1.12). Restructured"
            " accounts, the specified period and the guarantee of the central government are from"
            " memory: see the rule book, 1.13 and 1.15."
        ),
        gettext_noop(
            "An expected loss below these provisions leaves the difference to the impairment"
            " reserve: DOR(NBFC).CC.PD.109/22.10.106/2019-20, 13 Mar 2020 (from memory: see the"
            " rule book, 1.12). That nothing is taken from it without the regulator's leave is from"
            " memory and not in the rule book. LGD where none is known: house setting, the"
            " backstops of the bank Directions of 2026. Restructured accounts, the specified period"
            " and the guarantee of the central government are from memory: see the rule book, 1.13"
            " and 1.15."
        ),
        gettext_noop(
            "The worse of days and missed instalments; a review may only worsen. For how long a"
            " restructured loan keeps its class the sources do not say: a year and a tenth repaid"
            " is a house setting."
        ),
        gettext_noop(
            "What the specific classes secure is at the realisable value. LGD where none is known:"
            " house setting."
        ),
        gettext_noop(
            "The provision matrix for loans without a PD, the LGD and the multiple of 2 are house"
            " settings, until the lender's own losses replace them."
        ),
        gettext_noop(
            "Two codebases use 50 %; the guideline of 2013 as remembered says 100 %. The higher one"
            " is used until the guideline's page was seen."
        ),
    }
)


def said(note: str) -> str:
    """Return a note in the language that is active, where it is one of the shipped file's."""
    return gettext(note) if note in NOTES else note
