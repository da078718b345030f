//! PNG files (Portable Network Graphics, third edition): container, row filters, passes and colours. The compressed
//! data are unpacked by the crate `miniz_oxide`.
//!
//! Chunks that do not make the picture are left out, animations with them: the still image is shown. Colours are taken
//! as they are, without gamma or profile.

use alloc::vec::Vec;

use miniz_oxide::inflate;

use super::{Error, Image, check_size};

/// First bytes of a file (section 5.2).
pub(super) const SIGNATURE: [u8; 8] = [0x89, b'P', b'N', b'G', b'\r', b'\n', 0x1A, b'\n'];
/// First column, first row, and steps of the seven passes of an interlaced picture (section 8.2).
const PASSES: [(usize, usize, usize, usize); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

/// Bytes that are checked, and pixels that are converted, before others get their turn.
const PACE: usize = 32 * 1024;
/// Compressed bytes that are unpacked before; each may become a thousand.
const UNPACK_PACE_BYTES: usize = 1024;

/// Asks whether to go on.
type Pace<'a> = &'a mut dyn FnMut() -> bool;

/// What a pixel's samples mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Samples {
    Grey,
    Color,
    Palette,
    GreyAlpha,
    ColorAlpha,
}

impl Samples {
    fn count(self) -> usize {
        match self {
            Self::Grey | Self::Palette => 1,
            Self::GreyAlpha => 2,
            Self::Color => 3,
            Self::ColorAlpha => 4,
        }
    }
}

/// The header (section 11.2.1).
#[derive(Clone, Copy, Debug)]
struct Header {
    width: usize,
    height: usize,
    /// Bits of a sample: 1, 2, 4, 8 or 16.
    depth: usize,
    samples: Samples,
    is_interlaced: bool,
}

impl Header {
    fn parse(data: &[u8]) -> Result<Self, Error> {
        let [w3, w2, w1, w0, h3, h2, h1, h0, depth, color_type, 0, 0, interlace] = *data else {
            return Err(Error::Malformed);
        };
        let (samples, depths): (_, &[u8]) = match color_type {
            0 => (Samples::Grey, &[1, 2, 4, 8, 16]),
            2 => (Samples::Color, &[8, 16]),
            3 => (Samples::Palette, &[1, 2, 4, 8]),
            4 => (Samples::GreyAlpha, &[8, 16]),
            6 => (Samples::ColorAlpha, &[8, 16]),
            _ => return Err(Error::Malformed),
        };
        if !depths.contains(&depth) || interlace > 1 {
            return Err(Error::Malformed);
        }
        let width = u32::from_be_bytes([w3, w2, w1, w0]) as usize;
        let height = u32::from_be_bytes([h3, h2, h1, h0]) as usize;
        check_size(width, height)?;
        Ok(Self {
            width,
            height,
            depth: depth.into(),
            samples,
            is_interlaced: interlace == 1,
        })
    }

    fn passes(&self) -> &'static [(usize, usize, usize, usize)] {
        if self.is_interlaced { &PASSES } else { &[(0, 0, 1, 1)] }
    }

    /// Columns and rows of a pass.
    fn pass_size(&self, (x, y, step_x, step_y): (usize, usize, usize, usize)) -> (usize, usize) {
        let columns = self.width.saturating_sub(x).div_ceil(step_x);
        let rows = self.height.saturating_sub(y).div_ceil(step_y);
        if columns == 0 { (0, 0) } else { (columns, rows) }
    }

    /// Bytes of a row, without the one that names its filter.
    fn row_bytes(&self, columns: usize) -> usize {
        (columns * self.samples.count() * self.depth).div_ceil(8)
    }
}

/// The parts of a file that make the picture.
struct Parts<'a> {
    header: Header,
    palette: &'a [u8],
    transparency: &'a [u8],
    data: Vec<&'a [u8]>,
}

impl<'a> Parts<'a> {
    fn parse(file: &'a [u8], keep_going: Pace<'_>) -> Result<Self, Error> {
        let rest = file.strip_prefix(&SIGNATURE).ok_or(Error::Malformed)?;
        let (name, data, mut rest) = chunk(rest, keep_going)?;
        if name != b"IHDR" {
            return Err(Error::Malformed);
        }
        let mut parts = Self {
            header: Header::parse(data)?,
            palette: &[],
            transparency: &[],
            data: Vec::new(),
        };
        loop {
            let (name, data, after) = chunk(rest, keep_going)?;
            match name {
                b"PLTE" => parts.palette = data,
                b"tRNS" => parts.transparency = data,
                b"IDAT" => parts.data.push(data),
                b"IEND" => return Ok(parts),
                // Whoever reads a file must know the chunks in capitals (section 5.4).
                [b'A'..=b'Z', ..] => return Err(Error::Malformed),
                _ => {}
            }
            rest = after;
        }
    }
}

