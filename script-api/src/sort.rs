//! A stable merge sort whose comparison may fail, and which keeps every element whatever the comparison says.
//!
//! The library's own sort cannot be stopped half-way, and panics where the order contradicts itself; a script's
//! comparison may do either.

use alloc::vec::Vec;
use core::cmp::Ordering;

/// Runs of this length are sorted by insertion before they are merged.
const RUN_LENGTH: usize = 8;

/// Sorts `items` by `compare`; equal items keep their order.
///
/// # Errors
///
/// The first error of `compare`. All items are still there then, in some order.
pub fn merge_sort<T: Default, E>(
    items: &mut [T],
    mut compare: impl FnMut(&T, &T) -> Result<Ordering, E>,
) -> Result<(), E> {
    for run in items.chunks_mut(RUN_LENGTH) {
        for sorted in 1..run.len() {
            let mut at = sorted;
            while at > 0 && compare(&run[at - 1], &run[at])? == Ordering::Greater {
                run.swap(at - 1, at);
                at -= 1;
            }
        }
    }
    merge_runs(items, RUN_LENGTH, compare)
}

/// Merges runs that are sorted, each of `run_length` items but the last one, which may be shorter.
///
/// # Errors
///
/// As [`merge_sort`].
pub fn merge_runs<T: Default, E>(
    items: &mut [T],
    run_length: usize,
    mut compare: impl FnMut(&T, &T) -> Result<Ordering, E>,
) -> Result<(), E> {
    let mut left = Vec::with_capacity(items.len() / 2 + run_length);
    let mut width = run_length;
    while width < items.len() {
        for pair in items.chunks_mut(2 * width) {
            if pair.len() > width && compare(&pair[width - 1], &pair[width])? == Ordering::Greater {
                merge(pair, width, &mut left, &mut compare)?;
            }
        }
        width *= 2;
    }
    Ok(())
}

/// Merges the sorted halves `pair[..middle]` and `pair[middle..]`.
fn merge<T: Default, E>(
    pair: &mut [T],
    middle: usize,
    left: &mut Vec<T>,
    compare: &mut impl FnMut(&T, &T) -> Result<Ordering, E>,
) -> Result<(), E> {
    left.clear();
    left.extend(pair[..middle].iter_mut().map(core::mem::take));
    let (mut from_left, mut from_right, mut to) = (0, middle, 0);
    let mut result = Ok(());
    while from_left < left.len() && from_right < pair.len() {
        let take_right = match compare(&left[from_left], &pair[from_right]) {
            Ok(order) => order == Ordering::Greater,
            Err(error) => {
                result = Err(error);
                break;
            }
        };
        if take_right {
            pair[to] = core::mem::take(&mut pair[from_right]);
            from_right += 1;
        } else {
            pair[to] = core::mem::take(&mut left[from_left]);
            from_left += 1;
        }
        to += 1;
    }
    // As many places are free as items are left on the left side; the right side's rest is in place.
    for item in &mut left[from_left..] {
        pair[to] = core::mem::take(item);
        to += 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use hw::fake::Random;

    use super::*;

    fn numbers(count: usize, limit: u64) -> Vec<u64> {
        let mut random = Random(88_172_645_463_325_252);
        (0..count).map(|_| random.bits() % limit).collect()
    }

    #[test]
    fn sorts_as_the_library_does_and_keeps_equal_items_in_order() {
        for count in (0..70).chain([255, 256, 257, 1000, 4099]) {
            let keys = numbers(count, 20);
            let mut ours: Vec<(u64, usize)> = keys.iter().copied().zip(0..).collect();
            let mut theirs = ours.clone();
            merge_sort(&mut ours, |a, b| Ok::<_, ()>(a.0.cmp(&b.0))).expect("no error");
            theirs.sort_by_key(|pair| pair.0);
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    fn keeps_every_item_when_the_comparison_fails() {
        let keys = numbers(300, 1000);
        let mut expected = keys.clone();
        expected.sort_unstable();
        for limit in 0..2500 {
            let mut items = keys.clone();
            let mut calls = 0;
            let result = merge_sort(&mut items, |a, b| {
                calls += 1;
                if calls > limit { Err(limit) } else { Ok(a.cmp(b)) }
            });
            assert_eq!(result.is_ok(), calls <= limit);
            items.sort_unstable();
            assert_eq!(items, expected);
        }
    }

    #[test]
    fn survives_an_order_that_contradicts_itself() {
        let mut random = Random(1);
        let mut items = numbers(5000, 1 << 40);
        let mut expected = items.clone();
        merge_sort(&mut items, |_, _| {
            Ok::<_, ()>([Ordering::Less, Ordering::Equal, Ordering::Greater][random.below(3)])
        })
        .expect("no error");
        items.sort_unstable();
        expected.sort_unstable();
        assert_eq!(items, expected);
        assert_eq!(
            merge_sort(&mut [3, 1, 2], |_, _| Ok::<_, ()>(Ordering::Greater)),
            Ok(())
        );
    }
}
