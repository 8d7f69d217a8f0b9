"""https://en.wikipedia.org/wiki/Billion_laughs_attack"""

from __future__ import annotations


def fires() -> bytes:
    entities = ['<!ENTITY a "aaaaaaaaaa">']
    for last, name in zip("abcdef", "bcdefg", strict=True):
        entities.append(f'<!ENTITY {name} "{10 * f"&{last};"}">')
    return f'<?xml version="1.0"?>\n<!DOCTYPE x [{"".join(entities)}]>\n<x>&g;</x>\n'.encode()


def quiet() -> bytes:
    return b'<?xml version="1.0"?>\n<!DOCTYPE a [<!ENTITY b "text"><!ENTITY c "&b;&b;">]>\n<a>&c;</a>\n'
