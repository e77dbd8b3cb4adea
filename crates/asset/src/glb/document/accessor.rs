//! Accessors: typed reads of the numbers in buffers. Facts: glTF 2.0 §3.6, §5.1–5.4; `KHR_mesh_quantization`.
//!
//! All bounds are checked once, when an accessor is looked up; reading cannot fail then.

use super::at::At;
use super::error::ReadError;
use super::{Document, ELEMENTS_MAX};

/// Type of one component, as stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ComponentType {
    /// 5120.
    I8,
    /// 5121.
    U8,
    /// 5122.
    I16,
    /// 5123.
    U16,
    /// 5125.
    U32,
    /// 5126.
    F32,
}

impl ComponentType {
    const fn from_number(number: usize) -> Option<Self> {
        Some(match number {
            5120 => Self::I8,
            5121 => Self::U8,
            5122 => Self::I16,
            5123 => Self::U16,
            5125 => Self::U32,
            5126 => Self::F32,
            _ => return None,
        })
    }

    /// Bytes of one component.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 => 2,
            Self::U32 | Self::F32 => 4,
        }
    }
}

/// The numbers of an accessor.
#[derive(Debug, Clone)]
pub struct Accessor<'a> {
    /// Elements.
    pub count: usize,
    /// Components of an element: 1 to 4, or 4, 9, 16 for matrices.
    pub components: usize,
    /// As stored.
    pub component_type: ComponentType,
    /// Integers stand for 0 to 1, or −1 to 1.
    pub normalized: bool,
    /// Its path in the JSON, for errors.
    pub place: String,
    layout: Layout,
    /// `None`: zeros.
    base: Option<Strided<'a>>,
    sparse: Option<Sparse<'a>>,
}

/// Where the components of an element are.
#[derive(Debug, Clone, Copy)]
struct Layout {
    rows: usize,
    columns: usize,
    /// Bytes from one column to the next: those of matrices start at multiples of 4.
    column_stride: usize,
}

#[derive(Debug, Clone, Copy)]
struct Strided<'a> {
    /// From the first byte of the first element.
    bytes: &'a [u8],
    stride: usize,
}

/// Elements that are not those of the base.
#[derive(Debug, Clone)]
struct Sparse<'a> {
    /// Below `count`, rising.
    indices: Vec<usize>,
    values: Strided<'a>,
}

impl Layout {
    fn of(name: &str, size: usize) -> Option<Self> {
        let (columns, rows) = match name {
            "SCALAR" => (1, 1),
            "VEC2" => (1, 2),
            "VEC3" => (1, 3),
            "VEC4" => (1, 4),
            "MAT2" => (2, 2),
            "MAT3" => (3, 3),
            "MAT4" => (4, 4),
            _ => return None,
        };
        let column = rows * size;
        let column_stride = if columns > 1 { column.next_multiple_of(4) } else { column };
        Some(Self { rows, columns, column_stride })
    }

    /// Bytes of an element where nothing lies between two.
    const fn stride(self) -> usize {
        self.columns * self.column_stride
    }

    /// Bytes up to the end of the last component.
    const fn size(self, component: usize) -> usize {
        (self.columns - 1) * self.column_stride + self.rows * component
    }
}

impl<'a> Accessor<'a> {
    pub(super) fn of(document: &'a Document, at: &At<'_>) -> Result<Self, ReadError> {
        let number = at.need_usize("componentType")?;
        let component_type = ComponentType::from_number(number)
            .ok_or_else(|| at.error(format!("componentType {number} is not defined")))?;
        let name = at.text("type")?.ok_or_else(|| at.missing("type"))?;
        let layout = Layout::of(name, component_type.size())
            .ok_or_else(|| at.error(format!("type {name:?} is not defined")))?;
        let count = at.need_usize("count")?;
        if count > ELEMENTS_MAX {
            return Err(at.too_many("elements", count, ELEMENTS_MAX));
        }
        let size = layout.size(component_type.size());
        let base = strided(document, at, count, layout.stride(), size)?;
        let sparse = match at.object("sparse")? {
            None => None,
            Some(sparse) => Some(Sparse::of(document, &sparse, count, layout, size)?),
        };
        Ok(Self {
            count,
            components: layout.rows * layout.columns,
            component_type,
            normalized: at.flag("normalized")?,
            place: at.place.clone(),
            layout,
            base,
            sparse,
        })
    }

    /// Whether bytes back every element, so that reading takes no more memory than a few times the file.
    #[must_use]
    pub const fn has_bytes(&self) -> bool {
        self.base.is_some()
    }

    /// All components, `[element, component]` flat; normalised integers mapped, others as they are.
    #[must_use]
    pub fn f32s(&self) -> Vec<f32> {
        let is_mapped = self.normalized;
        match (self.component_type, is_mapped) {
            (ComponentType::F32, _) => self.read(f32::from_le_bytes),
            (ComponentType::I8, true) => {
                self.read(|[byte]: [u8; 1]| (f32::from(byte.cast_signed()) / 127.0).max(-1.0))
            }
            (ComponentType::I8, false) => self.read(|[byte]: [u8; 1]| byte.cast_signed().into()),
            (ComponentType::U8, true) => self.read(|[byte]: [u8; 1]| f32::from(byte) / 255.0),
            (ComponentType::U8, false) => self.read(|[byte]: [u8; 1]| byte.into()),
            (ComponentType::I16, true) => {
                self.read(|bytes| (f32::from(i16::from_le_bytes(bytes)) / 32767.0).max(-1.0))
            }
            (ComponentType::I16, false) => self.read(|bytes| i16::from_le_bytes(bytes).into()),
            (ComponentType::U16, true) => {
                self.read(|bytes| f32::from(u16::from_le_bytes(bytes)) / 65535.0)
            }
            (ComponentType::U16, false) => self.read(|bytes| u16::from_le_bytes(bytes).into()),
            (ComponentType::U32, true) => {
                self.read(|bytes| (f64::from(u32::from_le_bytes(bytes)) / 4_294_967_295.0) as f32)
            }
            (ComponentType::U32, false) => self.read(|bytes| u32::from_le_bytes(bytes) as f32),
        }
    }

