"""Papers of the demonstration's applicants: one page each that says what it stands for. Pure."""

_PAGE = (
    b"<</Type/Catalog/Pages 2 0 R>>",
    b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
    (
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 420 298]/Contents 4 0 R"
        b"/Resources<</Font<</F1<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>>>>>>>"
    ),
)


def page(*lines: str) -> bytes:
    """Return a PDF of one page with these lines; what is not of Latin-1 is shown as a question."""
    shown = b"BT /F1 14 Tf 40 240 Td 22 TL " + b" ".join(map(_line, lines)) + b" ET"
    stream = b"<</Length %d>>stream\n%b\nendstream" % (len(shown), shown)
    written, places = b"%PDF-1.4\n", []
    for number, content in enumerate((*_PAGE, stream), start=1):
        places.append(len(written))
        written += b"%d 0 obj%b endobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(places) + 1
    return (
        written
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (size, len(written))
    )


def _line(text: str) -> bytes:
    kept = text.encode("latin-1", "replace")
    escaped = kept.replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
    return b"(%b) Tj T*" % escaped
