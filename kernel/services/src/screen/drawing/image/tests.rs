//! Files of every kind, written here by the specifications, come back as the pixels that went in; damaged ones are
//! refused.

use hw::fake::Random;

use super::{Error, Image, LIMIT_PIXELS};

/// Written with zlib and all row filters in turn, so that every kind of compressed block and row filter is met.
const PHOTO: &[u8] = include_bytes!("photo.png");
/// The same picture.
const PHOTO_INTERLACED: &[u8] = include_bytes!("photo_interlaced.png");
/// The same picture.
const PHOTO_BMP: &[u8] = include_bytes!("photo.bmp");

/// First column, first row, and steps of the seven passes (PNG specification, section 8.2).
const PASSES: [(usize, usize, usize, usize); 7] = [
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
];

fn decode(file: &[u8]) -> Result<Image, Error> {
    super::decode(file, &mut || true)
}

fn crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, byte: &u8| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| {
            crc >> 1 ^ (crc & 1).wrapping_neg() & 0xEDB8_8320
        })
    };
    !bytes.iter().fold(u32::MAX, step)
}

fn chunk(name: &[u8; 4], data: &[u8]) -> Vec<u8> {
    let mut named = name.to_vec();
    named.extend_from_slice(data);
    let mut bytes = (data.len() as u32).to_be_bytes().to_vec();
    bytes.extend_from_slice(&named);
    bytes.extend_from_slice(&crc(&named).to_be_bytes());
    bytes
}

/// A zlib stream of stored blocks (RFC 1950 and 1951).
fn stored(data: &[u8]) -> Vec<u8> {
    let mut stream = vec![0x78, 0x01];
    let blocks = data.chunks(40_000).count();
    for (index, block) in data.chunks(40_000).enumerate() {
        stream.push(u8::from(index + 1 == blocks));
        stream.extend_from_slice(&(block.len() as u16).to_le_bytes());
        stream.extend_from_slice(&(!(block.len() as u16)).to_le_bytes());
        stream.extend_from_slice(block);
    }
    let (low, high) = data.iter().fold((1u32, 0u32), |(low, high), byte| {
        let low = (low + u32::from(*byte)) % 65521;
        (low, (high + low) % 65521)
    });
    stream.extend_from_slice(&(high << 16 | low).to_be_bytes());
    stream
}

/// A kind of PNG file.
#[derive(Clone, Copy, Debug)]
struct Kind {
    color_type: u8,
    depth: usize,
    is_interlaced: bool,
    has_transparency: bool,
}

impl Kind {
    fn samples(self) -> usize {
        match self.color_type {
            0 | 3 => 1,
            2 => 3,
            4 => 2,
            _ => 4,
        }
    }

    /// All that there are (PNG specification, table 11.1).
    fn all() -> impl Iterator<Item = Self> {
        let depths: [(u8, &[usize]); 5] = [
            (0, &[1, 2, 4, 8, 16]),
            (2, &[8, 16]),
            (3, &[1, 2, 4, 8]),
            (4, &[8, 16]),
            (6, &[8, 16]),
        ];
        depths.into_iter().flat_map(|(color_type, depths)| {
            depths.iter().flat_map(move |depth| {
                [(false, false), (true, false), (false, true), (true, true)]
                    .into_iter()
                    .filter_map(move |(is_interlaced, has_transparency)| {
                        (!has_transparency || color_type < 4).then_some(Self {
                            color_type,
                            depth: *depth,
                            is_interlaced,
                            has_transparency,
                        })
                    })
            })
        })
    }
}

