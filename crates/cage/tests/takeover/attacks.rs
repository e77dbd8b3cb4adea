//! What machine code in a taken-over process would try: one system call each, straight to the kernel.
//!
//! The cage ends a process for asking, whatever the arguments. So they are such that nothing is harmed if the cage does
//! not hold: what would change the machine names things that do not exist.
#![expect(unsafe_code, reason = "an attacker does as it likes")]

use libc::c_long;

/// `Err` with the error number when the kernel refused.
pub(crate) type Outcome = Result<(), i32>;

/// One argument: a number, or a place in memory.
fn at<T>(value: &T) -> c_long {
    (std::ptr::from_ref(value) as usize).cast_signed() as c_long
}

fn call(number: c_long, arguments: [c_long; 6]) -> Outcome {
    let [a, b, c, d, e, f] = arguments;
    // SAFETY: every pointer among the arguments is to memory that outlives the call; the rest is the kernel's to judge.
    let result = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if result >= 0 {
        Ok(())
    } else {
        Err(std::io::Error::last_os_error().raw_os_error().unwrap_or(0))
    }
}

fn path(number: c_long, path: &std::ffi::CStr, rest: [c_long; 3]) -> Outcome {
    let path = (path.as_ptr() as usize).cast_signed() as c_long;
    call(number, [libc::AT_FDCWD.into(), path, rest[0], rest[1], rest[2], 0])
}

fn open(name: &std::ffi::CStr, flags: i32) -> Outcome {
    path(libc::SYS_openat, name, [flags.into(), 0o600, 0])
}

fn socket(domain: i32, kind: i32) -> Outcome {
    call(libc::SYS_socket, [domain.into(), kind.into(), 0, 0, 0, 0])
}

fn map(protection: i32, flags: i32, fd: i32) -> Outcome {
    call(libc::SYS_mmap, [0, 4096, protection.into(), flags.into(), fd.into(), 0])
}

macro_rules! attacks {
    ($($name:literal => $body:expr,)+) => {
        const ALL: &[(&str, fn() -> Outcome)] = &[$(($name, || $body),)+];
    };
}

const ANON: i32 = libc::MAP_PRIVATE | libc::MAP_ANONYMOUS;
const RW: i32 = libc::PROT_READ | libc::PROT_WRITE;

