//! An evaluation as a table for people.

use std::fmt;

use super::{AssetScore, CandidateMean, EvalReport};
use crate::eval::Score;

impl fmt::Display for EvalReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.means.iter().map(|mean| mean.candidate.as_str()).collect();
        let column = names.iter().map(|name| name.len()).max().unwrap_or(0).max(6) + 2;
        let first =
            self.objects.iter().map(|object| object.name.len()).max().unwrap_or(0).max(12) + 2;
        let block = column * names.len();
        writeln!(f, "{:first$}{:>block$} {:>block$} {:>block$}", "", "IoU", "PSNR dB", "SSIM")?;
        write!(f, "{:first$}", "object")?;
        for block_idx in 0..3 {
            for name in &names {
                write!(f, "{name:>column$}")?;
            }
            f.write_str(if block_idx < 2 { " " } else { "\n" })?;
        }
        let mut row = |name: &str, scores: &[Score]| {
            write!(f, "{name:first$}")?;
            for score in scores {
                write!(f, "{:>column$.3}", score.iou)?;
            }
            f.write_str(" ")?;
            for score in scores {
                write!(f, "{:>column$.2}", score.psnr_db)?;
            }
            f.write_str(" ")?;
            for score in scores {
                write!(f, "{:>column$.3}", score.ssim)?;
            }
            f.write_str("\n")
        };
        for object in &self.objects {
            let scores: Vec<Score> = object.candidates.iter().map(|score| score.mean).collect();
            row(&object.name, &scores)?;
        }
        let scores_of = |means: &[CandidateMean]| -> Vec<Score> {
            means.iter().map(|mean| mean.mean).collect()
        };
        for class in &self.class_means {
            let name = format!("= {:?} ({})", class.class, class.n_objects).to_lowercase();
            row(&name, &scores_of(&class.candidates))?;
        }
        for (idx, view) in self.views.iter().enumerate() {
            let scores: Vec<Score> = self.means.iter().map(|mean| mean.views[idx]).collect();
            row(&format!("@ {view}"), &scores)?;
        }
        row("mean", &scores_of(&self.means))?;
        for object in &self.objects {
            for AssetScore { candidate, failure, .. } in &object.candidates {
                if let Some(reason) = failure {
                    writeln!(f, "{candidate} made nothing of {}: {reason}", object.name)?;
                }
            }
        }
        Ok(())
    }
}
