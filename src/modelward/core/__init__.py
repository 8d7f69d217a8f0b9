"""The words every other package speaks: no I/O, nothing but the standard library and rfc8785."""
