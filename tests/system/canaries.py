"""Personal data and secrets of the tests' own making, and a look for them in what the program says.

Every program that world.py starts is looked at: its standard output and standard error, in every
test. Named below is what may hold personal data, because somebody asked for exactly that.
"""

import csv
import os
import re

EXAMPLES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "campaigns",
                        "examples")

# (first words of a command line, an option that must stand among the rest; None: none).
MAY_HOLD_PERSONAL_DATA = (
    ("export", None),
    ("person", None),
    ("rehearsal", None),  # the carrier's own side: it invents the people and hands out its password
    ("check", "--show"),
    ("log", "--personal"),
    ("held", "--personal"),
)

# What world.py writes into lists, also as people and programs write it, and what opens a call.
PATTERNS = {
    "a number": re.compile(
        r"(?<![0-9A-Fa-f])(?:(?:\+|00)?39)?[ ./-]?347[ ./-]?100[ ./-]?\d[ ./-]?\d{3}"
        r"(?![0-9A-Fa-f])"),
    "a name": re.compile(r"Persona[ _+]\d+|Persona%20\d+"),
    "the list's own id": re.compile(r"\bP-\d{4}\b"),
    "a call's token": re.compile(r"\.\d+\.\d+\.[0-9a-f]{32}\b"),
}

WORD = re.compile(r"[\w+-]+")


def _words_of_examples():
    """Names, numbers and ids of the lists in campaigns/examples that stand nowhere else there."""
    personal = re.compile(r"cognome|nominativo|telefono|numero|codice|richiesta$", re.IGNORECASE)
    words, elsewhere = set(), set()
    for name in sorted(os.listdir(EXAMPLES)):
        with open(os.path.join(EXAMPLES, name), "rb") as file:
            content = file.read()
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = content.decode("cp1252")
        if not name.endswith(".csv"):
            elsewhere.update(WORD.findall(text))
            continue
        rows = csv.DictReader(text.splitlines(), delimiter=";" if ";" in text[:200] else ",")
        for row in rows:
            for column, cell in row.items():
                if not column or not cell:
                    continue
                if not personal.search(column):
                    elsewhere.update(WORD.findall(cell))
                    continue
                digits = re.sub(r"[^\d]", "", cell)
                if len(digits) >= 8:
                    national = re.sub(r"^(?:00)?39(?=\d{9})", "", digits)
                    words.update((national, "+39" + national, "39" + national))
                else:
                    words.update(word for word in WORD.findall(cell) if len(word) > 4)
    return words - elsewhere


WORDS = _words_of_examples()
assert len(WORDS) > 300, "the examples hold people"


def found_in(text):
    """(what, the text around it) of each kind of canary in it."""
    found = []
    for what, pattern in PATTERNS.items():
        hit = pattern.search(text)
        if hit:
            found.append((what, text[max(0, hit.start() - 60):hit.end() + 30]))
    hits = WORDS.intersection(WORD.findall(text))
    if hits:
        found.append(("a person of the examples", " ".join(sorted(hits)[:3])))
    return found


def may_hold_personal_data(arguments):
    words = [str(argument) for argument in arguments]
    return any(words[:1] == [command] and (option is None or option in words)
               for command, option in MAY_HOLD_PERSONAL_DATA)


class Sang(AssertionError):
    """A program told personal data or a secret to whoever looks at its output."""


def listen(arguments, *texts):
    """Raises Sang where a program with these arguments said what it must not."""
    if may_hold_personal_data(arguments):
        return
    for text in texts:
        for what, where in found_in(text):
            raise Sang("`campanile %s` tells %s: %r" %
                       (" ".join(map(str, arguments)), what, where))
