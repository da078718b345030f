//! What is drawn, pixel by pixel, against plain re-tellings of the same rules.

use hw::display::fake::{FakePicture, FakeSurface};
use hw::display::{ColorBits, Layout, PixelFormat};
use hw::fake::Random;

use super::{Area, Drawing, Error};
use crate::screen::matcher::Matcher;
use crate::screen::{FontSize, Screen};
use crate::task::TaskId;

const PLENTY: u64 = 1 << 30;
const OWNER: TaskId = TaskId(7);
const OTHER: TaskId = TaskId(8);

fn area(x: usize, y: usize, width: usize, height: usize) -> Area {
    Area { x, y, width, height }
}

/// A screen with a region, and the surface that it is painted on.
struct Bench {
    screen: Screen,
    surface: FakeSurface,
    region: Area,
}

impl Bench {
    /// The region lies on no cell's edge.
    fn new() -> Self {
        Self::with_region(area(13, 21, 50, 37))
    }

    fn with_region(region: Area) -> Self {
        let mut screen = Screen::new(160, 96);
        screen.feed(b"\x1b[?25l");
        screen.claim_region(OWNER, Some(region), PLENTY).expect("it is free");
        let mut bench = Self {
            screen,
            surface: FakeSurface::new(160, 96, 0x123456),
            region,
        };
        bench.paint();
        bench
    }

    fn paint(&mut self) {
        self.screen.paint(&mut self.surface);
    }

    fn draw(&mut self, drawing: Drawing<'_>) {
        self.screen.draw(OWNER, &drawing).expect("the task has a region");
        self.paint();
    }

    /// The region's pixels as they are on the surface.
    fn pixels(&self) -> Vec<u32> {
        let Area { x, y, width, height } = self.region;
        (y..y + height)
            .flat_map(|row| self.surface.pixels[row * 160 + x..][..width].to_vec())
            .collect()
    }

    /// The region's pixels of this colour, as column and row.
    fn places(&self, color: u32) -> Vec<(i64, i64)> {
        let width = self.region.width;
        let pixels = self.pixels();
        let places = pixels.iter().enumerate().filter(|(_, pixel)| **pixel == color);
        places
            .map(|(index, _)| ((index % width) as i64, (index / width) as i64))
            .collect()
    }

    /// The pixels outside the region.
    fn around(&self) -> Vec<u32> {
        let is_around = |index: usize| {
            let (x, y) = (index % 160, index / 160);
            !(self.region.x..self.region.x_end()).contains(&x) || !(self.region.y..self.region.y_end()).contains(&y)
        };
        let pixels = self.surface.pixels.iter().enumerate();
        pixels
            .filter(|(index, _)| is_around(*index))
            .map(|(_, pixel)| *pixel)
            .collect()
    }
}

#[test]
fn draws_pixels_fills_and_outlines_and_clips_them() {
    let mut bench = Bench::new();
    for at in [
        (0, 0),
        (49, 36),
        (-1, 0),
        (0, -1),
        (50, 0),
        (0, 37),
        (i64::MIN, i64::MAX),
    ] {
        bench.draw(Drawing::Pixel { at, color: 1 });
    }
    assert_eq!(bench.places(1), [(0, 0), (49, 36)]);
    for (at, size) in [
        ((3, 4), (2, 3)),
        ((48, 35), (9, 9)),
        ((-5, -5), (6, 6)),
        ((9, 9), (0, 4)),
        ((9, 9), (4, -1)),
    ] {
        bench.draw(Drawing::Fill { at, size, color: 2 });
    }
    let filled = [
        (0, 0),
        (3, 4),
        (4, 4),
        (3, 5),
        (4, 5),
        (3, 6),
        (4, 6),
        (48, 35),
        (49, 35),
        (48, 36),
        (49, 36),
    ];
    assert_eq!(bench.places(2), filled);
    bench.draw(Drawing::Outline {
        at: (10, 10),
        size: (4, 3),
        color: 3,
    });
    bench.draw(Drawing::Outline {
        at: (20, 10),
        size: (1, 1),
        color: 3,
    });
    bench.draw(Drawing::Outline {
        at: (30, 10),
        size: (0, 1),
        color: 3,
    });
    let outline = [
        (10, 10),
        (11, 10),
        (12, 10),
        (13, 10),
        (20, 10),
        (10, 11),
        (13, 11),
        (10, 12),
        (11, 12),
        (12, 12),
        (13, 12),
    ];
    assert_eq!(bench.places(3), outline);
    // Only one corner is inside.
    bench.draw(Drawing::Outline {
        at: (47, 34),
        size: (i64::MAX, i64::MAX),
        color: 4,
    });
    assert_eq!(bench.places(4), [(47, 34), (48, 34), (49, 34), (47, 35), (47, 36)]);
    bench.draw(Drawing::Fill {
        at: (i64::MIN, i64::MIN),
        size: (i64::MAX, i64::MAX),
        color: 5,
    });
    assert_eq!(bench.places(5), []);
    bench.draw(Drawing::Fill {
        at: (-9, -9),
        size: (i64::MAX, i64::MAX),
        color: 5,
    });
    assert_eq!(bench.places(5).len(), 50 * 37);
}

