"""Whether an application's security is as it must be before money is paid out, and what lacks."""

import uuid
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.applications import selectors as applications
from apps.applications.models import Application
from apps.collateral import exposures, rulebook, worth, worths
from apps.collateral.models import Kind, Lien
from apps.collateral.worths import Worth
from apps.core import formatting
from apps.products.models import Purpose


@dataclass(frozen=True)
class Lack:
    """One thing that stands in the way of paying out; `item` is the one to put right, if any."""

    code: str
    sentence: str
    item: uuid.UUID | None = None


@dataclass(frozen=True, kw_only=True)
class Cover:
    """One lien of the application: its item's worth, and what the lien gets of it."""

    lien: Lien
    worth: Worth
    available: Decimal
    gets: Decimal
    realises: Decimal
    cap: Decimal | None


@dataclass(frozen=True, kw_only=True)
class Standing:
    """How an application is secured on a day, for an amount that is to be paid out.

    `value` is what its liens find after those before them, `realisable` what they would get of a
    sale; of items that count as security. `ltv` is the amount over the value; `ltv_decided` what
    the decision rested on, and None where nothing had been declared then.
    """

    application: uuid.UUID
    on: date
    amount: Decimal
    currency: str
    is_demanded: bool
    covers: tuple[Cover, ...]
    value: Decimal
    realisable: Decimal
    ltv: Decimal | None
    ltv_decided: Decimal | None
    most_lent: Decimal | None
    lacks: tuple[Lack, ...]

    @property
    def is_ready(self) -> bool:
        """Whether nothing about the security stands in the way of paying out."""
        return not self.lacks

    @property
    def is_unsecured(self) -> bool:
        """Whether the exposure counts as unsecured (rule book 1.9)."""
        return worth.is_unsecured(self.amount, self.realisable)


def standing(application: Application, on: date, *, amount: Decimal | None = None) -> Standing:
    """Return how an application is secured on a day, and all that is missing.

    `amount` is what is to be paid out, in the application's currency; without it, what was asked
    for. Security is demanded where the product is secured, and where the decision rested on what
    was declared. Needs product and branch with its entity on the application.
    """
    lent = application.amount if amount is None else amount
    covers = _covers(application, on, lent)
    counting = [one for one in covers if one.worth.terms.counts]
    value = sum((one.available for one in counting), Decimal(0))
    parts = [worth.Part(one.available, one.cap) for one in counting]
    is_capped = any(part.cap is not None for part in parts)
    decided = _decided(application)
    found = Standing(
        application=application.pk,
        on=on,
        amount=lent,
        currency=application.currency,
        is_demanded=application.product.secured or decided is not None,
        covers=covers,
        value=value,
        realisable=sum((one.realises for one in counting), Decimal(0)),
        ltv=worth.ltv(lent, value),
        ltv_decided=decided,
        most_lent=worth.most_lent(parts) if is_capped else None,
        lacks=(),
    )
    if not found.is_demanded:
        return found
    return _with_lacks(found)


def _covers(application: Application, on: date, lent: Decimal) -> tuple[Cover, ...]:
    liens = list(
        Lien.objects.filter(application=application, status="standing")
        .select_related("item__branch__entity")
        .order_by("item__number")
    )
    found = worths.on_day((lien.item for lien in liens), on)
    # The steps on gold go by all that the borrower owes on gold together (RBI/2025-26/47): two
    # small loans are not lent more on than a large one.
    on_gold = lent
    if any(lien.item.kind == Kind.GOLD for lien in liens):
        on_gold += _others_on_gold(application)
    return tuple(
        _cover(
            application,
            lien,
            found[lien.item_id],
            on_gold if lien.item.kind == Kind.GOLD else lent,
        )
        for lien in liens
    )


def _cover(application: Application, lien: Lien, found: Worth, lent: Decimal) -> Cover:
    share = found.shares[lien.pk]
    return Cover(
        lien=lien,
        worth=found,
        available=share.before,
        gets=share.gets,
        realises=found.realised[lien.pk].gets,
        cap=_cap(application, found, lent),
    )


def _cap(application: Application, found: Worth, lent: Decimal) -> Decimal | None:
    """Return the cap of rule book 6.11; on homes only where a home is bought with the money."""
    rule = found.terms.cap
    if not rule:
        return None
    if found.item.kind == Kind.RESIDENTIAL_PROPERTY and application.purpose != Purpose.HOUSE:
        return None
    return rulebook.installed().cap(
        rule,
        loan=lent,
        country=application.branch.entity.country,
        currency=application.currency,
        on=found.on,
    )


