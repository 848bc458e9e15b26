"""The life of an item, of a lien on it, and of a request to release. Pure.

A lien stands until another person releases it, or until it is dropped from an item that was never
pledged.
"""

from apps.core.lifecycle import Lifecycle

LIFECYCLE = Lifecycle(
    initial="proposed",
    steps=[
        # The deed is signed; then the charge is on the public register, or in our hands.
        ("pledge", ["proposed"], "pledged"),
        ("perfect", ["pledged"], "perfected"),
        ("withdraw", ["proposed"], "withdrawn"),
        ("release", ["pledged", "perfected"], "released"),
        ("invoke", ["pledged", "perfected"], "invoked"),
    ],
)
CHARGED = ("pledged", "perfected")
LIVE = ("proposed", *CHARGED)

LIENS = Lifecycle(
    initial="standing",
    steps=[
        ("release", ["standing"], "released"),
        ("drop", ["standing"], "dropped"),
    ],
)

RELEASES = Lifecycle(
    initial="asked",
    steps=[
        ("grant", ["asked"], "granted"),
        ("refuse", ["asked"], "refused"),
    ],
)
