"""Attributes that may never decide about a person's credit.

The union of the prohibited bases of the rule book, 4.7: US Regulation B, India's fair practices
code and article 27(4) of Kenya's constitution. Close substitutes under another name count too.
"""

import re

PROTECTED: frozenset[str] = frozenset(
    {
        "age",
        "belief",
        "birth",
        "birth_date",
        "birth_year",
        "birthdate",
        "birthplace",
        "caste",
        "children",
        "citizenship",
        "color",
        "colour",
        "conscience",
        "country_of_birth",
        "culture",
        "date_of_birth",
        "dependants",
        "dependents",
        "disability",
        "dob",
        "dress",
        "ethnic_origin",
        "ethnicity",
        "family_status",
        "gender",
        "health",
        "health_status",
        "language",
        "marital_status",
        "mother_tongue",
        "national_origin",
        "nationality",
        "number_of_children",
        "place_of_birth",
        "political_opinion",
        "pregnancy",
        "pregnant",
        "public_assistance",
        "race",
        "religion",
        "sex",
        "sexual_orientation",
        "skin_colour",
        "social_origin",
        "tribe",
        "year_of_birth",
    }
)

_OWNER = re.compile(r"^(applicant|borrower|customer|client|person)s?_")
_SHAPE = re.compile(r"_(years|months|days|band|group|code|class|category|at_application)$")


def is_protected(name: str) -> bool:
    """Say whether the name is a protected attribute, also as `applicant_age` or `age_years`."""
    bare = _OWNER.sub("", name.lower())
    while bare not in PROTECTED and _SHAPE.search(bare):
        bare = _SHAPE.sub("", bare)
    return bare in PROTECTED
