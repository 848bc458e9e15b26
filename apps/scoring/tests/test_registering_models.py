import dataclasses

import pytest
from django.db import IntegrityError, connection, transaction

from apps.accounts.models import User
from apps.audit.models import Event
from apps.scoring import artefact_checks, champion, services
from apps.scoring.errors import ModelRefused, NoChampion, PromotionRefused
from apps.scoring.models import ModelVersion
from apps.scoring.tests import factories
from ml import artefact as artefacts
from ml.artefact import Artefact
from ml.schema import Schema


def _refused(rita: User, artefact: Artefact) -> str:
    with pytest.raises(ModelRefused) as refusal:
        services.register_model(
            actor=rita,
            segment="retail",
            name="Bad",
            artefact=artefact,
            now=factories.PROMOTED_AT,
        )
    assert not ModelVersion.objects.exists()
    assert not Event.objects.filter(verb="scoring.model_registered").exists()
    return refusal.value.code


def _with_first_feature(name: str) -> Artefact:
    """Return the model with its first feature renamed and the checksum made anew."""
    packed = factories.trained_artefact()
    schema = packed.manifest["schema"]
    renamed = [{**schema["features"][0], "name": name}, *schema["features"][1:]]
    manifest = {**packed.manifest, "schema": {**schema, "features": renamed}}
    checksum = artefacts.checksum(packed.body, manifest)
    return Artefact(packed.body, manifest, checksum)


def test_it_registers_a_signed_model_that_decides_nothing_yet(rita: User) -> None:
    model = factories.registered("retail", rita)

    assert (model.number, model.status, model.developed_by) == (1, "registered", rita)
    champion.verified_artefact(model)
    with pytest.raises(NoChampion):
        champion.current("retail")


def test_it_refuses_a_model_whose_content_was_changed(rita: User) -> None:
    packed = factories.trained_artefact()
    changed = dataclasses.replace(packed, body=packed.body + " ")

    assert _refused(rita, changed) == "artefact_corrupt"


def test_it_refuses_a_protected_feature(rita: User) -> None:
    assert _refused(rita, _with_first_feature("gender")) == "protected_feature"


def test_it_refuses_a_feature_declared_protected(
    rita: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    packed = factories.trained_artefact()
    schema = packed.manifest["schema"]
    declared = [{**schema["features"][0], "sensitivity": "protected"}, *schema["features"][1:]]
    declaring = Schema.from_dict({**schema, "features": declared})
    manifest = {
        **packed.manifest,
        "schema": declaring.to_dict(),
        "schema_hash": declaring.hash,
    }
    checksum = artefacts.checksum(packed.body, manifest)
    # Even where the house itself declared it so.
    monkeypatch.setattr(artefact_checks, "SCHEMA", declaring)

    assert _refused(rita, Artefact(packed.body, manifest, checksum)) == "protected_feature"


def test_it_refuses_the_same_model_twice(rita: User) -> None:
    factories.registered("retail", rita)

    with pytest.raises(ModelRefused) as refusal:
        factories.registered("retail", rita)

    assert refusal.value.code == "model_registered_before"
    assert ModelVersion.objects.count() == 1


def test_it_swaps_the_champion_in_one_step(rita: User, mark: User) -> None:
    first = factories.champion("retail", rita, mark)

    second = factories.champion("retail", rita, mark, seed=7)

    first.refresh_from_db()
    assert (first.status, second.status, second.number) == ("retired", "champion", 2)
    assert champion.current("retail")[0] == second
    assert second.approved_by == mark


def test_it_brings_a_retired_model_back(rita: User, mark: User) -> None:
    first = factories.champion("retail", rita, mark)
    factories.champion("retail", rita, mark, seed=7)
    first.refresh_from_db()

    services.promote(model=first, approved_by=mark, now=factories.PROMOTED_AT)

    assert champion.current("retail")[0] == first


def test_the_developer_cannot_approve_the_own_model(rita: User) -> None:
    model = factories.registered("retail", rita)

    with pytest.raises(PromotionRefused):
        services.promote(model=model, approved_by=rita, now=factories.PROMOTED_AT)

    model.refresh_from_db()
    assert model.status == "registered"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_modelversion SET status = 'champion', approved_by_id = developed_by_id"
        )


def test_the_database_keeps_one_champion_to_a_segment(rita: User, mark: User) -> None:
    factories.champion("retail", rita, mark)
    factories.registered("retail", rita, seed=7)

    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE scoring_modelversion SET status = 'champion', approved_by_id = %s", [mark.pk]
        )


def test_it_does_not_promote_a_model_changed_in_the_database(rita: User, mark: User) -> None:
    model = factories.registered("retail", rita)
    ModelVersion.objects.filter(pk=model.pk).update(signature="00" * 64)
    model.refresh_from_db()

    with pytest.raises(PromotionRefused) as refusal:
        services.promote(model=model, approved_by=mark, now=factories.PROMOTED_AT)

    assert refusal.value.code == "model_unusable"
    assert not ModelVersion.objects.filter(status="champion").exists()
