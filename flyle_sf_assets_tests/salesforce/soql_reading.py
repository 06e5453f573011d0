"""Reads SOQL literals back, letter by letter, by the rules of the reference: the tests' own reader.

Source: SOQL and SOSL Reference, "Quoted String Escape Sequences".
"""

_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
ANY = "<any letters>"


def read_string(text: str, start: int = 0) -> tuple[str, int]:
    """The value of the string literal that starts there, and the place behind it."""
    pattern, end = read_pattern(text, start, wildcards=False)
    return "".join(pattern), end


def read_pattern(text: str, start: int = 0, *, wildcards: bool = True) -> tuple[list[str], int]:
    """The letters of a LIKE pattern, `ANY` for each bare ``%``, and the place behind it."""
    assert text[start] == "'"
    letters: list[str] = []
    place = start + 1
    while text[place] != "'":
        letter = text[place]
        if letter == "\\":
            place += 1
            escaped = text[place]
            known = {**_ESCAPES, "%": "%", "_": "_"} if wildcards else _ESCAPES
            letters.append(known[escaped])
        elif wildcards and letter == "%":
            letters.append(ANY)
        else:
            assert not (wildcards and letter == "_"), "a bare _ matches any letter"
            assert letter not in "\n\r", "a literal stays on its line"
            letters.append(letter)
        place += 1
    return letters, place + 1