/// A random picture as a file, and its pixels.
fn picture(kind: Kind, width: usize, height: usize, random: &mut Random) -> (Vec<u8>, Image) {
    let Kind { depth, .. } = kind;
    // Few different values, so that the transparent one occurs.
    let values: Vec<usize> = (0..5).map(|_| random.below(1 << depth)).collect();
    let mut sample = || values[random.below(values.len())];
    let count = kind.samples();
    let raw: Vec<Vec<usize>> = (0..width * height)
        .map(|_| (0..count).map(|_| sample()).collect())
        .collect();
    let palette: Vec<[u8; 4]> = (0..1 << depth.min(8))
        .map(|_| [0; 4].map(|_: u8| random.bits() as u8))
        .collect();
    let transparent = raw[width * height / 2].clone();
    let mut file = b"\x89PNG\r\n\x1a\n".to_vec();
    let mut header = [(width as u32).to_be_bytes(), (height as u32).to_be_bytes()].concat();
    header.extend_from_slice(&[depth as u8, kind.color_type, 0, 0, u8::from(kind.is_interlaced)]);
    file.extend(chunk(b"IHDR", &header));
    file.extend(chunk(b"tEXt", b"Comment\0of no use"));
    if kind.color_type == 3 {
        file.extend(chunk(
            b"PLTE",
            &palette.iter().flat_map(|color| color[..3].to_vec()).collect::<Vec<_>>(),
        ));
    }
    if kind.has_transparency {
        let data: Vec<u8> = match kind.color_type {
            3 => palette.iter().map(|color| color[3]).collect(),
            _ => transparent
                .iter()
                .flat_map(|sample| (*sample as u16).to_be_bytes())
                .collect(),
        };
        file.extend(chunk(b"tRNS", &data));
    }
    let passes = if kind.is_interlaced {
        &PASSES[..]
    } else {
        &[(0, 0, 1, 1)]
    };
    let mut data = Vec::new();
    for (x, y, step_x, step_y) in passes {
        for row in (*y..height).step_by(*step_y).filter(|_| *x < width) {
            data.push(0);
            let samples = (*x..width)
                .step_by(*step_x)
                .flat_map(|column| raw[row * width + column].clone());
            let bits: Vec<usize> = samples
                .flat_map(|sample| (0..depth).rev().map(move |bit| sample >> bit & 1))
                .collect();
            data.extend(bits.chunks(8).map(|bits| {
                (0..8).fold(0u8, |byte, index| {
                    byte << 1 | bits.get(index).copied().unwrap_or(0) as u8
                })
            }));
        }
    }
    let stream = stored(&data);
    let (first, second) = stream.split_at(stream.len() / 2);
    file.extend(chunk(b"IDAT", first));
    file.extend(chunk(b"IDAT", second));
    file.extend(chunk(b"IEND", &[]));
    let to_8_bits = |sample: usize| match depth {
        16 => (sample >> 8) as u8,
        _ => (sample * 255 / ((1 << depth) - 1)) as u8,
    };
    let pixel = |samples: &Vec<usize>| {
        let alpha = if kind.has_transparency && *samples == transparent {
            0
        } else {
            255
        };
        let eight: Vec<u8> = samples.iter().map(|sample| to_8_bits(*sample)).collect();
        u32::from_be_bytes(match kind.color_type {
            0 => [alpha, eight[0], eight[0], eight[0]],
            2 => [alpha, eight[0], eight[1], eight[2]],
            3 => {
                let [red, green, blue, alpha] = palette[samples[0]];
                [if kind.has_transparency { alpha } else { 255 }, red, green, blue]
            }
            4 => [eight[1], eight[0], eight[0], eight[0]],
            _ => [eight[3], eight[0], eight[1], eight[2]],
        })
    };
    let pixels = raw.iter().map(pixel).collect();
    let image = Image {
        width_pixels: width,
        pixels,
    };
    (file, image)
}

#[test]
fn reads_every_kind_of_png() {
    let mut random = Random(99);
    for kind in Kind::all() {
        for (width, height) in [(1, 1), (3, 2), (8, 8), (9, 13), (33, 5)] {
            let (file, image) = picture(kind, width, height, &mut random);
            assert_eq!(decode(&file), Ok(image), "{kind:?}, {width} by {height}");
        }
    }
}

