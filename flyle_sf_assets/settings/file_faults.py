"""The messages about a settings file that cannot be used as a file."""

from collections.abc import Iterator

from flyle_sf_assets.errors import Problem, Text
from flyle_sf_assets.settings.wording import named_value


def more_problems(count: int, line: int | None) -> Problem:
    """Problems beyond this number are not reported one by one."""
    return Problem(
        "more_problems",
        "",
        Text(f"ほか{count:,}件の問題があります。", f"and {count:,} more"),
        Text(
            "上の問題を直して、もう一度確認してください。",
            "Correct the problems above and check again.",
        ),
        line=line,
    )


def no_tenant_name(name: str) -> Problem:
    """The file's name cannot be a tenant's name: not UTF-8, capitals, blanks, controls."""
    return Problem(
        "file_name_invalid",
        "",
        Text(
            f"ファイル名「{name}」はテナント名として使えません。",
            f'The file name "{name}" is not the name of a tenant.',
        ),
        Text(
            "英小文字・数字・「_」・「-」だけの63文字以内の名前に「.yaml」を付けてください。",
            "Use a-z, 0-9, _ and - only, at most 63 characters, then .yaml.",
        ),
    )


def other_name(tenant: str, written: object) -> Iterator[Problem]:
    """The document names another tenant than the file."""
    if isinstance(written, str) and written != tenant:
        shown = named_value("tenant", written)
        yield Problem(
            "tenant_is_not_file_name",
            "tenant",
            Text(
                f"tenant の値{shown.ja}がファイル名「{tenant}.yaml」と一致しません。",
                f'tenant is {shown.en}, but the file is called "{tenant}.yaml".',
            ),
            Text(
                f"「tenant: {tenant}」と書くか、ファイル名を変えてください。",
                f"Write tenant: {tenant}, or rename the file.",
            ),
        )


def wrong_suffix(name: str, tenant: str) -> Problem:
    """The file's name ends in .yml."""
    return Problem(
        "file_suffix",
        "",
        Text(
            f"「{name}」は読み込まれません。拡張子は「.yaml」だけです。",
            f'"{name}" is not read: settings files end in .yaml.',
        ),
        Text(
            f"「{tenant}.yaml」に名前を変えてください。",
            f"Rename it to {tenant}.yaml.",
        ),
        file=name,
    )


def unreadable(name: str, error: OSError | ValueError) -> Problem:
    """The file is missing, cannot be read, or is not a regular file."""
    reason = getattr(error, "strerror", None) or type(error).__name__
    return Problem(
        "file_unreadable",
        "",
        Text(f"「{name}」を開けませんでした({reason})。", f'"{name}" cannot be opened ({reason}).'),
        Text(
            "通常のファイルがあり、読み取りが許可されているかをご確認ください。",
            "Check that a regular file is there and may be read.",
        ),
        file=name,
    )
