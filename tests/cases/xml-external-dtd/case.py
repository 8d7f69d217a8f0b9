"""https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html"""

from __future__ import annotations


def fires() -> bytes:
    return b'<!DOCTYPE net SYSTEM "http://198.51.100.7/x.dtd">\n<net/>\n'


def quiet() -> bytes:
    return b'<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"\n "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html/>\n'
