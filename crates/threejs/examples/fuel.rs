//! Runs the modules of `benches/fuel` and prints fuel and time, for the table of the decision on fuel: `fuel SIZE [NAME…]`.
#![expect(clippy::print_stdout, reason = "an example for people")]

use std::{path::Path, time::Duration};

use threejs::engine::{Engine, Limits, Realm};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let size = arguments.next().expect("a size");
    let only: Vec<String> = arguments.collect();
    let engine = Engine::new().expect("engine");
    let limits = Limits { fuel: u64::MAX, ..Limits::default() };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/fuel");
    let entries = fs_err::read_dir(folder).expect("modules");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    for path in paths.into_iter().filter(|path| path.extension().is_some_and(|it| it == "js")) {
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if !only.is_empty() && !only.contains(&name) {
            continue;
        }
        let source = fs_err::read_to_string(&path).expect("a module");
        let source = source.replace("const SIZE = 1;", &format!("const SIZE = {size};"));
        let realm = Realm::new(&engine, &limits).expect("realm");
        let start = busy();
        let outcome = realm.run(&source);
        let millis = (busy() - start).as_secs_f64() * 1e3;
        let fuel = outcome.module_load_fuel + outcome.generate_fuel;
        println!("{name:16} {millis:9.1} ms {fuel:12} steps {:?}", outcome.failures);
    }
}

/// What this thread has used of a processor so far: other jobs on the machine do not count.
fn busy() -> Duration {
    let line = fs_err::read_to_string("/proc/thread-self/schedstat").expect("Linux");
    let nanos = line.split(' ').next().and_then(|number| number.parse().ok());
    Duration::from_nanos(nanos.expect("a number"))
}
