"""Problems of settings as JSON, as several tables store them.

What does not belong here: finding problems (``settings``, ``check``).
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from flyle_sf_assets.errors import Problem, Text


def problems_text(problems: Iterable[Problem]) -> str:
    """The problems as the text of a JSON array."""
    return json.dumps([_document(one) for one in problems], ensure_ascii=False)


def read_problems(documents: Sequence[Mapping[str, Any]]) -> tuple[Problem, ...]:
    """The problems that `problems_text` stored."""
    return tuple(
        Problem(
            code=one["code"],
            path=one["path"],
            line=one["line"],
            message=Text(one["message_ja"], one["message_en"]),
            remedy=Text(one["remedy_ja"], one["remedy_en"]),
            severity=one["severity"],
            file=one["file"],
        )
        for one in documents
    )


def _document(problem: Problem) -> dict[str, Any]:
    return {
        "code": problem.code,
        "path": problem.path,
        "line": problem.line,
        "file": problem.file,
        "severity": problem.severity,
        "message_ja": problem.message.ja,
        "message_en": problem.message.en,
        "remedy_ja": problem.remedy.ja,
        "remedy_en": problem.remedy.en,
    }
