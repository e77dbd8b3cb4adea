//! Verdicts on modules, by the hash of their source. A client asks three times for the same module at once: it runs
//! once, and all three wait for it. What was used last is kept, up to a number of bytes.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use asset::scene::{Scene, Texture};
use tokio::sync::OnceCell;

use super::Verdict;

/// SHA-256 of a source.
pub(super) type Key = [u8; 32];

/// What is kept.
#[derive(Debug)]
pub(super) struct Scenes {
    bytes_max: usize,
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    entries: BTreeMap<Key, Entry>,
    /// Counts uses.
    now: u64,
    bytes: usize,
}

#[derive(Debug)]
struct Entry {
    verdict: Arc<OnceCell<Arc<Verdict>>>,
    used: u64,
    /// 0 until the verdict is there.
    bytes: usize,
}

impl Scenes {
    pub(super) fn new(bytes_max: usize) -> Self {
        Self { bytes_max, kept: Mutex::default() }
    }

    /// The verdict, made if it is not there, and whether it was there. An error is given to whoever's `make` it was; the
    /// next one tries again.
    pub(super) async fn get<E, F: Future<Output = Result<Verdict, E>>>(
        &self,
        key: Key,
        make: impl FnOnce() -> F,
    ) -> Result<(Arc<Verdict>, bool), E> {
        let cell = self.entry(key);
        let mut is_new = false;
        let made = cell.get_or_try_init(|| {
            is_new = true;
            let made = make();
            async move { made.await.map(Arc::new) }
        });
        let verdict = made.await.cloned();
        match &verdict {
            Ok(verdict) if is_new => self.put(key, byte_len(verdict)),
            Ok(_) => {}
            Err(_) => self.forget(key),
        }
        Ok((verdict?, !is_new))
    }

    /// Bytes that are kept.
    pub(super) fn byte_len(&self) -> usize {
        self.lock().bytes
    }

    fn entry(&self, key: Key) -> Arc<OnceCell<Arc<Verdict>>> {
        let mut kept = self.lock();
        kept.now += 1;
        let used = kept.now;
        let new = || Entry { verdict: Arc::default(), used, bytes: 0 };
        let entry = kept.entries.entry(key).or_insert_with(new);
        entry.used = used;
        entry.verdict.clone()
    }

    /// Counts a new verdict, and lets go of those that were not used for longest.
    fn put(&self, key: Key, byte_len: usize) {
        let mut kept = self.lock();
        if let Some(entry) = kept.entries.get_mut(&key).filter(|entry| entry.bytes == 0) {
            entry.bytes = byte_len;
            kept.bytes += byte_len;
        }
        while kept.bytes > self.bytes_max {
            let done = kept.entries.iter().filter(|(_, entry)| entry.bytes > 0);
            let Some(oldest) = done.min_by_key(|(_, entry)| entry.used).map(|(key, _)| *key) else {
                break;
            };
            kept.remove(oldest);
        }
    }

    /// Lets go of a verdict that was not made, unless somebody else is making it.
    fn forget(&self, key: Key) {
        let mut kept = self.lock();
        let is_idle = kept.entries.get(&key).is_some_and(|entry| {
            entry.bytes == 0
                && !entry.verdict.initialized()
                && Arc::strong_count(&entry.verdict) <= 2
        });
        if is_idle {
            kept.remove(key);
        }
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn remove(&mut self, key: Key) {
        if let Some(entry) = self.entries.remove(&key) {
            self.bytes -= entry.bytes;
        }
    }
}

/// What a verdict takes in memory, nearly; never 0.
fn byte_len(verdict: &Verdict) -> usize {
    let texts: usize = verdict.failures.iter().map(|failure| 64 + failure.detail.len()).sum();
    1024 + texts + verdict.scene.as_ref().map_or(0, scene_byte_len)
}

fn scene_byte_len(scene: &Scene) -> usize {
    let geometries = scene.geometries.iter().map(|geometry| {
        let values: usize = geometry.attributes().map(|(_, found)| found.values.len()).sum();
        let indices = geometry.index.as_ref().map_or(0, Vec::len);
        512 + 4 * (values + indices) + 16 * geometry.groups.len()
    });
    let nodes = scene.nodes.iter().map(|node| {
        let instances = node.drawable.as_ref().map_or(0, |drawable| match &drawable.primitive {
            asset::scene::Primitive::InstancedMesh(instances) => {
                64 * instances.matrices.len()
                    + instances.colors.as_ref().map_or(0, |c| 12 * c.len())
            }
            _ => 0,
        });
        512 + instances
    });
    let texels = |texture: &Texture| {
        texture.levels.iter().map(|level| level.texels.byte_len()).sum::<usize>()
    };
    let textures = scene.textures.iter().map(|texture| 256 + texels(texture));
    geometries.sum::<usize>()
        + nodes.sum::<usize>()
        + textures.sum::<usize>()
        + 1024 * scene.materials.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(detail_len: usize) -> Verdict {
        let detail = "x".repeat(detail_len);
        let (stage, rule) = (threejs::Stage::Parse, threejs::Rule::ParseError);
        let failure = threejs::Failure { stage, rule, detail };
        Verdict { failures: vec![failure], metrics: None, scene: None }
    }

    async fn get(scenes: &Scenes, key: u8, detail_len: usize) -> bool {
        let made = async move { Ok::<_, ()>(verdict(detail_len)) };
        scenes.get([key; 32], || made).await.expect("a verdict").1
    }

    #[tokio::test]
    async fn the_one_not_used_for_longest_goes() {
        let scenes = Scenes::new(10_000);
        assert_eq!([get(&scenes, 1, 3000).await, get(&scenes, 2, 3000).await], [false, false]);
        assert!(get(&scenes, 1, 3000).await, "still there");
        assert!(!get(&scenes, 3, 3000).await, "2 goes");
        assert_eq!([get(&scenes, 1, 3000).await, get(&scenes, 3, 3000).await], [true, true]);
        assert!(!get(&scenes, 2, 3000).await, "it went");
        assert!(!get(&scenes, 9, 20_000).await, "larger than everything");
        assert_eq!((scenes.byte_len(), scenes.lock().entries.len()), (0, 0));
    }

    #[tokio::test]
    async fn three_at_once_run_once() {
        let scenes = Scenes::new(10_000);
        let runs = std::sync::atomic::AtomicU32::new(0);
        let ask = || {
            scenes.get([1; 32], || async {
                runs.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
                tokio::task::yield_now().await;
                Ok::<_, ()>(verdict(1))
            })
        };
        let (one, two, three) = tokio::join!(ask(), ask(), ask());
        let were_there = [one, two, three].map(|found| found.expect("a verdict").1);
        assert_eq!((were_there, runs.into_inner()), ([false, true, true], 1));
    }

    #[tokio::test]
    async fn errors_are_not_kept() {
        let scenes = Scenes::new(10_000);
        let failed = scenes.get([1; 32], || async { Err("lost") }).await;
        assert_eq!(failed.err(), Some("lost"));
        assert!(scenes.lock().entries.is_empty());
        assert!(!get(&scenes, 1, 1).await);
    }
}
