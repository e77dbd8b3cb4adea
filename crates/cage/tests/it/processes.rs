//! Processes come and go with their pool.

use std::{num::NonZeroUsize, time::Duration};

use cage::{CageError, Pool};
use insta::assert_snapshot;
use rustix::process::{Pid, Signal, kill_process};

use crate::workplace::{GOOD, attack, check, config, pool, processes, until};

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).expect("a pid"), Signal::KILL).expect("killed");
}

#[test]
fn a_dropped_pool_leaves_no_process() {
    let mark = "dropped";
    let pool = pool(mark, |config| config.workers = NonZeroUsize::new(3).expect("not zero"));
    pool.warm().expect("warm");
    assert_eq!(check(&pool, GOOD), "passed");
    assert_eq!(check(&pool, &attack("segv")).matches("SIG").count(), 0);
    assert!(processes(mark).len() >= 4, "a zygote and three ready: {:?}", processes(mark));
    drop(pool);
    assert_eq!(processes(mark), [0_i32; 0]);
}

#[test]
fn used_processes_do_not_pile_up() {
    let mark = "pile";
    let pool = pool(mark, |_| {});
    for _ in 0..20 {
        assert_eq!(check(&pool, GOOD), "passed");
    }
    until("a zygote and one ready are left", || processes(mark).len() == 2);
}

#[test]
fn a_killed_zygote_is_replaced() {
    let mark = "killed-zygote";
    let pool = pool(mark, |_| {});
    assert_eq!(check(&pool, GOOD), "passed");
    let old = processes(mark);
    kill(old[0]);
    assert_eq!(check(&pool, GOOD), "passed");
    until("the old ones are gone", || processes(mark).iter().all(|pid| !old.contains(pid)));
    assert_eq!(check(&pool, GOOD), "passed");
}

#[test]
fn a_killed_ready_process_is_replaced() {
    let mark = "killed-ready";
    let pool = pool(mark, |_| {});
    pool.warm().expect("warm");
    let all = processes(mark);
    kill(all[1]);
    assert_eq!(check(&pool, GOOD), "passed");
}

#[test]
fn a_module_whose_process_is_killed_is_run_again_once() {
    let mark = "killed-running";
    let pool = pool(mark, |_| {});
    std::thread::scope(|scope| {
        let running = scope.spawn(|| pool.check(attack("spin").as_bytes()));
        // Whatever is killed, the zygote or what it made, is lost by no fault of the module; the second time ends it.
        while !running.is_finished() {
            if let Some(&last) = processes(mark).last() {
                kill_process(Pid::from_raw(last).expect("a pid"), Signal::KILL).ok();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        let verdict = running.join().expect("joined");
        assert!(
            matches!(verdict, Err(CageError::Lost { .. } | CageError::SetUp(_))),
            "{verdict:?}"
        );
    });
    assert_eq!(check(&pool, GOOD), "passed");
}

#[test]
fn a_program_that_is_no_guest_is_an_error() {
    let absent = cage::Config { program: "/nowhere/crucible".into(), ..config("absent") };
    assert!(matches!(Pool::new(absent), Err(CageError::Start(_))));
    let other = cage::Config { program: "/bin/true".into(), ..config("other") };
    assert!(matches!(Pool::new(other), Err(CageError::SetUp(_))));
}

#[test]
fn too_little_memory_for_three_js_is_an_error() {
    let pool = pool("little-memory", |config| config.limits.heap_bytes = 1 << 20);
    let told = check(&pool, GOOD);
    assert!(told.starts_with("error: the cage could not be set up: "), "{told}");
}

/// The error of a pool on a kernel without this call, and the verdict there without a cage.
fn on_a_kernel_without(call: &str) -> (String, String) {
    let lacking = |config: &mut cage::Config| config.args.push(format!("without-{call}").into());
    let mut caged = config(call);
    lacking(&mut caged);
    let error = Pool::new(caged).err();
    assert!(matches!(error, Some(CageError::Unsupported { .. })), "{error:?}");
    let uncaged = pool(call, |config| {
        lacking(config);
        config.uncaged = true;
    });
    (error.map_or_else(String::new, |error| error.to_string()), check(&uncaged, GOOD))
}

#[test]
fn a_kernel_that_cannot_cage_is_refused_unless_asked_otherwise() {
    let (error, uncaged) = on_a_kernel_without("landlock");
    assert_snapshot!(error, @"this kernel does not offer landlock (Linux 5.13 or later, enabled), so a module cannot be caged; --unsafe-no-cage runs it without a cage");
    assert_eq!(uncaged, "passed");
    let (error, uncaged) = on_a_kernel_without("seccomp");
    assert_snapshot!(error, @"this kernel does not offer seccomp filters, so a module cannot be caged; --unsafe-no-cage runs it without a cage");
    assert_eq!(uncaged, "passed");
}
