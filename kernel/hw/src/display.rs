//! What a screen offers to the code that draws on it, and how a colour becomes the bytes of a pixel.
//!
//! Colours are `0x00RRGGBB` everywhere; only [`PixelFormat`] knows what the graphics adapter wants instead. The boot
//! loader describes that with the fields of the Multiboot2 framebuffer tag (specification 2.0, section 3.6.12).

#[cfg(any(test, feature = "fake"))]
pub mod fake;

/// Pixels that can be written a row at a time.
pub trait Surface: Send {
    /// Pixels in a row.
    fn width_pixels(&self) -> usize;

    /// Rows of pixels.
    fn height_pixels(&self) -> usize;

    /// Writes neighbouring pixels, the first at column `x` of row `y`, as colours `0x00RRGGBB`. What lies outside is
    /// left out.
    fn write_row(&mut self, x: usize, y: usize, colors: &[u32]);

    /// Gives all pixels the colour `0x00RRGGBB`.
    fn fill(&mut self, color: u32) {
        fill_by_rows(self, color);
    }
}

/// Pixels that are filled at once.
const FILL_PIXELS: usize = 64;

/// What [`Surface::fill`] does where a surface knows no faster way.
pub fn fill_by_rows<S: Surface + ?Sized>(surface: &mut S, color: u32) {
    let colors = [color; FILL_PIXELS];
    for y in 0..surface.height_pixels() {
        let width = surface.width_pixels();
        for x in (0..width).step_by(FILL_PIXELS) {
            surface.write_row(x, y, &colors[..FILL_PIXELS.min(width - x)]);
        }
    }
}

/// Characters that can be written one at a time, as in the VGA's text modes.
pub trait TextSurface: Send {
    /// Characters in a row.
    fn columns(&self) -> usize;

    /// Rows of characters.
    fn rows(&self) -> usize;

    /// Writes one character of code page 437; `attribute` has the colour of the character in bits 0 to 3 and that of
    /// its background in bits 4 to 6. What lies outside is left out.
    fn write_cell(&mut self, column: usize, row: usize, character: u8, attribute: u8);
}

/// Where the bits of one colour lie in a pixel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ColorBits {
    /// Number of the lowest bit.
    pub position: u8,
    /// Bits, up to 16.
    pub size: u8,
}

impl ColorBits {
    /// Places a value of eight bits; more bits repeat the upper ones, so that white stays white.
    fn place(self, value: u32) -> u32 {
        let sixteen_bits = value << 8 | value;
        (sixteen_bits >> (16 - u32::from(self.size))) << self.position
    }
}

/// How a pixel is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PixelFormat {
    bytes_per_pixel: usize,
    red: ColorBits,
    green: ColorBits,
    blue: ColorBits,
}

impl PixelFormat {
    /// A format of 15, 16, 24 or 32 bits, little-endian. `None` for other sizes, and for colours that lie outside the
    /// pixel.
    pub fn new(bits_per_pixel: u8, red: ColorBits, green: ColorBits, blue: ColorBits) -> Option<Self> {
        let bytes_per_pixel = match bits_per_pixel {
            15 | 16 => 2,
            24 => 3,
            32 => 4,
            _ => return None,
        };
        let fits = |color: ColorBits| {
            color.size <= 16 && usize::from(color.position) + usize::from(color.size) <= 8 * bytes_per_pixel
        };
        (fits(red) && fits(green) && fits(blue)).then_some(Self {
            bytes_per_pixel,
            red,
            green,
            blue,
        })
    }

    /// Bytes from one pixel to the next: 2, 3 or 4.
    pub fn bytes_per_pixel(&self) -> usize {
        self.bytes_per_pixel
    }

    /// The pixel of a colour `0x00RRGGBB`.
    pub fn pack(&self, color: u32) -> u32 {
        self.red.place(color >> 16 & 0xFF) | self.green.place(color >> 8 & 0xFF) | self.blue.place(color & 0xFF)
    }

    /// The byte that all bytes of a pixel of this colour are, as in black and mostly in white; `None` for other colours.
    pub fn uniform_byte(&self, color: u32) -> Option<u8> {
        let pixel = self.pack(color).to_le_bytes();
        let bytes = &pixel[..self.bytes_per_pixel];
        bytes.iter().all(|byte| *byte == bytes[0]).then_some(bytes[0])
    }

    /// True if a pixel is the colour itself, so that [`PixelFormat::pack`] can be left out.
    pub fn is_plain(&self) -> bool {
        self.bytes_per_pixel == 4 && self.holds_colors()
    }

    /// True if a pixel's lowest three bytes are the colour's.
    fn holds_colors(&self) -> bool {
        let byte_at = |position| ColorBits { position, size: 8 };
        self.red == byte_at(16) && self.green == byte_at(8) && self.blue == byte_at(0)
    }

