//! Error texts that other engines word differently, where somebody may rely on the words of V8.

/// For an error at `new callee`: the callee. The interpreter says the same of a failed call and a failed `new`, but its
/// place is that of the callee, so the source tells which one it was. `trace` is its stack, innermost function first.
pub(super) fn constructed<'a>(source: &'a str, trace: &str) -> Option<&'a str> {
    let (_, place) = trace.lines().next()?.rsplit_once("module.js:")?;
    let mut numbers = place.trim_end_matches(')').split(':').map(str::parse::<usize>);
    let (Some(Ok(line)), Some(Ok(column))) = (numbers.next(), numbers.next()) else { return None };
    let line = source.split('\n').nth(line.checked_sub(1)?)?;
    // Columns count bytes.
    let (before, callee) = line.split_at_checked(column.checked_sub(1)?)?;
    let before = before.trim_end();
    let is_new = before.strip_suffix("new").is_some_and(|rest| !rest.ends_with(is_name_part));
    let end = callee.find(|letter| letter != '.' && !is_name_part(letter)).unwrap_or(callee.len());
    (is_new && end > 0).then(|| &callee[..end])
}

fn is_name_part(letter: char) -> bool {
    letter.is_alphanumeric() || matches!(letter, '_' | '$')
}
