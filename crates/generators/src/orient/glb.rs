//! Turning a GLB file upright: its vertices, and its nodes so that each of them does what it did, seen from the new axes.
//! Everything else stays as it is, and since axes only change places and signs, nothing is rounded.
//! Facts: glTF 2.0, §3.5 (nodes), §3.6 (accessors), §3.7 (meshes), §4 (container).

use asset::glb::Document;
use serde_json::Value;

use crate::Axes;

/// Bytes of the header and of the head of the first chunk.
const HEAD_BYTES: usize = 20;

/// The same model, +Y up and facing +Z.
pub(super) fn upright(file: &[u8], axes: Axes) -> Result<Vec<u8>, String> {
    let mut outside = |name: &str| Err(format!("the file {name} beside a GLB is not read"));
    // Whoever gets past this has accessors within their buffers.
    let document = Document::parse(file, &mut outside).map_err(|error| error.to_string())?;
    let mut json = document.json().clone();
    drop(document);
    refuse(&json)?;
    let mut binary = binary(file).to_vec();
    let turn = Turn(axes.sources());
    let accessors = directions(&json);
    for span in spans(&json, &accessors, binary.len())? {
        span.turn(&mut binary, &turn);
    }
    for accessor in accessors {
        turn.bounds(&mut json["accessors"][accessor]);
    }
    for node in json.get_mut("nodes").and_then(Value::as_array_mut).into_iter().flatten() {
        turn.node(node);
    }
    Ok(joined(&json, binary))
}

/// What has directions that are not looked at here.
fn refuse(json: &Value) -> Result<(), String> {
    for key in ["animations", "skins", "cameras"] {
        if json.get(key).and_then(Value::as_array).is_some_and(|list| !list.is_empty()) {
            return Err(format!("a GLB with {key} cannot be turned"));
        }
    }
    let used = json.get("extensionsUsed").and_then(Value::as_array).into_iter().flatten();
    for name in used.filter_map(Value::as_str) {
        let is_turnable = name.starts_with("KHR_materials_")
            || name.starts_with("KHR_texture_")
            || ["EXT_texture_webp", "KHR_mesh_quantization", "KHR_xmp_json_ld"].contains(&name);
        if !is_turnable {
            return Err(format!("a GLB with {name} cannot be turned"));
        }
    }
    let outside = |buffer: &Value| buffer.get("uri").is_some();
    let mut buffers = json.get("buffers").and_then(Value::as_array).into_iter().flatten();
    if buffers.clone().count() > 1 || buffers.any(outside) {
        return Err("a GLB with buffers beside its own cannot be turned".to_owned());
    }
    Ok(())
}

/// The binary chunk, or nothing.
fn binary(file: &[u8]) -> &[u8] {
    let word = |at: usize| {
        let bytes = file.get(at..).and_then(|rest| rest.first_chunk());
        bytes.map(|bytes| u32::from_le_bytes(*bytes) as usize)
    };
    let mut at = 12;
    while let (Some(size), Some(kind)) = (word(at), word(at + 4)) {
        let bytes = file.get(at + 8..).unwrap_or_default();
        let bytes = &bytes[..size.min(bytes.len())];
        if kind == u32::from_le_bytes(*b"BIN\0") as usize {
            return bytes;
        }
        at += 8 + size;
    }
    &[]
}