    /// Stores neighbouring pixels at the start of `bytes`, as many as fit.
    pub fn write_span(&self, bytes: &mut [u8], colors: &[u32]) {
        if self.is_plain() {
            for (pixel, color) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(colors) {
                *pixel = color.to_le_bytes();
            }
            return;
        }
        match self.bytes_per_pixel {
            2 => {
                for (pixel, color) in bytes.as_chunks_mut::<2>().0.iter_mut().zip(colors) {
                    *pixel = (self.pack(*color) as u16).to_le_bytes();
                }
            }
            3 => self.write_triples(bytes, colors),
            _ => {
                for (pixel, color) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(colors) {
                    *pixel = self.pack(*color).to_le_bytes();
                }
            }
        }
    }

    /// Stores pixels of three bytes, four of them at once where a pixel is the colour: as 12 bytes in two writes.
    fn write_triples(&self, bytes: &mut [u8], colors: &[u32]) {
        let mut done = 0;
        if self.holds_colors() {
            let quartets = bytes.as_chunks_mut::<12>().0.iter_mut();
            for (pixels, colors) in quartets.zip(colors.as_chunks::<4>().0) {
                let [first, second, third, fourth] = colors.map(|color| u64::from(color & 0x00ff_ffff));
                let low = first | second << 24 | third << 48;
                let high = (third >> 16 | fourth << 8) as u32;
                pixels[..8].copy_from_slice(&low.to_le_bytes());
                pixels[8..].copy_from_slice(&high.to_le_bytes());
                done += 4;
            }
        }
        let rest = bytes[3 * done..].as_chunks_mut::<3>().0.iter_mut();
        for (pixel, color) in rest.zip(&colors[done..]) {
            let [first, second, third, _] = self.pack(*color).to_le_bytes();
            *pixel = [first, second, third];
        }
    }
}

/// The picture in memory: rows of pixels at a fixed distance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    format: PixelFormat,
    width_pixels: usize,
    height_pixels: usize,
    pitch_bytes: usize,
}

impl Layout {
    /// A picture whose rows start `pitch_bytes` apart, which need be no multiple of anything. `None` if a row does not
    /// fit into that, or the picture into memory.
    pub fn new(format: PixelFormat, width_pixels: usize, height_pixels: usize, pitch_bytes: usize) -> Option<Self> {
        pitch_bytes.checked_mul(height_pixels)?;
        let row_bytes = width_pixels.checked_mul(format.bytes_per_pixel)?;
        (row_bytes <= pitch_bytes).then_some(Self {
            format,
            width_pixels,
            height_pixels,
            pitch_bytes,
        })
    }

    /// How its pixels are stored.
    pub fn format(&self) -> &PixelFormat {
        &self.format
    }

    /// Pixels in a row.
    pub fn width_pixels(&self) -> usize {
        self.width_pixels
    }

    /// Rows of pixels.
    pub fn height_pixels(&self) -> usize {
        self.height_pixels
    }

    /// Bytes of the whole picture.
    pub fn total_bytes(&self) -> usize {
        self.pitch_bytes * self.height_pixels
    }

    /// Where neighbouring pixels are: the offset in bytes of the first one, and how many of `count` lie inside the
    /// picture. `None` if none does.
    pub fn place(&self, x: usize, y: usize, count: usize) -> Option<(usize, usize)> {
        let inside = count.min(self.width_pixels.checked_sub(x)?);
        (y < self.height_pixels && inside > 0).then(|| (y * self.pitch_bytes + x * self.format.bytes_per_pixel, inside))
    }