attacks! {
    // Files.
    "open-relative" => open(c"Cargo.toml", libc::O_RDONLY),
    "open-absolute" => open(c"/etc/passwd", libc::O_RDONLY),
    "open-folder" => open(c"/", libc::O_RDONLY | libc::O_DIRECTORY),
    "open-environ" => open(c"/proc/self/environ", libc::O_RDONLY),
    "open-parent-environ" => open(c"/proc/1/environ", libc::O_RDONLY),
    "open-own-memory" => open(c"/proc/self/mem", libc::O_RDONLY),
    "open-path" => open(c"/etc/passwd", libc::O_PATH),
    "open-device" => open(c"/dev/null", libc::O_WRONLY),
    "open-by-handle" => call(libc::SYS_open_by_handle_at, [0; 6]),
    "openat2" => call(libc::SYS_openat2, [libc::AT_FDCWD.into(), at(b"/etc/passwd\0"), at(&[0_u64; 3]), 24, 0, 0]),
    "create" => open(c"/nowhere/file", libc::O_CREAT | libc::O_WRONLY),
    "temporary-file" => open(c"/nowhere", libc::O_TMPFILE | libc::O_RDWR),
    "stat" => path(libc::SYS_newfstatat, c"/etc/passwd", [at(&[0_u8; 512]), 0, 0]),
    "statx" => path(libc::SYS_statx, c"/etc/passwd", [0, 0xfff, at(&[0_u8; 512])]),
    "access" => path(libc::SYS_faccessat, c"/etc/passwd", [0; 3]),
    "read-link" => path(libc::SYS_readlinkat, c"/proc/self/exe", [at(&[0_u8; 512]), 512, 0]),
    "current-folder" => call(libc::SYS_getcwd, [at(&[0_u8; 512]), 512, 0, 0, 0, 0]),
    "change-folder" => call(libc::SYS_chdir, [at(b"/\0"), 0, 0, 0, 0, 0]),
    "change-root" => call(libc::SYS_chroot, [at(b"/nowhere\0"), 0, 0, 0, 0, 0]),
    "make-folder" => path(libc::SYS_mkdirat, c"/nowhere/folder", [0o700, 0, 0]),
    "unlink" => path(libc::SYS_unlinkat, c"/nowhere/file", [0; 3]),
    "chmod" => path(libc::SYS_fchmodat, c"/nowhere", [0o600, 0, 0]),
    "mount" => call(libc::SYS_mount, [at(b"none\0"), at(b"/nowhere\0"), at(b"tmpfs\0"), 0, 0, 0]),
    "memory-file" => call(libc::SYS_memfd_create, [at(b"x\0"), 0, 0, 0, 0, 0]),
    "watch-files" => call(libc::SYS_inotify_init1, [0; 6]),
    "duplicate" => call(libc::SYS_dup, [0; 6]),
    "control-descriptor" => call(libc::SYS_fcntl, [0, libc::F_GETFL.into(), 0, 0, 0, 0]),
    "control-terminal" => call(libc::SYS_ioctl, [0, libc::TIOCSTI.cast_signed(), at(b"x"), 0, 0, 0]),
    "write-elsewhere" => call(libc::SYS_write, [1, at(b"x"), 1, 0, 0, 0]),
    "read-elsewhere" => call(libc::SYS_read, [3, at(&[0_u8; 8]), 8, 0, 0, 0]),

    // Network, and other ways out.
    "socket-inet" => socket(libc::AF_INET, libc::SOCK_STREAM),
    "socket-inet6" => socket(libc::AF_INET6, libc::SOCK_STREAM),
    "socket-datagram" => socket(libc::AF_INET, libc::SOCK_DGRAM),
    "socket-unix" => socket(libc::AF_UNIX, libc::SOCK_STREAM),
    "socket-netlink" => socket(libc::AF_NETLINK, libc::SOCK_RAW),
    "socket-packet" => socket(libc::AF_PACKET, libc::SOCK_RAW),
    "socket-vm" => socket(libc::AF_VSOCK, libc::SOCK_STREAM),
    "socket-pair" => call(libc::SYS_socketpair, [libc::AF_UNIX.into(), libc::SOCK_STREAM.into(), 0, at(&[0_i32; 2]), 0, 0]),
    "connect" => call(libc::SYS_connect, [0, at(&[0_u8; 16]), 16, 0, 0, 0]),
    "bind" => call(libc::SYS_bind, [0, at(&[0_u8; 16]), 16, 0, 0, 0]),
    "send-message" => call(libc::SYS_sendmsg, [0, at(&[0_u64; 7]), 0, 0, 0, 0]),
    "receive-message" => call(libc::SYS_recvmsg, [0, at(&[0_u64; 7]), libc::MSG_DONTWAIT.into(), 0, 0, 0]),
    "pipe" => call(libc::SYS_pipe2, [at(&[0_i32; 2]), 0, 0, 0, 0, 0]),
    "message-queue" => call(libc::SYS_mq_open, [at(b"x\0"), libc::O_CREAT.into(), 0o600, 0, 0, 0]),
    "shared-memory" => call(libc::SYS_shmget, [0, 4096, 0o1600, 0, 0, 0]),

    // Processes.
    "fork" => call(libc::SYS_clone, [libc::SIGCHLD.into(), 0, 0, 0, 0, 0]),
    "clone3" => call(libc::SYS_clone3, [at(&[0_u64, 0, 0, 0, 17, 0, 0, 0]), 64, 0, 0, 0, 0]),
    "thread" => {
        let flags = libc::CLONE_VM | libc::CLONE_THREAD | libc::CLONE_SIGHAND;
        call(libc::SYS_clone, [flags.into(), 0, 0, 0, 0, 0])
    },
    "execve" => call(libc::SYS_execve, [at(b"/nowhere/true\0"), at(&[0_usize]), at(&[0_usize]), 0, 0, 0]),
    "execveat" => call(libc::SYS_execveat, [libc::AT_FDCWD.into(), at(b"/nowhere/true\0"), at(&[0_usize]), at(&[0_usize]), 0, 0]),
    "kill-all" => call(libc::SYS_kill, [-1, 0, 0, 0, 0, 0]),
    "kill-init" => call(libc::SYS_kill, [1, 0, 0, 0, 0, 0]),
    "kill-by-thread" => call(libc::SYS_tgkill, [1, 1, 0, 0, 0, 0]),
    "kill-thread" => call(libc::SYS_tkill, [1, 0, 0, 0, 0, 0]),
    "queue-signal" => call(libc::SYS_rt_sigqueueinfo, [1, 0, at(&[0_u8; 128]), 0, 0, 0]),
    "hold-process" => call(libc::SYS_pidfd_open, [1, 0, 0, 0, 0, 0]),
    "steal-descriptor" => call(libc::SYS_pidfd_getfd, [0, 0, 0, 0, 0, 0]),
    "who-is-parent" => call(libc::SYS_getppid, [0; 6]),
    "trace" => call(libc::SYS_ptrace, [libc::PTRACE_PEEKDATA.into(), 1, 0x1000, 0, 0, 0]),
    "be-traced" => call(libc::SYS_ptrace, [libc::PTRACE_TRACEME.into(), 0, 0, 0, 0, 0]),
    "read-other-memory" => {
        let (own, other) = ([0_u8; 8], [0x1000_usize, 8]);
        call(libc::SYS_process_vm_readv, [1, at(&[at(&own), 8]), 1, at(&other), 1, 0])
    },
    "write-other-memory" => call(libc::SYS_process_vm_writev, [1, 0, 0, 0, 0, 0]),
    "wait" => call(libc::SYS_wait4, [-1, 0, libc::WNOHANG.into(), 0, 0, 0]),
    "priority" => call(libc::SYS_setpriority, [0, 0, 0, 0, 0, 0]),
    "affinity" => call(libc::SYS_sched_setaffinity, [0, 8, at(&u64::MAX), 0, 0, 0]),
    "futex-wait" => call(libc::SYS_futex, [at(&0_u32), libc::FUTEX_WAIT.into(), 1, 0, 0, 0]),
    "futex-requeue" => call(libc::SYS_futex, [at(&0_u32), libc::FUTEX_CMP_REQUEUE_PI.into(), 1, 1, 0, 0]),
    "sleep-call" => call(libc::SYS_nanosleep, [at(&[0_u64, 1]), 0, 0, 0, 0, 0]),
    "timer" => call(libc::SYS_setitimer, [0, at(&[0_u64; 4]), 0, 0, 0, 0]),

    // Memory.
    "map-executable" => map(libc::PROT_READ | libc::PROT_EXEC, ANON, -1),
    "map-writable-executable" => map(RW | libc::PROT_EXEC, ANON, -1),
    "map-shared" => map(RW, libc::MAP_SHARED | libc::MAP_ANONYMOUS, -1),
    "map-descriptor" => map(libc::PROT_READ, libc::MAP_PRIVATE, 0),
    "make-executable" => {
        let page = Box::leak(Box::new([0_u8; 8192]));
        let start = (page.as_ptr() as usize).next_multiple_of(4096).cast_signed() as c_long;
        call(libc::SYS_mprotect, [start, 4096, (libc::PROT_READ | libc::PROT_EXEC).into(), 0, 0, 0])
    },
    "make-executable-by-key" => call(libc::SYS_pkey_mprotect, [0, 4096, libc::PROT_EXEC.into(), -1, 0, 0]),
    "user-faults" => call(libc::SYS_userfaultfd, [0; 6]),
    "secret-memory" => call(libc::SYS_memfd_secret, [0; 6]),
    "lock-memory" => call(libc::SYS_mlockall, [1, 0, 0, 0, 0, 0]),
    "read-implies-exec" => call(libc::SYS_personality, [0x040_0000, 0, 0, 0, 0, 0]),

    // The kernel, and the cage itself.
    "io-uring" => call(libc::SYS_io_uring_setup, [1, at(&[0_u8; 120]), 0, 0, 0, 0]),
    "bpf" => call(libc::SYS_bpf, [0, at(&[0_u8; 64]), 64, 0, 0, 0]),
    "performance-events" => call(libc::SYS_perf_event_open, [at(&[0_u8; 128]), 0, -1, -1, 0, 0]),
    "keys" => call(libc::SYS_keyctl, [0; 6]),
    "load-module" => call(libc::SYS_init_module, [0; 6]),
    "kernel-log" => call(libc::SYS_syslog, [10, 0, 0, 0, 0, 0]),
    "new-user-namespace" => call(libc::SYS_unshare, [libc::CLONE_NEWUSER.into(), 0, 0, 0, 0, 0]),
    "new-net-namespace" => call(libc::SYS_unshare, [libc::CLONE_NEWNET.into(), 0, 0, 0, 0, 0]),
    "new-mount-namespace" => call(libc::SYS_unshare, [libc::CLONE_NEWNS.into(), 0, 0, 0, 0, 0]),
    "enter-namespace" => call(libc::SYS_setns, [0, 0, 0, 0, 0, 0]),
    "raise-limit" => call(libc::SYS_prlimit64, [0, libc::RLIMIT_NOFILE.into(), at(&[u64::MAX; 2]), 0, 0, 0]),
    "raise-limit-old" => call(libc::SYS_setrlimit, [libc::RLIMIT_NPROC.into(), at(&[u64::MAX; 2]), 0, 0, 0, 0]),
    "new-privileges" => call(libc::SYS_prctl, [libc::PR_SET_NO_NEW_PRIVS.into(), 0, 0, 0, 0, 0]),
    "outlive-parent" => call(libc::SYS_prctl, [libc::PR_SET_PDEATHSIG.into(), 0, 0, 0, 0, 0]),
    "loosen-seccomp" => call(libc::SYS_seccomp, [1, 0, at(&[0_u64; 2]), 0, 0, 0]),
    "loosen-landlock" => call(libc::SYS_landlock_restrict_self, [0; 6]),
    "capabilities" => call(libc::SYS_capset, [at(&[0x2008_0522_u32, 0]), at(&[u32::MAX; 6]), 0, 0, 0, 0]),
    "become-root" => call(libc::SYS_setresuid, [0, 0, 0, 0, 0, 0]),
    "set-clock" => call(libc::SYS_clock_settime, [-1, at(&[0_u64; 2]), 0, 0, 0, 0]),
    "unused-number" => call(1000, [0; 6]),
    "old-table" => old_table(),
    "x32-table" => call(0x4000_0000 | libc::SYS_getpid, [0; 6]),

    // What is already in the process.
    "environment" => match std::env::vars_os().next() {
        Some(_) => Ok(()),
        None => Err(libc::ENOENT),
    },
}

/// The 32-bit system calls, whose numbers mean other things: 20 is `getpid` there, `writev` here.
#[cfg(target_arch = "x86_64")]
fn old_table() -> Outcome {
    let result: i32;
    // SAFETY: the call takes no argument and touches no memory; `rbx` and the rest are kept by the kernel.
    unsafe { std::arch::asm!("int 0x80", inlateout("eax") 20 => result, options(nostack)) };
    if result >= 0 { Ok(()) } else { Err(-result) }
}

#[cfg(not(target_arch = "x86_64"))]
fn old_table() -> Outcome {
    Err(libc::ENOSYS)
}

pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|&(name, _)| name)
}

pub(crate) fn find(name: &str) -> Option<fn() -> Outcome> {
    ALL.iter().find(|&&(other, _)| other == name).map(|&(_, attack)| attack)
}

/// Opens what every system has. `Ok` when anything was opened, else the last refusal.
pub(crate) fn open_any() -> Outcome {
    let paths = [c"/etc/passwd", c"/proc/self/environ", c"/proc/1/status", c"/dev/null", c"/"];
    paths.map(|path| open(path, libc::O_RDONLY)).into_iter().reduce(Outcome::or).unwrap_or(Ok(()))
}
