//! `crucible generate --generator NAME`: the same job by any generator of a configuration.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use generators::{Generator, Made, Request};
use pod::wire::{Kind, Seed};
use serde::Serialize;

use super::{Args, Output, progress_bar};
use crate::failure::Failure;
use crate::{catalogue, files, interrupt, output};

/// How often a waiting command looks whether it was interrupted.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// One model, as the report has it.
#[derive(Debug, Serialize)]
struct Model<'a> {
    generator: &'a str,
    kind: Kind,
    bytes: usize,
    took_s: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<f64>,
    licence: &'a str,
    notes: &'a [String],
}

/// One request for each kind of model; every output of that kind is written from it.
pub(super) fn run(
    args: &Args,
    name: &str,
    targets: Vec<(Output, &Path)>,
    picture: Vec<u8>,
) -> Result<(), Failure> {
    let known = catalogue::read(args.generators.as_deref(), args.cage)?;
    let generator = catalogue::find(&known, name)?;
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
    let runtime = runtime.map_err(|error| Failure::usage(error.to_string()))?;
    let bar = progress_bar(1000);
    let picture = Bytes::from(picture);
    let mut made = BTreeMap::new();
    for (target, _) in &targets {
        let kind = target.kind();
        if made.contains_key(&kind) {
            continue;
        }
        let mut request = Request::new(picture.clone(), Seed::from(args.seed), kind);
        let told = bar.clone();
        request.progress = Arc::new(move |share, words| {
            told.set_message(words.to_owned());
            if let Some(share) = share {
                told.set_position((1000.0 * share) as u64);
            }
        });
        let result = runtime.block_on(uninterrupted(&*generator, request));
        let model = result.inspect_err(|_| bar.finish_and_clear())?;
        made.insert(kind, model.map_err(|error| failure(&args.input, &error))?);
    }
    bar.finish_and_clear();
    for (target, path) in targets {
        if let Some(model) = made.get(&target.kind()) {
            write(target, path, &model.bytes)?;
        }
    }
    let models: Vec<Model<'_>> = made.values().map(|model| figures(name, model)).collect();
    if args.json {
        return output::json(&models);
    }
    for model in &models {
        let Model { generator, kind, bytes, took_s, licence, .. } = model;
        let cost = model.cost_usd.map(|cost| format!(", ${cost:.4}")).unwrap_or_default();
        output::line(format_args!(
            "{generator}: {kind} of {bytes} bytes in {took_s:.2} s{cost}, licence: {licence}"
        ));
        model.notes.iter().for_each(|note| output::line(format_args!("  {note}")));
    }
    let paths: Vec<_> = args.output.iter().map(|path| path.display().to_string()).collect();
    output::line(format_args!("wrote {}", paths.join(", ")));
    Ok(())
}

/// The picture is the user's to mend, the rest is about the generator.
fn failure(input: &Path, failure: &generators::Failure) -> Failure {
    match failure {
        generators::Failure::BadPicture(_) => Failure::input(input, failure),
        other => Failure::usage(other.to_string()),
    }
}

/// Dropping the call at Ctrl-C ends whatever it started.
async fn uninterrupted(
    generator: &dyn Generator,
    request: Request,
) -> Result<Result<Made, generators::Failure>, Failure> {
    let mut call = generator.generate(request);
    loop {
        match tokio::time::timeout(LOOK_EVERY, &mut call).await {
            Ok(made) => return Ok(made),
            Err(_) => interrupt::check()?,
        }
    }
}

fn figures<'a>(generator: &'a str, made: &'a Made) -> Model<'a> {
    Model {
        generator,
        kind: made.kind,
        bytes: made.bytes.len(),
        took_s: made.took.as_secs_f64(),
        cost_usd: made.cost.map(|cost| cost.micros as f64 * 1e-6),
        licence: &made.licence,
        notes: &made.notes,
    }
}

/// The bytes as they came, checked as they are; an SPZ is written from the PLY.
fn write(target: Output, path: &Path, bytes: &Bytes) -> Result<(), Failure> {
    let is_ply = path.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("ply"));
    match target {
        Output::Splats(target) if !is_ply => {
            let splats = asset::ply::read(&bytes[..], Some(bytes.len() as u64));
            target.write(&splats.map_err(|error| Failure::input(path, error))?, path)
        }
        _ => files::write_atomically(path, |writer| {
            std::io::Write::write_all(writer, bytes).map_err(|error| Failure::input(path, error))
        }),
    }
}
