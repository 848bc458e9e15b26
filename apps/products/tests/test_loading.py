"""Loading the catalogue: all of it lands, twice changes nothing, and a bad file lands nothing."""

import io
import json
from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction

from apps.accounts.models import Branch, Entity
from apps.audit.models import Event
from apps.products import selectors
from apps.products.models import Conditions, Fee, Product, TaxRate
from apps.products.tests import factories
from apps.products.tests.test_catalogue import PRODUCTS, changed

pytestmark = pytest.mark.django_db


def load(*words: str) -> str:
    out = io.StringIO()
    call_command("load_products", *words, stdout=out)
    return out.getvalue().strip()


def written(folder: Path, data: object) -> str:
    file = folder / "products.json"
    file.write_text(json.dumps(data))
    return str(file)


def test_it_loads_lenders_branches_products_and_fees() -> None:
    said = load()

    assert said.splitlines() == [
        "Products: 36 new, 0 changed, 0 removed, 0 as they were.",
        "Taxes on fees: 1 new, 0 changed.",
    ]
    assert Entity.objects.count() == 3
    assert Branch.objects.count() == 6
    assert Product.objects.count() == 8
    personal = Product.objects.get(code="in-personal")
    assert personal.annual_rate == Decimal("0.16")
    assert personal.entity.code == "sahyadri"
    assert [fee.code for fee in personal.fees.order_by("code")] == ["documentation", "processing"]
    assert personal.conditions.penal_charge_rate == Decimal("0.24")
    assert (personal.entity.nodal_officer, personal.entity.weekend) == ("Vidya Bhave", [5, 6])
    assert Event.objects.filter(verb="products.loaded").count() == 1


def test_it_changes_nothing_the_second_time() -> None:
    load()
    before = set(Product.objects.values_list("pk", "updated_at"))

    said = load()

    assert said == "Products: 0 new, 0 changed, 0 removed, 36 as they were."
    assert set(Product.objects.values_list("pk", "updated_at")) == before
    assert Event.objects.filter(verb="products.loaded").count() == 1


def test_it_brings_a_product_to_what_the_file_says(tmp_path: Path) -> None:
    load()
    data = changed(annual_rate="0.175", fees=PRODUCTS["products"][0]["fees"][:1])

    said = load(written(tmp_path, data))

    assert said == "Products: 0 new, 1 changed, 1 removed, 34 as they were."
    product = Product.objects.get(code="in-personal")
    assert product.annual_rate == Decimal("0.175")
    assert [fee.code for fee in product.fees.all()] == ["processing"]


def test_it_lands_nothing_of_a_file_with_one_bad_product(tmp_path: Path) -> None:
    with pytest.raises(CommandError) as refusal:
        load(written(tmp_path, changed(cooling_off_days=0)))

    assert "products[1]: An Indian lender must give at least one cooling-off day." in str(
        refusal.value
    )
    assert not Entity.objects.exists()
    assert not Product.objects.exists()
    assert not Fee.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("content", ["", "{", "\x00"])
def test_it_says_that_a_file_is_no_json(tmp_path: Path, content: str) -> None:
    file = tmp_path / "products.json"
    file.write_text(content)

    with pytest.raises(CommandError, match="cannot be read"):
        load(str(file))


def test_it_says_that_a_file_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        load(str(tmp_path / "none.json"))


def test_a_product_whose_file_says_nothing_of_conditions_has_none(tmp_path: Path) -> None:
    load()

    said = load(written(tmp_path, changed(conditions=None)))

    assert said == "Products: 0 new, 0 changed, 1 removed, 35 as they were."
    assert not Conditions.objects.filter(product__code="in-personal").exists()


@pytest.mark.parametrize(
    "changes",
    [
        {"rate_type": "floating"},
        {"penal_charge_rate": Decimal("-0.01")},
        {"is_colent": True},
        {"recovery_clause": ""},
        {"is_staged": True},
        {"allocation_order": ["fees", "fees", "interest", "principal"]},
        {"allocation_across": "diagonal"},
        {"npa_allocation_order": ["fees", "fees", "interest", "principal"]},
        {"offer_working_days": 2},
        {"step_every": 12, "step_factor": Decimal("0.9")},
        {"step_every": 12, "step_factor": Decimal(1)},
        {"step_every": 12, "step_factor": Decimal("2.1")},
    ],
    ids=str,
)
def test_the_database_itself_wants_whole_conditions(changes: dict[str, object]) -> None:
    load()

    with pytest.raises(IntegrityError), transaction.atomic():
        Conditions.objects.filter(product__code="in-personal").update(**changes)


