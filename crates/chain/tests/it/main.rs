//! The development chain, its keys and its seals.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

mod dev;
mod folder;
mod keys;
mod timelock;

use std::future::Future;
use std::pin::pin;
use std::task::{Context, Poll, Waker};

/// Runs what never truly waits: all clocks of these tests are moved by who sleeps.
fn now<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("it waits for something else than the clock"),
    }
}

fn unhex(text: &str) -> Vec<u8> {
    let pairs = text.as_bytes().chunks(2);
    pairs.map(|pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap()).collect()
}