/// Name and data of a chunk, and what comes after it.
type Chunk<'a> = (&'a [u8; 4], &'a [u8], &'a [u8]);

/// The first chunk of `bytes` (section 5.3).
fn chunk<'a>(bytes: &'a [u8], keep_going: Pace<'_>) -> Result<Chunk<'a>, Error> {
    let (length, rest) = bytes.split_first_chunk::<4>().ok_or(Error::Malformed)?;
    let named_length = (u32::from_be_bytes(*length) as usize)
        .checked_add(4)
        .ok_or(Error::Malformed)?;
    let (named, rest) = rest.split_at_checked(named_length).ok_or(Error::Malformed)?;
    let (sum, rest) = rest.split_first_chunk::<4>().ok_or(Error::Malformed)?;
    if u32::from_be_bytes(*sum) != checksum(named, keep_going)? {
        return Err(Error::Malformed);
    }
    let (name, data) = named.split_first_chunk::<4>().ok_or(Error::Malformed)?;
    Ok((name, data, rest))
}

/// CRC-32 as in ISO 3309 (annex D).
fn checksum(bytes: &[u8], keep_going: Pace<'_>) -> Result<u32, Error> {
    let mut sum = crc32fast::Hasher::new();
    for piece in bytes.chunks(PACE) {
        if !keep_going() {
            return Err(Error::Stopped);
        }
        sum.update(piece);
    }
    Ok(sum.finalize())
}

/// Reads a file.
pub(super) fn decode(file: &[u8], keep_going: Pace<'_>) -> Result<Image, Error> {
    let parts = Parts::parse(file, keep_going)?;
    let header = parts.header;
    let mut data = inflate_data(&parts, keep_going)?;
    let colors = Colors::new(&parts)?;
    let mut pixels = alloc::vec![0; header.width * header.height];
    let pixel_bytes = (header.samples.count() * header.depth).div_ceil(8);
    let mut rest = &mut data[..];
    for pass in header.passes() {
        let (x, y, step_x, step_y) = *pass;
        let (columns, rows) = header.pass_size(*pass);
        let row_bytes = header.row_bytes(columns);
        let mut above: &[u8] = &[];
        let rows_at_once = PACE / header.width + 1;
        for row in 0..rows {
            let (line, after) = rest.split_at_mut_checked(1 + row_bytes).ok_or(Error::Malformed)?;
            rest = after;
            let (filter, line) = line.split_first_mut().ok_or(Error::Malformed)?;
            unfilter(*filter, line, above, pixel_bytes)?;
            let start = (y + row * step_y) * header.width;
            let targets = pixels[start..start + header.width].iter_mut().skip(x).step_by(step_x);
            colors.convert(line, targets);
            above = line;
            if (row + 1) % rows_at_once == 0 && !keep_going() {
                return Err(Error::Stopped);
            }
        }
    }
    Ok(Image {
        width_pixels: header.width,
        pixels,
    })
}

/// The rows of all passes, still filtered.
fn inflate_data(parts: &Parts<'_>, keep_going: Pace<'_>) -> Result<Vec<u8>, Error> {
    let header = &parts.header;
    let pass_bytes = |pass: &(usize, usize, usize, usize)| {
        let (columns, rows) = header.pass_size(*pass);
        rows * (1 + header.row_bytes(columns))
    };
    let mut data = alloc::vec![0; header.passes().iter().map(pass_bytes).sum()];
    let mut has_stopped = false;
    let compressed = parts.data.iter().flat_map(|data| data.chunks(UNPACK_PACE_BYTES));
    let compressed = compressed.take_while(|_| {
        has_stopped |= !keep_going();
        !has_stopped
    });
    match inflate::decompress_slice_iter_to_slice(&mut data, compressed, true, false) {
        Ok(count) if count == data.len() => Ok(data),
        _ if has_stopped => Err(Error::Stopped),
        _ => Err(Error::Malformed),
    }
}

/// Undoes a row's filter (section 9.2). `above` is the row before it, empty for a pass's first.
fn unfilter(filter: u8, line: &mut [u8], above: &[u8], pixel_bytes: usize) -> Result<(), Error> {
    let above_at = |index: usize| above.get(index).copied().unwrap_or(0);
    match filter {
        0 => {}
        1 => {
            for index in pixel_bytes..line.len() {
                line[index] = line[index].wrapping_add(line[index - pixel_bytes]);
            }
        }
        2 => {
            for (byte, above) in line.iter_mut().zip(above) {
                *byte = byte.wrapping_add(*above);
            }
        }
        3 | 4 => {
            for index in 0..line.len() {
                let before = index.checked_sub(pixel_bytes);
                let left = before.map_or(0, |before| line[before]);
                let up = above_at(index);
                let guess = match filter {
                    3 => u8::midpoint(left, up),
                    _ => paeth(left, up, before.map_or(0, above_at)),
                };
                line[index] = line[index].wrapping_add(guess);
            }
        }
        _ => return Err(Error::Malformed),
    }
    Ok(())
}

