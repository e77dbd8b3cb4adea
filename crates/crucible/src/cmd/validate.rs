//! `crucible validate`: is this asset valid for a competition, and if not, why?

mod module;

pub(crate) use module::{metrics_json, metrics_text};

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use asset::Format;
use asset::rules::{self, Finding, Rule};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, output};

/// Checks an asset against the rules of its competition; exit code 0 valid, 1 not valid, 2 not readable
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to check: .ply (competition 0), or a Three.js module, .js (competition 2)
    input: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cage: CageArgs,
}

#[derive(Serialize)]
struct Report<'a> {
    file: String,
    competition: u32,
    valid: bool,
    findings: &'a [Finding],
}

pub(crate) fn run(args: Args) -> Result<ExitCode, Failure> {
    if is_module(&args.input) {
        return module::run(&args.input, args.json, args.cage);
    }
    let (mut file, byte_len) = files::open(&args.input)?;
    let io = |error: std::io::Error| Failure::input(&args.input, error);
    let mut first = Vec::new();
    file.by_ref().take(Format::DETECT_BYTES as u64).read_to_end(&mut first).map_err(io)?;
    let format = Format::detect(&first);
    let findings = rules::competition0(first.chain(file), byte_len).map_err(io)?;

    let valid = rules::is_valid(&findings);
    if args.json {
        let file = args.input.display().to_string();
        output::json(&Report { file, competition: 0, valid, findings: &findings })?;
    }
    if let Some(finding) = findings.iter().find(|finding| unreadable(finding, format)) {
        return Err(Failure::input(&args.input, &finding.message));
    }
    if !args.json {
        for finding in &findings {
            output::line(finding);
        }
        let verdict = if valid { "valid for competition 0" } else { "not valid for competition 0" };
        output::line(format_args!("{}: {verdict}", args.input.display()));
    }
    Ok(ExitCode::from(if valid { exit::OK } else { exit::NO }))
}

/// True for what kept the other rules from being looked at; an asset in another format is read, and is just not valid.
fn unreadable(finding: &Finding, format: Option<Format>) -> bool {
    match finding.rule {
        Rule::PlyReadable => true,
        Rule::FileFormat => format.is_none(),
        _ => false,
    }
}
