//! The pixels of a straight line: for each step along the longer direction, the nearest pixel in the other one.

/// Coordinates beyond this are taken for this one, so that no product overflows. Far outside any screen.
const LIMIT: i64 = 1 << 29;

/// Calls `set` with column and row of each pixel of the line between two points that may lie inside `width` by
/// `height` pixels; only a few that lie outside are among them. Steps along the longer direction that lie outside are
/// not taken, so a long line costs no more than a short one.
pub(super) fn for_each_pixel(from: (i64, i64), to: (i64, i64), size: (i64, i64), mut set: impl FnMut(i64, i64)) {
    let limited = |point: (i64, i64)| (point.0.clamp(-LIMIT, LIMIT), point.1.clamp(-LIMIT, LIMIT));
    let (from, to) = (limited(from), limited(to));
    if (to.0 - from.0).abs() >= (to.1 - from.1).abs() {
        walk(from, to, size.0, set);
    } else {
        let swapped = |point: (i64, i64)| (point.1, point.0);
        walk(swapped(from), swapped(to), size.1, |y, x| set(x, y));
    }
}

/// Walks along the first coordinate, from 0 to before `end`.
fn walk(from: (i64, i64), to: (i64, i64), end: i64, mut set: impl FnMut(i64, i64)) {
    // From the lower end, so that both directions round alike.
    let (from, to) = if from <= to { (from, to) } else { (to, from) };
    let (length, rise) = (to.0 - from.0, to.1 - from.1);
    if length == 0 {
        if (0..end).contains(&from.0) {
            set(from.0, from.1);
        }
        return;
    }
    for along in from.0.max(0)..=to.0.min(end - 1) {
        let across = (2 * (along - from.0) * rise + length).div_euclid(2 * length);
        set(along, from.1 + across);
    }
}