def _others_on_gold(application: Application) -> Decimal:
    """Return what the borrower owes under other applications that gold secures."""
    liens = Lien.objects.filter(
        status="standing", item__kind=Kind.GOLD, application__customer=application.customer_id
    ).exclude(application=application)
    found = exposures.owed(set(liens.values_list("application_id", flat=True)))
    owed = (
        one.amount for one in found.values() if one.is_owed and one.currency == application.currency
    )
    return sum(owed, Decimal(0))


def _decided(application: Application) -> Decimal | None:
    """Return the LTV on what was declared, at what was asked for; None where nothing was."""
    return applications.affordability(application).ltv.value


def _with_lacks(found: Standing) -> Standing:
    lacks = _of_items(found) if found.covers else [_nothing()]
    if found.covers:
        lacks += [*_of_amount(found), *_of_ltv(found)]
    return replace(found, lacks=tuple(lacks))


def _nothing() -> Lack:
    return Lack(
        "not_registered",
        _("Nothing in the collateral register secures this application yet."),
    )


def _of_items(found: Standing) -> list[Lack]:
    """What lacks of the items that count; where none does, that none does."""
    counting = [cover for cover in found.covers if cover.worth.terms.counts]
    if counting:
        return [lack for cover in counting for lack in _of_item(cover)]
    sentence = _("%(number)s (%(kind)s) does not count as security (rule book 1.9).")
    return [
        Lack("does_not_count", sentence % _words(cover), cover.worth.item.pk)
        for cover in found.covers
    ]


def _words(cover: Cover) -> dict[str, str]:
    item = cover.worth.item
    return {"number": item.number, "kind": str(item.get_kind_display())}


def _of_item(cover: Cover) -> list[Lack]:
    item, words = cover.worth.item, _words(cover)
    lacks = []
    if not item.is_charged:
        sentence = _("%(number)s (%(kind)s) is not pledged yet.")
        lacks.append(Lack("not_pledged", sentence % words))
    found = [*lacks, *_of_valuation(cover, words), *_of_insurance(cover, words)]
    return [replace(lack, item=item.pk) for lack in found]


def _of_valuation(cover: Cover, words: dict[str, str]) -> list[Lack]:
    valuation = cover.worth.valuation
    if valuation is None:
        return [Lack("not_valued", _("%(number)s (%(kind)s) has no valuation.") % words)]
    if not cover.worth.is_stale:
        return []
    day = date_format(valuation.valid_until)
    sentence = _("The valuation of %(number)s (%(kind)s) held until %(day)s; value it anew.")
    return [Lack("valuation_stale", sentence % {**words, "day": day})]


def _of_insurance(cover: Cover, words: dict[str, str]) -> list[Lack]:
    if not cover.worth.terms.needs_insurance:
        return []
    policy = cover.worth.insurance
    if policy is None or not cover.worth.is_insured:
        sentence = _("%(number)s (%(kind)s) is not insured today.")
        return [Lack("not_insured", sentence % words)]
    if policy.sum_insured >= cover.gets:
        return []
    sentence = _("%(number)s (%(kind)s) is insured for %(sum)s, less than the %(gets)s it secures.")
    currency = cover.worth.item.currency
    amounts = {
        "sum": formatting.format_money(policy.sum_insured, currency),
        "gets": formatting.format_money(cover.gets, currency),
    }
    return [Lack("insured_too_low", sentence % {**words, **amounts})]


def _of_amount(found: Standing) -> list[Lack]:
    """The liens secure the whole loan, or the whole value where that is less."""
    secured = sum((one.lien.secured_amount for one in found.covers), Decimal(0))
    needed = min(found.amount, found.value)
    if secured >= needed:
        return []
    sentence = _("The liens secure %(secured)s, less than the %(needed)s to be secured.")
    words = {
        "secured": formatting.format_money(secured, found.currency),
        "needed": formatting.format_money(needed, found.currency),
    }
    return [Lack("secured_too_low", sentence % words)]


def _of_ltv(found: Standing) -> list[Lack]:
    lacks = []
    if found.ltv_decided is not None and (found.ltv is None or found.ltv > found.ltv_decided):
        sentence = _("The loan is %(now)s of the value of its security; decided was %(decided)s.")
        words = {"now": _share(found.ltv), "decided": _share(found.ltv_decided)}
        lacks.append(Lack("ltv_above_decided", sentence % words))
    if found.most_lent is not None and found.amount > found.most_lent:
        sentence = _("At most %(most)s may be lent on this security (rule book 6.11).")
        most = formatting.format_money(found.most_lent, found.currency)
        lacks.append(Lack("ltv_above_cap", sentence % {"most": most}))
    return lacks


def _share(value: Decimal | None) -> str:
    return "—" if value is None else formatting.format_percent(value)
