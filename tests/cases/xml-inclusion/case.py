"""https://www.w3.org/TR/xinclude/"""

from __future__ import annotations


def fires() -> bytes:
    return b'<?xml version="1.0"?>\n<a xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="b.xml"/></a>\n'


def quiet() -> bytes:
    return b'<?xml version="1.0"?>\n<?xml-stylesheet type="text/css" href="a.css"?>\n<a/>\n'
