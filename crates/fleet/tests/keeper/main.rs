//! Test-only program: the keeper of local pods when it is started as one, otherwise a pod with the behaviour it is told.
//!
//! `serve [--after MS] [--stubborn] [--child FILE]`: answers `GET /health` on `PORT` with `200`. `crash CODE`, `env`, `chat N`,
//! `limits`, `sleep`: see [`behave`].

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "test-only: what goes wrong is to be seen in the test"
)]

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::process::{Command, ExitCode};
use std::time::Duration;

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.first().map(String::as_str) {
        Some(fleet::local::KEEPER_COMMAND) => fleet::local::keeper::main(),
        Some(_) => behave(&args),
        None => ExitCode::from(2),
    }
}

fn behave(args: &[String]) -> ExitCode {
    let value = |name: &str| {
        let at = args.iter().position(|arg| arg == name)?;
        args.get(at + 1)
    };
    match args[0].as_str() {
        // Prints a line on both outputs and ends so.
        "crash" => {
            println!("about to fall over");
            eprintln!("no weights found");
            ExitCode::from(args[1].parse::<u8>().unwrap())
        }
        // Prints its environment, then serves.
        "env" => {
            for (name, value) in std::env::vars() {
                println!("{name}={value}");
            }
            serve()
        }
        // Prints so many lines, then serves.
        "chat" => {
            for n in 0..args[1].parse::<usize>().unwrap() {
                println!("line {n} {}", "x".repeat(100));
            }
            println!("the end");
            serve()
        }
        // Prints what the system says its limits are, then serves.
        "limits" => {
            print!("{}", std::fs::read_to_string("/proc/self/limits").unwrap());
            serve()
        }
        "serve" => {
            if args.iter().any(|arg| arg == "--stubborn") {
                return stubborn();
            }
            if let Some(file) = value("--child") {
                // In a session of its own, as daemons are: no signal to the group reaches it.
                let script = "setsid sh -c 'echo $$ > $0; exec sleep 1000' $0 > /dev/null &";
                let status = Command::new("sh").args(["-c", script, file]).status().unwrap();
                assert!(status.success());
            }
            let after = value("--after").map_or(0, |ms| ms.parse().unwrap());
            std::thread::sleep(Duration::from_millis(after));
            serve()
        }
        _ => ExitCode::from(2),
    }
}

fn serve() -> ExitCode {
    let port: u16 = std::env::var("PORT").unwrap().parse().unwrap();
    let listener = TcpListener::bind(("127.0.0.1", port)).unwrap();
    for stream in listener.incoming() {
        let mut stream = stream.unwrap();
        let _request = stream.read(&mut [0; 1024]).unwrap_or_default();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok").ok();
    }
    ExitCode::SUCCESS
}

/// A shell that does not listen to requests to stop, and this program serving below it.
fn stubborn() -> ExitCode {
    let own = std::env::current_exe().unwrap();
    let script = "trap '' TERM; \"$0\" serve";
    let status = Command::new("sh").args(["-c", script]).arg(own).status().unwrap();
    ExitCode::from(u8::from(!status.success()))
}
