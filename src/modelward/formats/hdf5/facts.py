"""What reading an HDF5 file brings to light."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Text:
    """One string, object or run of bytes in an attribute or a dataset: [start, end) of the file."""

    where: str
    """The dataset, or the object that has the attribute, as a path of escaped names."""
    attribute: str | None
    start: int
    end: int
    whole: bool
    """A string or an object. False: bytes that may be anything, numbers too."""


@dataclass(frozen=True, slots=True)
class ExternalLink:
    """A name that stands for an object of another file, which is opened to reach it."""

    where: str
    file: str
    path: str
    start: int


@dataclass(frozen=True, slots=True)
class ExternalStorage:
    """A dataset whose numbers are the bytes of other files."""

    where: str
    files: tuple[str, ...]
    start: int


@dataclass(frozen=True, slots=True)
class VirtualDataset:
    """A dataset that is put together from others, which may be in other files."""

    where: str
    file: str
    """The first file that it names; "." is the file itself."""
    start: int


@dataclass(frozen=True, slots=True)
class Filter:
    """What the chunks of a dataset are decoded by, by its number in HDF5's register of filters."""

    where: str
    number: int
    name: str
    start: int


@dataclass(frozen=True, slots=True)
class Extent:
    """How many bytes a dataset takes when all of it is read, by its shape and its type."""

    where: str
    size: int
    start: int


@dataclass(frozen=True, slots=True)
class Gap:
    """What could not be read, at byte *start*."""

    why: str
    start: int
    cut_short: bool = False


Reference = ExternalLink | ExternalStorage | VirtualDataset
Part = Text | Reference | Filter | Extent | Gap