    /// Stores neighbouring pixels in `memory`, which holds the picture. What lies outside is left out.
    pub fn write_row(&self, memory: &mut [u8], x: usize, y: usize, colors: &[u32]) {
        let Some((offset_bytes, count)) = self.place(x, y, colors.len()) else {
            return;
        };
        let length_bytes = count * self.format.bytes_per_pixel;
        if let Some(bytes) = memory.get_mut(offset_bytes..offset_bytes + length_bytes) {
            self.format.write_span(bytes, &colors[..count]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ColorBits, Layout, PixelFormat};

    fn format(bits: u8, red: (u8, u8), green: (u8, u8), blue: (u8, u8)) -> Option<PixelFormat> {
        let color = |(position, size)| ColorBits { position, size };
        PixelFormat::new(bits, color(red), color(green), color(blue))
    }

    #[test]
    fn packs_colours_into_each_common_format() {
        let plain = format(32, (16, 8), (8, 8), (0, 8)).expect("a good format");
        assert!(plain.is_plain());
        assert_eq!(plain.pack(0x12_34_56), 0x12_34_56);
        let swapped = format(32, (0, 8), (8, 8), (16, 8)).expect("a good format");
        assert!(!swapped.is_plain());
        assert_eq!(swapped.pack(0x12_34_56), 0x56_34_12);
        let sixteen = format(16, (11, 5), (5, 6), (0, 5)).expect("a good format");
        assert_eq!(sixteen.pack(0xFF_00_FF), 0xF81F);
        assert_eq!(sixteen.pack(0xFF_FF_FF), 0xFFFF);
        assert_eq!(sixteen.pack(0x08_04_08), 1 << 11 | 1 << 5 | 1);
        let fifteen = format(15, (10, 5), (5, 5), (0, 5)).expect("a good format");
        assert_eq!(fifteen.pack(0xFF_FF_FF), 0x7FFF);
        let deep = format(32, (20, 10), (10, 10), (0, 10)).expect("a good format");
        assert_eq!(deep.pack(0xFF_FF_FF), 0x3FFF_FFFF);
        assert_eq!(deep.pack(0x80_00_00), 0b10_0000_0010 << 20);
    }

    #[test]
    fn knows_colours_of_equal_bytes() {
        let plain = format(32, (16, 8), (8, 8), (0, 8)).expect("a good format");
        let sixteen = format(16, (11, 5), (5, 6), (0, 5)).expect("a good format");
        let triple = format(24, (16, 8), (8, 8), (0, 8)).expect("a good format");
        let bytes = |color| [plain, sixteen, triple].map(|format| format.uniform_byte(color));
        assert_eq!(bytes(0), [Some(0); 3]);
        // The fourth byte of a pixel is no part of the colour.
        assert_eq!(bytes(0xFF_FF_FF), [None, Some(0xFF), Some(0xFF)]);
        assert_eq!(bytes(0x80_80_80), [None, None, Some(0x80)]);
    }

    #[test]
    fn refuses_formats_that_cannot_be() {
        assert_eq!(format(8, (0, 3), (3, 3), (6, 2)), None);
        assert_eq!(format(16, (11, 6), (5, 6), (0, 5)), None);
        assert_eq!(format(24, (17, 8), (8, 8), (0, 8)), None);
        assert_eq!(format(32, (0, 17), (8, 8), (0, 8)), None);
        assert_eq!(format(32, (255, 255), (8, 8), (0, 8)), None);
    }

    #[test]
    fn writes_24_bit_pixels_at_an_odd_pitch() {
        let format = format(24, (16, 8), (8, 8), (0, 8)).expect("a good format");
        let layout = Layout::new(format, 3, 3, 11).expect("rows fit");
        assert_eq!(layout.total_bytes(), 33);
        let mut memory = [0xEE; 33];
        layout.write_row(&mut memory, 1, 1, &[0x11_22_33, 0x44_55_66, 0x77_88_99]);
        layout.write_row(&mut memory, 0, 2, &[0xAA_BB_CC]);
        layout.write_row(&mut memory, 3, 0, &[1]);
        layout.write_row(&mut memory, 0, 3, &[1]);
        layout.write_row(&mut memory, usize::MAX, usize::MAX, &[1]);
        let mut expected = [0xEE; 33];
        expected[14..20].copy_from_slice(&[0x33, 0x22, 0x11, 0x66, 0x55, 0x44]);
        expected[22..25].copy_from_slice(&[0xCC, 0xBB, 0xAA]);
        assert_eq!(memory, expected);
    }

    #[test]
    fn writes_any_number_of_24_bit_pixels_at_once() {
        let plain = format(24, (16, 8), (8, 8), (0, 8)).expect("a good format");
        let swapped = format(24, (0, 8), (8, 8), (16, 8)).expect("a good format");
        let colors: Vec<u32> = (0..11)
            .map(|index| 0xff_00_00_00 | (0x01_02_03 * (index + 1)))
            .collect();
        for count in 0..colors.len() {
            for length in 0..36 {
                let (mut memory, mut mirrored) = ([0xee; 36], [0xee; 36]);
                plain.write_span(&mut memory[..length], &colors[..count]);
                swapped.write_span(&mut mirrored[..length], &colors[..count]);
                for (at, (byte, other)) in memory.iter().zip(mirrored).enumerate() {
                    let is_written = at / 3 < count.min(length / 3);
                    let color = colors[(at / 3).min(10)].to_le_bytes();
                    let expected = if is_written {
                        (color[at % 3], color[2 - at % 3])
                    } else {
                        (0xee, 0xee)
                    };
                    assert_eq!(
                        (*byte, other),
                        expected,
                        "byte {at} of {count} pixels in {length} bytes"
                    );
                }
            }
        }
    }

    #[test]
    fn writes_16_bit_pixels_and_plain_ones() {
        let sixteen = format(16, (11, 5), (5, 6), (0, 5)).expect("a good format");
        let mut memory = [0; 5];
        sixteen.write_span(&mut memory, &[0xFF_00_00, 0x00_00_FF, 0xFF_FF_FF]);
        assert_eq!(memory, [0x00, 0xF8, 0x1F, 0x00, 0]);
        let plain = format(32, (16, 8), (8, 8), (0, 8)).expect("a good format");
        let mut memory = [9; 9];
        plain.write_span(&mut memory, &[0x01_02_03, 0x04_05_06, 7]);
        assert_eq!(memory, [3, 2, 1, 0, 6, 5, 4, 0, 9]);
    }

    #[test]
    fn refuses_rows_longer_than_the_pitch() {
        let format = format(32, (16, 8), (8, 8), (0, 8)).expect("a good format");
        assert_eq!(Layout::new(format, 3, 3, 11), None);
        assert_eq!(Layout::new(format, usize::MAX, 1, usize::MAX), None);
        assert_eq!(Layout::new(format, 1, usize::MAX, usize::MAX), None);
    }
}
