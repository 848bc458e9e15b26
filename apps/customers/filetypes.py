"""What a file is, by its bytes; its name only has to agree. Pure."""

import re
import unicodedata

import puremagic

from apps.customers.findings import Finding

# What a document may be, with the endings its name may have.
EXTENSIONS = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
}
NAMES = {"application/pdf": "PDF", "image/jpeg": "JPEG", "image/png": "PNG"}
MAX_NAME = 120
# A file's head says what it is; nothing after it is looked at.
_HEAD_BYTES = 4096
_SEPARATORS = re.compile(r"[\\/]")


def sniff(content: bytes) -> str:
    """Return the media type found in the bytes; raise Finding when it is not one we take."""
    if not content:
        raise Finding("file_empty")
    try:
        guesses = puremagic.magic_string(content[:_HEAD_BYTES])
    except (puremagic.PureError, ValueError):
        raise Finding("file_type") from None
    best = max(guess.confidence for guess in guesses)
    kinds = {guess.mime_type for guess in guesses if guess.confidence == best and not guess.offset}
    found = [content_type for content_type in EXTENSIONS if content_type in kinds]
    if len(found) != 1:
        raise Finding("file_type")
    return found[0]


def file_name(given: str, content_type: str) -> str:
    """Return the bare name for storage; raise Finding when its ending contradicts the content."""
    bare = _SEPARATORS.split(unicodedata.normalize("NFC", given))[-1]
    name = "".join(sign for sign in bare if unicodedata.category(sign)[0] != "C").strip()
    if not name or name.startswith("."):
        raise Finding("required")
    if len(name) > MAX_NAME:
        raise Finding("too_long", limit=MAX_NAME)
    if not name.lower().endswith(EXTENSIONS[content_type]):
        raise Finding("file_name_mismatch", content=NAMES[content_type])
    return name


def size(count: int, *, limit: int) -> int:
    """Return the size in bytes; raise Finding when it is above the limit."""
    if count > limit:
        raise Finding("file_too_large", megabytes=limit // 1_048_576)
    return count
