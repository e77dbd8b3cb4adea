//! Reports of matches: `duels_{left}.json`, `audit_{left}_{repeat}.json`, and the splat era's `duels.json`.

use crate::error::FieldError;
use crate::field::{Field, unknown_word, words};
use crate::file::JsonFile;
use crate::files::outputs::AssetKind;
use crate::json::Json;
use crate::record::{Layout, Reader, Writer};

words! {
    /// Who won a duel.
    pub enum DuelWinner {
        /// The defender.
        Left = "left",
        /// The challenger.
        Right = "right",
        /// Nobody.
        Draw = "draw",
        /// It was not judged.
        Skipped = "skipped",
    }
}

/// A winner in the splat era's words.
#[derive(PartialEq)]
struct SplatEraWinner(DuelWinner);

impl Field for SplatEraWinner {
    fn read(json: &Json) -> Result<Self, FieldError> {
        Ok(Self(match json.as_str() {
            Some("leader") => DuelWinner::Left,
            Some("miner") => DuelWinner::Right,
            Some("draw") => DuelWinner::Draw,
            Some("skipped") => DuelWinner::Skipped,
            _ => return Err(unknown_word(json, &["leader", "miner", "draw", "skipped"])),
        }))
    }

    fn plain(&self) -> Json {
        Json::from(match self.0 {
            DuelWinner::Left => "leader",
            DuelWinner::Right => "miner",
            DuelWinner::Draw => "draw",
            DuelWinner::Skipped => "skipped",
        })
    }
}

/// How sides are called in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Naming {
    /// `left` and `right`.
    Sides,
    /// `leader` and `hotkey` or `miner`, and an `outcome`: the splat era.
    LeaderMiner,
}

impl Naming {
    /// The beginning of the members of both sides of a duel.
    const fn sides(self) -> [&'static str; 2] {
        match self {
            Self::Sides => ["left", "right"],
            Self::LeaderMiner => ["leader", "miner"],
        }
    }
}

/// What one side brought to a duel.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Side {
    /// Where its asset is.
    pub asset: Option<String>,
    /// Where the picture that was judged is.
    pub picture: Option<String>,
}

/// Two assets, one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Duel {
    /// What kind of assets.
    pub kind: AssetKind,
    /// How the file calls the sides.
    pub naming: Naming,
    /// The prompt's stem.
    pub name: String,
    /// The prompt's URL.
    pub prompt: String,
    /// The defender's.
    pub left: Side,
    /// The challenger's.
    pub right: Side,
    /// Who won.
    pub winner: DuelWinner,
    /// What the judge found, in the module era; nothing for a duel whose judging failed.
    pub detail: Option<Json>,
    /// What the judge found, in the earlier eras.
    pub issues: Option<String>,
    /// How it stood in its file.
    pub layout: Layout,
}

impl Field for Duel {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let reader = Reader::new(json)?;
        let kinds = [AssetKind::Module, AssetKind::Mesh, AssetKind::Splats];
        let namings = [Naming::Sides, Naming::LeaderMiner];
        let shapes = namings.iter().flat_map(|naming| kinds.iter().map(move |kind| (naming, kind)));
        let mut known = shapes.filter(|(naming, kind)| {
            naming.sides().iter().any(|side| reader.has(&format!("{side}_{}", kind.extension())))
        });
        let (&naming, &kind) = known.next().unwrap_or((&Naming::Sides, &AssetKind::Module));
        let [left, right] = naming.sides();
        let side = |name: &str| {
            Ok::<_, FieldError>(Side {
                asset: reader.if_there(&format!("{name}_{}", kind.extension()))?,
                picture: reader.if_there(&format!("{name}_png"))?,
            })
        };
        Ok(Self {
            kind,
            naming,
            name: reader.required("name")?,
            prompt: reader.required("prompt")?,
            left: side(left)?,
            right: side(right)?,
            winner: match naming {
                Naming::Sides => reader.required("winner")?,
                Naming::LeaderMiner => reader.required::<SplatEraWinner>("winner")?.0,
            },
            detail: reader.if_there("detail")?,
            issues: reader.if_there("issues")?,
            layout: reader.layout(),
        })
    }

    fn plain(&self) -> Json {
        let mut writer = Writer::new(&self.layout);
        writer.required("name", &self.name);
        writer.required("prompt", &self.prompt);
        for (name, side) in self.naming.sides().into_iter().zip([&self.left, &self.right]) {
            writer.or(&format!("{name}_{}", self.kind.extension()), &side.asset, &None);
            writer.or(&format!("{name}_png"), &side.picture, &None);
        }
        match self.naming {
            Naming::Sides => writer.required("winner", &self.winner),
            Naming::LeaderMiner => writer.required("winner", &SplatEraWinner(self.winner)),
        }
        if self.kind == AssetKind::Module {
            writer.or("detail", &self.detail, &None);
            writer.if_there("issues", self.issues.as_ref());
        } else {
            writer.if_there("detail", self.detail.as_ref());
            writer.or("issues", &self.issues, &None);
        }
        writer.end()
    }

    fn write(&self, _: Option<&Json>) -> Json {
        self.plain()
    }
}

/// All duels of two contestants.
#[derive(Debug, Clone, PartialEq)]
pub struct MatchReport {
    /// How the file calls the sides.
    pub naming: Naming,
    /// The defender: a hotkey, `leader`, or of an audit `submitted`.
    pub left: String,
    /// The challenger.
    pub right: String,
    /// Duels the challenger won less duels the defender won.
    pub score: i64,
    /// The score by the number of prompts.
    pub margin: f64,
    /// `leader_defends` or `challenger_wins`, in the splat era.
    pub outcome: Option<String>,
    /// By stem.
    pub duels: Vec<Duel>,
    /// How it stood in its file.
    pub layout: Layout,
}

impl Field for MatchReport {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let reader = Reader::new(json)?;
        let splat_era = reader.has("leader") && !reader.has("left");
        let naming = if splat_era { Naming::LeaderMiner } else { Naming::Sides };
        let (left, right) = if splat_era { ("leader", "hotkey") } else { ("left", "right") };
        Ok(Self {
            naming,
            left: reader.required(left)?,
            right: reader.required(right)?,
            score: reader.required("score")?,
            margin: reader.required("margin")?,
            outcome: reader.if_there("outcome")?,
            duels: reader.required("duels")?,
            layout: reader.layout(),
        })
    }

    fn plain(&self) -> Json {
        let mut writer = Writer::new(&self.layout);
        let splat_era = self.naming == Naming::LeaderMiner;
        writer.required(if splat_era { "leader" } else { "left" }, &self.left);
        writer.required(if splat_era { "hotkey" } else { "right" }, &self.right);
        writer.required("score", &self.score);
        writer.required("margin", &self.margin);
        writer.if_there("outcome", self.outcome.as_ref());
        writer.required("duels", &self.duels);
        writer.end()
    }

    fn write(&self, _: Option<&Json>) -> Json {
        self.plain()
    }
}

impl JsonFile for MatchReport {}
