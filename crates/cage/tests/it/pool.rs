//! The pool: many at once, too many, the same answer every time.

use std::{num::NonZeroUsize, time::Duration};

use cage::CageError;

use crate::workplace::{GOOD, attack, check, pool, until};

fn sphere(segments: usize) -> String {
    format!(
        "export default (THREE) => new THREE.Mesh(
            new THREE.SphereGeometry(0.4, {segments}, 4), new THREE.MeshBasicMaterial())"
    )
}

#[test]
fn two_hundred_at_once_are_all_right() {
    let pool = pool("two-hundred", |config| {
        config.workers = NonZeroUsize::new(4).expect("not zero");
        config.queue_max = 200;
    });
    std::thread::scope(|scope| {
        for segments in 3..203 {
            let pool = &pool;
            scope.spawn(move || {
                // One in ten goes wrong, which must touch no other.
                if segments % 10 == 0 {
                    let fate = check(pool, &attack("segv"));
                    assert!(fate.contains("EXECUTION_THREW"), "{fate}");
                    return;
                }
                let report = pool.check(sphere(segments).as_bytes()).expect("verdict");
                let vertices = report.metrics.map(|metrics| metrics.vertices);
                assert_eq!(vertices, Some(((segments + 1) * 5) as f64), "{report:?}");
            });
        }
    });
}

#[test]
fn one_too_many_is_refused() {
    let pool = pool("too-many", |config| {
        config.queue_max = 1;
        config.wall = Duration::from_secs(2);
    });
    std::thread::scope(|scope| {
        let sleeper = scope.spawn(|| check(&pool, &attack("sleep")));
        until("the sleeper runs", || pool.running() == 1);
        let waiter = scope.spawn(|| check(&pool, GOOD));
        until("one waits", || pool.waiting() == 1);
        let refused = pool.check(GOOD.as_bytes());
        assert!(matches!(refused, Err(CageError::Full { queue_max: 1 })), "{refused:?}");
        assert!(sleeper.join().expect("joined").contains("TIMEOUT_EXCEEDED"));
        assert_eq!(waiter.join().expect("joined"), "passed");
    });
    assert_eq!(check(&pool, GOOD), "passed");
}

#[test]
fn the_same_module_gets_the_same_answer() {
    let source = sphere(40).replace("0.4", "0.3 + 0.1 * Math.sin(5)");
    let answer = |mark| {
        let pool = pool(mark, |_| {});
        let mut report = pool.check(source.as_bytes()).expect("verdict");
        let again = pool.check(source.as_bytes()).expect("verdict");
        (report.module_load_ms, report.execution_ms, report.total_ms) =
            (again.module_load_ms, again.execution_ms, again.total_ms);
        assert_eq!(report, again);
        report
    };
    let (one, other) = (answer("same-1"), answer("same-2"));
    assert_eq!((&one.metrics, one.fuel), (&other.metrics, other.fuel));
    assert!(one.passed(), "{one:?}");
}
