//! Who goes first when all cores are busy.

/// How much the calling thread gives way, as `nice` counts: enough for answers within a millisecond, and little enough to
/// still get a quarter of a core beside a program that does not give way.
const NICE: i32 = 5;

/// From now on the calling thread, and threads and processes it starts, give way to the other threads of this program:
/// for what computes for seconds beside what answers within milliseconds. Does nothing where the system has no such
/// thing for single threads.
pub fn give_way() {
    // On Linux this is the priority of the calling thread alone.
    #[cfg(target_os = "linux")]
    rustix::process::setpriority_process(None, NICE).ok();
}
