"""https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html"""

from __future__ import annotations


def fires() -> bytes:
    return b'<?xml version="1.0"?>\n<!DOCTYPE PMML [<!ENTITY x SYSTEM "file:///etc/hostname">]>\n<PMML>&x;</PMML>\n'


def quiet() -> bytes:
    return b'<?xml version="1.0"?>\n<!DOCTYPE svg [<!ENTITY ns "http://www.w3.org/2000/svg">]>\n<svg xmlns="&ns;"/>\n'
