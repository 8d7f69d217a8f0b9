"""Which system calls a command may make.

Two stages. The first is there before the command starts and refuses what no tier may allow. The second, for LOAD, is
entered inside the loader when its imports are done and its files are open; it allows little more than computing.
"""

from __future__ import annotations

import errno
from collections.abc import Iterable

from modelward.sandbox.bpf import ALLOW, Compare, Rule, program, refuse
from modelward.sandbox.calls import Machine
from modelward.sandbox.model import Profile

_EPERM = Rule(refuse(errno.EPERM))
_ENOSYS = Rule(refuse(errno.ENOSYS))  # for what programs take for a feature that is not there, and do without

_ALWAYS = """
ptrace process_vm_readv process_vm_writev process_madvise process_mrelease pidfd_getfd pidfd_send_signal kcmp
bpf perf_event_open userfaultfd add_key request_key keyctl
mount umount2 pivot_root chroot unshare setns open_tree open_tree_attr move_mount fsopen fsconfig fsmount fspick
mount_setattr file_setattr setxattr lsetxattr fsetxattr setxattrat
open_by_handle_at clock_settime clock_adjtime settimeofday adjtimex sethostname setdomainname
init_module finit_module delete_module kexec_load kexec_file_load reboot swapon swapoff quotactl quotactl_fd acct syslog
lookup_dcookie nfsservctl vhangup ioperm iopl modify_ldt uselib ustat sysfs
shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl
mq_open mq_unlink mq_timedsend mq_timedreceive mq_notify mq_getsetattr
execveat fanotify_init fanotify_mark migrate_pages move_pages lsm_set_self_attr
""".split()

# flags of clone3 and operations of io_uring lie behind pointers, which a filter cannot follow; memory of memfds
# belongs to no process that could be asked how much it uses
_ABSENT = "clone3 io_uring_setup io_uring_enter io_uring_register memfd_create memfd_secret".split()

# change what belongs to the same user and lies outside, since Landlock knows nothing of metadata
_METADATA = """
chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat utimensat
removexattr lremovexattr fremovexattr removexattrat
""".split()

_NEW_NAMESPACES = 0x7E020000  # CLONE_NEW* of sched.h
_TIOCSTI, _TIOCLINUX = 0x5412, 0x541C  # put words into the mouth of whoever types at the terminal
_UNIX, _INET, _INET6 = 1, 2, 10
_STREAM, _SEQPACKET, _KIND = 1, 5, 0xF
_ALL = 0xFFFFFFFF


def _equal(argument: int, value: int, mask: int = _ALL) -> Compare:
    return Compare(argument, mask, value)


def first_stage(machine: Machine, profile: Profile, *, contained: bool, alone: bool) -> bytes:
    """The filter that a command starts under.

    *contained*: it has namespaces of its own. *alone*: nothing outside belongs to its user.
    """
    rules = _all(_EPERM, _ALWAYS) | _all(_ENOSYS, _ABSENT) | _sockets(profile, contained)
    rules["clone"] = [Rule(refuse(errno.EPERM), (Compare(0, _NEW_NAMESPACES, 0, holds=False),))]
    rules["ioctl"] = [Rule(refuse(errno.EPERM), (_equal(1, request),)) for request in (_TIOCSTI, _TIOCLINUX)]
    rules["personality"] = [Rule(ALLOW, (_equal(0, 0),)), Rule(ALLOW, (_equal(0, _ALL),)), _EPERM]
    rules["prlimit64"] = [Rule(ALLOW, (_equal(0, 0),)), _EPERM]
    if profile is Profile.LOAD:
        rules |= _all(_EPERM, ("mknod", "mknodat", "symlink", "symlinkat"))
    if profile is Profile.LOAD or not contained:  # sem_open(3), and so multiprocessing, makes names by link
        rules |= _all(_EPERM, ("link", "linkat"))
    if not (contained or alone):
        rules |= _all(_EPERM, _METADATA) | _others()
    return program(machine, rules, otherwise=ALLOW, unknown=_ENOSYS.action)


def _all(rule: Rule, names: Iterable[str]) -> dict[str, list[Rule]]:
    return {name: [rule] for name in names}


def _sockets(profile: Profile, contained: bool) -> dict[str, list[Rule]]:
    """Without a network namespace a socket reaches the host; a pair of connected ones does not, unless it is of
    datagrams, which can be sent to any name."""
    if profile is Profile.LOAD:
        return _all(_EPERM, ("socket", "socketpair"))
    if contained:
        families = [Rule(ALLOW, (_equal(0, family),)) for family in (_UNIX, _INET, _INET6)]
        return {"socket": [*families, _EPERM]}
    pairs = [Rule(ALLOW, (_equal(0, _UNIX), _equal(1, kind, _KIND))) for kind in (_STREAM, _SEQPACKET)]
    return {**_all(_EPERM, ("socket", "connect", "bind")), "socketpair": [*pairs, _EPERM]}


def _others() -> dict[str, list[Rule]]:
    """What changes how other processes of the same user run: allowed for the caller itself alone."""
    itself = Rule(ALLOW, (_equal(0, 0),))
    scheduling = ("sched_setaffinity", "sched_setscheduler", "sched_setparam", "sched_setattr")
    ranked = ("setpriority", "ioprio_set")  # which, who: PRIO_PROCESS is 0, IOPRIO_WHO_PROCESS 1
    return {
        **{name: [itself, _EPERM] for name in scheduling},
        **{
            name: [Rule(ALLOW, (_equal(0, process), _equal(1, 0))), _EPERM]
            for name, process in zip(ranked, (0, 1), strict=True)
        },
    }


_COMPUTING = """
read write readv writev pread64 pwrite64 preadv pwritev lseek close dup fstat ftruncate fsync fdatasync
munmap mremap madvise brk rt_sigaction rt_sigprocmask rt_sigreturn sigaltstack restart_syscall
futex sched_yield sched_getaffinity getcpu rseq set_robust_list membarrier poll ppoll
clock_gettime clock_getres clock_nanosleep nanosleep gettimeofday time times getrusage getrandom uname sysinfo
getpid gettid getppid getuid geteuid getgid getegid exit exit_group
""".split()
_EMPTY_PATH = 0x1000  # AT_EMPTY_PATH: what is asked about is the descriptor. A name with it is still looked up
_PROT_EXEC = 4
_F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC = 1, 2, 3, 1030
_TCGETS, _FIONREAD, _FIOCLEX = 0x5401, 0x541B, 0x5451


def second_stage(machine: Machine) -> bytes:
    """The filter of a loader with its imports done: memory, descriptors that are open, clocks, and the exit.

    No file can be opened, no program or thread started, no signal sent, and no new code be mapped.
    """
    allow = Rule(ALLOW)
    rules = _all(allow, _COMPUTING)
    for name, flags in (("newfstatat", 3), ("statx", 2)):
        rules[name] = [Rule(ALLOW, (Compare(flags, _EMPTY_PATH, 0, holds=False),))]
    for name in ("mmap", "mprotect"):
        rules[name] = [Rule(ALLOW, (_equal(2, 0, _PROT_EXEC),))]
    commands = (_F_GETFD, _F_SETFD, _F_GETFL, _F_DUPFD_CLOEXEC)
    rules["fcntl"] = [Rule(ALLOW, (_equal(1, command),)) for command in commands]
    rules["ioctl"] = [Rule(ALLOW, (_equal(1, request),)) for request in (_TCGETS, _FIONREAD, _FIOCLEX)]
    return program(machine, rules, otherwise=_EPERM.action, unknown=_EPERM.action)
