//! Texts that can be read from a moment on: sealed for a round of a drand beacon, opened with the beacon's signature of it.
//!
//! The scheme is that of Bittensor's chain, byte for byte: identity-based encryption after Boneh and Franklin (`FullIdent`) over
//! BLS12-381, keys in G2, signatures in G1, hashed as RFC 9380 says; the text itself under AES-256-GCM. What `bittensor-drand`
//! 1.3.0 seals is opened here, and the other way round.

use std::fmt;

use aes_gcm::aead::{Aead as _, KeyInit as _};
use aes_gcm::{Aes256Gcm, Nonce};
use ark_bls12_381::{Bls12_381, Fr, G1Affine, G1Projective, G2Affine, g1};
use ark_ec::hashing::HashToCurve as _;
use ark_ec::hashing::curve_maps::wb::WBMap;
use ark_ec::hashing::map_to_curve_hasher::MapToCurveBasedHasher;
use ark_ec::pairing::Pairing as _;
use ark_ec::{AffineRepr as _, CurveGroup as _};
use ark_ff::PrimeField as _;
use ark_ff::field_hashers::DefaultFieldHasher;
use ark_serialize::{CanonicalDeserialize as _, CanonicalSerialize};
use sha2::{Digest as _, Sha256};

/// What sealing adds to a text, in bytes.
pub const OVERHEAD: usize = 244;

/// The longest sealed text that a commitment takes.
pub const SEALED_MAX: usize = 1024;

/// The longest text that a commitment takes, with its own length before it.
pub const TEXT_MAX: usize = SEALED_MAX - OVERHEAD;

/// RFC 9380's name for how drand's quicknet hashes rounds.
const DOMAIN: &[u8] = b"BLS_SIG_BLS12381G1_XMD:SHA-256_SSWU_RO_NUL_";

/// Says how the body is sealed.
const CIPHER: &[u8; 8] = b"AES_GCM_";

/// A compressed point of G1: a beacon's signature of a round.
pub type Pulse = [u8; 48];

/// A beacon's public key: a compressed point of G2.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BeaconKey(pub [u8; 96]);

impl fmt::Debug for BeaconKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BeaconKey({})", crate::hex::encode(&self.0))
    }
}

/// Why something cannot be sealed or opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TimelockError {
    /// Not the bytes of a point, or of one outside of the group.
    #[error("the beacon's key or signature is no point of its group")]
    Point,
    /// Lengths that do not fit, another cipher, bytes left over.
    #[error("the sealed text has another shape")]
    Shape,
    /// Sealed for another round, or broken.
    #[error("the signature does not open the text")]
    WrongPulse,
}

/// A beacon of one's own.
#[derive(Clone)]
pub struct Beacon(Fr);

impl Beacon {
    /// The beacon of a seed.
    #[must_use]
    pub fn from_seed(seed: &[u8; 32]) -> Self {
        let wide: [[u8; 32]; 2] = [b"0", b"1"]
            .map(|part| Sha256::new().chain_update(part).chain_update(seed).finalize().into());
        Self(Fr::from_be_bytes_mod_order(wide.as_flattened()))
    }

    /// Its public key.
    #[must_use]
    pub fn key(&self) -> BeaconKey {
        BeaconKey(compressed(&(G2Affine::generator() * self.0).into_affine()))
    }

    /// Its signature of a round, which opens what was sealed for it.
    #[must_use]
    pub fn pulse(&self, round: u64) -> Pulse {
        compressed(&(round_point(round) * self.0).into_affine())
    }
}

impl fmt::Debug for Beacon {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Beacon({:?})", self.key())
    }
}

/// Whether a pulse is the beacon's signature of a round.
#[must_use]
pub fn is_pulse(key: &BeaconKey, round: u64, pulse: &Pulse) -> bool {
    let (Ok(key), Ok(pulse)) = (point(&key.0), g1(pulse)) else { return false };
    Bls12_381::pairing(pulse, G2Affine::generator()) == Bls12_381::pairing(round_point(round), key)
}

/// Seals a text for a round. `randomness` must be unforeseeable, and another one for each text.
///
/// # Errors
///
/// [`TimelockError::Point`].
pub fn seal(
    key: &BeaconKey,
    round: u64,
    text: &[u8],
    randomness: &[u8; 32],
) -> Result<Vec<u8>, TimelockError> {
    let key = point(&key.0)?;
    let part = |name: &[u8]| -> [u8; 32] {
        Sha256::new().chain_update(name).chain_update(randomness).finalize().into()
    };
    let (body_key, sigma, nonce) = (part(b"key"), part(b"sigma"), part(b"nonce"));
    let nonce = &nonce[..12];
    let secret = scalar(&sigma, &body_key);
    let u: [u8; 96] = compressed(&(G2Affine::generator() * secret).into_affine());
    let shared = Bls12_381::pairing(round_point(round), key * secret);
    let v = xor(&sigma, &hashed(&shared));
    let w = xor(&body_key, &Sha256::digest(sigma).into());
    let cipher = Aes256Gcm::new(&body_key.into());
    // It fails above 64 GiB only.
    let body = cipher.encrypt(Nonce::from_slice(nonce), text).map_err(|_| TimelockError::Shape)?;
    let mut blob = Vec::with_capacity(body.len() + 28);
    put(&mut blob, &body);
    put(&mut blob, nonce);
    let mut sealed = Vec::with_capacity(text.len() + OVERHEAD);
    sealed.extend(u);
    for field in [&v[..], &w, &blob, CIPHER] {
        put(&mut sealed, field);
    }
    Ok(sealed)
}

