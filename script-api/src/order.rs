//! Sorts lists of names. The library's sort is made anew for each type that it sorts, some 20 KB each; this one is made
//! once, and fast enough for what a person reads.

use alloc::vec::Vec;

/// The numbers below `count` in the order that `is_less` gives; equal ones stay in their order. Heap sort: never slow.
pub fn ordered(count: usize, is_less: &dyn Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut heap: Vec<usize> = (0..count).collect();
    let precedes = |one: usize, other: usize| is_less(one, other) || (one < other && !is_less(other, one));
    for start in (0..count / 2).rev() {
        sift_down(&mut heap, start, &precedes);
    }
    for end in (1..count).rev() {
        heap.swap(0, end);
        sift_down(&mut heap[..end], 0, &precedes);
    }
    heap
}

/// `names` in order.
pub fn by_name<T: Copy>(all: &[T], name: impl Fn(T) -> &'static str) -> Vec<T> {
    let order = ordered(all.len(), &|one, other| name(all[one]) < name(all[other]));
    order.into_iter().map(|index| all[index]).collect()
}

/// Moves the number at `at` down the heap, whose largest is at its top.
fn sift_down(heap: &mut [usize], mut at: usize, precedes: &dyn Fn(usize, usize) -> bool) {
    loop {
        let left = 2 * at + 1;
        let Some(&first) = heap.get(left) else { return };
        let larger = match heap.get(left + 1) {
            Some(&second) if precedes(first, second) => left + 1,
            _ => left,
        };
        if !precedes(heap[at], heap[larger]) {
            return;
        }
        heap.swap(at, larger);
        at = larger;
    }
}

#[cfg(test)]
mod tests {
    use hw::fake::Random;

    use super::*;

    #[test]
    fn orders_and_keeps_equal_ones_in_place() {
        let mut random = Random(88_172_645_463_325_252);
        for count in 0..200 {
            let keys: Vec<usize> = (0..count).map(|_| random.below(20)).collect();
            let order = ordered(keys.len(), &|one, other| keys[one] < keys[other]);
            let mut expected: Vec<usize> = (0..keys.len()).collect();
            expected.sort_by_key(|&index| keys[index]);
            assert_eq!(order, expected);
        }
        assert_eq!(by_name(&["c", "a", "b"], |name| name), ["a", "b", "c"]);
    }
}
