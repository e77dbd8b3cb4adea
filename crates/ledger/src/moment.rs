//! Points in time, days and times of day as state files have them. All of them are UTC.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Unit};

use crate::error::FieldError;
use crate::field::{Field, unexpected};
use crate::json::Json;

/// Written as `2031-03-01T08:00:00Z`, with six digits of a second when there are any. Read also with another offset, without a
/// zone (UTC), with a space for the `T`, and without seconds.
impl Field for Timestamp {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let text = json.as_str().filter(|text| text.len() >= "2031-03-01T08:00".len());
        let time = text.and_then(|text| {
            let text = text.replacen(['_', 't'], "T", 1);
            let zoned = text.parse::<Self>().ok();
            zoned.or_else(|| {
                let local = text.parse::<DateTime>().ok()?;
                local.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp())
            })
        });
        let time = time.ok_or_else(|| unexpected(json, "a time", "\"2031-03-01T08:00:00Z\""))?;
        let micro = time.as_microsecond();
        Self::from_microsecond(micro)
            .map_err(|_| unexpected(json, "a time", "\"2031-03-01T08:00:00Z\""))
    }

    fn plain(&self) -> Json {
        let time = self.round(Unit::Microsecond).unwrap_or(*self);
        let digits = if time.subsec_nanosecond() == 0 { 0 } else { 6 };
        Json::String(format!("{time:.digits$}"))
    }
}

/// `2031-03-01`.
impl Field for Date {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let text = json.as_str().filter(|text| text.len() == "2031-03-01".len());
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| unexpected(json, "a day", "\"2031-03-01\""))
    }

    fn plain(&self) -> Json {
        Json::String(self.to_string())
    }
}

/// `08:00:00`; read also as `08:00`. An hour of one digit is refused, as the original does.
impl Field for Time {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let text = json.as_str().map(|text| text.strip_suffix('Z').unwrap_or(text));
        let text = text.filter(|text| text.get(2..3) == Some(":") && text.len() >= "08:00".len());
        // A leap second would be read as the second before it.
        let text = text.filter(|text| text.get(6..8) != Some("60"));
        text.and_then(|text| text.parse().ok())
            .ok_or_else(|| unexpected(json, "a time of day in UTC", "\"08:00:00\""))
    }

    fn plain(&self) -> Json {
        let (hour, minute, second) = (self.hour(), self.minute(), self.second());
        let micro = self.subsec_nanosecond() / 1000;
        let mut text = format!("{hour:02}:{minute:02}:{second:02}");
        if micro != 0 {
            text.push_str(&format!(".{micro:06}"));
        }
        Json::String(text)
    }
}
