"""The life of an entry on the block list. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(initial="standing", steps=[("lift", ["standing"], "lifted")])