#[test]
fn lines_are_the_same_in_both_directions_and_clipped_ones_keep_their_slope() {
    let mut random = Random(41);
    for round in 0..2000 {
        let mut end = || (random.below(300) as i64 - 120, random.below(300) as i64 - 120);
        let (from, to) = (end(), end());
        let mut bench = Bench::new();
        bench.draw(Drawing::Line { from, to, color: 1 });
        let forward = bench.places(1);
        bench.draw(Drawing::Line {
            from: to,
            to: from,
            color: 2,
        });
        assert_eq!(bench.places(2), forward, "round {round}");
        assert_eq!(bench.places(1), []);
        let (width, height) = (to.0 - from.0, to.1 - from.1);
        let steps = width.abs().max(height.abs());
        for (x, y) in &forward {
            // The true line passes within half a pixel, along the shorter direction.
            let (along, across, rise, length) = if width.abs() >= height.abs() {
                (x - from.0, y - from.1, height, width)
            } else {
                (y - from.1, x - from.0, width, height)
            };
            let distance = (across * length - along * rise).abs() * 2;
            assert!(distance <= steps, "{from:?} to {to:?} at {x}, {y}");
        }
        // One pixel a step, as far as it is inside.
        let is_inside = |x: i64, y: i64| (0..50).contains(&x) && (0..37).contains(&y);
        let certain = (0..=steps).filter(|step| {
            let at = |start: i64, length: i64| {
                let exact = start as f64 + length as f64 * *step as f64 / steps.max(1) as f64;
                (exact.floor() as i64, exact.ceil() as i64)
            };
            let ((left, right), (top, bottom)) = (at(from.0, width), at(from.1, height));
            is_inside(left, top) && is_inside(right, bottom)
        });
        assert!(forward.len() >= certain.count(), "{from:?} to {to:?}");
        for end in [from, to].iter().filter(|end| is_inside(end.0, end.1)) {
            assert!(forward.contains(end), "{from:?} to {to:?}");
        }
    }
    let mut bench = Bench::new();
    bench.draw(Drawing::Line {
        from: (i64::MIN, 5),
        to: (i64::MAX, 5),
        color: 3,
    });
    assert_eq!(bench.places(3), (0..50).map(|x| (x, 5)).collect::<Vec<_>>());
    bench.draw(Drawing::Line {
        from: (2, i64::MAX),
        to: (2, i64::MIN),
        color: 4,
    });
    assert_eq!(bench.places(4).len(), 37);
}

#[test]
fn writes_text_without_a_background() {
    // On the cells' edges, so that the matcher finds them.
    let mut bench = Bench::with_region(area(16, 32, 80, 48));
    bench.draw(Drawing::Text {
        at: (0, 0),
        text: "Grün │ x\nzwei\u{301}\u{7}",
        color: 0xFF_00_00,
    });
    bench.draw(Drawing::Text {
        at: (64, 32),
        text: "wide",
        color: 0xFF_FF_FF,
    });
    let cells = Matcher::new(FontSize::Small).cells(&bench.surface.pixels, 160);
    let line = |row: usize| cells[row].iter().filter_map(|cell| cell.character).collect::<String>();
    assert_eq!(line(2).trim_end(), "  Grün │ x");
    assert_eq!(line(3).trim_end(), "  zwei");
    assert_eq!(line(4).trim_end(), "          wi");
    assert_eq!(cells[2][2].foreground, 0xFF_00_00);
    let before = bench.pixels();
    for at in [(-1000, 0), (i64::MAX, i64::MAX), (i64::MIN, 4), (4, i64::MIN)] {
        bench.draw(Drawing::Text {
            at,
            text: "far\naway",
            color: 1,
        });
    }
    assert_eq!(bench.pixels(), before);
    bench.draw(Drawing::Fill {
        at: (0, 0),
        size: (80, 48),
        color: 0x10,
    });
    bench.draw(Drawing::Text {
        at: (-4, -8),
        text: "漢字M",
        color: 0x20,
    });
    assert!(bench.pixels().iter().all(|pixel| [0x10, 0x20].contains(pixel)));
    assert!(!bench.places(0x20).is_empty());
}

