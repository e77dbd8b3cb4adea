//! The hand-over of an outcome from the caged process to its host, which trusts nothing of it. The format is our own.
//!
//! Little-endian, no padding: magic `COUT`, version (u32), fuel of the body and of the function (u64 each), failures (u32
//! and so many), metrics, scene. A failure is two bytes, the places of its stage and rule in their lists, and a text
//! (u32 and so many bytes). Metrics and scene are a byte (0 or 1) and the value; a scene is its length (u64) and a
//! message of [`asset::scene::wire`]. There is a scene exactly if there is no failure, and then there are metrics.
//! Every outcome has exactly one encoding, and bit patterns of numbers are kept.

use asset::scene;

use super::{DETAIL_BYTES_MAX, Metrics, Outcome, outcome::failure};
use crate::{Failure, Rule, Stage};

/// The version written, and the only one read.
pub const VERSION: u32 = 1;
/// Bytes of a message: the largest scene, and all failures with the longest details.
pub const BYTES_MAX: usize = scene::wire::BYTES_MAX + (1 << 20);
/// Failures of a message. A run has one, or at most one for each limit on a scene.
pub const FAILURES_MAX: usize = 16;
/// First bytes of a message.
const MAGIC: &[u8; 4] = b"COUT";

/// Why bytes are not an outcome.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// Longer than [`BYTES_MAX`].
    #[error("outcome message: {found} bytes, our limit is {max}", max = BYTES_MAX)]
    TooLong {
        /// Length of the message.
        found: usize,
    },
    /// Not an outcome message.
    #[error("outcome message: does not start with COUT")]
    Magic,
    /// From another version of the program.
    #[error("outcome message: version {found}, we read {VERSION}")]
    Version {
        /// Version of the message.
        found: u32,
    },
    /// Fewer bytes than what is announced.
    #[error("outcome message, byte {at}: {needed} bytes are needed, {left} are left")]
    Cut {
        /// Offset in the message.
        at: usize,
        /// Bytes announced.
        needed: u64,
        /// Bytes there.
        left: usize,
    },
    /// More than a limit allows.
    #[error("outcome message, byte {at}: {found} {what}, our limit is {max}")]
    TooMany {
        /// Offset in the message.
        at: usize,
        /// What is counted.
        what: &'static str,
        /// As announced.
        found: u32,
        /// The limit.
        max: usize,
    },
    /// A value that the format does not define.
    #[error("outcome message, byte {at}: {what} {found} is not defined")]
    Undefined {
        /// Offset in the message.
        at: usize,
        /// Kind of value.
        what: &'static str,
        /// The value.
        found: u8,
    },
    /// A detail that is not UTF-8.
    #[error("outcome message, byte {at}: a detail that is not UTF-8")]
    Detail {
        /// Offset in the message.
        at: usize,
    },
    /// Bytes behind the end.
    #[error("outcome message, byte {at}: {left} bytes behind the end")]
    Rest {
        /// Offset in the message.
        at: usize,
        /// Bytes that are too many.
        left: usize,
    },
    /// A scene with failures, or neither of them, or a scene without metrics.
    #[error("outcome message: failures, metrics and scene contradict each other")]
    Contradiction,
    /// The scene's part.
    #[error(transparent)]
    Scene(#[from] scene::wire::WireError),
}

/// The message of an outcome. A scene that cannot be written becomes a failure, as does a pass without a scene, and
/// failures beyond [`FAILURES_MAX`] are left out: what [`decode`] reads is always sound.
#[must_use]
pub fn encode(outcome: &Outcome) -> Vec<u8> {
    let scene = outcome.scene.as_ref().filter(|_| outcome.failures.is_empty());
    let mut message = head(outcome, &outcome.failures);
    let written = match (scene, outcome.metrics) {
        (Some(scene), Some(_)) => {
            message.push(1);
            let length_at = message.len();
            message.extend(0_u64.to_le_bytes());
            let written = scene::wire::encode(scene, &mut message);
            let length = (message.len() - length_at - 8) as u64;
            message[length_at..length_at + 8].copy_from_slice(&length.to_le_bytes());
            written.map_err(|error| error.to_string())
        }
        _ if outcome.failures.is_empty() => Err("there is no scene".to_owned()),
        _ => {
            message.push(0);
            Ok(())
        }
    };
    if let Err(detail) = written {
        message = head(outcome, &[failure(Stage::PostValidation, Rule::ExecutionThrew, detail)]);
        message.push(0);
    }
    message
}

