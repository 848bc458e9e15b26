"""The words for what can be wrong with a whole file, in the reader's language."""

from django.utils.translation import gettext_lazy as _

# By the code of `table_faults.FileUnreadable`; its facts fill the sentence.
FILES = {
    "empty": _("The file is empty."),
    "headers_only": _("The file has a header and no rows."),
    "too_many_rows": _("The file has more than %(most)s rows. Divide it and upload the parts."),
    "too_many_columns": _("The file has more than %(most)s columns."),
    "unnamed_column": _("Column %(column)s of the header has no name."),
    "heading_unreadable": _("The name of column %(column)s cannot be read."),
    "column_twice": _("The column “%(heading)s” stands twice in the header."),
    "wrong_encoding": _(
        "The file is not in the encoding %(encoding)s; it breaks off near row %(row)s. Save it as"
        " UTF-8, or choose the encoding it has."
    ),
    "is_utf_16": _(
        "The file is in UTF-16, not in %(encoding)s. Choose UTF-16, or save it as UTF-8."
    ),
    "malformed": _(
        "Row %(row)s cannot be read: a quotation mark is not closed, or a cell is far too long."
    ),
    "old_excel": _(
        "This is an old Excel file (.xls) or one with a password. Save it as .xlsx without one."
    ),
    "not_a_table": _("This is no table. Upload a CSV or Excel file (.xlsx)."),
    "excel_broken": _("This Excel file is damaged. Save it anew and upload it again."),
    "excel_bomb": _("This Excel file unpacks to far more than a list."),
    "excel_macros": _("This Excel file holds macros. Save it as .xlsx without them."),
    "excel_links": _(
        "This Excel file takes values from other files. Replace the links by their values."
    ),
}


def of_file(code: str, **facts: object) -> str:
    """Return the sentence about a file that nothing can be read from."""
    return str(FILES[code]) % facts
