"""Policies, their faults and their differences as plain sentences, in the active language."""

from collections.abc import Callable, Mapping
from decimal import Decimal

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.core import formatting
from apps.decisions import recourse_words, sentences
from apps.decisions.changes import Allowed
from apps.decisions.policy import Band, Rule
from apps.decisions.policy_difference import Difference
from apps.decisions.policy_inputs import INPUTS
from apps.decisions.policy_problems import Place, Problem
from apps.decisions.reasons import plain
from apps.scoring import feature_words

Names = Mapping[str, str]
_MOST_DECIMALS = 6

OUTCOMES = {
    "approve": gettext_lazy("approves"),
    "refer": gettext_lazy("refers to a person"),
    "decline": gettext_lazy("declines"),
}
_FIGURES = {
    "from": gettext_lazy("From"),
    "below": gettext_lazy("Below"),
    "rate_addon": gettext_lazy("Add-on to the rate"),
    "longest_term_months": gettext_lazy("Longest term in months"),
    "refer_margin": gettext_lazy("Refer within this distance of a cut-off"),
}
_TESTS = {
    "at_least": gettext_lazy("at least"),
    "at_most": gettext_lazy("at most"),
    "is": gettext_lazy("is"),
    "one_of": gettext_lazy("one of"),
}


def problem(one: Problem) -> str:
    """Return what is wrong, without its place, as a sentence of its own."""
    values = {key: _value(key, str(given)) for key, given in one.values.items()}
    said = _(one.pattern) % values
    return said[:1].upper() + said[1:]


def place(where: Place) -> str:
    """Return where it is."""
    if where.rule:
        return _("Rule %(name)s") % {"name": where.name or where.rule}
    if where.band:
        return _("Band %(name)s") % {"name": where.name or where.band}
    if where.change:
        return _("Change %(name)s") % {"name": change_name(where.name) or where.change}
    return _("Bands %(number)s") % {"number": where.ladder} if where.ladder else _("The policy")


def change_name(what: str) -> str:
    """Return what an applicant may be told to change, in words; unknown names as they are."""
    return str(recourse_words.NAMES.get(what, what))


def reach(row: Allowed) -> str:
    """Return how far, and which way, a thing may be told to change."""
    words = {
        "share": "" if row.most is None else share(row.most),
        "months": feature_words.months(int(row.most or 0)),
    }
    return {
        "amount": _("down by at most %(share)s"),
        "term_months": _("by at most %(months)s either way"),
        "obligations_monthly": _("down by at most %(share)s"),
        "revolving_balance": _("down by at most %(share)s"),
        "security_value": _("up by at most %(share)s of the amount asked for"),
        "employment_months": _("up by at most %(months)s"),
        "income_verification": _("to documents"),
        "guarantor": _("to one who owes us nothing"),
    }[row.what] % words


def test_name(test: str) -> str:
    """Return a test in words."""
    return str(_TESTS[test])


def share(number: Decimal) -> str:
    """Return a fraction in per cent with as many decimals as it has, up to six."""
    percent = (number * 100).normalize()
    exponent = percent.as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) else 0
    return formatting.format_percent(number, decimals=min(max(decimals, 0), _MOST_DECIMALS))


def span(band: Band) -> str:
    """Return the PDs of a band."""
    return _("%(start)s to below %(below)s") % {
        "start": share(band.start),
        "below": share(band.below),
    }


def limits(band: Band) -> list[str]:
    """Return what a band limits, each limit as a phrase."""
    found = [
        _("at most %(amount)s") % {"amount": formatting.format_money(most, currency)}
        for currency, most in sorted(band.most_amount.items())
    ]
    if band.longest_term_months is not None:
        words = {"term": feature_words.months(band.longest_term_months)}
        found.append(_("at most %(term)s") % words)
    return found


def requirement(rule: Rule, currency: str) -> str:
    """Return what a rule requires, such as `at most 50 %`."""
    return sentences.requirement(
        rule.test, plain(rule.threshold), about=rule.input, currency=_currency(rule, currency)
    )


def value(rule: Rule, threshold: object, currency: str) -> str:
    """Return a threshold of a rule with every digit that matters."""
    if isinstance(threshold, Decimal) and INPUTS[rule.input].unit == "share":
        return share(threshold)
    return sentences.policy_value(
        rule.input,
        plain(threshold),  # type: ignore[arg-type]
        currency=_currency(rule, currency),
    )


