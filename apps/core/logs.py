"""Structured log lines: JSON in production, readable text elsewhere; never personal data."""

import logging

import structlog

from apps.core.masking import hide_tokens

_SHARED: tuple[structlog.typing.Processor, ...] = (
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
)


def formatter(*, json: bool) -> logging.Formatter:
    """Return the formatter of the console handler and set structlog up to use it."""
    # At a terminal the process manager writes the time before each line.
    shared: list[structlog.typing.Processor] = [*_SHARED]
    if json:
        shared.append(structlog.processors.TimeStamper(fmt="iso", utc=True))
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: structlog.typing.Processor = (
        structlog.processors.JSONRenderer() if json else structlog.dev.ConsoleRenderer(colors=False)
    )
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _without_links,
            structlog.processors.format_exc_info,
            renderer,
        ],
    )


def _without_links(
    _logger: object, _method: str, line: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    """Take tokens out of paths: Django names that of a request which it refuses or which fails."""
    return {**line, "event": hide_tokens(str(line["event"]))}
