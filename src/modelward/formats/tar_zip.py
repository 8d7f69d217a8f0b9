"""A tar whose last member is a zip ends like a zip. NeMo's models do: their last member is a torch archive."""

from __future__ import annotations

import struct

from modelward.core.artifact import Source
from modelward.core.limits import Limits
from modelward.formats.tar import TarMember, read_tar


def is_zip_of_a_member(source: Source, tail: bytes, limits: Limits) -> bool:
    """Whether the zip that a reader finds from the end of a tar is, from its first byte to its last, the content of
    one member: that is then examined as such, and a second reading of the whole says nothing more.
    https://pkware.cachefly.net/webdocs/casestudies/APPNOTE.TXT section 4.3.16"""
    place = tail.rfind(b"PK\5\6")
    if place < 0 or len(tail) < place + 22:
        return False
    end = source.size - len(tail) + place
    size, start, comment = struct.unpack_from("<IIH", tail, place + 12)
    directory_end = end
    if tail[place - 20 : place - 16] == b"PK\6\7" and place >= 76 and tail[place - 76 : place - 72] == b"PK\6\6":
        size, start = struct.unpack_from("<QQ", tail, place - 76 + 40)
        directory_end = end - 76
    begins, ends = int(directory_end - size - start), int(end + 22 + comment)
    for member in read_tar(source, limits):
        if isinstance(member, TarMember) and member.at <= begins and ends <= member.at + member.size:
            return member.at == begins and ends == member.at + member.size
    return False
