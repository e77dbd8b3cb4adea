//! PLY files in every dialect, written here from splats: what other programs write and we do not.

use asset::Splats;
use proptest::prelude::*;

/// The values of a splat that every file has, in an order of our own.
pub(crate) const FIXED: [&str; 14] = [
    "x", "y", "z", "scale_0", "scale_1", "scale_2", "rot_0", "rot_1", "rot_2", "rot_3", "opacity",
    "f_dc_0", "f_dc_1", "f_dc_2",
];

/// One line for each name.
pub(crate) fn properties(type_name: &str, names: &[&str]) -> String {
    names.iter().map(|name| format!("property {type_name} {name}\n")).collect()
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Encoding {
    Ascii,
    Little,
    Big,
}

/// How to write a file.
#[derive(Debug, Clone)]
pub(crate) struct Dialect {
    pub(crate) encoding: Encoding,
    pub(crate) has_crlf: bool,
    pub(crate) has_normals: bool,
    /// Lists within a record, and elements before and after.
    pub(crate) has_lists: bool,
    pub(crate) has_other_elements: bool,
    /// `float` and `double` under either name.
    pub(crate) types: Vec<usize>,
    /// Keys to sort the properties by.
    pub(crate) order: Vec<u32>,
}

pub(crate) fn dialects() -> impl Strategy<Value = Dialect> {
    let encoding = prop_oneof![Just(Encoding::Ascii), Just(Encoding::Little), Just(Encoding::Big)];
    let types = proptest::collection::vec(0..4_usize, 1..8);
    let order = proptest::collection::vec(any::<u32>(), 1..100);
    let flags = any::<[bool; 4]>();
    (encoding, flags, types, order).prop_map(|(encoding, flags, types, order)| {
        let [has_crlf, has_normals, has_lists, has_other_elements] = flags;
        Dialect { encoding, has_crlf, has_normals, has_lists, has_other_elements, types, order }
    })
}

const TYPES: [&str; 4] = ["float", "float32", "double", "float64"];

/// Bytes of a file with these splats.
pub(crate) fn write(splats: &Splats, dialect: &Dialect) -> Vec<u8> {
    let n_coefficients = splats.sh_degree().rest_coefficients();
    let mut names: Vec<String> = FIXED.iter().map(ToString::to_string).collect();
    names.extend((0..3 * n_coefficients).map(|idx| format!("f_rest_{idx}")));
    if dialect.has_normals {
        names.extend(["nx", "ny", "nz"].map(str::to_owned));
    }
    if dialect.has_lists {
        names.extend(["list_a", "list_b"].map(str::to_owned));
    }
    let mut keyed: Vec<_> = names.iter().enumerate().collect();
    keyed.sort_by_key(|(idx, _)| (dialect.order[idx % dialect.order.len()], *idx));
    let typed: Vec<(&str, &str)> = (keyed.iter().enumerate())
        .map(|(idx, (_, name))| (TYPES[dialect.types[idx % dialect.types.len()]], name.as_str()))
        .collect();

    let format = match dialect.encoding {
        Encoding::Ascii => "ascii",
        Encoding::Little => "binary_little_endian",
        Encoding::Big => "binary_big_endian",
    };
    let mut head = format!("ply\nformat {format} 1.0\ncomment made by a test\n");
    if dialect.has_other_elements {
        head += "element camera 2\nproperty uchar kind\nproperty list ushort int16 more\n";
    }
    head += &format!("element vertex {}\n", splats.len());
    for (type_name, name) in &typed {
        head += &match *name {
            "list_a" | "list_b" => format!("property list uint8 {type_name} {name}\n"),
            _ => format!("property {type_name} {name}\n"),
        };
    }
    if dialect.has_other_elements {
        head += "obj_info end\nelement face 3\nproperty list uchar uint vertex_indices\nelement tail 1\nproperty int64 t\n";
    }
    head += "end_header\n";
    if dialect.has_crlf {
        head = head.replace('\n', "\r\n");
    }

    let mut out = Out { encoding: dialect.encoding, bytes: head.into_bytes() };
    if dialect.has_other_elements {
        for n_items in [0, 3] {
            out.integer(7, 1);
            out.integer(n_items, 2);
            (0..n_items).for_each(|item| out.integer(item, 2));
            out.end();
        }
    }
    for splat in splats.iter() {
        for (type_name, name) in &typed {
            let number = |prefix: &str| {
                name.strip_prefix(prefix).and_then(|number| number.parse::<usize>().ok())
            };
            let value = if let Some(idx) = number("scale_") {
                splat.log_scale[idx]
            } else if let Some(idx) = number("rot_") {
                splat.rotation[idx]
            } else if let Some(idx) = number("f_dc_") {
                splat.sh_dc[idx]
            } else if let Some(idx) = number("f_rest_") {
                splat.sh_rest[idx % n_coefficients * 3 + idx / n_coefficients]
            } else {
                match *name {
                    "x" => splat.position[0],
                    "y" => splat.position[1],
                    "z" => splat.position[2],
                    "opacity" => splat.raw_opacity,
                    "list_a" => {
                        out.integer(2, 1);
                        (0..2).for_each(|_| out.number(9.5, type_name));
                        continue;
                    }
                    "list_b" => {
                        out.integer(0, 1);
                        continue;
                    }
                    _ => 0.25,
                }
            };
            out.number(value, type_name);
        }
        out.end();
    }
    if dialect.has_other_elements {
        for _ in 0..3 {
            out.integer(3, 1);
            (0..3).for_each(|item| out.integer(item, 4));
            out.end();
        }
        out.integer(1, 8);
        out.end();
    }
    out.bytes
}

struct Out {
    encoding: Encoding,
    bytes: Vec<u8>,
}

impl Out {
    /// `value` is not negative.
    fn integer(&mut self, value: u64, n_bytes: usize) {
        match self.encoding {
            Encoding::Ascii => self.bytes.extend(format!("{value} ").bytes()),
            Encoding::Little => self.bytes.extend(&value.to_le_bytes()[..n_bytes]),
            Encoding::Big => self.bytes.extend(&value.to_be_bytes()[8 - n_bytes..]),
        }
    }

    fn number(&mut self, value: f32, type_name: &str) {
        let is_double = matches!(type_name, "double" | "float64");
        match (self.encoding, is_double) {
            (Encoding::Ascii, _) => self.bytes.extend(format!("{value} ").bytes()),
            (Encoding::Little, false) => self.bytes.extend(value.to_le_bytes()),
            (Encoding::Big, false) => self.bytes.extend(value.to_be_bytes()),
            (Encoding::Little, true) => self.bytes.extend(f64::from(value).to_le_bytes()),
            (Encoding::Big, true) => self.bytes.extend(f64::from(value).to_be_bytes()),
        }
    }

    fn end(&mut self) {
        if self.encoding == Encoding::Ascii {
            self.bytes.push(b'\n');
        }
    }
}
