"""Documents that name packages, read into one graph: bytes in, values out. Nothing here opens a file or evaluates a
marker for this machine, and what a reader does not understand is a Gap at its line."""
