//! A receipt for people.

use std::fmt;

use super::{Content, Measured, Receipt, Side, Verdict};

impl fmt::Display for Receipt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (input, output) = (&self.input, &self.output);
        let percent = 100.0 * self.size_ratio;
        writeln!(f, "{input} -> {output}: {percent:.1} % of the size")?;
        writeln!(f, "holds        {}", output.content)?;
        for step in &self.filters {
            write!(f, "filter       {}", step.filter)?;
            match (step.splats_before, step.splats_after) {
                (Some(before), Some(after)) if before != after => {
                    writeln!(f, ": {before} -> {after} splats")?;
                }
                _ => writeln!(f)?,
            }
        }
        for loss in &self.dropped {
            writeln!(f, "lost         {loss}")?;
        }
        match &self.measured {
            None => writeln!(f, "cost         not measured; --measure does it")?,
            Some(measured) => write!(f, "{measured}")?,
        }
        writeln!(f, "SHA-256 in   {}", input.digested.sha256)?;
        writeln!(f, "SHA-256 out  {}", output.digested.sha256)?;
        write!(f, "time         {:.2} s", self.times_s.total)
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({}, {})", self.file, self.format_name, size(self.digested.bytes))
    }
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Splats { splats, sh_degree } => {
                write!(f, "{splats} splats, SH degree {sh_degree}")
            }
            Self::Scene { scene } => {
                write!(f, "{} nodes, {} triangles, ", scene.nodes, scene.triangles)?;
                write!(f, "{} materials, {} textures", scene.materials, scene.textures)
            }
        }
    }
}

impl fmt::Display for Measured {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_identical {
            return writeln!(f, "cost         none: every value came back bit by bit");
        }
        match &self.not_compared {
            Some(why) => writeln!(f, "errors       not compared: {why}")?,
            None => writeln!(f, "errors             largest        mean")?,
        }
        for error in &self.attributes {
            let unit = match error.unit {
                "relative" => "%",
                "1" => "",
                unit => unit,
            };
            let factor = if error.unit == "relative" { 100.0 } else { 1.0 };
            let [max, mean] = [error.max, error.mean].map(|error| figure(factor * error));
            write!(f, "  {:<10} {max:>12}{mean:>12} {unit}", error.attribute)?;
            match error.not_numbers {
                0 => writeln!(f)?,
                n => writeln!(f, "; {n} are no numbers")?,
            }
        }
        let pictures = &self.pictures;
        match (pictures.psnr_db, pictures.worst()) {
            (Some(psnr_db), Some(worst)) => writeln!(
                f,
                "pictures     PSNR {psnr_db:.1} dB, SSIM {:.4}; worst view {}, {:.1} dB",
                pictures.ssim,
                worst.view,
                worst.psnr_db.unwrap_or(f64::INFINITY)
            )?,
            _ => writeln!(f, "pictures     identical")?,
        }
        let orientation = &self.orientation;
        match orientation.verdict {
            Verdict::Kept => writeln!(f, "orientation  kept"),
            Verdict::Unclear => writeln!(f, "orientation  unclear: nothing is to be seen"),
            Verdict::Turned | Verdict::Mirrored => writeln!(
                f,
                "orientation  CHANGED: fits as {} at {:.1} dB, as it stands at {:.1} dB",
                orientation.best,
                orientation.best_psnr_db.unwrap_or(f64::INFINITY),
                orientation.psnr_db.unwrap_or(f64::INFINITY)
            ),
        }
    }
}

/// Three digits that count.
fn figure(value: f64) -> String {
    match value {
        0.0 => "0".into(),
        x if (0.001..1000.0).contains(&x) => format!("{x:.4}"),
        x => format!("{x:.1e}"),
    }
}

fn size(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..10_000_000 => format!("{:.1} KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1} MiB", bytes as f64 / (1024.0 * 1024.0)),
    }
}
