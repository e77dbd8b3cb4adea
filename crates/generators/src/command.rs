//! A local program as a generator: it is given the file of a picture and a seed, and writes a model.

mod run;
mod template;

use std::collections::BTreeMap;
use std::path::PathBuf;

pub use template::TemplateError;
pub(crate) use template::{Filled, Template};

use crate::picture::PictureFormat;
use crate::{Card, Failure, Generator, Made, Pending, Request};

/// What is started, and where.
#[derive(Debug, Clone)]
pub struct Program {
    arguments: Vec<Template>,
    /// Where it is started; none for its scratch folder.
    pub folder: Option<PathBuf>,
    /// Where scratch folders are made; none for the system's place for temporary files.
    pub scratch: Option<PathBuf>,
    /// Folders in which programs are looked for, as in `PATH`; only for [`Generator::ready`].
    pub path: Option<String>,
    /// Set in its environment, beside what this process has.
    pub env: BTreeMap<String, String>,
    /// Taken out of its environment: other people's secrets.
    pub without_env: Vec<String>,
    /// Longest model, in bytes: a program that writes more is ended.
    pub bytes_max: usize,
}

impl Program {
    /// The program and its arguments, in which may stand: `{image}`, the file of the picture; `{output}`, the file to write
    /// (without it the model is taken from standard output); `{seed}`, as it came; `{seed_u32}`, its low 32 bits without a
    /// sign; `{stem}`, a name of lower-case letters and digits; `{kind}`, what to make; `{scratch}`, a folder that is
    /// removed afterwards. `{{` and `}}` are braces. No shell looks at them.
    ///
    /// # Errors
    ///
    /// [`TemplateError`].
    pub fn new<S: AsRef<str>>(arguments: &[S]) -> Result<Self, TemplateError> {
        let arguments: Vec<Template> = arguments
            .iter()
            .map(|text| Template::parse(text.as_ref()))
            .collect::<Result<_, _>>()?;
        if arguments.first().is_none_or(|program| program.is_empty() || !program.is_fixed()) {
            return Err(TemplateError::NoProgram);
        }
        Ok(Self {
            arguments,
            folder: None,
            scratch: None,
            path: None,
            env: BTreeMap::new(),
            without_env: Vec::new(),
            bytes_max: usize::MAX,
        })
    }

    /// Whether an argument has this place.
    fn names(&self, place: &str) -> bool {
        self.arguments.iter().any(|argument| argument.has(place))
    }

    fn name(&self) -> String {
        self.arguments.first().map(Template::fixed).unwrap_or_default()
    }
}

/// A local program. Exit status 0 means that the model is there, 65 that the picture is bad, 75 that another try may
/// succeed, and anything else that it failed; the end of its standard error says why. A line `progress 0.5 words` on its
/// standard error is passed on.
///
/// It runs in a process group of its own, which is killed as soon as the call ends in whatever way. Programs that leave
/// their group are not followed.
#[derive(Debug)]
pub struct Command {
    card: Card,
    program: Program,
}

impl Command {
    /// A program under a card.
    #[must_use]
    pub const fn new(card: Card, program: Program) -> Self {
        Self { card, program }
    }
}

impl Generator for Command {
    fn card(&self) -> &Card {
        &self.card
    }

    fn ready(&self) -> Pending<'_, Result<(), Failure>> {
        Box::pin(async {
            let program = self.program.name();
            let path = self.program.env.get("PATH").or(self.program.path.as_ref());
            run::find(&program, path.map(String::as_str)).map_err(|why| {
                Failure::Failed(format!("{}: program {program:?}: {why}", self.card.name))
            })
        })
    }

    fn generate(&self, request: Request) -> Pending<'_, Result<Made, Failure>> {
        Box::pin(async move {
            let start = tokio::time::Instant::now();
            let format = PictureFormat::detect(&request.picture)
                .ok_or_else(|| Failure::BadPicture("neither PNG, JPEG nor WebP".to_owned()))?;
            let kind = request.kind;
            let bytes = run::run(&self.card.name, &self.program, request, format).await?;
            Ok(Made {
                bytes,
                kind,
                took: start.elapsed(),
                cost: self.card.cost,
                licence: self.card.licence.clone(),
                notes: Vec::new(),
            })
        })
    }
}
