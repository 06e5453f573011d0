"""The SOQL grammar (LALR) and its parser; syntax errors become MALFORMED_QUERY.

A list of string literals is one token, so that an ``IN`` of thousands of ids parses at the
speed of a regular expression. Source: SOQL and SOSL Reference, "SOQL SELECT Syntax".
"""

import re
from functools import cache, lru_cache
from typing import Any, cast

from lark import Lark, Token, Transformer, v_args
from lark.exceptions import UnexpectedCharacters, UnexpectedInput, UnexpectedToken, VisitError

from flyle_sf_assets.sandbox.refusals import Refusal
from flyle_sf_assets.sandbox.soql import syntax as s

QUERY_CHARACTERS_MAX = 100_000
_CACHED_CHARACTERS_MAX = 8_000

_GRAMMAR = r"""
start: query
query: SELECT items FROM PATH from_alias? scope? where? group? having? order? limit? offset? for?
items: item ("," item)*
?item: field alias? -> plain | "(" query ")" -> subquery | typeof -> plain
alias: PATH
from_alias: AS? PATH
scope: USING PATH PATH
?field: PATH -> ref | PATH "(" PATH? ")" -> call
typeof: TYPEOF PATH (WHEN PATH THEN paths)+ (ELSE paths)? END
paths: PATH ("," PATH)*
where: WHERE condition
having: HAVING condition
?condition: operand | operand (AND operand)+ -> conjunction | operand (OR operand)+ -> disjunction
?operand: "(" condition ")" | NOT operand -> negation | comparison
?comparison: field (OP | LIKE) value -> comparison
    | field IN list -> member | field NOT IN list -> not_member
    | field INCLUDES list -> includes | field EXCLUDES list -> excludes
list: STRING_LIST -> strings | "(" value ("," value)* ")" -> values | "(" query ")" -> subselect
value: STRING | NUMBER | DATETIME | DATE | TIME | DATE_LITERAL | PATH
group: GROUP BY field ("," field)*
order: ORDER BY order_item ("," order_item)*
order_item: field (ASC | DESC)? (NULLS (FIRST | LAST))?
limit: LIMIT NUMBER
offset: OFFSET NUMBER
for: FOR PATH

SELECT.5: /select\b/i
FROM.5: /from\b/i
AS.5: /as\b/i
USING.5: /using\b/i
TYPEOF.5: /typeof\b/i
WHEN.5: /when\b/i
THEN.5: /then\b/i
ELSE.5: /else\b/i
END.5: /end\b/i
WHERE.5: /where\b/i
AND.5: /and\b/i
OR.5: /or\b/i
NOT.5: /not\b/i
LIKE.5: /like\b/i
IN.5: /in\b/i
INCLUDES.5: /includes\b/i
EXCLUDES.5: /excludes\b/i
GROUP.5: /group\b/i
BY.5: /by\b/i
HAVING.5: /having\b/i
ORDER.5: /order\b/i
ASC.5: /asc\b/i
DESC.5: /desc\b/i
NULLS.5: /nulls\b/i
FIRST.5: /first\b/i
LAST.5: /last\b/i
LIMIT.5: /limit\b/i
OFFSET.5: /offset\b/i
FOR.5: /for\b/i
OP: "=" | "!=" | "<>" | "<=" | ">=" | "<" | ">"
STRING_LIST.6: /\(\s*'(?:[^'\\]|\\.)*'(?:\s*,\s*'(?:[^'\\]|\\.)*')*\s*\)/
STRING: /'(?:[^'\\]|\\.)*'/
DATETIME.4: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:?\d\d)/i
DATE.3: /\d{4}-\d\d-\d\d(?![T\d])/
TIME.3: /\d\d:\d\d:\d\d(?:\.\d+)?Z?/
NUMBER.1: /[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/
DATE_LITERAL.4: /[A-Za-z_]+:\d+/
PATH: /[A-Za-z]\w*(?:\.[A-Za-z]\w*)*/
%ignore /\s+/
"""

