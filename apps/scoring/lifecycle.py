"""The life of a model version. Pure."""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="registered",
    steps=[
        ("promote", ["registered", "retired"], "champion"),
        ("retire", ["registered", "champion"], "retired"),
    ],
)
