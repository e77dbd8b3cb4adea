//! Bytes as hex digits.

use serde::{Deserialize as _, Deserializer, Serializer, de};

/// Lower-case digits.
pub(crate) fn encode(bytes: &[u8]) -> String {
    faster_hex::hex_string(bytes)
}

/// Digits of either case, with or without `0x` before them.
pub(crate) fn decode(text: &str) -> Option<Vec<u8>> {
    let digits = text.strip_prefix("0x").unwrap_or(text).as_bytes();
    let (pairs, rest) = digits.as_chunks::<2>();
    let value =
        |digit: u8| char::from(digit).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let bytes = pairs.iter().map(|&[high, low]| Some(value(high)? << 4 | value(low)?));
    bytes.collect::<Option<_>>().filter(|_| rest.is_empty())
}

/// As a field of a file.
pub(crate) fn serialize<S: Serializer>(
    bytes: impl AsRef<[u8]>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&encode(bytes.as_ref()))
}

/// As a field of a file.
pub(crate) fn deserialize<'de, T: TryFrom<Vec<u8>>, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    let text = String::deserialize(deserializer)?;
    let bytes = decode(&text).ok_or_else(|| de::Error::custom("not hex digits"))?;
    T::try_from(bytes).map_err(|_| de::Error::custom("another number of hex digits"))
}