_STRING = re.compile(r"'((?:[^'\\]|\\.)*)'")
_ESCAPE = re.compile(r"\\(u[0-9a-fA-F]{4}|.)", re.DOTALL)
_ESCAPES = {
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "b": "\b",
    "f": "\f",
    '"': '"',
    "'": "'",
    "\\": "\\",
    "%": "%",
    "_": "_",
}


def _unescape(raw: str) -> str:
    def replace(match: re.Match[str]) -> str:
        code = match.group(1)
        if len(code) > 1:
            return chr(int(code[1:], 16))
        known = _ESCAPES.get(code.lower())
        if known is None:
            raise Refusal(
                "MALFORMED_QUERY",
                f"Invalid string literal '{raw}'. Illegal character sequence '\\{code}' in string "
                "literal.",
            )
        return known

    return _ESCAPE.sub(replace, raw) if "\\" in raw else raw


def _string(raw: str) -> s.Value:
    if "\\" not in raw:
        return s.Value("string", raw)
    pattern = raw.replace("\\%", "\x00p").replace("\\_", "\x00u")
    return s.Value("string", _unescape(raw), _unescape(pattern))


_KINDS: dict[str, s.ValueKind] = {
    "NUMBER": "number",
    "DATE": "date",
    "DATETIME": "datetime",
    "TIME": "time",
    "DATE_LITERAL": "date_literal",
}


def _literal(token: Token) -> s.Value:
    if token.type == "STRING":
        return _string(token[1:-1])
    if token.type in _KINDS:
        return s.Value(_KINDS[token.type], str(token))
    word = token.lower()
    if word == "null":
        return s.Value("null", "null")
    if word in ("true", "false"):
        return s.Value("boolean", word)
    return s.Value("date_literal", str(token))


def _ref(token: Token) -> s.FieldRef:
    return s.FieldRef(tuple(token.split(".")), token.start_pos or 0)


@v_args(inline=True)
class _Builder(Transformer[Token, Any]):
    def start(self, query: s.Query) -> s.Query:
        return query

    def ref(self, token: Token) -> s.FieldRef:
        return _ref(token)

    def call(self, name: Token, argument: Token | None = None) -> s.Call:
        return s.Call(str(name), _ref(argument) if argument else None, name.start_pos or 0)

    def plain(self, what: Any, alias: str | None = None) -> s.SelectItem:
        return s.SelectItem(what, alias)

    def subquery(self, query: s.Query) -> s.SelectItem:
        return s.SelectItem(query)

    def alias(self, token: Token) -> str:
        return str(token)

    def from_alias(self, *tokens: Token) -> tuple[str, str]:
        return ("alias", str(tokens[-1]))

    def typeof(self, keyword: Token, *_rest: Any) -> s.TypeOf:
        return s.TypeOf(keyword.start_pos or 0)

    def paths(self, *_paths: Token) -> None:
        return None

    def scope(self, *_words: Token) -> tuple[str, None]:
        return ("scope", None)

    def items(self, *items: s.SelectItem) -> tuple[s.SelectItem, ...]:
        return items

    def value(self, token: Token) -> s.Value:
        return _literal(token)

    def strings(self, token: Token) -> tuple[s.Value, ...]:
        return tuple(_string(raw) for raw in _STRING.findall(token))

    def values(self, *values: s.Value) -> tuple[s.Value, ...]:
        return values

    def subselect(self, query: s.Query) -> s.Query:
        return query

    def comparison(self, left: Any, op: Token, value: s.Value) -> s.Comparison:
        return s.Comparison(left, "!=" if op == "<>" else op.upper(), value)

    def member(self, left: Any, _in: Token, values: Any) -> s.Membership:
        return s.Membership(left, "IN", values)

    def not_member(self, left: Any, _not: Token, _in: Token, values: Any) -> s.Membership:
        return s.Membership(left, "NOT IN", values)

    def includes(self, left: Any, _word: Token, values: Any) -> s.Membership:
        return s.Membership(left, "INCLUDES", values)

    def excludes(self, left: Any, _word: Token, values: Any) -> s.Membership:
        return s.Membership(left, "EXCLUDES", values)

    def conjunction(self, *parts: Any) -> s.Junction:
        return s.Junction("AND", tuple(p for p in parts if not isinstance(p, Token)))

    def disjunction(self, *parts: Any) -> s.Junction:
        return s.Junction("OR", tuple(p for p in parts if not isinstance(p, Token)))

    def negation(self, _not: Token, part: Any) -> s.Negation:
        return s.Negation(part)

    def where(self, _word: Token, condition: Any) -> tuple[str, Any]:
        return ("where", condition)

    def having(self, _word: Token, condition: Any) -> tuple[str, Any]:
        return ("having", condition)

    def group(self, _group: Token, _by: Token, *fields: Any) -> tuple[str, Any]:
        return ("group", fields)

    def order(self, _order: Token, _by: Token, *items: s.OrderItem) -> tuple[str, Any]:
        return ("order", items)

    def order_item(self, what: Any, *words: Token) -> s.OrderItem:
        kinds = {word.type for word in words}
        return s.OrderItem(what, "DESC" in kinds, "LAST" not in kinds)

    def limit(self, _word: Token, number: Token) -> tuple[str, int]:
        return ("limit", int(number))

    def offset(self, _word: Token, number: Token) -> tuple[str, int]:
        return ("offset", int(number))

    def query(
        self, _select: Token, items: Any, _from: Token, name: Token, *clauses: Any
    ) -> s.Query:
        given: dict[str, Any] = dict(c for c in clauses if isinstance(c, tuple))
        return s.Query(
            text="",
            select=items,
            object_name=str(name),
            object_at=name.start_pos or 0,
            alias=given.get("alias"),
            where=given.get("where"),
            group_by=given.get("group", ()),
            having=given.get("having"),
            order_by=given.get("order", ()),
            limit=given.get("limit"),
            offset=given.get("offset"),
        )


