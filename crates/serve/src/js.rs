//! Numbers as JavaScript reads and writes them, which is how the original service read its parameters and wrote its
//! replies. Facts: ECMAScript, `StringToNumber`, `parseInt`, `Number::toString`.

/// `Number(text)`.
pub(crate) fn number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let radix = |digits: &str, radix: u32| {
        let is_good = !digits.is_empty() && digits.chars().all(|digit| digit.is_digit(radix));
        let digits = digits.chars().filter_map(|digit| digit.to_digit(radix));
        if is_good {
            digits.fold(0.0, |value, digit| value * f64::from(radix) + f64::from(digit))
        } else {
            f64::NAN
        }
    };
    match text.get(..2) {
        _ if text.is_empty() => return 0.0,
        Some("0x" | "0X") => return radix(&text[2..], 16),
        Some("0o" | "0O") => return radix(&text[2..], 8),
        Some("0b" | "0B") => return radix(&text[2..], 2),
        _ => {}
    }
    let (sign, digits) = split_sign(text);
    if digits == "Infinity" {
        return sign * f64::INFINITY;
    }
    // Rust also reads "inf" and "nan", which start with letters.
    let is_decimal = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    digits.parse().ok().filter(|_| is_decimal).map_or(f64::NAN, |value: f64| sign * value)
}

/// `parseInt(text, 10)`.
pub(crate) fn integer(text: &str) -> f64 {
    let (sign, rest) = split_sign(text.trim_start_matches(is_space));
    let end = rest.find(|digit: char| !digit.is_ascii_digit()).unwrap_or(rest.len());
    rest[..end].parse().map_or(f64::NAN, |value: f64| sign * value)
}

/// `value || default`.
pub(crate) fn or(value: f64, default: f64) -> f64 {
    if value == 0.0 || value.is_nan() { default } else { value }
}

/// As `JSON.stringify` writes it.
pub(crate) fn json(value: f64) -> String {
    if !value.is_finite() {
        return "null".to_owned();
    }
    if value == 0.0 {
        return "0".to_owned();
    }
    // Shortest digits that read back as the same number, as "d.ddde±n".
    let text = format!("{:e}", value.abs());
    let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let digits: String = mantissa.chars().filter(|digit| *digit != '.').collect();
    let point = exponent.parse::<i32>().unwrap_or(0) + 1;
    let count = digits.len() as i32;
    let unsigned = match point {
        _ if count <= point && point <= 21 => digits + &"0".repeat((point - count) as usize),
        1..=21 => format!("{}.{}", &digits[..point as usize], &digits[point as usize..]),
        -5..=0 => format!("0.{}{digits}", "0".repeat(-point as usize)),
        _ => {
            let fraction = if count > 1 { format!(".{}", &digits[1..]) } else { String::new() };
            let sign = if point > 0 { "+" } else { "" };
            format!("{}{fraction}e{sign}{}", &digits[..1], point - 1)
        }
    };
    if value < 0.0 { format!("-{unsigned}") } else { unsigned }
}

/// White space and line ends.
fn is_space(c: char) -> bool {
    matches!(c, '\u{9}'..='\u{d}' | ' ' | '\u{a0}' | '\u{1680}' | '\u{2000}'..='\u{200a}')
        || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202f}' | '\u{205f}' | '\u{3000}' | '\u{feff}')
}

fn split_sign(text: &str) -> (f64, &str) {
    match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text.strip_prefix('+').unwrap_or(text)),
    }
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;
    use proptest::prelude::*;

    use super::*;

    /// Expected values were printed by Node 20.
    #[test]
    fn numbers_are_read_as_by_javascript() {
        let texts = [
            "",
            " ",
            "12",
            " -1.5e1\n",
            ".5",
            "5.",
            "+3",
            "0x1F",
            "0b101",
            "0o17",
            "-0x1F",
            "1e400",
            "-Infinity",
            "inf",
            "nan",
            "1_0",
            "12px",
            "1 2",
            "--1",
            ".",
            "e5",
            "1e",
            "\u{feff}7",
        ];
        let read = texts.map(|text| json_or_name(number(text))).join(" ");
        assert_snapshot!(read, @"0 0 12 -15 0.5 5 3 31 5 15 NaN Infinity -Infinity NaN NaN NaN NaN NaN NaN NaN NaN NaN 7");
        let texts = ["", "12", " 12px", "-3.9", "1e3", "0x1F", "px", "+7", "99999999999999999999"];
        let read = texts.map(|text| json_or_name(integer(text))).join(" ");
        assert_snapshot!(read, @"NaN 12 12 -3 1 0 NaN 7 100000000000000000000");
    }

    #[test]
    fn numbers_are_written_as_by_javascript() {
        let numbers = [
            0.0,
            -0.0,
            1.0,
            -0.050_000_000_745_058_06,
            0.1 + 0.2,
            1e21,
            123_456_789e15,
            1e-6,
            1e-7,
            1.5e-9,
            12_345.678,
            f64::MAX,
            f64::MIN_POSITIVE,
            f64::NAN,
            f64::INFINITY,
        ];
        assert_snapshot!(numbers.map(json).join(" "), @"0 0 1 -0.05000000074505806 0.30000000000000004 1e+21 1.23456789e+23 0.000001 1e-7 1.5e-9 12345.678 1.7976931348623157e+308 2.2250738585072014e-308 null null");
    }

    fn json_or_name(value: f64) -> String {
        match value {
            f64::INFINITY => "Infinity".to_owned(),
            f64::NEG_INFINITY => "-Infinity".to_owned(),
            _ if value.is_nan() => "NaN".to_owned(),
            _ => json(value),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read(value: f64) {
            prop_assert_eq!(number(&json(value)), value + 0.0);
        }

        #[test]
        fn any_text_gets_an_answer(text in "\\PC{0,12}|[-+0-9a-zE. ]{0,12}") {
            number(&text);
            integer(&text);
        }
    }
}
