"""Field-level history of rows, kept by django-auditlog beside the business events."""

from collections.abc import Sequence

from django.db import models


def keep(
    model: type[models.Model], *, exclude: Sequence[str] = (), masked: Sequence[str] = ()
) -> None:
    """Keep the history of a model's rows; call it in an app's `ready`.

    `masked` fields show that they changed but not to what; `exclude` leaves columns out.
    """
    # auditlog's registry imports models, which exist only once the apps are loaded.
    from auditlog.registry import auditlog  # noqa: PLC0415

    # Rows of other tables that point here are no columns; asking for them when a row is made
    # would also leave "there is none" on the instance for good.
    pointing_here = [
        field.name
        for field in model._meta.get_fields()
        if field.auto_created and not field.concrete
    ]
    auditlog.register(
        model,
        exclude_fields=[*exclude, *pointing_here],
        mask_fields=list(masked),
        mask_callable="apps.core.masking.hidden",
    )