    /// All components as whole numbers.
    ///
    /// # Errors
    /// [`ReadError::Field`] if they are signed or floats.
    pub fn u32s(&self) -> Result<Vec<u32>, ReadError> {
        match self.component_type {
            ComponentType::U8 => Ok(self.read(|[byte]: [u8; 1]| byte.into())),
            ComponentType::U16 => Ok(self.read(|bytes| u16::from_le_bytes(bytes).into())),
            ComponentType::U32 => Ok(self.read(u32::from_le_bytes)),
            found => Err(ReadError::field(
                self.place.clone(),
                format!("{found:?} values, unsigned whole numbers are needed"),
            )),
        }
    }

    /// `N` is the size of a component.
    fn read<const N: usize, T: Copy>(&self, value: impl Fn([u8; N]) -> T) -> Vec<T> {
        let mut values = match &self.base {
            Some(base) => {
                let mut values = Vec::with_capacity(self.count * self.components);
                if self.layout.columns == 1 && base.stride == self.components * N {
                    let all = &base.bytes[..self.count * base.stride];
                    values.extend(all.as_chunks::<N>().0.iter().map(|bytes| value(*bytes)));
                } else {
                    for element in 0..self.count {
                        self.element(base, element, |bytes| values.push(value(bytes)));
                    }
                }
                values
            }
            None => vec![value([0; N]); self.count * self.components],
        };
        if let Some(Sparse { indices, values: source }) = &self.sparse {
            for (element, index) in indices.iter().enumerate() {
                let mut at = index * self.components;
                self.element(source, element, |bytes| {
                    values[at] = value(bytes);
                    at += 1;
                });
            }
        }
        values
    }

    fn element<const N: usize>(
        &self,
        source: &Strided<'_>,
        element: usize,
        mut put: impl FnMut([u8; N]),
    ) {
        let start = element * source.stride;
        for column in 0..self.layout.columns {
            let start = start + column * self.layout.column_stride;
            let column = &source.bytes[start..start + self.layout.rows * N];
            column.as_chunks::<N>().0.iter().for_each(|bytes| put(*bytes));
        }
    }
}

impl<'a> Sparse<'a> {
    fn of(
        document: &'a Document,
        at: &At<'_>,
        element_count: usize,
        layout: Layout,
        size: usize,
    ) -> Result<Self, ReadError> {
        let count = at.need_usize("count")?;
        if count > element_count {
            return Err(at.error(format!("{count} values for {element_count} elements")));
        }
        let indices_at = at.need_object("indices")?;
        let number = indices_at.need_usize("componentType")?;
        let kind = ComponentType::from_number(number)
            .filter(|kind| {
                matches!(kind, ComponentType::U8 | ComponentType::U16 | ComponentType::U32)
            })
            .ok_or_else(|| {
                indices_at.error(format!("componentType {number} is no unsigned integer"))
            })?;
        let width = kind.size();
        let source = strided(document, &indices_at, count, width, width)?
            .ok_or_else(|| indices_at.missing("bufferView"))?;
        let mut indices = Vec::with_capacity(count);
        for bytes in (0..count).map(|at| &source.bytes[at * source.stride..][..width]) {
            let index = bytes.iter().rev().fold(0, |sum, byte| sum << 8 | usize::from(*byte));
            let is_rising = indices.last().is_none_or(|last| *last < index);
            if index >= element_count || !is_rising {
                let problem = "has to rise, and to be below the number of elements";
                return Err(indices_at.error(format!("index {index} {problem} ({element_count})")));
            }
            indices.push(index);
        }
        let values_at = at.need_object("values")?;
        let values = strided(document, &values_at, count, layout.stride(), size)?
            .ok_or_else(|| values_at.missing("bufferView"))?;
        Ok(Self { indices, values })
    }
}

/// The bytes of `count` elements; `None` without a `bufferView`.
fn strided<'a>(
    document: &'a Document,
    at: &At<'_>,
    count: usize,
    packed: usize,
    size: usize,
) -> Result<Option<Strided<'a>>, ReadError> {
    let Some(view) = at.usize("bufferView")? else { return Ok(None) };
    let (bytes, stride) = document.view_and_stride(at, view)?;
    let stride = stride.unwrap_or(packed);
    let offset = at.usize("byteOffset")?.unwrap_or(0);
    if stride < size {
        return Err(at.error(format!(
            "byteStride {stride} of bufferViews[{view}], an element has {size} bytes"
        )));
    }
    let end = count.checked_sub(1).map_or(Some(offset), |last| {
        last.checked_mul(stride)?.checked_add(size)?.checked_add(offset)
    });
    if end.is_none_or(|end| end > bytes.len()) {
        let problem = format!(
            "{count} elements of {size} bytes, {stride} apart, from byte {offset}, go beyond the {} bytes of bufferViews[{view}]",
            bytes.len()
        );
        return Err(at.error(problem));
    }
    Ok(Some(Strided { bytes: &bytes[offset..], stride }))
}
