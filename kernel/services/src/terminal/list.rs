//! What Tab shows where it cannot decide: the candidates in columns, or with their details.

use alloc::vec::Vec;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::completion::Completion;

/// Candidates that are shown; the rest is counted.
const CANDIDATE_LIMIT: usize = 100;
/// Cells between two columns.
const GAP_CELLS: usize = 2;

/// The labels in columns, read downwards, each line with its end.
pub(super) fn labels(completion: &Completion, columns: usize, out: &mut Vec<u8>) {
    let shown = &completion.candidates[..completion.candidates.len().min(CANDIDATE_LIMIT)];
    // The last column of a terminal stays free, so that no line wraps.
    let room = columns.saturating_sub(1).max(1);
    let widest = shown
        .iter()
        .map(|candidate| candidate.label.width())
        .max()
        .unwrap_or(0)
        .min(room);
    let per_line = ((room + GAP_CELLS) / (widest + GAP_CELLS)).max(1);
    let lines = shown.len().div_ceil(per_line);
    for line in 0..lines {
        let mut gap = 0;
        for candidate in shown.iter().skip(line).step_by(lines) {
            out.resize(out.len() + gap, b' ');
            let width = cut(&candidate.label, room, out);
            gap = widest - width + GAP_CELLS;
        }
        out.extend_from_slice(b"\r\n");
    }
    more(completion, room, out);
}

/// One line for each candidate: what is known of it.
pub(super) fn details(completion: &Completion, columns: usize, out: &mut Vec<u8>) {
    let room = columns.saturating_sub(1).max(1);
    for candidate in completion.candidates.iter().take(CANDIDATE_LIMIT) {
        let has_detail = !candidate.detail.is_empty();
        cut(
            if has_detail {
                &candidate.detail
            } else {
                &candidate.label
            },
            room,
            out,
        );
        out.extend_from_slice(b"\r\n");
    }
    more(completion, room, out);
}

fn more(completion: &Completion, room: usize, out: &mut Vec<u8>) {
    let hidden = completion.candidates.len().saturating_sub(CANDIDATE_LIMIT) + completion.omitted;
    if hidden > 0 {
        cut(&alloc::format!("... {hidden} more"), room, out);
        out.extend_from_slice(b"\r\n");
    }
}

/// Writes as much of `text` as `room` cells hold, and returns how many cells that takes.
fn cut(text: &str, room: usize, out: &mut Vec<u8>) -> usize {
    let mut used = 0;
    for character in text.chars().filter(|character| !character.is_control()) {
        let width = character.width().unwrap_or(0);
        if used + width > room {
            break;
        }
        used += width;
        out.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes());
    }
    used
}

/// What all candidates begin with.
pub(super) fn common_prefix(completion: &Completion) -> &str {
    let Some((first, others)) = completion.candidates.split_first() else {
        return "";
    };
    others.iter().fold(first.text.as_str(), |prefix, candidate| {
        let mut same = prefix.char_indices().zip(candidate.text.chars());
        let end = same.find(|((_, one), other)| one != other).map(|((index, _), _)| index);
        &prefix[..end.unwrap_or(prefix.len().min(candidate.text.len()))]
    })
}

#[cfg(test)]
mod tests {
    use super::super::completion::Candidate;
    use super::*;
    use std::format;
    use std::string::{String, ToString};

    fn completion(labels: &[&str]) -> Completion {
        let candidate = |label: &&str| Candidate {
            text: label.to_string(),
            label: label.to_string(),
            detail: format!("about {label}"),
        };
        Completion {
            candidates: labels.iter().map(candidate).collect(),
            ..Completion::default()
        }
    }

    fn text(show: fn(&Completion, usize, &mut Vec<u8>), completion: &Completion, columns: usize) -> String {
        let mut out = Vec::new();
        show(completion, columns, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn shows_labels_in_columns_of_the_width() {
        let five = completion(&["one", "two", "three", "four", "漢字"]);
        assert_eq!(text(labels, &five, 80), "one    two    three  four   漢字\r\n");
        assert_eq!(text(labels, &five, 20), "one    three  漢字\r\ntwo    four\r\n");
        assert_eq!(text(labels, &five, 1), "o\r\nt\r\nt\r\nf\r\n\r\n");
    }

    #[test]
    fn shows_details_cut_to_the_width_and_counts_the_rest() {
        let mut many = completion(&["x"; 130]);
        many.omitted = 5;
        let shown = text(details, &many, 7);
        assert_eq!(shown.matches("about \r\n").count(), CANDIDATE_LIMIT);
        assert!(shown.ends_with("... 35\r\n"), "{shown}");
    }

    #[test]
    fn finds_what_candidates_share() {
        assert_eq!(common_prefix(&completion(&["read", "read_text", "real"])), "rea");
        assert_eq!(common_prefix(&completion(&["ä", "ö"])), "");
        assert_eq!(common_prefix(&completion(&["same"])), "same");
        assert_eq!(common_prefix(&completion(&["longer", "long"])), "long");
        assert_eq!(common_prefix(&completion(&[])), "");
    }
}
