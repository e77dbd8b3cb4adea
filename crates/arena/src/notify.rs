//! Tells people: Discord.

pub mod notices {
    //! What there is to tell.

    use crate::owner::TurnError;
    use crate::ports::Notice;

    /// An owner's turn failed.
    #[must_use]
    pub fn owner_error(owner: &str, error: &TurnError) -> Notice {
        Notice {
            title: format!("{owner} error"),
            colour: 0x00E7_4C3C,
            text: error.to_string(),
            fields: Vec::new(),
        }
    }
}