def difference(one: Difference, *, names: Names, currency: str) -> str:
    """Return one difference as a sentence; `names` are the products by code."""
    if one.rule is not None:
        return _of_rule(one, one.rule, names, currency)
    if one.band:
        return _of_band(one, names)
    if one.kind == "margin":
        return _of_margin(one, names)
    if one.change:
        return _of_change(one)
    return {
        "name": _("The policy is now called “%(after)s”, before “%(before)s”."),
        "rule_order": _("The rules stand in another order, in which reasons are named."),
        "bands_new": _("There are bands now for %(products)s."),
        "bands_gone": _("There are no bands any more for %(products)s."),
    }[one.kind] % {
        "before": one.before,
        "after": one.after,
        "products": scope(one.products, names),
    }


def scope(products: tuple[str, ...], names: Names) -> str:
    """Return products by name; all of them when none is singled out."""
    return ", ".join(names.get(code, code) for code in products) or _("all products")


def _value(key: str, given: str) -> str:
    if key == "input":
        return sentences.input_name(given)
    if key == "figure":
        words = _FIGURES.get(given)
        return str(words or _("Largest amount in %(currency)s") % {"currency": given})
    return test_name(given) if key == "test" and given in _TESTS else given


def _currency(rule: Rule, currency: str) -> str:
    return rule.currencies[0] if len(rule.currencies) == 1 else currency


def _of_rule(one: Difference, rule: Rule, names: Names, currency: str) -> str:
    said = {
        "sentence": rule.sentence,
        "input": sentences.input_name(rule.input),
        "products": scope(one.products, names),
        "requirement": requirement(rule, currency),
        "outcome": OUTCOMES[rule.outcome],
    }
    if one.kind == "rule_limit":
        return _limit(one, rule, said, currency)
    if one.kind == "rule_requirement":
        said["before"] = _looks_at(one.before, currency)
        said["after"] = _looks_at(one.after, currency)
    if one.kind == "rule_scope":
        said["before"] = _reach(one.before, names)
        said["after"] = _reach(one.after, names)
    pattern = {
        "rule_new": _(
            "A new rule for %(products)s %(outcome)s unless %(input)s is %(requirement)s:"
            " “%(sentence)s”"
        ),
        "rule_gone": _("The rule “%(sentence)s” for %(products)s is dropped."),
        "rule_requirement": _(
            "The rule “%(sentence)s” now looks at %(after)s, before at %(before)s."
        ),
        "rule_outcome": _("Where “%(sentence)s” does not hold, the policy now %(outcome)s."),
        "rule_scope": _("“%(sentence)s” now holds for %(after)s, before for %(before)s."),
        "rule_sentence": _("The rule %(code)s now reads “%(sentence)s”."),
        "rule_unsaid": _("The rule %(code)s still reads “%(sentence)s”; see that it is true."),
    }[one.kind]
    return pattern % {**said, "code": rule.code}


def _limit(one: Difference, rule: Rule, said: Mapping[str, object], currency: str) -> str:
    words = {
        **said,
        "before": value(rule, one.before, currency),
        "after": value(rule, one.after, currency),
    }
    if not isinstance(one.before, Decimal) or not isinstance(one.after, Decimal):
        pattern = _("Accepted as %(input)s for %(products)s: now %(after)s, before %(before)s.")
    elif rule.test == "at_most":
        pattern = _rises_or_falls(
            one,
            _("The cap on %(input)s for %(products)s rises from %(before)s to %(after)s."),
            _("The cap on %(input)s for %(products)s falls from %(before)s to %(after)s."),
        )
    else:
        pattern = _rises_or_falls(
            one,
            _("The minimum of %(input)s for %(products)s rises from %(before)s to %(after)s."),
            _("The minimum of %(input)s for %(products)s falls from %(before)s to %(after)s."),
        )
    return pattern % words


def _looks_at(rule: Rule, currency: str) -> str:
    return f"{sentences.input_name(rule.input)} ({requirement(rule, currency)})"


def _reach(reach: tuple[tuple[str, ...], tuple[str, ...]], names: Names) -> str:
    products, currencies = reach
    whom = scope(products, names)
    if not currencies:
        return whom
    return _("%(products)s in %(currencies)s") % {
        "products": whom,
        "currencies": ", ".join(currencies),
    }


