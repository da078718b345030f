//! What the QR code of a panic says, turned back into the report.
//!
//! The code's text is `RHAIOS1:` and then the report, compressed into the "zlib" format, two bytes as three of the 41
//! characters `0-9 A-Z + - . / :`, lowest first; one byte left over is two. `services::report` in the kernel makes it.
//! Whatever was added on the text's way, such as line ends or words before it, is left out.

const PREFIX: &str = "RHAIOS1:";
const DIGITS: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-./:";
/// No report is longer; more would be a hostile text.
const LIMIT_BYTES: usize = 64 * 1024;

/// The report that `text` stands for.
///
/// # Errors
///
/// Why there is none, in words.
pub fn decode(text: &str) -> Result<String, &'static str> {
    let (_, text) = text.split_once(PREFIX).ok_or("a report starts with RHAIOS1:")?;
    let digits: Vec<usize> = text.chars().filter_map(|character| DIGITS.find(character)).collect();
    let mut packed = Vec::new();
    for group in digits.chunks(3) {
        let value = group.iter().rev().fold(0, |value, digit| value * DIGITS.len() + digit);
        let is_possible = group.len() > 1 && value < 1 << (8 * (group.len() - 1));
        let bytes = (value as u16).to_be_bytes();
        packed.extend(
            is_possible
                .then_some(&bytes[3 - group.len()..])
                .ok_or("a character is missing or wrong")?,
        );
    }
    let report = miniz_oxide::inflate::decompress_to_vec_zlib_with_limit(&packed, LIMIT_BYTES);
    let report = report.map_err(|_| "the text is cut off, or a character is wrong")?;
    Ok(String::from_utf8_lossy(&report).into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPORT: &str = "KERNEL PANIC: a test";
    /// The same, encoded by another program.
    const TEXT: &str = "RHAIOS1:OGI63-3521RH/DCB8H43-GVRP0BM564+6A60-Y8++0";

    #[test]
    fn reads_what_a_phone_pastes() {
        assert_eq!(decode(TEXT), Ok(REPORT.into()));
        let (start, end) = TEXT.split_at(20);
        assert_eq!(decode(&format!("I saw this:\n{start}\r\n {end}\n")), Ok(REPORT.into()));
    }

    #[test]
    fn refuses_what_is_cut_off_or_changed() {
        let text = TEXT;
        for length in 0..text.len() {
            assert!(decode(&text[..length]).is_err(), "{length}");
        }
        for at in PREFIX.len()..text.len() {
            for digit in DIGITS.chars() {
                let mut changed = text.to_string();
                changed.replace_range(at..=at, &digit.to_string());
                // The last bits of the compressed text fill up a byte and mean nothing.
                assert!(decode(&changed).map_or(true, |report| report == REPORT), "{changed}");
            }
        }
    }
}