/// Opens what was sealed for the round that `pulse` signs.
///
/// # Errors
///
/// [`TimelockError`].
pub fn open(sealed: &[u8], pulse: &Pulse) -> Result<Vec<u8>, TimelockError> {
    let (u, mut rest) = sealed.split_first_chunk::<96>().ok_or(TimelockError::Shape)?;
    let v: [u8; 32] = take(&mut rest)?.try_into().map_err(|_| TimelockError::Shape)?;
    let w: [u8; 32] = take(&mut rest)?.try_into().map_err(|_| TimelockError::Shape)?;
    let mut blob = take(&mut rest)?;
    let body = take(&mut blob)?;
    let nonce: &[u8; 12] = take(&mut blob)?.try_into().map_err(|_| TimelockError::Shape)?;
    if !blob.is_empty() || take(&mut rest)? != CIPHER || !rest.is_empty() {
        return Err(TimelockError::Shape);
    }
    let (u, pulse) = (point(u)?, g1(pulse)?);
    let sigma = xor(&v, &hashed(&Bls12_381::pairing(pulse, u)));
    let body_key = xor(&w, &Sha256::digest(sigma).into());
    if (G2Affine::generator() * scalar(&sigma, &body_key)).into_affine() != u {
        return Err(TimelockError::WrongPulse);
    }
    let cipher = Aes256Gcm::new(&body_key.into());
    cipher.decrypt(Nonce::from_slice(nonce), body).map_err(|_| TimelockError::WrongPulse)
}

/// A text with its length as a SCALE compact integer before it: how wallets hand texts over.
#[must_use]
pub fn framed(text: &[u8]) -> Vec<u8> {
    let length = text.len();
    let mut out = match u32::try_from(length) {
        Ok(short @ 0..64) => vec![(short << 2) as u8],
        Ok(middle @ 64..0x4000) => ((middle << 2 | 1) as u16).to_le_bytes().to_vec(),
        Ok(long @ 0x4000..0x4000_0000) => (long << 2 | 2).to_le_bytes().to_vec(),
        _ => {
            let bytes = (length as u64).to_le_bytes();
            let used =
                bytes.iter().rposition(|&byte| byte != 0).map_or(4, |last| (last + 1).max(4));
            let mut out = vec![((used - 4) << 2 | 3) as u8];
            out.extend(&bytes[..used]);
            out
        }
    };
    out.extend(text);
    out
}

fn scalar(sigma: &[u8; 32], key: &[u8; 32]) -> Fr {
    let hash = Sha256::new().chain_update(sigma).chain_update(key).finalize();
    Fr::from_be_bytes_mod_order(&hash)
}

/// What a beacon signs in a round, as a point.
fn round_point(round: u64) -> G1Affine {
    type Hasher =
        MapToCurveBasedHasher<G1Projective, DefaultFieldHasher<Sha256, 128>, WBMap<g1::Config>>;
    let message = Sha256::digest(round.to_be_bytes());
    let hasher = Hasher::new(DOMAIN).expect("the curve has such a map");
    hasher.hash(&message).expect("every message has a point")
}

fn xor(a: &[u8; 32], b: &[u8; 32]) -> [u8; 32] {
    std::array::from_fn(|at| a[at] ^ b[at])
}

fn hashed(value: &impl CanonicalSerialize) -> [u8; 32] {
    let mut bytes = Vec::new();
    value.serialize_compressed(&mut bytes).expect("memory takes all");
    Sha256::digest(&bytes).into()
}

fn compressed<const N: usize>(point: &impl CanonicalSerialize) -> [u8; N] {
    let mut bytes = [0; N];
    point.serialize_compressed(&mut bytes[..]).expect("as long as a point is");
    bytes
}

fn point(bytes: &[u8; 96]) -> Result<G2Affine, TimelockError> {
    G2Affine::deserialize_compressed(&bytes[..]).map_err(|_| TimelockError::Point)
}

fn g1(bytes: &Pulse) -> Result<G1Affine, TimelockError> {
    G1Affine::deserialize_compressed(&bytes[..]).map_err(|_| TimelockError::Point)
}

fn put(out: &mut Vec<u8>, field: &[u8]) {
    out.extend((field.len() as u64).to_le_bytes());
    out.extend(field);
}

fn take<'a>(rest: &mut &'a [u8]) -> Result<&'a [u8], TimelockError> {
    let (length, after) = rest.split_first_chunk::<8>().ok_or(TimelockError::Shape)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|_| TimelockError::Shape)?;
    let (field, after) = after.split_at_checked(length).ok_or(TimelockError::Shape)?;
    *rest = after;
    Ok(field)
}
