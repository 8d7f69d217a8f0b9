"""The numbers of system calls, from Linux' own tables: arch/x86/entry/syscalls/syscall_64.tbl for x86_64 and
include/uapi/asm-generic/unistd.h for aarch64, which lacks the older ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True)
class Machine:
    """An architecture as seccomp names it (AUDIT_ARCH of linux/audit.h)."""

    name: str
    audit: int
    calls: Mapping[str, int]
    foreign: int | None  # from this number on, calls are those of another ABI (x32)


NEWEST = 469  # file_setattr, Linux 6.17: what comes later is not judged here, so it is refused
_TABLE = """
socket:41:198 socketpair:53:199 connect:42:203 bind:49:200 sendto:44:206 io_uring_setup:425 io_uring_enter:426
io_uring_register:427 ptrace:101:117 process_vm_readv:310:270 process_vm_writev:311:271 process_madvise:440
process_mrelease:448 pidfd_getfd:438 pidfd_send_signal:424 pidfd_open:434 kcmp:312:272 bpf:321:280
perf_event_open:298:241 userfaultfd:323:282 add_key:248:217 request_key:249:218 keyctl:250:219 mount:165:40
umount2:166:39 pivot_root:155:41 chroot:161:51 unshare:272:97 setns:308:268 open_tree:428 open_tree_attr:467
move_mount:429 fsopen:430 fsconfig:431 fsmount:432 fspick:433 mount_setattr:442 mknod:133:- mknodat:259:33 link:86:-
linkat:265:37 symlink:88:- symlinkat:266:36 chmod:90:- fchmod:91:52 fchmodat:268:53 fchmodat2:452 chown:92:-
fchown:93:55 lchown:94:- fchownat:260:54 utime:132:- utimes:235:- futimesat:261:- utimensat:280:88 file_setattr:469
setxattr:188:5 lsetxattr:189:6 fsetxattr:190:7 setxattrat:463 removexattr:197:14 lremovexattr:198:15
fremovexattr:199:16 removexattrat:466 open_by_handle_at:304:265 clock_settime:227:112 clock_adjtime:305:266
settimeofday:164:170 adjtimex:159:171 sethostname:170:161 setdomainname:171:162 init_module:175:105
finit_module:313:273 delete_module:176:106 kexec_load:246:104 kexec_file_load:320:294 reboot:169:142 swapon:167:224
swapoff:168:225 quotactl:179:60 quotactl_fd:443 acct:163:89 syslog:103:116 lookup_dcookie:212:18 nfsservctl:180:42
vhangup:153:58 ioperm:173:- iopl:172:- modify_ldt:154:- uselib:134:- ustat:136:- sysfs:139:- shmget:29:194
shmat:30:196 shmctl:31:195 shmdt:67:197 semget:64:190 semop:65:193 semctl:66:191 semtimedop:220:192 msgget:68:186
msgsnd:69:189 msgrcv:70:188 msgctl:71:187 mq_open:240:180 mq_unlink:241:181 mq_timedsend:242:182
mq_timedreceive:243:183 mq_notify:244:184 mq_getsetattr:245:185 execveat:322:281 fanotify_init:300:262
fanotify_mark:301:263 memfd_create:319:279 memfd_secret:447 migrate_pages:256:238 move_pages:279:239
lsm_set_self_attr:460 clone:56:220 clone3:435 ioctl:16:29 personality:135:92 prlimit64:302:261 setpriority:141:140
sched_setaffinity:203:122 sched_setscheduler:144:119 sched_setparam:142:118 sched_setattr:314:274 ioprio_set:251:30
read:0:63 write:1:64 readv:19:65 writev:20:66 pread64:17:67 pwrite64:18:68 preadv:295:69 pwritev:296:70 lseek:8:62
close:3:57 fstat:5:80 newfstatat:262:79 statx:332:291 ftruncate:77:46 fsync:74:82 fdatasync:75:83 mmap:9:222
mprotect:10:226 munmap:11:215 mremap:25:216 madvise:28:233 brk:12:214 rt_sigaction:13:134 rt_sigprocmask:14:135
rt_sigreturn:15:139 sigaltstack:131:132 futex:202:98 clock_gettime:228:113 clock_getres:229:114
clock_nanosleep:230:115 nanosleep:35:101 gettimeofday:96:169 time:201:- getrusage:98:165 times:100:153 getpid:39:172
gettid:186:178 getuid:102:174 geteuid:107:175 getgid:104:176 getegid:108:177 getppid:110:173 sched_yield:24:124
sched_getaffinity:204:123 getrandom:318:278 exit:60:93 exit_group:231:94 rseq:334:293 set_robust_list:273:99
membarrier:324:283 getcpu:309:168 restart_syscall:219:128 fcntl:72:25 poll:7:- ppoll:271:73 uname:63:160
sysinfo:99:179 dup:32:23 seccomp:317:277 execve:59:221 openat:257:56 kill:62:129
"""  # name:x86_64[:aarch64]; one number where both have the same, "-" where aarch64 has none


@cache
def machine(name: str) -> Machine | None:
    """That of `os.uname().machine`; None where no numbers are known."""
    if name not in ("x86_64", "aarch64"):
        return None
    numbers = {}
    for entry in _TABLE.split():
        call, first, *second = entry.split(":")
        number = first if name == "x86_64" or not second else second[0]
        if number != "-":
            numbers[call] = int(number)
    if name == "x86_64":
        return Machine(name, 0xC000003E, numbers, 0x40000000)
    return Machine(name, 0xC00000B7, numbers, None)
