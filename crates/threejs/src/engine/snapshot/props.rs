//! Reading one property of a module's object. It may run the module's code (getters, `valueOf`), so it may throw, and
//! nothing is read twice: what was measured has to be what is drawn.

use rquickjs::{
    Ctx, FromJs, Function, Object, Value,
    atom::PredefinedAtom,
    convert::{Coerced, IntoAtom},
};

use asset::scene::limits::NAME_BYTES_MAX;

use super::Stop;

pub(super) type Res<T> = Result<T, Stop>;

/// Object, key, and what came of reading it.
pub(super) fn value<'js>(of: &Object<'js>, key: impl IntoAtom<'js>) -> Res<Value<'js>> {
    Ok(of.get(key)?)
}

/// An object; anything else is what JavaScript would throw on when it reads on.
pub(super) fn object<'js>(of: &Object<'js>, key: &'static str) -> Res<Object<'js>> {
    value(of, key)?.into_object().ok_or_else(|| Stop::fault(format!("{key} is not an object")))
}

/// An object, or `None` for any other value.
pub(super) fn maybe_object<'js>(of: &Object<'js>, key: &'static str) -> Res<Option<Object<'js>>> {
    Ok(value(of, key)?.into_object())
}

/// As a condition sees it.
pub(super) fn is_truthy(value: &Value<'_>) -> bool {
    if let Some(truth) = value.as_bool() {
        return truth;
    }
    if value.is_undefined() || value.is_null() {
        return false;
    }
    value.is_object() || Coerced::<bool>::from_js(value.ctx(), value.clone()).is_ok_and(|it| it.0)
}

/// Whether a property is truthy.
pub(super) fn is(of: &Object<'_>, key: &'static str) -> Res<bool> {
    Ok(is_truthy(&value(of, key)?))
}

/// Whether a property is exactly `true`.
pub(super) fn is_true(of: &Object<'_>, key: &'static str) -> Res<bool> {
    Ok(value(of, key)?.as_bool() == Some(true))
}

/// As arithmetic sees it.
pub(super) fn to_number<'js>(ctx: &Ctx<'js>, value: Value<'js>) -> Res<f64> {
    match value.as_number() {
        Some(number) => Ok(number),
        None => Ok(Coerced::<f64>::from_js(ctx, value)?.0),
    }
}

pub(super) fn number<'js>(of: &Object<'js>, key: impl IntoAtom<'js>) -> Res<f64> {
    to_number(of.ctx(), value(of, key)?)
}

pub(super) fn float(of: &Object<'_>, key: &'static str) -> Res<f32> {
    Ok(number(of, key)? as f32)
}

/// `length` of an array or of what stands for one.
pub(super) fn length(of: &Object<'_>) -> Res<f64> {
    number(of, PredefinedAtom::Length)
}

/// Numbers of a small object, such as a vector; the default if it is no object.
pub(super) fn numbers<const N: usize>(
    of: &Object<'_>,
    key: &'static str,
    names: [&'static str; N],
    default: [f64; N],
) -> Res<[f64; N]> {
    let Some(held) = maybe_object(of, key)? else { return Ok(default) };
    let mut read = default;
    for (number_of, name) in read.iter_mut().zip(names) {
        *number_of = number(&held, name)?;
    }
    Ok(read)
}

/// A linear colour.
pub(super) fn color(of: &Object<'_>, key: &'static str, default: f32) -> Res<[f32; 3]> {
    let read = numbers(of, key, ["r", "g", "b"], [default.into(); 3])?;
    Ok(read.map(|component| component as f32))
}

/// Sixteen numbers of a matrix.
pub(super) fn elements(of: &Object<'_>, key: &'static str) -> Res<[f64; 16]> {
    let held = object(&object(of, key)?, "elements")?;
    let mut read = [0.0; 16];
    for (element, at) in read.iter_mut().zip(0_u32..) {
        *element = number(&held, at)?;
    }
    Ok(read)
}

/// A text, cut to the length of a name; empty if it is no text. `short` is the prelude's, which cuts before copying.
pub(super) fn text<'js>(of: &Object<'js>, key: &'static str, short: &Function<'js>) -> Res<String> {
    let Some(text) = value(of, key)?.into_string() else { return Ok(String::new()) };
    let cut: rquickjs::String<'js> = short.call((text,))?;
    // Half a surrogate pair is no UTF-8, and nothing to name anything by.
    let mut name = cut.to_string().unwrap_or_default();
    name.truncate(name.floor_char_boundary(NAME_BYTES_MAX));
    Ok(name)
}