/// The neighbour that is nearest to `left + up - upper_left` (section 9.4).
fn paeth(left: u8, up: u8, upper_left: u8) -> u8 {
    let (a, b, c) = (i16::from(left), i16::from(up), i16::from(upper_left));
    let (to_left, to_up, to_upper_left) = ((b - c).abs(), (a - c).abs(), (a + b - 2 * c).abs());
    if to_left <= to_up && to_left <= to_upper_left {
        left
    } else if to_up <= to_upper_left {
        up
    } else {
        upper_left
    }
}

/// How samples become colours.
struct Colors {
    depth: usize,
    samples: Samples,
    /// `0xAARRGGBB` by number; missing ones are opaque black.
    palette: Vec<u32>,
    /// The samples of the one colour that is transparent.
    transparent: Option<Vec<u16>>,
}

impl Colors {
    fn new(parts: &Parts<'_>) -> Result<Self, Error> {
        let Header { depth, samples, .. } = parts.header;
        let (colors, extra) = parts.palette.as_chunks::<3>();
        if !extra.is_empty() || colors.len() > 256 || (samples == Samples::Palette && colors.is_empty()) {
            return Err(Error::Malformed);
        }
        let alphas = parts.transparency.iter().copied().chain(core::iter::repeat(0xFF));
        let palette = colors
            .iter()
            .zip(alphas)
            .map(|([red, green, blue], alpha)| u32::from_be_bytes([alpha, *red, *green, *blue]));
        let is_keyed = matches!(samples, Samples::Grey | Samples::Color) && !parts.transparency.is_empty();
        let key = || -> Vec<u16> {
            let (key, _) = parts.transparency.as_chunks();
            key.iter().map(|sample| u16::from_be_bytes(*sample)).collect()
        };
        Ok(Self {
            depth,
            samples,
            palette: if samples == Samples::Palette {
                palette.collect()
            } else {
                Vec::new()
            },
            transparent: is_keyed.then(key),
        })
    }

    /// Converts a row.
    fn convert<'a>(&self, line: &[u8], targets: impl Iterator<Item = &'a mut u32>) {
        match (self.samples, self.depth, &self.transparent) {
            // The usual ones, in short.
            (Samples::Color, 8, None) => {
                for (target, [red, green, blue]) in targets.zip(line.as_chunks().0) {
                    *target = u32::from_be_bytes([0xFF, *red, *green, *blue]);
                }
            }
            (Samples::ColorAlpha, 8, _) => {
                for (target, [red, green, blue, alpha]) in targets.zip(line.as_chunks().0) {
                    *target = u32::from_be_bytes([*alpha, *red, *green, *blue]);
                }
            }
            _ => {
                for (index, target) in targets.enumerate() {
                    *target = self.color(line, index * self.samples.count());
                }
            }
        }
    }

    /// The colour of the pixel whose samples start at number `first` of the row.
    fn color(&self, line: &[u8], first: usize) -> u32 {
        let sample = |offset: usize| sample(line, self.depth, first + offset);
        let byte = |offset: usize| self.to_byte(sample(offset));
        let count = self.samples.count();
        let alpha = match &self.transparent {
            Some(key) if (0..count).all(|offset| key.get(offset) == Some(&sample(offset))) => 0,
            _ => 0xFF,
        };
        u32::from_be_bytes(match self.samples {
            Samples::Palette => {
                let index = usize::from(sample(0));
                return self.palette.get(index).copied().unwrap_or(0xFF_00_00_00);
            }
            Samples::Grey => [alpha, byte(0), byte(0), byte(0)],
            Samples::Color => [alpha, byte(0), byte(1), byte(2)],
            Samples::GreyAlpha => [byte(1), byte(0), byte(0), byte(0)],
            Samples::ColorAlpha => [byte(3), byte(0), byte(1), byte(2)],
        })
    }

    /// A sample of any depth as one of eight bits.
    fn to_byte(&self, sample: u16) -> u8 {
        match self.depth {
            16 => (sample >> 8) as u8,
            8 => sample as u8,
            depth => (sample * 255 / ((1 << depth) - 1)) as u8,
        }
    }
}

/// Sample number `index` of a row.
fn sample(line: &[u8], depth: usize, index: usize) -> u16 {
    let byte = |at: usize| u16::from(line.get(at).copied().unwrap_or(0));
    match depth {
        16 => byte(2 * index) << 8 | byte(2 * index + 1),
        8 => byte(index),
        _ => {
            let bit = index * depth;
            byte(bit / 8) >> (8 - depth - bit % 8) & ((1 << depth) - 1)
        }
    }
}
