"""https://www.w3.org/TR/xml/#sec-prolog-dtd"""

from __future__ import annotations

import pytest

from modelward.formats.xml_text import Prolog, expanded_size, read_prolog

FULL = (
    '<?xml version="1.0" encoding="x"?>\n<!-- <!DOCTYPE no> -->\n<?a b?>\n<!DOCTYPE r PUBLIC "p" \'s\' [\n'
    '<!ELEMENT r (a|b)*>\n<!ATTLIST r a CDATA "]>">\n<!ENTITY a "x&b;">\n<!ENTITY % c SYSTEM \'d\'>\n%c;\n'
    '<!ENTITY e PUBLIC "f" "g" NDATA h>\n<!-- ]> -->\n] >\n<r a="b"/>'
)


def prolog(text: str) -> Prolog:
    found = read_prolog(text)
    assert found is not None
    return found


def test_everything_before_the_root() -> None:
    found = prolog(FULL)
    assert (found.encoding, found.doctype, found.public, found.system, found.root) == ("x", "r", "p", "s", "r")
    assert [(one.name, one.parameter, one.value, one.external) for one in found.entities] == [
        ("a", False, "x&b;", ""),
        ("c", True, None, "d"),
        ("e", False, None, "g"),
    ]
    assert not found.problem


@pytest.mark.parametrize("text", ["", "text", "&lt;!DOCTYPE x>", "# <!DOCTYPE x>", "<"])
def test_no_xml(text: str) -> None:
    assert read_prolog(text) is None


@pytest.mark.parametrize("text", ["<!DOCTYPE x [<!ENTITY a 'b>]>", "<!DOCTYPE x [ ?", "<!DOCTYPE", "<!-- a", "<?a"])
def test_what_is_broken_is_said(text: str) -> None:
    assert prolog(text).problem


def test_any_truncation_gives_a_result() -> None:
    for end in range(len(FULL)):
        read_prolog(FULL[:end])


@pytest.mark.parametrize(
    ("entities", "size"),
    [
        ('<!ENTITY a "bb"><!ENTITY c "&a;&a;">', 6 + 4),
        ('<!ENTITY a "&a;">', 10**12),
        ('<!ENTITY a "&b;"><!ENTITY b "&a;">', 10**12),
        ('<!ENTITY a "&nothing;">', 9),
        ("", 0),
    ],
)
def test_expanded_size(entities: str, size: int) -> None:
    assert expanded_size(prolog(f"<!DOCTYPE x [{entities}]><x/>").entities) == size


def test_a_long_chain_of_entities() -> None:
    chain = "".join(f'<!ENTITY a{n} "&a{n + 1};&a{n + 1};">' for n in range(3_000))
    assert expanded_size(prolog(f"<!DOCTYPE x [{chain}]><x/>").entities) == 10**12
