//! One suite for stores in folders and in memory.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail like tests")]

use std::collections::BTreeMap;

use bytes::Bytes;
use proptest::prelude::*;
use store::{Digest, Store, StoreError, key_problem};
use tempfile::TempDir;

const PUBLIC: &str = "https://cdn.example/";

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(future)
}

/// Runs a test on every kind.
fn on_each(test: impl AsyncFn(Store)) {
    run(test(Store::memory(PUBLIC)));
    let folder = TempDir::new().unwrap();
    run(test(Store::folder(&folder.path().join("new/blobs"), PUBLIC).unwrap()));
}

#[test]
fn what_was_written_is_read() {
    on_each(async |store| {
        let key = "rounds/7/5A/submitted/chair_01.js";
        assert_eq!(store.get(key, 10).await.unwrap(), None);
        assert_eq!(store.size(key).await.unwrap(), None);
        let blob =
            store.put(key, Bytes::from_static(b"hello\n"), "application/javascript").await.unwrap();
        assert_eq!(
            blob.sha256.to_string(),
            "5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"
        );
        assert_eq!((blob.key.as_str(), blob.size_bytes), (key, 6));
        assert_eq!(store.get(key, 6).await.unwrap().unwrap(), "hello\n");
        assert_eq!(store.size(key).await.unwrap(), Some(6));
        assert_eq!(store.get_exact(key, blob.sha256, 6).await.unwrap(), "hello\n");
        store.put(key, Bytes::new(), "text/plain").await.unwrap();
        assert_eq!(store.get(key, 0).await.unwrap().unwrap(), "");
        // A folder is no file.
        assert_eq!(store.get("rounds/7", 10).await.unwrap_or(None), None);
    });
}

#[test]
fn too_large_changed_and_missing_are_told() {
    on_each(async |store| {
        store.put("a", Bytes::from_static(b"hello"), "text/plain").await.unwrap();
        let error = store.get("a", 4).await.unwrap_err();
        assert_eq!(error.to_string(), "a: 5 bytes, the limit is 4");
        let error = store.get_exact("a", Digest::of(b"other"), 9).await.unwrap_err();
        assert!(matches!(error, StoreError::Changed { .. }), "{error}");
        let error = store.get_exact("b", Digest::of(b"other"), 9).await.unwrap_err();
        assert_eq!(error.to_string(), "b: there is no such file");
    });
}

#[test]
fn bad_keys_are_refused() {
    for key in [
        "",
        "/a",
        "a/",
        "a//b",
        "../a",
        "a/./b",
        "a\\b",
        "a\nb",
        "a/c:",
        "c|/a",
        "a#12",
        "a#",
        &"a/".repeat(300),
        &"a".repeat(201),
    ] {
        assert!(key_problem(key).is_some(), "{key}");
        on_each(async |store| {
            assert!(matches!(store.put(key, Bytes::new(), "").await, Err(StoreError::Key { .. })));
            assert!(matches!(store.get(key, 1).await, Err(StoreError::Key { .. })));
        });
    }
}

/// Whatever serves the folder finds a file by the key that is in its URL.
#[test]
fn names_in_a_folder_are_keys() {
    let folder = TempDir::new().unwrap();
    let store = Store::folder(folder.path(), PUBLIC).unwrap();
    for key in ["c|d/x", "d/%2e%2E", "d/a b%20c", "d/é~*?.js", "d/a#1b", "d/a:b", "d/a#12.js"] {
        run(store.put(key, Bytes::from_static(key.as_bytes()), "text/plain")).unwrap();
        assert_eq!(fs_err::read(folder.path().join(key)).unwrap(), key.as_bytes());
        assert_eq!(run(store.get(key, 99)).unwrap().unwrap(), key);
    }
}

#[test]
fn urls_are_escaped_and_read_back() {
    let store = Store::memory(PUBLIC);
    let key = "rounds/7/a b/é%20#?.js";
    insta::assert_snapshot!(store.url(key), @"https://cdn.example/rounds/7/a%20b/%C3%A9%2520%23%3F.js");
    assert_eq!(store.key_of(&store.url(key)).as_deref(), Some(key));
    for other in [
        "https://cdn.example",
        "https://cdn.example/",
        "https://cdn.examples/a",
        "https://cdn.example/a b",
        "https://cdn.example/%2e%2E",
        "https://cdn.example/a%2",
        "https://cdn.example/../a",
    ] {
        assert_eq!(store.key_of(other), None, "{other}");
    }
}

#[test]
fn digests_are_read_back() {
    let digest = Digest::of(b"hello\n");
    assert_eq!(Digest::from_hex(&digest.to_string()), Some(digest));
    assert_eq!(Digest::from_hex(&digest.to_string().to_uppercase()), Some(digest));
    for wrong in ["", "58", &"g".repeat(64), &"+1".repeat(32), &"é".repeat(32)] {
        assert_eq!(Digest::from_hex(wrong), None);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    /// Keys that differ are different files, whatever characters they have; both kinds of store say the same.
    #[test]
    fn any_keys_are_kept_apart(files in prop::collection::btree_map("[a-zA-Z0-9._ %#?~é*:<>|\"'-]{1,12}", prop::collection::vec(any::<u8>(), 0..50), 1..6)) {
        let files: BTreeMap<String, Vec<u8>> = files.into_iter().filter(|(key, _)| key_problem(key).is_none()).map(|(key, content)| (format!("d/{key}"), content)).collect();
        on_each(async |store| {
            for (key, content) in &files {
                store.put(key, content.clone().into(), "application/octet-stream").await.unwrap();
            }
            for (key, content) in &files {
                assert_eq!(&store.get(key, 50).await.unwrap().unwrap()[..], &content[..], "{key}");
                assert_eq!(store.key_of(&store.url(key)).as_ref(), Some(key));
            }
        });
    }
}
