//! What a miner delivered, prompt by prompt: `submitted.json`, `generated.json`, `generated_{repeat}.json`, and the splat era's
//! `generations.json`.

use jiff::Timestamp;

use crate::error::FieldError;
use crate::field::Field;
use crate::file::{ByName, JsonFile};
use crate::json::Json;
use crate::record::{Layout, Reader, Writer};

/// What a competition asks for. It decides the names of members.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AssetKind {
    /// Gaussian splats; members `ply`, `png`.
    Splats,
    /// Meshes; members `glb`, `png`.
    Mesh,
    /// Three.js modules; members `js`, `views`.
    Module,
}

impl AssetKind {
    /// The extension of the asset, which is also the name of its member.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Splats => "ply",
            Self::Mesh => "glb",
            Self::Module => "js",
        }
    }

    /// The member with the pictures of the asset: one picture, or a prefix of many.
    #[must_use]
    pub const fn picture_member(self) -> &'static str {
        match self {
            Self::Splats | Self::Mesh => "png",
            Self::Module => "views",
        }
    }
}

/// What became of one prompt.
#[derive(Debug, Clone, PartialEq)]
pub struct Output {
    /// Of what.
    pub kind: AssetKind,
    /// Where the stored asset is; nothing if there is none.
    pub asset: Option<String>,
    /// Where its picture is, or the prefix of its pictures without `/` at the end; nothing if any of them is missing.
    pub picture: Option<String>,
    /// Why something is missing. Only modules have it in the original.
    pub failure_reason: Option<String>,
    /// Of the asset, in bytes.
    pub size: u64,
    /// Seconds. Splats and meshes only.
    pub generation_time: f64,
    /// Meshes only.
    pub attempts: u32,
    /// Between the pictures of what was submitted and what was generated. Meshes only.
    pub distance: f64,
    /// SHA-256 of the asset, in hex. Our addition.
    pub sha256: Option<String>,
    /// When the asset was fetched. Our addition.
    pub fetched_at: Option<Timestamp>,
    /// How it stood in its file.
    pub layout: Layout,
}

impl Output {
    /// Nothing yet.
    #[must_use]
    pub fn new(kind: AssetKind) -> Self {
        Self {
            kind,
            asset: None,
            picture: None,
            failure_reason: None,
            size: 0,
            generation_time: 0.0,
            attempts: 0,
            distance: 0.0,
            sha256: None,
            fetched_at: None,
            layout: Layout::default(),
        }
    }
}

/// By stem, in the order of completion. A stem that is there is done, whatever came of it.
pub type Outputs = ByName<Output>;

/// Whether anything can be judged.
#[must_use]
pub fn delivered(outputs: &Outputs) -> bool {
    outputs.values().any(|output| output.asset.is_some())
}

/// The kind of a row by the members it has. A row without any is a module's.
fn kind_of(reader: &Reader<'_>) -> AssetKind {
    let any = |keys: &[&str]| keys.iter().any(|key| reader.has(key));
    if any(&["js", "views"]) {
        AssetKind::Module
    } else if any(&["glb", "attempts", "distance"]) {
        AssetKind::Mesh
    } else if any(&["ply", "png", "generation_time"]) {
        AssetKind::Splats
    } else {
        AssetKind::Module
    }
}

impl Field for Output {
    fn read(json: &Json) -> Result<Self, FieldError> {
        let reader = Reader::new(json)?;
        let kind = kind_of(&reader);
        Ok(Self {
            kind,
            asset: reader.if_there(kind.extension())?,
            picture: reader.if_there(kind.picture_member())?,
            failure_reason: reader.if_there("failure_reason")?,
            size: reader.or("size", 0)?,
            generation_time: reader.or("generation_time", 0.0)?,
            attempts: reader.or("attempts", 0)?,
            distance: reader.or("distance", 0.0)?,
            sha256: reader.if_there("sha256")?,
            fetched_at: reader.if_there("fetched_at")?,
            layout: reader.layout(),
        })
    }

    fn plain(&self) -> Json {
        let mut writer = Writer::new(&self.layout);
        writer.or(self.kind.extension(), &self.asset, &None);
        writer.or(self.kind.picture_member(), &self.picture, &None);
        if self.kind == AssetKind::Module {
            writer.or("failure_reason", &self.failure_reason, &None);
            writer.or("size", &self.size, &0);
        } else {
            writer.or("generation_time", &self.generation_time, &0.0);
            writer.or("size", &self.size, &0);
            if self.kind == AssetKind::Mesh {
                writer.or("attempts", &self.attempts, &0);
                writer.or("distance", &self.distance, &0.0);
            }
            writer.if_there("failure_reason", self.failure_reason.as_ref());
        }
        writer.if_there("sha256", self.sha256.as_ref());
        writer.if_there("fetched_at", self.fetched_at.as_ref());
        writer.end()
    }

    fn write(&self, _: Option<&Json>) -> Json {
        self.plain()
    }
}

impl JsonFile for Outputs {}
