"""What an officer tries otherwise: one slider for each fact that the application has."""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext as _

from apps.decisions import changes, recourse, recourse_words
from apps.decisions.changes import Point, Standing
from apps.scoring import feature_words

_VERIFICATIONS = ("none", "declared", "source", "documents")
_LONGEST_WORK_MONTHS = 120
_MOST_TIMES = 3
_MONTHS = frozenset({"term_months", "employment_months"})


@dataclass(frozen=True)
class Slider:
    """One fact as a range: its bounds, the step of its grid and where it stands."""

    what: str
    lowest: Decimal
    highest: Decimal
    step: Decimal
    present: Decimal

    @property
    def grid(self) -> str:
        """Return the step of the input; a value beside the grid must not be rounded unseen."""
        is_on_grid = not (self.present - self.lowest) % self.step
        return f"{self.step:f}" if is_on_grid else "any"


def sliders(now: Standing, *, most_amount: Decimal, terms: tuple[int, int]) -> list[Slider]:
    """Return the sliders of an application; none for a fact that it does not have.

    `most_amount` and `terms` (shortest, longest) are the product's.
    """
    return list(_sliders(now, most_amount, terms))


def _sliders(now: Standing, most_amount: Decimal, terms: tuple[int, int]) -> Iterator[Slider]:
    one = Decimal(1)
    least, asked = min(now.least_amount, now.amount), now.amount
    yield Slider("amount", least, max(most_amount, asked), recourse.step(least), asked)
    shortest, longest = min(terms[0], now.term_months), max(terms[1], now.term_months)
    present = Decimal(now.term_months)
    yield Slider("term_months", Decimal(shortest), Decimal(longest), one, present)
    if now.obligations_monthly is not None:
        # What our own loans take stays, whatever is paid to others.
        yield _money(
            "obligations_monthly",
            now.obligations_monthly,
            beside=asked / 20,
            lowest=now.own_monthly,
        )
    if now.revolving_balance is not None:
        yield _money("revolving_balance", now.revolving_balance, beside=Decimal(0))
    if now.security_value is not None:
        yield _money("security_value", now.security_value, beside=asked)
    if now.employment_months is not None:
        highest = max(_LONGEST_WORK_MONTHS, now.employment_months)
        months = Decimal(now.employment_months)
        yield Slider("employment_months", Decimal(0), Decimal(highest), one, months)


def _money(what: str, present: Decimal, *, beside: Decimal, lowest: Decimal = Decimal(0)) -> Slider:
    """Return a slider from what stays to a multiple of what there is, or of what stands beside."""
    unit = recourse.step(max(present, beside))
    count = (max(present, beside) * _MOST_TIMES / unit).to_integral_value()
    return Slider(what, lowest, max(count, Decimal(1)) * unit, unit, present)


def _range(one: Slider, standing: Standing, currency: str) -> str:
    """Return between what a slider moves, and what of it does not move."""
    said = _("From %(lowest)s to %(highest)s.") % {
        "lowest": recourse_words.value(one.what, one.lowest, currency=currency),
        "highest": recourse_words.value(one.what, one.highest, currency=currency),
    }
    if one.what != "obligations_monthly" or not standing.own_monthly:
        return said
    own = recourse_words.value(one.what, standing.own_monthly, currency=currency)
    return said + " " + _("%(own)s of them are for other loans with us.") % {"own": own}


class WhatIfForm(forms.Form):
    """The facts to try; what is left out stays as it is."""

    def __init__(
        self, *args: Any, standing: Standing, found: list[Slider], currency: str, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self._standing, self._sliders = standing, found
        for one in found:
            self.fields[one.what] = forms.DecimalField(
                label=recourse_words.NAMES[one.what],
                required=False,
                min_value=one.lowest,
                max_value=one.highest,
                initial=one.present,
                max_digits=18,
                decimal_places=0 if one.what in _MONTHS else 2,
                help_text=_range(one, standing, currency),
                widget=forms.NumberInput(
                    attrs={
                        "type": "range",
                        "class": "input",
                        "min": f"{one.lowest:f}",
                        "max": f"{one.highest:f}",
                        "step": one.grid,
                    }
                ),
            )
        if standing.income_verification:
            self.fields["income_verification"] = forms.ChoiceField(
                label=recourse_words.NAMES["income_verification"],
                required=False,
                choices=[(one, feature_words.category(one)) for one in _VERIFICATIONS],
                initial=standing.income_verification,
                widget=forms.Select(attrs={"class": "input"}),
            )

    def point(self) -> Point:
        """Return what differs from the application as it stands; call it on a valid form."""
        found: dict[str, changes.Value] = {}
        for what, given in self.cleaned_data.items():
            if given in (None, "") or given == getattr(self._standing, what):
                continue
            found[what] = int(given) if what in _MONTHS else given
        return found