def _falling(rate: str = "0.16", **conditions: object) -> object:
    """Return a catalogue in which the first product's instalments fall."""
    told = PRODUCTS["products"][0]["conditions"]
    steps = {"step_every": 12, "step_factor": "0.9"}
    return changed(schedule="stepped", annual_rate=rate, conditions={**told, **steps, **conditions})


def _stored_falling() -> Product:
    """Bring the first product to where it was stored while instalments might fall."""
    load()
    product = Product.objects.get(code="in-personal")
    Product.objects.filter(pk=product.pk).update(schedule="stepped")
    told = Conditions.objects.filter(product=product).values().get()
    kept = {name: value for name, value in told.items() if name not in ("id", "product_id")}
    steps = {"step_every": 12, "step_factor": Decimal("0.9")}
    factories.stored_before(product, **{**kept, **steps})
    return product


def test_a_product_that_falls_is_left_alone_while_others_are_loaded(tmp_path: Path) -> None:
    product = _stored_falling()
    data = _falling()
    data["products"][1]["name"] = "Another name"  # type: ignore[index]

    said = load(written(tmp_path, data))

    assert said == "Products: 0 new, 1 changed, 0 removed, 35 as they were."
    assert Conditions.objects.get(product=product).step_factor == Decimal("0.9")
    # Its price and whether it is open are no steps.
    closed = load(written(tmp_path, _falling(rate="0.17")))
    assert closed == "Products: 0 new, 2 changed, 0 removed, 34 as they were."


@pytest.mark.parametrize(
    "changes",
    [{"step_factor": "0.8"}, {"bounce_charge": "600"}, {"step_every": 6}],
    ids=str,
)
def test_whoever_changes_a_product_that_falls_lets_it_rise(
    changes: dict[str, object], tmp_path: Path
) -> None:
    _stored_falling()
    before = Conditions.objects.order_by("pk").values_list()
    kept = list(before)

    with pytest.raises(CommandError, match=r"products\[1\]\.conditions: step_factor is above 1"):
        load(written(tmp_path, _falling(**changes)))

    assert list(before.all()) == kept
    load(written(tmp_path, _falling(step_factor="1.1")))
    assert Conditions.objects.get(product__code="in-personal").step_factor == Decimal("1.1")


def test_a_product_that_falls_is_not_taken_on(tmp_path: Path) -> None:
    load()

    with pytest.raises(CommandError, match="instalments rise"):
        load(written(tmp_path, _falling()))

    assert not Conditions.objects.exclude(step_factor=None).exists()


def taxed(folder: Path, **changes: object) -> str:
    row = {
        "entity": "sahyadri",
        "code": "gst",
        "name": "Goods and services tax",
        "rate": "0.18",
        "effective_from": "2017-07-01",
    }
    file = folder / "taxes.json"
    file.write_text(json.dumps({"tax_rates": [{**row, **changes}]}))
    return str(file)


def test_it_loads_the_taxes_on_fees_from_a_day_on(tmp_path: Path) -> None:
    load()
    said = load("--taxes", taxed(tmp_path, rate="0.20", effective_from="2026-04-01"))

    assert said.endswith("Taxes on fees: 1 new, 0 changed.")
    lender = Entity.objects.get(code="sahyadri")
    rates = [
        [one.rate for one in selectors.taxes_on_fees(lender.pk, day)]
        for day in (date(2017, 6, 30), date(2017, 7, 1), date(2026, 3, 31), date(2026, 4, 1))
    ]
    assert rates == [[], [Decimal("0.18")], [Decimal("0.18")], [Decimal("0.20")]]
    load("--taxes", taxed(tmp_path, rate="0", effective_from="2026-10-01"))
    assert selectors.taxes_on_fees(lender.pk, date(2026, 10, 1)) == []
    assert Event.objects.filter(verb="products.taxes_loaded").count() == 3


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"rate": "1.18"}, "rate is a fraction"),
        ({"entity": "nobody"}, "There is no entity"),
        ({"effective_from": "soon"}, "does not fit here"),
        ({"name": ""}, "A tax has a code and a name"),
    ],
    ids=["no-fraction", "no-lender", "no-day", "no-name"],
)
def test_it_refuses_a_tax_that_breaks_a_rule(
    changes: dict[str, str], why: str, tmp_path: Path
) -> None:
    load()

    with pytest.raises(CommandError, match=why):
        load("--taxes", taxed(tmp_path, **{"code": "other", **changes}))

    assert TaxRate.objects.count() == 1
