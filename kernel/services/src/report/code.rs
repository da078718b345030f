//! A report as a QR code: compressed, written in characters that survive copying, and cut to what fits.
//!
//! The text in the code is [`PREFIX`] and then the report, by `deflate` and `base41`; `cargo xtask report TEXT` turns it
//! back. All its characters are of the code's densest text mode. Everything needed lies in a static [`Workspace`].

use qrcodegen_no_heap::{QrCode, QrCodeEcc, QrSegment, Version};

use super::{base41, deflate};

/// What the text of a code starts with: the name and version of this format.
pub const PREFIX: &str = "RHAIOS1:";
/// The most characters of the largest code.
const TEXT_LIMIT: usize = 4296;
/// The most bytes that so many characters stand for.
const PACKED_LIMIT_BYTES: usize = (TEXT_LIMIT - PREFIX.len()) / 3 * 2;
const CODE_BYTES: usize = Version::MAX.buffer_len();
/// A light border of so many modules belongs to a code (ISO/IEC 18004, 9.1).
pub const QUIET_MODULES: usize = 4;
/// Modules of a code's side: of the smallest, and how many each version has more.
const SIDE_MODULES: usize = 21;
const SIDE_STEP_MODULES: usize = 4;

/// What making a code needs besides the report.
pub struct Workspace {
    deflate: deflate::Workspace,
    packed: [u8; PACKED_LIMIT_BYTES],
    text: [u8; TEXT_LIMIT],
    scratch: [u8; CODE_BYTES],
    code: [u8; CODE_BYTES],
}

impl Workspace {
    /// An unused workspace.
    pub const fn new() -> Self {
        Self {
            deflate: deflate::Workspace::new(),
            packed: [0; PACKED_LIMIT_BYTES],
            text: [0; TEXT_LIMIT],
            scratch: [0; CODE_BYTES],
            code: [0; CODE_BYTES],
        }
    }
}

impl Default for Workspace {
    fn default() -> Self {
        Self::new()
    }
}

/// A QR code.
pub struct Code<'a>(QrCode<'a>);

impl Code<'_> {
    /// Modules of a side, without the border.
    pub fn side_modules(&self) -> usize {
        self.0.size().unsigned_abs() as usize
    }

    /// Whether a module is dark; light outside.
    pub fn is_dark(&self, column: usize, row: usize) -> bool {
        self.0.get_module(column as i32, row as i32)
    }
}

/// The text that a code carries for `report`; `None` where it is too long for any code.
fn pack<'a>(
    report: &[u8],
    packed: &mut [u8],
    text: &'a mut [u8],
    workspace: &mut deflate::Workspace,
) -> Option<&'a str> {
    let length = deflate::compress(report, packed, workspace)?;
    let (prefix, rest) = text.split_at_mut_checked(PREFIX.len())?;
    prefix.copy_from_slice(PREFIX.as_bytes());
    let length = PREFIX.len() + base41::encode(&packed[..length], rest)?;
    core::str::from_utf8(&text[..length]).ok()
}

/// The code of as much of `report` as fits into one of at most `side_limit_modules` modules with its border: all of it,
/// or else whole lines from its start. `None` where not even the first line fits.
pub fn encode<'a>(report: &str, side_limit_modules: usize, workspace: &'a mut Workspace) -> Option<Code<'a>> {
    let versions = side_limit_modules.checked_sub(SIDE_MODULES + 2 * QUIET_MODULES)? / SIDE_STEP_MODULES + 1;
    let largest = Version::new(versions.min(Version::MAX.value().into()) as u8);
    let Workspace {
        deflate,
        packed,
        text,
        scratch,
        code,
    } = workspace;
    let mut report = &report[..report.floor_char_boundary(deflate::INPUT_LIMIT_BYTES)];
    loop {
        report = report.trim_end();
        if let Some(text) = pack(report.as_bytes(), packed, text, deflate) {
            let segments = [QrSegment::make_alphanumeric(text, scratch)];
            let low = QrCodeEcc::Low;
            let fitted = QrCode::encode_segments_to_codewords(&segments, code, low, Version::MIN, largest, true);
            if let Ok((length, correction, version)) = fitted {
                return Some(Code(QrCode::encode_codewords(
                    code, length, scratch, correction, version, None,
                )));
            }
        }
        report = report.rsplit_once('\n')?.0;
    }
}
