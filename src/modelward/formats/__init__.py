"""One reader per file format: bytes in, facts out. A reader judges nothing, executes nothing,
and never raises on hostile bytes: what it could not read is part of its facts."""
