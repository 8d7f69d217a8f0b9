"""From the bytes of an envelope to its payload and who signed it, or a typed error. Pure: no disk, no
network, no clock. `verify.verify` is the one door; every other module holds a part of it."""