#[test]
fn reads_compressed_files() {
    let photo = decode(PHOTO).expect("a good file");
    assert_eq!((photo.width_pixels, photo.pixels.len()), (61, 61 * 47));
    // What the script that wrote them computed.
    let expected = (0..61 * 47).map(|index: u32| {
        let (x, y) = (index % 61, index / 61);
        0xFF << 24 | (x * 4) << 16 | (y * 5) << 8 | ((x * x + y * y * 3) >> 4 & 0xFF)
    });
    assert!(photo.pixels.iter().copied().eq(expected));
    assert_eq!(decode(PHOTO_INTERLACED).as_ref(), Ok(&photo));
    assert_eq!(decode(PHOTO_BMP).as_ref(), Ok(&photo));
}

/// A BMP file of `bits` bits a pixel; the rows come from the bottom up, each of whole words.
fn bmp(bits: u16, width: usize, height: usize, palette: &[[u8; 4]], rows: &[Vec<u8>]) -> Vec<u8> {
    let start = 54 + 4 * palette.len();
    let mut file = b"BM\0\0\0\0\0\0\0\0".to_vec();
    for number in [start, 40, width, height] {
        file.extend_from_slice(&(number as u32).to_le_bytes());
    }
    file.extend_from_slice(&1u16.to_le_bytes());
    file.extend_from_slice(&bits.to_le_bytes());
    for number in [0, 0, 2835, 2835, palette.len(), 0] {
        file.extend_from_slice(&(number as u32).to_le_bytes());
    }
    palette.iter().for_each(|color| file.extend_from_slice(color));
    for row in rows.iter().rev() {
        file.extend_from_slice(row);
        file.resize(start + (file.len() - start).next_multiple_of(4), 0);
    }
    file
}

#[test]
fn reads_bmp_of_8_24_and_32_bits() {
    let mut random = Random(5);
    let (width, height) = (6, 4);
    let colors: Vec<u32> = (0..width * height).map(|_| random.bits() as u32 & 0xFF_FF_FF).collect();
    let rows = |bytes_per_pixel: usize, last: u8| -> Vec<Vec<u8>> {
        let row = |row: &[u32]| {
            row.iter()
                .flat_map(|color| [&color.to_le_bytes()[..3], &[last]].concat()[..bytes_per_pixel].to_vec())
                .collect()
        };
        colors.chunks(width).map(row).collect()
    };
    let opaque: Vec<u32> = colors.iter().map(|color| 0xFF << 24 | color).collect();
    let image = Image {
        width_pixels: width,
        pixels: opaque,
    };
    assert_eq!(decode(&bmp(24, width, height, &[], &rows(3, 0))).as_ref(), Ok(&image));
    assert_eq!(decode(&bmp(32, width, height, &[], &rows(4, 255))).as_ref(), Ok(&image));
    // The fourth byte means nothing where all of them are zero.
    assert_eq!(decode(&bmp(32, width, height, &[], &rows(4, 0))).as_ref(), Ok(&image));
    let palette: Vec<[u8; 4]> = colors.iter().map(|color| color.to_le_bytes()).collect();
    let indices: Vec<Vec<u8>> = (0..height)
        .map(|row| (0..width).map(|column| (row * width + column) as u8).collect())
        .collect();
    assert_eq!(decode(&bmp(8, width, height, &palette, &indices)).as_ref(), Ok(&image));
}

#[test]
fn refuses_what_is_too_large_or_no_image() {
    assert_eq!(decode(b""), Err(Error::UnknownFormat));
    assert_eq!(decode(b"GIF89a"), Err(Error::UnknownFormat));
    for (width, height) in [(16385, 1), (1, 16385), (4096, 1025), (u32::MAX, u32::MAX)] {
        assert!((u64::from(width) * u64::from(height)) > LIMIT_PIXELS as u64 || width.max(height) > 16384);
        let mut header = [width.to_be_bytes(), height.to_be_bytes()].concat();
        header.extend_from_slice(&[8, 6, 0, 0, 0]);
        let file = [
            &b"\x89PNG\r\n\x1a\n"[..],
            &chunk(b"IHDR", &header),
            &chunk(b"IEND", &[]),
        ]
        .concat();
        assert_eq!(decode(&file), Err(Error::TooLarge));
    }
    let large = bmp(24, 5000, 5000, &[], &[vec![0; 15_000]]);
    assert_eq!(decode(&large), Err(Error::TooLarge));
}