def _of_margin(one: Difference, names: Names) -> str:
    if one.after is None:
        pattern = _("A risk near a cut-off is no longer referred for %(products)s.")
    elif one.before is None:
        pattern = _("A risk within %(after)s of a cut-off is now referred for %(products)s.")
    else:
        pattern = _(
            "A risk is now referred within %(after)s of a cut-off, before within %(before)s,"
            " for %(products)s."
        )
    return pattern % {
        "before": share(one.before or Decimal(0)),
        "after": share(one.after or Decimal(0)),
        "products": scope(one.products, names),
    }


def _of_change(one: Difference) -> str:
    said: dict[str, object] = {"what": change_name(one.change)}
    if one.kind == "change_weight":
        said |= {"before": one.before, "after": one.after}
    elif one.kind == "change_reach":
        rows = [Allowed(one.change, most, Decimal(1)) for most in (one.before, one.after)]
        said |= {"before": reach(rows[0]), "after": reach(rows[1])}
    else:
        said["reach"] = reach(one.after or one.before)
    return {
        "change_new": _("Applicants may now be told to change: %(what)s, %(reach)s."),
        "change_gone": _("Applicants are no longer told to change: %(what)s, %(reach)s."),
        "change_reach": _("%(what)s may be told to change %(after)s, before %(before)s."),
        "change_weight": _("A change of “%(what)s” now counts %(after)s, before %(before)s."),
    }[one.kind] % said


def _of_band(one: Difference, names: Names) -> str:
    said = {"band": _band_name(one, names)}
    if one.kind in ("band_new", "band_gone"):
        band: Band = one.after or one.before
        said |= {"span": span(band), "outcome": str(OUTCOMES[band.outcome])}
        pattern = {
            "band_new": _("%(band)s is new: it %(outcome)s from %(span)s."),
            "band_gone": _("%(band)s is dropped; it held %(span)s."),
        }[one.kind]
        return pattern % said
    if one.kind in ("band_outcome", "band_beyond"):
        said |= {"before": str(OUTCOMES[one.before]), "after": str(OUTCOMES[one.after])}
        pattern = {
            "band_outcome": _("%(band)s now %(after)s; before it %(before)s."),
            "band_beyond": _("Beyond its limits %(band)s now %(after)s; before it %(before)s."),
        }[one.kind]
        return pattern % said
    return _of_figure(one, said)


def _of_figure(one: Difference, said: dict[str, str]) -> str:
    word: Callable[[Decimal], str] = {
        "band_most": lambda amount: formatting.format_money(amount, one.currency),
        "band_term": lambda months: feature_words.months(int(months)),
    }.get(one.kind, share)
    if one.after is None:
        pattern = {
            "band_most": _("%(band)s no longer limits the amount; before it was %(before)s."),
            "band_term": _("%(band)s no longer limits the term; before it was %(before)s."),
        }[one.kind]
        return pattern % {**said, "before": word(one.before)}
    if one.before is None:
        pattern = {
            "band_most": _("%(band)s now limits the amount to %(after)s."),
            "band_term": _("%(band)s now limits the term to %(after)s."),
        }[one.kind]
        return pattern % {**said, "after": word(one.after)}
    pattern = {
        "band_end": _("%(band)s now ends at %(after)s instead of %(before)s."),
        "band_addon": _rises_or_falls(
            one,
            _("The add-on to the rate in %(band)s rises from %(before)s to %(after)s."),
            _("The add-on to the rate in %(band)s falls from %(before)s to %(after)s."),
        ),
        "band_most": _rises_or_falls(
            one,
            _("The largest amount in %(band)s rises from %(before)s to %(after)s."),
            _("The largest amount in %(band)s falls from %(before)s to %(after)s."),
        ),
        "band_term": _rises_or_falls(
            one,
            _("The longest term in %(band)s rises from %(before)s to %(after)s."),
            _("The longest term in %(band)s falls from %(before)s to %(after)s."),
        ),
    }[one.kind]
    return pattern % {**said, "before": word(one.before), "after": word(one.after)}


def _rises_or_falls(one: Difference, rises: str, falls: str) -> str:
    return rises if one.after > one.before else falls


def _band_name(one: Difference, names: Names) -> str:
    if not one.products:
        return _("Band %(name)s") % {"name": one.band}
    return _("Band %(name)s for %(products)s") % {
        "name": one.band,
        "products": scope(one.products, names),
    }
