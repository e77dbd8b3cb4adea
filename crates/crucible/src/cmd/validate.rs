//! `crucible validate`: is this asset valid for a competition, and if not, why?

mod module;

pub(crate) use module::{Figures, metrics_text};

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use asset::rules::{self, Finding, Rule};
use asset::{Format, Holds};
use serde::Serialize;

use crate::failure::{Failure, exit};
use crate::module::{CageArgs, is_module};
use crate::{files, output};

/// Checks an asset against the rules of its competition; exit code 0 valid, 1 not valid, 2 not readable
#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    /// Asset to check: .ply (competition 0), .glb (competition 1), or a Three.js module, .js (competition 2)
    input: PathBuf,

    /// Print JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    cage: CageArgs,
}

/// Files that are meant for competition 1 where their content does not say what they are.
const MESH_ENDINGS: [&str; 4] = ["glb", "gltf", "obj", "stl"];

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
    let extension = args.input.extension().and_then(|extension| extension.to_str());
    let format = Format::detect(&first);
    let is_named_so = || {
        MESH_ENDINGS
            .iter()
            .any(|ending| extension.is_some_and(|found| found.eq_ignore_ascii_case(ending)))
    };
    let is_scene = format.map_or_else(is_named_so, |format| format.info().holds == Holds::Scene);
    let (competition, findings) = if is_scene {
        (1, rules::competition1(first.chain(file), byte_len).map_err(io)?)
    } else {
        (0, rules::competition0(first.chain(file), byte_len).map_err(io)?)
    };

    let valid = rules::is_valid(&findings);
    if args.json {
        let file = args.input.display().to_string();
        output::json(&Report { file, competition, valid, findings: &findings })?;
    }
    if let Some(finding) = findings.iter().find(|finding| unreadable(finding, format)) {
        return Err(Failure::input(&args.input, &finding.message));
    }
    if !args.json {
        for finding in &findings {
            output::line(finding);
        }
        let verdict = if valid { "valid" } else { "not valid" };
        let file = args.input.display();
        output::line(format_args!("{file}: {verdict} for competition {competition}"));
    }
    Ok(ExitCode::from(if valid { exit::OK } else { exit::NO }))
}

/// True for what kept the other rules from being looked at; an asset in another format is read, and is just not valid.
fn unreadable(finding: &Finding, format: Option<Format>) -> bool {
    match finding.rule {
        Rule::PlyReadable | Rule::GlbReadable => true,
        Rule::FileFormat => format.is_none(),
        _ => false,
    }
}
