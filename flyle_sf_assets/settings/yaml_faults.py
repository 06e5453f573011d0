"""The messages about a settings file that is not valid as a YAML file.

The messages never repeat the file's content: a file that cannot be parsed may have a secret
anywhere.
"""

from typing import TYPE_CHECKING, Literal

from flyle_sf_assets.errors import Problem, Text

if TYPE_CHECKING:
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

Placed = Literal["key_not_text", "merge_key", "alias", "anchor", "tag", "nested_too_deep"]

_CONFIG_EXAMPLE = Text(
    "docs/settings.md の記入例をご覧ください。", "See the example in docs/settings.md."
)


def file_too_large(size_bytes: int, max_bytes: int) -> Problem:
    """The file is larger than any real settings file."""
    return Problem(
        "file_too_large",
        "",
        Text(
            f"ファイルが大きすぎます({size_bytes:,}バイト、上限 {max_bytes:,}バイト)。",
            f"The file is too large ({size_bytes:,} bytes; at most {max_bytes:,}).",
        ),
        Text(
            "設定ファイルではないファイルが置かれていないかご確認ください。",
            "Check that this really is a settings file.",
        ),
    )


def not_utf8(line: int) -> Problem:
    """The bytes are not UTF-8."""
    return Problem(
        "not_utf8",
        "",
        Text(
            f"{line}行目に、UTF-8として読めない文字があります。",
            f"Line {line} holds bytes that are not UTF-8.",
        ),
        Text(
            "エディタで文字コードをUTF-8にして保存し直してください(Shift_JISは使えません)。",
            "Save the file as UTF-8 in your editor (Shift_JIS is not accepted).",
        ),
        line=line,
    )


def empty_file() -> Problem:
    """Nothing but blanks and comments."""
    return Problem(
        "empty_file",
        "",
        Text("ファイルに設定が一つも書かれていません。", "The file holds no settings at all."),
        _CONFIG_EXAMPLE,
    )


def not_a_mapping(line: int | None) -> Problem:
    """The document is a list or a single value."""
    return Problem(
        "not_a_mapping",
        "",
        Text(
            "ファイルの一番外側は「キー: 値」の並びで書いてください。",
            "The file must be a mapping (key: value) at its outermost level.",
        ),
        _CONFIG_EXAMPLE,
        line=line,
    )


def second_document(line: int) -> Problem:
    """``---`` starts a second document."""
    return Problem(
        "several_documents",
        "",
        Text(
            "「---」で区切られた2つ目の設定があります。1つのファイルに書けるのは1テナント分だけです。",
            "A second document starts here (after ---). One file holds one tenant.",
        ),
        Text(
            "テナントごとにファイルを分けてください。",
            "Put each tenant into a file of its own.",
        ),
        line=line,
    )


_PLACED = (
    (
        "key_not_text",
        Text("キーは文字列で書いてください。", "A key must be plain text."),
        _CONFIG_EXAMPLE,
    ),
    (
        "merge_key",
        Text(
            "マージキー「<<」は使えません。",
            "Merge keys (<<) are not accepted: they hide what a tenant's settings are.",
        ),
        Text("取り込みたい内容をここに書き写してください。", "Write the content out here."),
    ),
    (
        "alias",
        Text("YAMLのエイリアス(*名前)は使えません。", "YAML aliases (*name) are not accepted."),
        Text("値をここに書き写してください。", "Write the value out here."),
    ),
    (
        "anchor",
        Text("YAMLのアンカー(&名前)は使えません。", "YAML anchors (&name) are not accepted."),
        Text(
            "「&名前」を消してください。値が「&」で始まる場合は引用符で囲んでください。",
            "Remove &name; if the value itself starts with &, put it in quotes.",
        ),
    ),
    (
        "tag",
        Text("YAMLのタグ(!名前)は使えません。", "YAML tags (!name) are not accepted."),
        Text(
            "「!名前」を消してください。値が「!」で始まる場合は引用符で囲んでください。",
            "Remove !name; if the value itself starts with !, put it in quotes.",
        ),
    ),
    (
        "nested_too_deep",
        Text("入れ子が深すぎます。", "This is nested too deeply."),
        _CONFIG_EXAMPLE,
    ),
)


def placed(code: Placed, path: str, line: int) -> Problem:
    """What is written at this path cannot be accepted, whatever it means."""
    message, remedy = next((text, what) for of, text, what in _PLACED if of == code)
    return Problem(code, path, message, remedy, line=line)


