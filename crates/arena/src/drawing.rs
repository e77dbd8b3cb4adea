//! Has a studio draw an asset, and finds out whose fault it is if there are no pictures: the asset's, or ours.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use bytes::Bytes;
use views::{Bundle, Kind, ViewsError};

use crate::ports::Ports;

/// The longest pause between two tries, in seconds.
const PAUSE_MAX_S: u64 = 60;

/// So many assets of one miner may use up the time to draw one. No other of it is drawn then: nobody waits for a miner for hours.
const SLOW_MAX: u32 = 3;

/// What the reason begins with if time decided: on another machine it may be drawn.
pub(crate) const NOT_IN_TIME: &str = "not drawn in its time";

/// A module that every studio can draw, to ask one whether it works at all.
const PROBE_MODULE: &[u8] = b"export default function generate(THREE) {\n  \
    return new THREE.Mesh(new THREE.BoxGeometry(0.5, 0.5, 0.5), new THREE.MeshStandardMaterial());\n}\n";

/// How many assets of a miner used up their time, while others were drawn.
#[derive(Debug, Default)]
pub(crate) struct Slow(AtomicU32);

/// Why there are no pictures.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Undrawn {
    /// The asset breaks a rule, or nobody can draw it.
    Asset(String),
    /// The picture of the prompt is none.
    Prompt(String),
    /// Something of ours failed; it may work later.
    Ours(String),
}

/// Draws an asset, in a few tries if the studio is away.
pub(crate) async fn draw(
    ports: &Ports,
    kind: Kind,
    (asset, picture): (Bytes, Bytes),
    tries: u32,
    slow: &Slow,
) -> Result<Bundle, Undrawn> {
    let before = slow.0.load(Ordering::Relaxed);
    if before >= SLOW_MAX {
        let what = format!("{NOT_IN_TIME}: nor were {before} others of this miner");
        return Err(Undrawn::Asset(what));
    }
    let mut last = in_tries(ports, kind, (&asset, &picture), tries).await;
    // Does the studio fail, or does this asset make it fail? It does if the studio works before and after.
    for again in [true, false] {
        let is_slow = match &last {
            Err(ViewsError::Slow(_)) => true,
            Err(ViewsError::Outage(_)) => false,
            _ => return settled(last),
        };
        probe(ports, kind).await.map_err(Undrawn::Ours)?;
        // Of a miner of whom that is known, time is not given twice.
        if again && !(is_slow && before > 0) {
            last = ports.studio.bundle(kind, asset.clone(), picture.clone()).await;
            continue;
        }
        if is_slow {
            slow.0.fetch_add(1, Ordering::Relaxed);
        }
        break;
    }
    settled(last)
}

/// What an answer comes to if the studio works.
fn settled(drawn: Result<Bundle, ViewsError>) -> Result<Bundle, Undrawn> {
    drawn.map_err(|error| match error {
        ViewsError::Invalid(why) | ViewsError::Outage(why) => Undrawn::Asset(why),
        ViewsError::Slow(why) => Undrawn::Asset(format!("{NOT_IN_TIME}: {why}")),
        ViewsError::Prompt(why) => Undrawn::Prompt(why),
    })
}

/// Whether the studio draws at all, and why it does not.
async fn probe(ports: &Ports, kind: Kind) -> Result<(), String> {
    let asset = Bytes::from_static(PROBE_MODULE);
    match ports.studio.bundle(kind, asset, Bytes::new()).await {
        Err(ViewsError::Outage(why) | ViewsError::Slow(why)) => Err(format!("drawing: {why}")),
        Ok(_) | Err(ViewsError::Invalid(_) | ViewsError::Prompt(_)) => Ok(()),
    }
}

async fn in_tries(
    ports: &Ports,
    kind: Kind,
    (asset, picture): (&Bytes, &Bytes),
    tries_max: u32,
) -> Result<Bundle, ViewsError> {
    let mut tries = 1;
    loop {
        match ports.studio.bundle(kind, asset.clone(), picture.clone()).await {
            Err(ViewsError::Outage(_)) if tries < tries_max => {
                let pause = PAUSE_MAX_S.min(1 << tries.min(6));
                ports.clock.sleep(Duration::from_secs(pause)).await;
                tries += 1;
            }
            end => return end,
        }
    }
}
