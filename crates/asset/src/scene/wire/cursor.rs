//! Reading and writing of plain values, lists and options. See [`super`] for the format.

use super::WireError;

/// A value of the format.
pub(super) trait Wire: Sized {
    /// No encoding is shorter; a list of `n` needs `n` times as many bytes.
    const BYTES_MIN: usize = 1;
    /// The same for an optional one.
    const OPTION_BYTES_MIN: usize = 1;

    fn put(&self, message: &mut Vec<u8>);
    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError>;

    fn put_list(list: &[Self], message: &mut Vec<u8>) {
        for item in list {
            item.put(message);
        }
    }

    fn take_list(count: u32, cursor: &mut Cursor<'_>) -> Result<Vec<Self>, WireError> {
        cursor.expect(u64::from(count) * Self::BYTES_MIN as u64)?;
        let mut list = Vec::with_capacity(count as usize);
        for _ in 0..count {
            list.push(Self::take(cursor)?);
        }
        Ok(list)
    }

    fn put_option(value: Option<&Self>, message: &mut Vec<u8>) {
        value.is_some().put(message);
        if let Some(value) = value {
            value.put(message);
        }
    }

    fn take_option(cursor: &mut Cursor<'_>) -> Result<Option<Self>, WireError> {
        if bool::take(cursor)? { Ok(Some(Self::take(cursor)?)) } else { Ok(None) }
    }
}

/// Where we are in a message.
#[derive(Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
    /// Offset of the end of `rest` in the message.
    end: usize,
    /// For errors.
    pub(super) part: &'static str,
}

impl<'a> Cursor<'a> {
    pub(super) const fn new(message: &'a [u8], part: &'static str) -> Self {
        Self { rest: message, end: message.len(), part }
    }

    pub(super) const fn at(&self) -> usize {
        self.end - self.rest.len()
    }

    /// Whether so many bytes are left.
    pub(super) fn expect(&self, needed: u64) -> Result<(), WireError> {
        let left = self.rest.len();
        if needed <= left as u64 {
            return Ok(());
        }
        Err(WireError::Cut { at: self.at(), part: self.part, needed, left })
    }

    pub(super) fn bytes(&mut self, count: usize) -> Result<&'a [u8], WireError> {
        self.expect(count as u64)?;
        let (bytes, rest) = self.rest.split_at(count);
        self.rest = rest;
        Ok(bytes)
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], WireError> {
        let mut array = [0; N];
        array.copy_from_slice(self.bytes(N)?);
        Ok(array)
    }

    /// A cursor of the next bytes only; this one goes on behind them.
    pub(super) fn split(&mut self, length: u64) -> Result<Self, WireError> {
        self.expect(length)?;
        let start = self.at();
        let rest = self.bytes(length as usize)?;
        Ok(Self { rest, end: start + rest.len(), part: self.part })
    }

    /// Nothing may be left.
    pub(super) const fn end(&self) -> Result<(), WireError> {
        let left = self.rest.len();
        if left == 0 {
            Ok(())
        } else {
            Err(WireError::Rest { at: self.at(), part: self.part, left })
        }
    }

    /// For a value of `bytes` bytes that was just read.
    pub(super) const fn undefined(
        &self,
        bytes: usize,
        what: &'static str,
        found: u32,
    ) -> WireError {
        WireError::Undefined { at: self.at() - bytes, part: self.part, what, found }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Wire for $number {
            const BYTES_MIN: usize = size_of::<Self>();

            fn put(&self, message: &mut Vec<u8>) {
                message.extend(self.to_le_bytes());
            }

            fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
                Ok(Self::from_le_bytes(cursor.array()?))
            }

            fn put_list(list: &[Self], message: &mut Vec<u8>) {
                let start = message.len();
                message.resize(start + size_of_val(list), 0);
                let places = message[start..].chunks_exact_mut(size_of::<Self>());
                for (place, number) in places.zip(list) {
                    place.copy_from_slice(&number.to_le_bytes());
                }
            }

            fn take_list(count: u32, cursor: &mut Cursor<'_>) -> Result<Vec<Self>, WireError> {
                cursor.expect(u64::from(count) * size_of::<Self>() as u64)?;
                let (places, _) = cursor.bytes(count as usize * size_of::<Self>())?.as_chunks();
                Ok(places.iter().map(|place| Self::from_le_bytes(*place)).collect())
            }
        }
    )*};
}

numbers!(u8, u16, u32, u64, f32, f64);

impl Wire for bool {
    fn put(&self, message: &mut Vec<u8>) {
        message.push((*self).into());
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        match u8::take(cursor)? {
            0 => Ok(false),
            1 => Ok(true),
            found => Err(cursor.undefined(1, "truth value", found.into())),
        }
    }
}

impl<T: Wire + Default, const N: usize> Wire for [T; N] {
    const BYTES_MIN: usize = N * T::BYTES_MIN;

    fn put(&self, message: &mut Vec<u8>) {
        T::put_list(self, message);
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let mut array = std::array::from_fn(|_| T::default());
        for item in &mut array {
            *item = T::take(cursor)?;
        }
        Ok(array)
    }
}

impl<T: Wire> Wire for Vec<T> {
    const BYTES_MIN: usize = 4;

    fn put(&self, message: &mut Vec<u8>) {
        // `Scene::check` keeps every list below its limit.
        (self.len() as u32).put(message);
        T::put_list(self, message);
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let count = u32::take(cursor)?;
        T::take_list(count, cursor)
    }
}

impl<T: Wire> Wire for Option<T> {
    const BYTES_MIN: usize = T::OPTION_BYTES_MIN;

    fn put(&self, message: &mut Vec<u8>) {
        T::put_option(self.as_ref(), message);
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        T::take_option(cursor)
    }
}

impl<T: Wire> Wire for Box<T> {
    fn put(&self, message: &mut Vec<u8>) {
        (**self).put(message);
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        T::take(cursor).map(Self::new)
    }
}

impl Wire for String {
    fn put(&self, message: &mut Vec<u8>) {
        (self.len() as u32).put(message);
        message.extend(self.as_bytes());
    }

    fn take(cursor: &mut Cursor<'_>) -> Result<Self, WireError> {
        let length = u32::take(cursor)?;
        let (at, part) = (cursor.at(), cursor.part);
        let name = std::str::from_utf8(cursor.bytes(length as usize)?);
        name.map(Self::from).map_err(|_| WireError::Name { at, part })
    }
}
