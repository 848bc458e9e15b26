"""Made-up applicants drawn from `ml.synthetic`, as plain values. SYNTHETIC: nobody real. Pure."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from random import Random
from typing import Any

import pandas as pd

from apps.core import dates
from apps.core.money import money
from apps.demo import protected
from apps.demo.protected import Circumstances, Protected
from ml import synthetic

# The bureau's counts carry the same names in the schema and in the table.
COUNTS = (
    "delinquencies_24m",
    "months_since_delinquency",
    "enquiries_6m",
    "open_accounts",
    "total_accounts",
    "public_records",
    "months_since_public_record",
    "bankruptcies",
    "accounts_delinquent_now",
)


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


@dataclass(frozen=True)
class Place:
    """A segment of the demonstration: which market, branches, bureau and names it has."""

    segment: str
    branches: tuple[str, ...]
    bureau: str
    women_names: tuple[str, ...]
    men_names: tuple[str, ...]
    family_names: tuple[str, ...]
    streets: tuple[str, ...]
    employers: tuple[str, ...]


PLACES = (
    Place(
        segment="in-retail",
        branches=("pune", "nashik", "mumbai"),
        bureau="Bharat Credit Bureau",
        women_names=_words(
            "Aditi Anjali Deepa Gauri Kavita Lata Meera Pooja Rekha Salma Shreya Tanvi"
        ),
        men_names=_words(
            "Aarav Anil Farhan Harish Kiran Manoj Nikhil Prakash Rahul Sanjay Sunil Vikram Yusuf"
        ),
        family_names=_words(
            "Bhosale Chavan Deshmukh D'Souza Gaikwad Iyer Jadhav Joshi Khan Kulkarni More Naik "
            "Patil Pawar Rane Sawant Shah Shaikh Shinde Thakur"
        ),
        streets=("Tilak Road", "Station Road", "Shivaji Nagar", "Gandhi Chowk", "College Road"),
        employers=("Deccan Textiles", "Konkan Foods", "Vidarbha Motors", "Sahara Clinics", "Self"),
    ),
    Place(
        segment="ke-retail",
        branches=("nairobi", "kisumu"),
        bureau="Mzizi Credit Reference Bureau",
        women_names=_words(
            "Achieng Amina Chebet Faith Grace Jelimo Makena Mercy Nafula Njeri Wambui Zawadi"
        ),
        men_names=_words("Barasa Hassan Kamau Kipchoge Mutiso Ochieng Omondi Peter"),
        family_names=_words(
            "Abdi Barasa Cheruiyot Kamau Kariuki Kiptoo Koech Maina Mutua Mwangi Ndungu Njoroge "
            "Odhiambo Okello Onyango Otieno Wanjala Waweru"
        ),
        streets=("Kenyatta Avenue", "Moi Road", "Oginga Odinga Street", "Ngong Road"),
        employers=("Rift Dairies", "Ziwa Transport", "Savanna Schools", "Pwani Stores", "Self"),
    ),
)


@dataclass(frozen=True)
class Applicant:
    """One synthetic application with the person behind it; money in the market's currency."""

    serial: int
    branch: str
    name: str
    born: date
    country: str
    currency: str
    applied_date: date
    bad: bool
    street: str
    employer: str
    protected: Protected
    features: dict[str, Any]
    net_monthly_income: Decimal
    obligations_monthly: Decimal

    def money(self, feature: str) -> Decimal | None:
        """Return a feature that is an amount as money, or None where it is missing."""
        value = self.features[feature]
        return None if value is None else money(str(value), self.currency)

    @property
    def documented_income(self) -> dict[str, Any]:
        """What documents show: all of the net income where it was verified, else nothing."""
        if self.features["income_verification"] not in ("source", "documents"):
            return {}
        salaried = self.features["employment_type"] == "salaried"
        return {
            "documented_net_monthly_income": self.net_monthly_income,
            "documented_by": "payslip" if salaried else "bank_statement",
        }

    @property
    def basic_monthly_pay(self) -> Decimal | None:
        """Basic pay a month, four fifths of the gross, for those on a Kenyan payroll."""
        gross = self.money("annual_income")
        if self.country != "KE" or self.features["employment_type"] != "salaried" or gross is None:
            return None
        return money(gross / 12 * Decimal("0.8"), self.currency)

    @property
    def opened(self) -> date | None:
        """When the oldest account was opened, or None on a thin file."""
        months = self.features["credit_history_months"]
        return None if months is None else dates.add_months(self.applied_date, -int(months))

    @property
    def has_bureau_file(self) -> bool:
        """Whether the bureau knows the person at all."""
        return self.features["total_accounts"] is not None

    @property
    def utilisation(self) -> Decimal | None:
        """The share of revolving limits used, in four digits."""
        value = self.features["revolving_utilisation"]
        return None if value is None else Decimal(str(value)).quantize(Decimal("0.0001"))


def draw(place: Place, *, rows: int, seed: int, start: date, end: date) -> Iterator[Applicant]:
    """Yield a place's applicants, oldest application first; same arguments, same people."""
    market = synthetic.MARKETS[place.segment]
    frame = synthetic.generate(market, rows=rows, seed=seed, start=start, end=end)
    chance = Random(f"{place.segment}:{seed}")  # noqa: S311  (names, not secrets)
    # Their own, so that everything else is as it was before they had attributes.
    groups = Random(f"{place.segment}:{seed}:protected")  # noqa: S311
    for serial, row in enumerate(frame.astype(object).to_dict("records")):
        plain = {str(name): None if pd.isna(value) else value for name, value in row.items()}
        who = protected.of(_circumstances(market, plain), groups)
        yield _applicant(place, market, chance, serial=serial, row=plain, who=who)


def _applicant(
    place: Place,
    market: synthetic.Market,
    chance: Random,
    *,
    serial: int,
    row: dict[str, Any],
    who: Protected,
) -> Applicant:
    applied = row["applied_date"]
    born = dates.add_months(applied, -12 * int(row["age_years"]) - chance.randrange(12))
    return Applicant(
        serial=serial,
        branch=chance.choice(place.branches),
        name=f"{_given_name(place, who, chance)} {chance.choice(place.family_names)}",
        born=born,
        country=market.country,
        currency=market.currency,
        applied_date=applied,
        bad=bool(row["bad"]),
        street=f"{chance.randrange(1, 200)} {chance.choice(place.streets)}",
        employer=chance.choice(place.employers),
        protected=who,
        features=row,
        net_monthly_income=money(str(row["net_monthly_income"]), market.currency),
        obligations_monthly=money(str(row["existing_obligations_monthly"]), market.currency),
    )


def _given_name(place: Place, who: Protected, chance: Random) -> str:
    every = place.women_names + place.men_names
    names = {"female": place.women_names, "male": place.men_names}
    fitting = names.get(who.attributes["gender"], every)
    return fitting[chance.randrange(len(every)) % len(fitting)]


def _circumstances(market: synthetic.Market, row: dict[str, Any]) -> Circumstances:
    return Circumstances(
        country=market.country,
        age_years=int(row["age_years"]),
        income_to_median=float(row["annual_income"]) / market.median_annual_income,
        income_spread=market.income_spread,
        has_thin_file=row["total_accounts"] is None,
    )
