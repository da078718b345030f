//! The order of a table's columns. Keys of a map have none of their own but the alphabet; a person looks for what names a
//! row at its start, and for what describes it in words at its end.

use alloc::string::String;

/// The first of these that the rows have comes first: it names the row.
const NAMING: &[&str] = &[
    "id",
    "index",
    "address",
    "time_ms",
    "signature",
    "step",
    "clock",
    "source",
    "core",
    "slot",
    "name",
];

/// Rows that have a number of their own have these beside it, which matter most; where something else names the rows, a
/// name is a long text.
const NUMBER: &str = "id";
const BESIDE_NUMBER: &[&str] = &["name", "state"];

/// These come last, in this order, where they do not name the row.
const DESCRIBING: &[&str] = &[
    "name", "used_for", "summary", "text", "message", "problem", "note", "details",
];

/// Of these, long ones go on in further lines instead of being cut.
const TEXTS: &[&str] = &["summary", "text", "message", "problem", "note", "details"];

/// Brings `keys`, which are in alphabetical order, into the order of columns.
pub(super) fn arrange(keys: &mut [String]) {
    let naming = NAMING.iter().find(|name| keys.iter().any(|key| key == *name));
    // The sort keeps the order of what is equal.
    keys.sort_by_key(|key| {
        if Some(&key.as_str()) == naming {
            return (0, 0);
        }
        let among = |names: &[&str]| names.iter().position(|name| name == key);
        match among(BESIDE_NUMBER) {
            Some(at) if naming == Some(&NUMBER) => (1, at),
            _ => among(DESCRIBING).map_or((2, 0), |at| (3, at)),
        }
    });
}

/// Whether a column of this key holds sentences rather than words.
pub(super) fn is_text(key: &str) -> bool {
    TEXTS.contains(&key)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::*;

    fn arranged(keys: &str) -> String {
        let mut keys: Vec<String> = keys.split(' ').map(String::from).collect();
        arrange(&mut keys);
        keys.join(" ")
    }

    #[test]
    fn what_names_a_row_is_first_and_what_describes_it_last() {
        assert_eq!(arranged("a b c"), "a b c");
        assert_eq!(arranged("age name place"), "name age place");
        assert_eq!(
            arranged("address class device_id driver name vendor_id"),
            "address class device_id driver vendor_id name"
        );
        assert_eq!(arranged("core id name state"), "id name state core");
        assert_eq!(arranged("text time_ms"), "time_ms text");
        assert_eq!(arranged("details name offset"), "name offset details");
        assert_eq!(arranged("text"), "text");
    }
}
