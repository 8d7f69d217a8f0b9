"""The second stage, entered by a loader from inside the sandbox when its imports are done and its files are open."""

from __future__ import annotations

import os

from modelward.sandbox.calls import machine
from modelward.sandbox.filters import second_stage
from modelward.sandbox.inside import kernel

_ALL_THREADS = 1  # SECCOMP_FILTER_FLAG_TSYNC


def seal() -> None:
    """From now on this process, with all its threads, can compute, use the descriptors that it has, and end.

    It can open no file, start no program or thread, and make no socket. Nothing undoes it. What is imported or opened
    later fails, so a loader first does once what it is about to do. Raises OSError if it is not so for all threads.
    """
    here = machine(os.uname().machine)
    if here is None:
        raise OSError(f"the system calls of {os.uname().machine} are not known here")
    kernel.seccomp(here.calls["seccomp"], second_stage(here), _ALL_THREADS)