#[test]
fn blends_images_by_their_alpha() {
    let mut bench = Bench::new();
    bench.draw(Drawing::Fill {
        at: (0, 0),
        size: (50, 37),
        color: 0x10_20_FF,
    });
    let pixels = [
        0xFF_0A_0B_0C,
        0x00_FF_FF_FF,
        0x80_FF_00_00,
        0x01_FF_FF_FF,
        0xFE_00_00_00,
        0x7F_20_40_60,
    ];
    bench.draw(Drawing::Rows {
        at: (1, 1),
        width: 3,
        pixels: &pixels,
    });
    let expect = |under: u32, over: u32| {
        let alpha = f64::from(over >> 24) / 255.0;
        [16, 8, 0].iter().fold(0, |mixed, shift| {
            let channel = |color: u32| f64::from(color >> shift & 0xFF);
            mixed | ((channel(over) * alpha + channel(under) * (1.0 - alpha)).round() as u32) << shift
        })
    };
    let shown = bench.pixels();
    for (index, over) in pixels.iter().enumerate() {
        let place = (1 + index / 3) * 50 + 1 + index % 3;
        assert_eq!(shown[place], expect(0x10_20_FF, *over), "{over:#x}");
    }
    assert_eq!(shown.iter().filter(|pixel| **pixel != 0x10_20_FF).count(), 5);
    // Clipped at the upper left and at the lower right; rows that are not whole are left out.
    let numbered: Vec<u32> = (0..20).map(|number| 0xFF_00_00_00 | number).collect();
    bench.draw(Drawing::Rows {
        at: (-2, -1),
        width: 4,
        pixels: &numbered,
    });
    assert_eq!(bench.pixels()[..2], [6, 7]);
    assert_eq!(bench.pixels()[150..152], [18, 19]);
    bench.draw(Drawing::Rows {
        at: (48, 36),
        width: 3,
        pixels: &numbered,
    });
    assert_eq!(bench.pixels()[36 * 50 + 48..], [0, 1]);
    bench.draw(Drawing::Rows {
        at: (5, 5),
        width: 21,
        pixels: &numbered,
    });
    bench.draw(Drawing::Rows {
        at: (i64::MIN, i64::MAX),
        width: 0,
        pixels: &numbered,
    });
}

#[test]
fn text_stays_out_of_regions_and_comes_back_after_them() {
    let mut plain = Screen::new(160, 96);
    let mut bench = Bench::new();
    let text = "\x1b[?25l".to_string() + &"0123456789abcdef wide enough\r\n".repeat(12);
    bench.draw(Drawing::Fill {
        at: (0, 0),
        size: (50, 37),
        color: 0xABCDEF,
    });
    for screen in [&mut plain, &mut bench.screen] {
        screen.feed(text.as_bytes());
    }
    bench.paint();
    let mut expected = FakeSurface::new(160, 96, 0);
    plain.paint(&mut expected);
    assert_eq!(bench.places(0xABCDEF).len(), 50 * 37);
    // Another picture, as after a change of sessions: nothing is lost.
    bench.surface = FakeSurface::new(160, 96, 0x55);
    bench.screen.repaint();
    bench.paint();
    assert_eq!(bench.places(0xABCDEF).len(), 50 * 37);
    let around = bench.around();
    assert!(bench.screen.release_region(OWNER));
    assert!(!bench.screen.release_region(OWNER));
    bench.paint();
    assert_eq!(bench.surface.pixels, expected.pixels);
    assert_eq!(bench.around(), around);
    assert_eq!(
        bench.screen.draw(OWNER, &Drawing::Pixel { at: (0, 0), color: 1 }),
        Err(Error::NoRegion)
    );
}

#[test]
fn regions_are_refused_where_they_cannot_be() {
    let mut bench = Bench::new();
    let screen = &mut bench.screen;
    let out_of_range = Err(Error::OutOfRange {
        width_pixels: 160,
        height_pixels: 96,
    });
    for wrong in [
        area(0, 0, 161, 1),
        area(160, 0, 1, 1),
        area(0, 95, 1, 2),
        area(3, 3, 0, 1),
        area(usize::MAX, 0, 2, 1),
    ] {
        assert_eq!(screen.claim_region(OTHER, Some(wrong), PLENTY), out_of_range);
    }
    let taken = Err(Error::Busy {
        taken: area(13, 21, 50, 37),
    });
    assert_eq!(screen.claim_region(OTHER, Some(area(62, 57, 5, 5)), PLENTY), taken);
    assert_eq!(screen.claim_region(OTHER, None, PLENTY), taken);
    assert_eq!(
        screen.claim_region(OTHER, Some(area(63, 57, 5, 5)), PLENTY),
        Ok(area(63, 57, 5, 5))
    );
    assert!(screen.has_region(OTHER));
    // The old one stays where the new one is refused.
    let busy = screen.claim_region(OWNER, Some(area(60, 50, 9, 9)), PLENTY);
    assert_eq!(
        busy,
        Err(Error::Busy {
            taken: area(63, 57, 5, 5)
        })
    );
    assert!(screen.has_region(OWNER) && screen.release_region(OTHER));
    assert_eq!(
        screen.claim_region(OWNER, None, 160 * 96 * 8 - 1),
        Err(Error::OutOfMemory { needed_bytes: 61_440 })
    );
    assert_eq!(screen.claim_region(OWNER, None, 160 * 96 * 8), Ok(area(0, 0, 160, 96)));
    let mut text = Screen::new_text(80, 25);
    assert_eq!(text.claim_region(OWNER, None, PLENTY), Err(Error::Unsupported));
    let pixel = Drawing::Pixel { at: (0, 0), color: 0 };
    assert_eq!(text.draw(OWNER, &pixel), Err(Error::Unsupported));
}