def too_many_values(line: int, most: int) -> Problem:
    """More keys and values than any settings have; what follows is not read."""
    return Problem(
        "too_many_values",
        "",
        Text(
            f"キーと値が多すぎます(上限 {most:,}個)。{line}行目より後は読み込んでいません。",
            f"There are too many keys and values (at most {most:,}). Nothing after line {line} is"
            " read.",
        ),
        Text(
            "設定ファイルではないファイルが置かれていないかご確認ください。",
            "Check that this really is a settings file.",
        ),
        line=line,
    )


def duplicate_key(path: str, first_line: int | None, line: int) -> Problem:
    """The same key twice in one mapping; YAML parsers would silently use the last."""
    return Problem(
        "duplicate_key",
        path,
        Text(
            f"同じキーが2回書かれています(1回目は{first_line}行目)。",
            f"This key is written twice (first on line {first_line}).",
        ),
        Text("どちらか一方を消してください。", "Remove one of the two."),
        line=line,
    )


def unprintable(error: "YAMLError", text: str) -> Problem:
    """A control character that YAML does not allow (ruamel's ``ReaderError``)."""
    position = getattr(error, "position", None)
    if not isinstance(position, int) or position >= len(text):
        return syntax(None)
    line = text.count("\n", 0, position) + 1
    character = f"U+{ord(text[position]):04X}"
    return Problem(
        "control_character",
        "",
        Text(
            f"{line}行目に、目に見えない制御文字({character})があります。",
            f"Line {line} holds a control character ({character}).",
        ),
        Text("その文字を消してください。", "Delete that character."),
        line=line,
    )


def syntax(error: "MarkedYAMLError | None") -> Problem:
    """The parser failed. The file's own text is not repeated."""
    problem = str(error.problem or "") if error else ""
    context = str(error.context or "") if error else ""
    mark = (error.problem_mark or error.context_mark) if error else None
    line = mark.line + 1 if mark else None
    code, why, remedy = _why(problem, context)
    where_ja, where_en = (f"{line}行目付近で、", f" near line {line}") if line else ("", "")
    return Problem(
        code,
        "",
        Text(
            f"{where_ja}YAMLとして読めなくなりました。{why.ja}",
            f"The file stops being readable as YAML{where_en}. {why.en}",
        ),
        remedy,
        line=line,
    )


def _why(problem: str, context: str) -> tuple[str, Text, Text]:
    if "'\\t'" in problem:
        return (
            "tab",
            Text("タブ文字があります。", "There is a tab character."),
            Text(
                "字下げはタブではなく半角スペースで行ってください。",
                "Indent with spaces, not with tabs.",
            ),
        )
    for words, why, remedy in _SYNTAX_REASONS:
        if words in problem or words in context:
            return "yaml_syntax", why, remedy
    return (
        "yaml_syntax",
        Text("書き方が正しくありません。", "It is not written correctly."),
        Text(
            "字下げ、「:」の後の半角スペース、引用符や括弧の閉じ忘れをご確認ください。",
            "Check indentation, the space after each colon, and that quotes and brackets "
            "are closed.",
        ),
    )


_SYNTAX_REASONS = (
    (
        "quoted scalar",
        Text(
            "引用符で囲んだ値が正しく閉じていません。",
            "A quoted value is not written correctly or not closed.",
        ),
        Text(
            "引用符を閉じてください。「\\」を含む値は一重引用符(')で囲んでください。",
            "Close the quotes; put values that hold a backslash in single quotes.",
        ),
    ),
    (
        "mapping values are not allowed",
        Text(
            "「:」の位置が正しくありません。",
            "There is a colon where no key can be.",
        ),
        Text(
            "前の行の「:」の後に半角スペースがあるか、字下げがそろっているかをご確認ください。"
            "値に「: 」を含む場合は引用符で囲んでください。",
            "Check the space after the colon and the indentation; put values that contain a colon "
            "and a space in quotes.",
        ),
    ),
    (
        "while parsing a flow",
        Text("括弧が閉じていません。", "A bracket is not closed."),
        Text(
            "[ ] や { } を閉じ、要素を「,」で区切ってください。",
            "Close [ ] and { }, and separate their items by commas.",
        ),
    ),
    (
        "cannot start any token",
        Text(
            "値の先頭に使えない記号(@ ` % など)があります。",
            "A value starts with a character that YAML reserves (such as @ ` %).",
        ),
        Text("その値を引用符で囲んでください。", "Put that value in quotes."),
    ),
    (
        "expected <block end>",
        Text("字下げがそろっていません。", "The indentation does not line up."),
        Text(
            "同じ階層のキーや「-」の字下げを半角スペースでそろえてください。",
            "Line up the keys, or the dashes, of one level with spaces.",
        ),
    ),
)
