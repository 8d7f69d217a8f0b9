"""From the bytes of an envelope to its payload and who signed it, or a typed error. Pure: no disk, no
network, no clock; `keyless` alone, which nothing else here imports, asks servers to sign. `verify.verify`
is the one door; every other module holds a part of it."""
