"""Whether the name of a lender, as somebody typed it, may mean ourselves. Pure.

It warns of a debt that may count twice; and nothing else is marked as a loan of ours.
"""

import re

# What many lenders are called beside their name.
_COMMON = frozenset(
    {
        *("bank", "co", "company", "cooperative", "credit", "exchange", "finance", "financial"),
        *("inc", "india", "kenya", "lending", "limited", "llc", "loan", "loans", "ltd", "nbfc"),
        *("private", "pvt", "sacco", "savings", "services", "society", "the", "and", "of"),
    }
)
_FEWEST_LETTERS = 3


def may_be(lender: str, *, ours: str) -> bool:
    """Say whether a lender's name has a word in common with ours that is ours alone.

    An empty name may be anybody's, and so ours.
    """
    said = _words(lender)
    if not said:
        return True
    return bool(_own_words(said) & _own_words(_words(ours)))


def _words(name: str) -> set[str]:
    return set(re.findall(r"\w+", name.casefold()))


def _own_words(words: set[str]) -> set[str]:
    return {word for word in words - _COMMON if len(word) >= _FEWEST_LETTERS}
