//! References of faces: `v`, `v/vt`, `v//vn` or `v/vt/vn`, from 1, or from −1 back from the last one.

/// Indices from 0 of place, texture coordinates and normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Corner {
    pub(super) position: u32,
    pub(super) uv: Option<u32>,
    pub(super) normal: Option<u32>,
}

/// A corner, with how many places, coordinates and normals there are so far.
pub(super) fn corner(word: &str, counts: [usize; 3]) -> Result<Corner, String> {
    let mut parts = word.split('/');
    let mut next = |what: &str, count| match parts.next() {
        None | Some("") => Ok(None),
        Some(text) => index(text, what, count).map(Some),
    };
    let position = next("vertex", counts[0])?.ok_or("a corner without a vertex")?;
    let (uv, normal) = (next("texture vertex", counts[1])?, next("normal", counts[2])?);
    Ok(Corner { position, uv, normal })
}

fn index(text: &str, what: &str, count: usize) -> Result<u32, String> {
    let found = text.parse::<i64>().map_err(|_| {
        let text: String = text.chars().take(40).collect();
        format!("{text:?} is not a whole number")
    })?;
    let from_zero = if found < 0 { count as i64 + found } else { found - 1 };
    let is_there = found != 0 && (0..count as i64).contains(&from_zero);
    if is_there { Ok(from_zero as u32) } else { Err(format!("{what} {found} of {count}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn corners() {
        let ask = |word| corner(word, [5, 4, 3]);
        let made = |position, uv, normal| Ok(Corner { position, uv, normal });
        assert_eq!(ask("1"), made(0, None, None));
        assert_eq!(ask("5/4"), made(4, Some(3), None));
        assert_eq!(ask("2//3"), made(1, None, Some(2)));
        assert_eq!(ask("-1/-4/-3"), made(4, Some(0), Some(0)));
        for word in ["0", "6", "-6", "1/5", "1//4", "x", "/1", "", "99999999999999999999"] {
            assert!(ask(word).is_err(), "{word}");
        }
    }
}
