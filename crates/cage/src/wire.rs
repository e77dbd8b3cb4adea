//! An outcome as bytes.

use threejs::{
    Failure, Rule, Stage,
    engine::{Metrics, Outcome},
};

pub(crate) fn encode(outcome: &Outcome) -> Vec<u8> {
    let mut bytes = Vec::new();
    for word in [outcome.module_load_fuel, outcome.generate_fuel, outcome.failures.len() as u64] {
        bytes.extend(word.to_le_bytes());
    }
    for failure in &outcome.failures {
        bytes.push(Stage::ALL.iter().position(|&stage| stage == failure.stage).unwrap_or(0) as u8);
        bytes.push(Rule::ALL.iter().position(|&rule| rule == failure.rule).unwrap_or(0) as u8);
        bytes.extend((failure.detail.len() as u64).to_le_bytes());
        bytes.extend(failure.detail.as_bytes());
    }
    bytes.push(outcome.metrics.is_some().into());
    if let Some(metrics) = outcome.metrics {
        let [min, max] = metrics.bbox.unwrap_or([[f64::NAN; 3]; 2]);
        let figures = [
            metrics.vertices,
            metrics.draw_calls as f64,
            metrics.depth.into(),
            metrics.instances,
            metrics.texture_bytes,
        ];
        for figure in figures.into_iter().chain(min).chain(max) {
            bytes.extend(figure.to_le_bytes());
        }
    }
    if let Some(scene) = &outcome.scene {
        asset::scene::wire::encode(scene, &mut bytes).ok();
    }
    bytes
}

pub(crate) fn decode(bytes: &[u8]) -> Result<Outcome, String> {
    fn take<'b>(rest: &mut &'b [u8], count: usize) -> Result<&'b [u8], String> {
        rest.split_off(..count).ok_or_else(|| "cut short".to_owned())
    }
    let mut rest = bytes;
    let word = |rest: &mut &[u8]| {
        let bytes = take(rest, 8)?;
        bytes.try_into().map(u64::from_le_bytes).map_err(|_| "cut short".to_owned())
    };
    let module_load_fuel = word(&mut rest)?;
    let generate_fuel = word(&mut rest)?;
    let count = word(&mut rest)?;
    let mut failures = Vec::new();
    for _ in 0..count {
        let code = take(&mut rest, 2)?;
        let stage = *Stage::ALL.get(usize::from(code[0])).ok_or("no such stage")?;
        let rule = *Rule::ALL.get(usize::from(code[1])).ok_or("no such rule")?;
        let length = usize::try_from(word(&mut rest)?).map_err(|_| "too long")?;
        let detail =
            String::from_utf8(take(&mut rest, length)?.to_vec()).map_err(|_| "not UTF-8")?;
        failures.push(Failure { stage, rule, detail });
    }
    let metrics = if take(&mut rest, 1)? == [0] {
        None
    } else {
        let mut figures = [0.0; 11];
        for figure in &mut figures {
            *figure = f64::from_bits(word(&mut rest)?);
        }
        let [vertices, draw_calls, depth, instances, texture_bytes, x0, y0, z0, x1, y1, z1] =
            figures;
        let bbox = (!x0.is_nan()).then_some([[x0, y0, z0], [x1, y1, z1]]);
        let (draw_calls, depth) = (draw_calls as u64, depth as u32);
        Some(Metrics { vertices, draw_calls, depth, instances, texture_bytes, bbox })
    };
    let scene = if rest.is_empty() {
        None
    } else {
        Some(asset::scene::wire::decode(rest).map_err(|error| error.to_string())?)
    };
    Ok(Outcome { failures, metrics, scene, module_load_fuel, generate_fuel })
}