#[test]
fn draws_in_every_pixel_format() {
    let formats = [
        (32, [(16, 8), (8, 8), (0, 8)]),
        (32, [(0, 8), (8, 8), (16, 8)]),
        (24, [(16, 8), (8, 8), (0, 8)]),
        (16, [(11, 5), (5, 6), (0, 5)]),
        (15, [(10, 5), (5, 5), (0, 5)]),
    ];
    for (bits, fields) in formats {
        let [red, green, blue] = fields.map(|(position, size)| ColorBits { position, size });
        let format = PixelFormat::new(bits, red, green, blue).expect("a good format");
        let layout = Layout::new(format, 160, 96, 160 * format.bytes_per_pixel() + 3).expect("it fits");
        let mut picture = FakePicture::new(layout, 0);
        let mut bench = Bench::new();
        bench.draw(Drawing::Fill {
            at: (2, 3),
            size: (20, 9),
            color: 0xC0_80_FF,
        });
        bench.draw(Drawing::Line {
            from: (0, 0),
            to: (49, 36),
            color: 0x12_F4_56,
        });
        bench.screen.repaint();
        bench.screen.paint(&mut picture);
        for (index, color) in bench.surface.pixels.iter().enumerate() {
            let (offset, _) = layout.place(index % 160, index / 160, 1).expect("it is inside");
            let bytes = &picture.bytes[offset..offset + format.bytes_per_pixel()];
            assert_eq!(
                bytes,
                &format.pack(*color).to_le_bytes()[..bytes.len()],
                "{bits} bits, pixel {index}"
            );
        }
    }
}

/// Any calls by any tasks: no panic, nothing outside the caller's region, and what is painted bit by bit is what is
/// painted at once.
#[test]
fn random_calls_stay_inside_their_regions() {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    let mut bench = Bench::new();
    let text = "Wörter\n漢x";
    for round in 0..4000 {
        let mut number = || match random.below(8) {
            0 => i64::MAX - random.below(3) as i64,
            1 => i64::MIN + random.below(3) as i64,
            _ => random.below(200) as i64 - 70,
        };
        let (at, size) = ((number(), number()), (number(), number()));
        let color = random.bits() as u32 & 0xFF_FF_FF;
        let pixels: Vec<u32> = (0..random.below(300)).map(|_| random.bits() as u32).collect();
        let drawing = match random.below(6) {
            0 => Drawing::Pixel { at, color },
            1 => Drawing::Line {
                from: at,
                to: size,
                color,
            },
            2 => Drawing::Outline { at, size, color },
            3 => Drawing::Fill { at, size, color },
            4 => Drawing::Text { at, text, color },
            _ => Drawing::Rows {
                at,
                width: random.below(40),
                pixels: &pixels,
            },
        };
        let around = bench.around();
        bench.draw(drawing);
        assert!(bench.around() == around, "round {round}: {drawing:?}");
        if round % 50 == 0 {
            let (x, y) = (random.below(160), random.below(96));
            let size = (1 + random.below(160 - x), 1 + random.below(96 - y));
            let (wanted, owner) = (area(x, y, size.0, size.1), [OWNER, OTHER][random.below(2)]);
            if bench.screen.claim_region(owner, Some(wanted), PLENTY).is_ok() && owner == OWNER {
                bench.region = wanted;
            }
            bench.screen.feed(b"some text to scroll\r\n");
            bench.paint();
            let shown = bench.surface.pixels.clone();
            bench.surface = FakeSurface::new(160, 96, 0x77_77_77);
            bench.screen.repaint();
            bench.paint();
            assert!(bench.surface.pixels == shown, "round {round}");
            bench.screen.release_region(OTHER);
            bench.paint();
        }
    }
}