/// Accessors that hold places and directions, each once.
fn directions(json: &Value) -> Vec<usize> {
    let list = |of: &Value, key: &str| of.get(key).and_then(Value::as_array).cloned();
    let meshes = list(json, "meshes").unwrap_or_default();
    let primitives = meshes.iter().flat_map(|mesh| list(mesh, "primitives").unwrap_or_default());
    let mut found = Vec::new();
    for primitive in primitives {
        let attributes = primitive.get("attributes").cloned();
        for set in attributes.into_iter().chain(list(&primitive, "targets").unwrap_or_default()) {
            for name in ["POSITION", "NORMAL", "TANGENT"] {
                let accessor = set.get(name).and_then(Value::as_u64);
                found.extend(accessor.and_then(|accessor| usize::try_from(accessor).ok()));
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// Elements that lie one after the other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Span {
    /// Bytes from one element to the next.
    stride: usize,
    /// First byte modulo the stride: elements of spans with another one are other elements.
    residue: usize,
    /// First byte.
    start: usize,
    /// Elements.
    count: usize,
    /// Bytes of a component: 1, 2 or 4; the longest are `f32`.
    size: usize,
}

/// Where the elements of accessors are. Accessors may share elements; each is there once.
fn spans(json: &Value, accessors: &[usize], binary_len: usize) -> Result<Vec<Span>, String> {
    let mut spans = Vec::new();
    for &idx in accessors {
        let accessor = &json["accessors"][idx];
        let number =
            |of: &Value, key: &str| of.get(key).and_then(Value::as_u64).map(|n| n as usize);
        if accessor.get("sparse").is_some() {
            return Err(format!("accessors[{idx}]: a sparse one cannot be turned"));
        }
        let size = match number(accessor, "componentType") {
            Some(5120) => 1,
            Some(5122) => 2,
            Some(5126) => 4,
            _ => return Err(format!("accessors[{idx}]: numbers without a sign cannot be turned")),
        };
        // Without a view all are zero.
        let Some(view) = number(accessor, "bufferView") else { continue };
        let view = &json["bufferViews"][view];
        let components = if accessor["type"] == "VEC4" { 4 } else { 3 };
        let stride = number(view, "byteStride").unwrap_or(components * size);
        let offset = |of: &Value| number(of, "byteOffset").unwrap_or(0);
        let start = offset(view).saturating_add(offset(accessor));
        let count = number(accessor, "count").unwrap_or(0);
        let length = count.saturating_sub(1).saturating_mul(stride).saturating_add(3 * size);
        if stride == 0 || count > 0 && start.saturating_add(length) > binary_len {
            return Err(format!("accessors[{idx}] goes beyond its buffer"));
        }
        spans.push(Span { stride, residue: start % stride, start, count, size });
    }
    spans.sort_unstable();
    let mut merged: Vec<Span> = Vec::new();
    for span in spans {
        match merged.last_mut() {
            Some(last)
                if (last.stride, last.residue, last.size)
                    == (span.stride, span.residue, span.size)
                    && span.start <= last.start + last.count * last.stride =>
            {
                let end = (span.start - last.start) / span.stride + span.count;
                last.count = last.count.max(end);
            }
            _ => merged.push(span),
        }
    }
    Ok(merged)
}

impl Span {
    /// The caller has seen that all of it is there.
    fn turn(&self, binary: &mut [u8], turn: &Turn) {
        let length = 3 * self.size;
        for element in 0..self.count {
            let start = self.start + element * self.stride;
            let Some(bytes) = binary.get_mut(start..start + length) else { return };
            let mut old = [0; 12];
            old[..length].copy_from_slice(bytes);
            for (axis, (at, sign)) in turn.0.into_iter().enumerate() {
                let old = &old[at * self.size..(at + 1) * self.size];
                let new = &mut bytes[axis * self.size..(axis + 1) * self.size];
                new.copy_from_slice(old);
                if sign > 0.0 {
                    continue;
                }
                match *new {
                    [a] => new[0] = (a as i8).saturating_neg() as u8,
                    [a, b] => {
                        let turned = i16::from_le_bytes([a, b]).saturating_neg();
                        new.copy_from_slice(&turned.to_le_bytes());
                    }
                    // The sign of an f32.
                    _ => new[3] ^= 0x80,
                }
            }
        }
    }
}

/// For each new axis: the old one, and its sign.
struct Turn([(usize, f32); 3]);

impl Turn {
    /// Places and directions.
    fn vector(&self, of: Option<&mut Value>) {
        let Some(list) = of.and_then(Value::as_array_mut).filter(|list| list.len() >= 3) else {
            return;
        };
        let old = [0, 1, 2].map(|axis| list[axis].clone());
        for (axis, (at, sign)) in self.0.into_iter().enumerate() {
            list[axis] = signed(&old[at], sign);
        }
    }

    /// Smallest and largest value of each component.
    fn bounds(&self, accessor: &mut Value) {
        for key in ["min", "max"] {
            self.vector(accessor.get_mut(key));
        }
        let (Some(low), Some(high)) = (accessor.get("min").cloned(), accessor.get("max").cloned())
        else {
            return;
        };
        for (axis, (_, sign)) in self.0.into_iter().enumerate() {
            if sign < 0.0 {
                if let Some(slot) = accessor["min"].get_mut(axis) {
                    *slot = high.get(axis).cloned().unwrap_or_default();
                }
                if let Some(slot) = accessor["max"].get_mut(axis) {
                    *slot = low.get(axis).cloned().unwrap_or_default();
                }
            }
        }
    }

    /// What the node did before the turn, done after it: its matrix M becomes R M R⁻¹.
    fn node(&self, node: &mut Value) {
        self.vector(node.get_mut("translation"));
        // The axis of a rotation turns like any direction; w stays.
        self.vector(node.get_mut("rotation"));
        if let Some(scale) = node.get_mut("scale").and_then(Value::as_array_mut)
            && scale.len() == 3
        {
            let old = scale.clone();
            for (axis, (at, _)) in self.0.into_iter().enumerate() {
                scale[axis] = old[at].clone();
            }
        }
        if let Some(matrix) = node.get_mut("matrix").and_then(Value::as_array_mut)
            && matrix.len() == 16
        {
            let old = matrix.clone();
            let signed_at =
                |(i, s): (usize, f32), (j, t): (usize, f32)| signed(&old[4 * j + i], s * t);
            for (row, from_row) in self.0.into_iter().enumerate() {
                for (column, from_column) in self.0.into_iter().enumerate() {
                    matrix[4 * column + row] = signed_at(from_row, from_column);
                }
                matrix[12 + row] = signed_at(from_row, (3, 1.0));
                matrix[4 * row + 3] = signed_at((3, 1.0), from_row);
            }
        }
    }
}

fn signed(number: &Value, sign: f32) -> Value {
    match number.as_f64() {
        Some(n) if sign < 0.0 && n != 0.0 => Value::from(-n),
        _ => number.clone(),
    }
}

/// Header, chunk of JSON, chunk of bytes; both padded to multiples of 4.
fn joined(json: &Value, mut binary: Vec<u8>) -> Vec<u8> {
    let mut text = json.to_string().into_bytes();
    text.resize(text.len().next_multiple_of(4), b' ');
    binary.resize(binary.len().next_multiple_of(4), 0);
    let has_binary = !binary.is_empty();
    let total = HEAD_BYTES + text.len() + if has_binary { 8 + binary.len() } else { 0 };
    let mut file = Vec::with_capacity(total);
    let word = |file: &mut Vec<u8>, n: usize| file.extend((n as u32).to_le_bytes());
    file.extend(b"glTF");
    word(&mut file, 2);
    word(&mut file, total);
    word(&mut file, text.len());
    file.extend(b"JSON");
    file.extend(text);
    if has_binary {
        word(&mut file, binary.len());
        file.extend(b"BIN\0");
        file.extend(binary);
    }
    file
}