/// All but the scene.
fn head(outcome: &Outcome, failures: &[Failure]) -> Vec<u8> {
    let mut message = MAGIC.to_vec();
    message.extend(VERSION.to_le_bytes());
    message.extend(outcome.module_load_fuel.to_le_bytes());
    message.extend(outcome.generate_fuel.to_le_bytes());
    let failures = &failures[..failures.len().min(FAILURES_MAX)];
    message.extend((failures.len() as u32).to_le_bytes());
    for Failure { stage, rule, detail } in failures {
        message.push(place(Stage::ALL, stage));
        message.push(place(Rule::ALL, rule));
        let detail = &detail[..detail.floor_char_boundary(DETAIL_BYTES_MAX)];
        message.extend((detail.len() as u32).to_le_bytes());
        message.extend(detail.as_bytes());
    }
    message.push(outcome.metrics.is_some().into());
    if let Some(metrics) = &outcome.metrics {
        message.extend(metrics.vertices.to_le_bytes());
        message.extend(metrics.draw_calls.to_le_bytes());
        message.extend(metrics.depth.to_le_bytes());
        message.extend(metrics.instances.to_le_bytes());
        message.extend(metrics.texture_bytes.to_le_bytes());
        message.push(metrics.bbox.is_some().into());
        for number in metrics.bbox.iter().flatten().flatten() {
            message.extend(number.to_le_bytes());
        }
    }
    message
}

fn place<T: PartialEq>(list: &[T], item: &T) -> u8 {
    list.iter().position(|listed| listed == item).unwrap_or_default() as u8
}

/// Reads an outcome; its scene has then passed [`scene::Scene::check`]. Memory is bounded by the message's length.
///
/// # Errors
/// [`WireError`] names the byte and what is wrong there.
pub fn decode(message: &[u8]) -> Result<Outcome, WireError> {
    if message.len() > BYTES_MAX {
        return Err(WireError::TooLong { found: message.len() });
    }
    let mut cursor = Cursor { message, at: 0 };
    if cursor.array()? != *MAGIC {
        return Err(WireError::Magic);
    }
    let version = cursor.u32()?;
    if version != VERSION {
        return Err(WireError::Version { found: version });
    }
    let (module_load_fuel, generate_fuel) = (cursor.u64()?, cursor.u64()?);
    let failures = cursor.failures()?;
    let metrics = if cursor.truth()? { Some(cursor.metrics()?) } else { None };
    let scene = if cursor.truth()? {
        let length = cursor.u64()?;
        Some(scene::wire::decode(cursor.bytes(length)?)?)
    } else {
        None
    };
    let left = message.len() - cursor.at;
    if left > 0 {
        return Err(WireError::Rest { at: cursor.at, left });
    }
    let is_sound =
        if failures.is_empty() { metrics.is_some() && scene.is_some() } else { scene.is_none() };
    if !is_sound {
        return Err(WireError::Contradiction);
    }
    Ok(Outcome { failures, metrics, scene, module_load_fuel, generate_fuel })
}

/// Where we are in a message.
struct Cursor<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    fn bytes(&mut self, needed: u64) -> Result<&'a [u8], WireError> {
        let rest = &self.message[self.at..];
        let cut = WireError::Cut { at: self.at, needed, left: rest.len() };
        let bytes =
            usize::try_from(needed).ok().and_then(|needed| rest.get(..needed)).ok_or(cut)?;
        self.at += bytes.len();
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N as u64)?);
        Ok(array)
    }

    fn u32(&mut self) -> Result<u32, WireError> {
        Ok(u32::from_le_bytes(self.array()?))
    }

    fn u64(&mut self) -> Result<u64, WireError> {
        Ok(u64::from_le_bytes(self.array()?))
    }

    fn f64(&mut self) -> Result<f64, WireError> {
        Ok(f64::from_le_bytes(self.array()?))
    }

    fn truth(&mut self) -> Result<bool, WireError> {
        self.one_of(&[false, true], "truth value")
    }

    /// An item of a list, by its place.
    fn one_of<T: Copy>(&mut self, list: &[T], what: &'static str) -> Result<T, WireError> {
        let at = self.at;
        let [found] = self.array()?;
        list.get(usize::from(found)).copied().ok_or(WireError::Undefined { at, what, found })
    }

    /// A count, checked against its limit before anything is made of it.
    fn count(&mut self, what: &'static str, max: usize) -> Result<u32, WireError> {
        let at = self.at;
        let found = self.u32()?;
        if found as usize > max {
            return Err(WireError::TooMany { at, what, found, max });
        }
        Ok(found)
    }

    fn failures(&mut self) -> Result<Vec<Failure>, WireError> {
        let mut failures = Vec::new();
        for _ in 0..self.count("failures", FAILURES_MAX)? {
            let stage = self.one_of(Stage::ALL, "stage")?;
            let rule = self.one_of(Rule::ALL, "rule")?;
            let length = self.count("bytes of a detail", DETAIL_BYTES_MAX)?;
            let at = self.at;
            let detail = std::str::from_utf8(self.bytes(length.into())?);
            let detail = detail.map_err(|_| WireError::Detail { at })?.to_owned();
            failures.push(Failure { stage, rule, detail });
        }
        Ok(failures)
    }

    fn metrics(&mut self) -> Result<Metrics, WireError> {
        Ok(Metrics {
            vertices: self.f64()?,
            draw_calls: self.u64()?,
            depth: self.u32()?,
            instances: self.f64()?,
            texture_bytes: self.f64()?,
            bbox: if self.truth()? { Some([self.corner()?, self.corner()?]) } else { None },
        })
    }

    fn corner(&mut self) -> Result<[f64; 3], WireError> {
        Ok([self.f64()?, self.f64()?, self.f64()?])
    }
}
