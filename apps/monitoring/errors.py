"""What is refused in monitoring, and why."""

from django.utils.translation import gettext as _

from apps.core.errors import NotPermitted


class OwnProposal(NotPermitted):
    """Nobody agrees to what they asked for."""

    def __init__(self) -> None:
        super().__init__(
            "own_proposal", _("You proposed this; another person must approve or refuse it.")
        )