@cache
def _parser() -> Lark:
    return Lark(
        _GRAMMAR,
        parser="lalr",
        lexer="contextual",
        transformer=_Builder(),
        maybe_placeholders=False,
        propagate_positions=False,
    )


def warm_up() -> None:
    """Build the parser now, so that the first query does not wait for it."""
    _parser()


@lru_cache(maxsize=256)
def _parse_cached(text: str) -> s.Query:
    return _parse(text)


def _parse(text: str) -> s.Query:
    try:
        # The result of the parser's transformer for a whole statement.
        return cast("s.Query", _parser().parse(text))
    except UnexpectedInput as problem:
        raise _malformed(text, problem) from None
    except VisitError as problem:
        raise problem.orig_exc from None


def parse(text: str) -> s.Query:
    """The query as written; Refusal MALFORMED_QUERY when it cannot be read."""
    if len(text) > QUERY_CHARACTERS_MAX:
        raise Refusal(
            "QUERY_TOO_COMPLICATED",
            f"SOQL statement is too long: at most {QUERY_CHARACTERS_MAX} characters",
        )
    return _parse_cached(text) if len(text) < _CACHED_CHARACTERS_MAX else _parse(text)


def located(text: str, at: int, message: str) -> str:
    """Salesforce's three-line pointer: an excerpt of the query, a caret, row and column."""
    row = text.count("\n", 0, at) + 1
    line_start = text.rfind("\n", 0, at) + 1
    start = max(0, at - 60)
    if start:
        start = text.rfind(" ", 0, start) + 1
    end = text.find(" ", min(len(text), at + 40))
    excerpt = text[start : end if end >= 0 else len(text)]
    caret = " " * (at - start)
    return f"\n{excerpt}\n{caret}^\nERROR at Row:{row}:Column:{at - line_start + 1}\n{message}"


def _malformed(text: str, problem: UnexpectedInput) -> Refusal:
    at, word = len(text), "<EOF>"
    if isinstance(problem, UnexpectedToken) and problem.token.type != "$END":
        at, word = problem.token.start_pos or 0, str(problem.token)
    elif isinstance(problem, UnexpectedCharacters):
        at = problem.pos_in_stream  # type: ignore[assignment]  # lark says None, and never gives it
        word = text[at : at + 1]
    return Refusal("MALFORMED_QUERY", located(text, at, f"unexpected token: '{word}'"))
