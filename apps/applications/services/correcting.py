"""Take the facts of a decided request anew, because some of them were shown to be wrong."""

from datetime import datetime

from apps.accounts.models import User
from apps.applications.models import Application
from apps.applications.services.submitting import freeze
from apps.audit import services as audit
from apps.core import dates

# What is frozen of the applicant; amount, term and price stay as they were asked for.
FACTS = ("employment", "bureau_report", "obligations_monthly", "own_obligations_monthly", "home")


def take_facts_anew(*, actor: User, application: Application, now: datetime) -> list[str]:
    """Freeze the applicant's facts as they stand today; return the names of those that changed.

    What was decided on the former facts keeps them in its own row. The caller holds the
    application and has permitted the person. Raises NotReady where something lacks.
    """
    today = dates.local_date(now, application.branch.entity.time_zone)
    frozen = freeze(application, today=today)
    before = {name: getattr(application, name) for name in FACTS}
    # Where the parts were not told apart, nothing of the obligations was ours.
    before["own_obligations_monthly"] = application.own_burden
    changed = [name for name in FACTS if before[name] != frozen[name]]
    for name in changed:
        setattr(application, name, frozen[name])
    if changed:
        application.save(update_fields=[*changed, "updated_at"])
    audit.record(
        actor, "applications.facts_taken_anew", application, case=application, changed=changed
    )
    return changed
