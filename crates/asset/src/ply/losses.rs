//! What a PLY file has and splats have not, told from its header.

use super::header::{Element, Header};
use super::layout::Layout;
use crate::compressed_ply;

/// Names told one by one; beyond that, how many more there are.
const NAMES_MAX: usize = 8;
/// Characters of a name that are told.
const NAME_CHARS_MAX: usize = 40;

/// One line for each kind of thing. Normals are not told: training writes zeros there, because splats have none.
pub(crate) fn losses(header: &Header) -> Vec<String> {
    let is_compressed = compressed_ply::is_layout_of(header);
    let mut losses = Vec::new();
    let mut elements = Vec::new();
    for element in header.elements.iter().filter(|element| element.count > 0) {
        let is_kept: fn(&str) -> bool = match (is_compressed, element.name.as_str()) {
            (true, "chunk" | "vertex" | "sh") => compressed_ply::is_kept,
            (false, "vertex") => Layout::is_kept,
            _ => {
                elements.push(element.name.as_str());
                continue;
            }
        };
        losses.extend(properties(element, is_kept));
    }
    losses.extend(told("element", &elements));
    if header.comments > 0 {
        losses.push(format!("comments of the header: {}", header.comments));
    }
    losses
}

fn properties(element: &Element, is_kept: fn(&str) -> bool) -> Option<String> {
    let names = element.properties.iter().map(|property| property.name.as_str());
    let lost: Vec<&str> = names.filter(|name| !is_kept(name)).collect();
    told("property", &lost).map(|lost| format!("element {}: {lost}", element.name))
}

fn told(what: &str, names: &[&str]) -> Option<String> {
    let cut = |name: &&str| name.chars().take(NAME_CHARS_MAX).collect::<String>();
    let listed = names.iter().take(NAMES_MAX).map(cut).collect::<Vec<_>>().join(", ");
    match names.len() {
        0 => None,
        n if n > NAMES_MAX => Some(format!("{what} {listed} and {} more", n - NAMES_MAX)),
        _ => Some(format!("{what} {listed}")),
    }
}
