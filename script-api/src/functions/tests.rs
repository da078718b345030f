//! What the tests of several namespaces share.

use alloc::string::String;
use alloc::vec::Vec;

use hw::fake::Random;

/// Numbers that are the same each time.
pub(crate) fn numbers() -> Random {
    Random(88_172_645_463_325_252)
}

/// `count` texts that differ from `sample` in one to four places: characters replaced by others of the sample or by
/// hostile ones, removed, doubled, or whole pieces copied to another place.
pub(crate) fn mutations(sample: &str, count: usize) -> impl Iterator<Item = String> {
    const HOSTILE: [char; 24] = [
        '\0',
        '"',
        '\'',
        '\\',
        '[',
        ']',
        '{',
        '}',
        '(',
        ')',
        ',',
        ';',
        ':',
        '=',
        '-',
        '.',
        '#',
        '\n',
        '\r',
        '9',
        'e',
        'ü',
        '\u{10ffff}',
        '*',
    ];
    let original: Vec<char> = sample.chars().collect();
    let mut numbers = numbers();
    (0..count).map(move |_| {
        let mut text = original.clone();
        for _ in 0..=numbers.below(4) {
            let at = numbers.below(text.len());
            match numbers.below(5) {
                0 => text[at] = HOSTILE[numbers.below(HOSTILE.len())],
                1 => text[at] = original[numbers.below(original.len())],
                2 if text.len() > 1 => {
                    text.remove(at);
                }
                3 => text.insert(at, text[at]),
                _ => {
                    let end = (at + numbers.below(20)).min(text.len());
                    let piece: Vec<char> = text[at..end].to_vec();
                    let to = numbers.below(text.len());
                    text.splice(to..to, piece);
                }
            }
        }
        text.into_iter().collect()
    })
}
