//! Ways for a process to end, or to answer, that our own code never takes.
#![expect(unsafe_code, reason = "an attacker does as it likes")]

use std::hint::black_box;

/// What the host reads: descriptor 0.
pub(crate) fn say(bytes: &[u8]) {
    // SAFETY: the buffer is readable for its length.
    unsafe { libc::write(0, bytes.as_ptr().cast(), bytes.len()) };
}

fn sleep_for_ever() -> ! {
    loop {
        let mut byte = 0_u8;
        // The host says no more, so this blocks.
        // SAFETY: the buffer is writable for its length.
        if unsafe { libc::read(0, (&raw mut byte).cast(), 1) } == 0 {
            super::leave(0);
        }
    }
}

fn spin() -> ! {
    loop {
        black_box(());
    }
}

#[expect(unconditional_recursion, reason = "the point of it")]
fn deeper(depth: u64) -> u64 {
    let room = black_box([depth; 512]);
    deeper(depth + 1) + black_box(room)[7]
}

/// Never returns for most; what is returned is sent as the answer.
pub(crate) fn meet(name: &str, reply_bytes_max: usize) -> Vec<u8> {
    match name {
        "exit" => super::leave(3),
        "panic" => panic!("as asked"),
        "abort" => std::process::abort(),
        "segv" => {
            // SAFETY: none: it must crash.
            unsafe { std::ptr::without_provenance_mut::<u8>(16).write_volatile(1) };
            Vec::new()
        }
        "overflow" => vec![deeper(0) as u8],
        "allocate" => vec![1; 64 << 30],
        "hoard" => {
            let mut hoard: Vec<Vec<u8>> = Vec::new();
            loop {
                hoard.push(black_box(vec![1; 16 << 20]));
            }
        }
        "spin" => spin(),
        "spin-deaf" => {
            // SAFETY: no handler is given.
            unsafe { libc::signal(libc::SIGXCPU, libc::SIG_IGN) };
            spin()
        }
        "sleep" => sleep_for_ever(),
        "reply-nothing" => super::leave(0),
        "reply-empty" => Vec::new(),
        "reply-garbage" => (0..=255).cycle().take(4096).collect(),
        "reply-zeros" => vec![0; 1 << 20],
        "reply-long" => vec![b'x'; reply_bytes_max + 1],
        "reply-claim" => {
            say(&u64::MAX.to_le_bytes());
            sleep_for_ever()
        }
        "reply-part" => {
            say(&1000_u64.to_le_bytes());
            say(b"half");
            sleep_for_ever()
        }
        "reply-part-exit" => {
            say(&1000_u64.to_le_bytes());
            say(b"half");
            super::leave(0)
        }
        "reply-prefix" => {
            say(b"\x01\0\0");
            sleep_for_ever()
        }
        "reply-flood" => loop {
            say(&[0x41; 65536]);
        },
        "hang-up" => {
            // SAFETY: nobody else uses it.
            unsafe { libc::close(0) };
            spin()
        }
        other => panic!("no attack {other}"),
    }
}