#[test]
fn stops_wherever_it_is_asked_to() {
    let mut random = Random(3);
    let kind = Kind {
        color_type: 6,
        depth: 8,
        is_interlaced: true,
        has_transparency: false,
    };
    let (file, image) = picture(kind, 300, 250, &mut random);
    let run = |limit: usize| {
        let mut asked = 0;
        let mut keep_going = || {
            asked += 1;
            asked <= limit
        };
        let result = super::decode(&file, &mut keep_going);
        (result, asked)
    };
    let (result, asked) = run(usize::MAX);
    assert_eq!(result, Ok(image));
    assert!(asked > 300, "asked only {asked} times");
    (0..asked).for_each(|limit| assert_eq!(run(limit), (Err(Error::Stopped), limit + 1)));
}

#[test]
fn truncated_files_are_refused_without_harm() {
    let mut random = Random(17);
    for kind in Kind::all() {
        let (file, _) = picture(kind, 9, 7, &mut random);
        for length in 0..file.len() {
            assert!(decode(&file[..length]).is_err(), "{kind:?}, {length} bytes");
        }
    }
    for file in [PHOTO, PHOTO_INTERLACED] {
        for length in (0..file.len()).step_by(7) {
            assert!(decode(&file[..length]).is_err());
        }
    }
    for length in 0..PHOTO_BMP.len().min(400) {
        assert!(decode(&PHOTO_BMP[..length]).is_err(), "{length} bytes");
    }
    (400..PHOTO_BMP.len())
        .step_by(97)
        .for_each(|length| drop(decode(&PHOTO_BMP[..length])));
}

/// Changes bytes of valid files; in half of the PNG files the checksums are put right again, so that not only they are
/// met.
#[test]
fn mutated_files_never_panic() {
    let mut random = Random(0xBADC_0FFE);
    let mut read = 0;
    let kinds: Vec<Kind> = Kind::all().collect();
    for round in 0..60_000 {
        let mut file = match random.below(6) {
            0 => PHOTO.to_vec(),
            1 => PHOTO_INTERLACED.to_vec(),
            2 => PHOTO_BMP[..random.below(PHOTO_BMP.len())].to_vec(),
            3 => {
                let bits = [1, 4, 8, 16, 24, 32][random.below(6)];
                let palette = vec![[1, 2, 3, 4]; random.below(300)];
                let rows = vec![vec![round as u8; 24]; random.below(9)];
                bmp(bits, 1 + random.below(9), random.below(9), &palette, &rows)
            }
            _ => {
                picture(
                    kinds[random.below(kinds.len())],
                    1 + random.below(12),
                    1 + random.below(12),
                    &mut random,
                )
                .0
            }
        };
        for _ in 0..=random.below(4) {
            // Mostly in the headers.
            let near = if random.below(3) > 0 { 80 } else { file.len() };
            if let Some(place) = file.len().min(near).checked_sub(1).map(|last| random.below(last + 1)) {
                file[place] = [0, 1, 2, 0x7F, 0x80, 0xFF, random.bits() as u8][random.below(7)];
            }
        }
        if round % 2 == 0 {
            mend_checksums(&mut file);
        }
        read += usize::from(decode(&file).is_ok());
    }
    assert!(read > 5000, "only {read} of the files were read");
}

fn mend_checksums(file: &mut [u8]) {
    let mut start = 8;
    while let Some(header) = file.get(start..start + 4) {
        let length = header.iter().fold(0, |length, byte| length << 8 | usize::from(*byte));
        let Some(bytes) = file.get(start + 4..start + 8 + length) else {
            return;
        };
        let sum = crc(bytes).to_be_bytes();
        let Some(place) = file.get_mut(start + 8 + length..start + 12 + length) else {
            return;
        };
        place.copy_from_slice(&sum);
        start += 12 + length;
    }
}
