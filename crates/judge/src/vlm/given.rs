//! Settings of an endpoint from a file and from the environment.

use serde::Deserialize;

use super::{EndpointError, EndpointSettings};

/// What a file says of an endpoint. What it leaves out comes from the variables that such clients know, or is the default.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct EndpointGiven {
    /// Or `OPENAI_BASE_URL`.
    pub base_url: Option<String>,
    /// As [`EndpointSettings::call_s`].
    pub call_s: Option<f64>,
    /// Or `OPENAI_TIMEOUT`.
    pub try_s: Option<f64>,
    /// As [`EndpointSettings::connect_s`].
    pub connect_s: Option<f64>,
}

impl EndpointGiven {
    /// All settings; `variable` is the environment. A call has time for two tries at least, where nobody says otherwise.
    ///
    /// # Errors
    ///
    /// [`EndpointError`]: a variable that is no number of seconds.
    pub fn with(
        &self,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<EndpointSettings, EndpointError> {
        let default = EndpointSettings::default();
        let base_url = self.base_url.clone().or_else(|| variable("OPENAI_BASE_URL"));
        let timeout = variable("OPENAI_TIMEOUT").filter(|_| self.try_s.is_none());
        let timeout = timeout.map(|text| text.trim().parse::<f64>()).transpose();
        let timeout = timeout.map_err(|_| EndpointError {
            field: "OPENAI_TIMEOUT",
            message: "is no number of seconds".to_owned(),
        })?;
        let try_s = self.try_s.or(timeout).unwrap_or(default.try_s);
        let call_s = self.call_s.unwrap_or(default.call_s.max(2.0 * try_s));
        Ok(EndpointSettings {
            base_url: base_url.unwrap_or(default.base_url),
            call_s,
            try_s,
            connect_s: self.connect_s.unwrap_or(call_s),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(given: &EndpointGiven, variables: &[(&str, &str)]) -> Result<EndpointSettings, String> {
        let find = |name: &str| {
            let found = variables.iter().find(|(own, _)| *own == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        given.with(find).map_err(|error| error.to_string())
    }

    #[test]
    fn the_environment_speaks_where_the_file_is_silent() {
        let silent = EndpointGiven::default();
        assert_eq!(with(&silent, &[]), Ok(EndpointSettings::default()));
        let variables = [("OPENAI_BASE_URL", "http://there/v1"), ("OPENAI_TIMEOUT", "300")];
        let expected = EndpointSettings {
            base_url: "http://there/v1".into(),
            call_s: 600.0,
            try_s: 300.0,
            connect_s: 600.0,
        };
        assert_eq!(with(&silent, &variables), Ok(expected));
        let given = EndpointGiven {
            base_url: Some("http://here/v1".into()),
            try_s: Some(30.0),
            ..EndpointGiven::default()
        };
        let settings = with(&given, &[("OPENAI_TIMEOUT", "soon"), variables[0]]).expect("settings");
        assert_eq!((&*settings.base_url, settings.try_s), ("http://here/v1", 30.0));
        let error = with(&silent, &[("OPENAI_TIMEOUT", "soon")]).expect_err("no number");
        assert_eq!(error, "OPENAI_TIMEOUT: is no number of seconds");
    }
}
