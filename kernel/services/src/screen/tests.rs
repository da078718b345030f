//! The screen as a person sees it: painted on a fake surface and read back glyph by glyph.

use alloc::string::String;
use alloc::vec::Vec;

use hw::display::fake::{FakeSurface, FakeTextSurface};
use hw::fake::Random;

use super::matcher::{MISSING, Matcher, SeenCell};
use super::palette::{BACKGROUND, FOREGROUND, SIXTEEN, indexed};
use super::{Font, FontError, FontSize, Screen, code_page_437};

/// A screen with the surface that it is painted on.
struct Bench {
    screen: Screen,
    surface: FakeSurface,
    matcher: Matcher,
}

impl Bench {
    fn new(width_pixels: usize, height_pixels: usize) -> Self {
        let size = FontSize::for_height(height_pixels);
        let mut bench = Self {
            screen: Screen::new(width_pixels, height_pixels),
            surface: FakeSurface::new(width_pixels, height_pixels, 0x123456),
            matcher: Matcher::new(size),
        };
        // The cursor would hide the cell it is on.
        bench.print("\x1b[?25l");
        bench
    }

    /// A screen of 8x16 cells.
    fn of_cells(columns: usize, rows: usize) -> Self {
        Self::new(8 * columns, 16 * rows)
    }

    fn print(&mut self, text: &str) {
        self.screen.feed(text.as_bytes());
        self.paint();
    }

    fn paint(&mut self) {
        self.screen.paint(&mut self.surface);
    }

    fn lines(&self) -> Vec<String> {
        let width = self.surface.pixels.len() / self.height();
        let mut lines = self.matcher.lines(&self.surface.pixels, width);
        while lines.last().is_some_and(String::is_empty) {
            lines.pop();
        }
        lines
    }

    fn height(&self) -> usize {
        hw::display::Surface::height_pixels(&self.surface)
    }

    fn width(&self) -> usize {
        hw::display::Surface::width_pixels(&self.surface)
    }

    fn cell(&self, column: usize, row: usize) -> SeenCell {
        self.matcher.cells(&self.surface.pixels, self.width())[row][column]
    }

    fn pixel(&self, x: usize, y: usize) -> u32 {
        self.surface.pixels[y * self.width() + x]
    }

    /// What a screen painted at once would show.
    fn repainted(&mut self) -> FakeSurface {
        let mut whole = FakeSurface::new(self.width(), self.height(), 0xFFFFFF);
        self.screen.repaint();
        self.screen.paint(&mut whole);
        whole
    }
}

/// Text, escape sequences that a terminal knows, and nonsense.
fn piece(random: &mut Random) -> String {
    const FINALS: &[u8] = b"@ABCDEFGHJKLMPSTX`bdfhlmnrtc";
    match random.below(8) {
        0 => alloc::format!(
            "\x1b[{};{}{}",
            random.below(70),
            random.below(200),
            FINALS[random.below(FINALS.len())] as char
        ),
        1 => alloc::format!("\x1b[{}m", random.below(110)),
        2 => alloc::format!(
            "\x1b[{};2;{};{};9m",
            38 + 10 * random.below(2),
            random.below(256),
            random.below(300)
        ),
        3 => ["\r\n", "\n", "\t", "\x08", "\x1bM", "\x1b7", "\x1b8", "\x1bc", "\x07"][random.below(9)].into(),
        4 => ["漢字", "äöüß", "e\u{301}", "│┌─┐", "█▀", "\u{1F600}", "⠿", "☂\u{FE0F}"][random.below(8)].into(),
        5 => [
            "\x1b[?1049h",
            "\x1b[?1049l",
            "\x1b[?25l",
            "\x1b[?25h",
            "\x1b[4 q",
            "\x1b[5 q",
        ][random.below(6)]
        .into(),
        _ => (0..random.below(30))
            .map(|_| (0x20 + random.below(0x5F)) as u8 as char)
            .collect(),
    }
}

#[test]
fn each_character_of_each_font_is_read_back_from_its_pixels() {
    for (width, height) in [(1280, 800), (1920, 1080)] {
        let mut bench = Bench::new(width, height);
        let (columns, rows) = bench.screen.size_cells();
        assert_eq!(
            (columns, rows),
            (160, height.div_euclid(if height == 800 { 16 } else { 24 }))
        );
        let text: String = (0x20..0x3000)
            .filter_map(char::from_u32)
            .filter(|character| !character.is_control())
            .filter(|character| bench.matcher.canonical(&String::from(*character)) != "\u{FFFD}")
            .filter(|character| unicode_width::UnicodeWidthChar::width(*character) == Some(1))
            .collect();
        let characters: Vec<char> = text.chars().collect();
        assert!(characters.len() > 900, "{}", characters.len());
        for part in characters.chunks((columns - 1) * rows) {
            let expected: Vec<String> = part.chunks(columns - 1).map(|line| line.iter().collect()).collect();
            bench.print(&alloc::format!("\x1b[H\x1b[2J{}", expected.join("\r\n")));
            let canonical: Vec<String> = expected
                .iter()
                .map(|line| bench.matcher.canonical(line).trim_end_matches(' ').into())
                .collect();
            let differing = bench
                .lines()
                .into_iter()
                .zip(&canonical)
                .find(|(seen, expected)| seen != *expected);
            assert_eq!(differing, None);
            assert_eq!(bench.lines().len(), canonical.len());
        }
    }
}

#[test]
fn letters_umlauts_and_lines_are_no_boxes() {
    for size in [FontSize::Small, FontSize::Large] {
        let font = Font::new(size);
        assert_eq!(font.cell_pixels(), size.cell_pixels());
        let wanted = ('!'..='~')
            .chain('¡'..='¬')
            .chain('®'..='ÿ')
            .chain('\u{2500}'..='\u{259F}')
            .chain("⠁⣿€“„”–—…→".chars());
        let missing: String = wanted.filter(|character| !font.has(*character)).collect();
        assert_eq!(missing, "");
        assert!(!font.has('漢'));
        // Each letter has a shape of its own.
        let matcher = Matcher::new(size);
        let text: String = ('!'..='~').chain("äöüÄÖÜßéèñçÅø".chars()).collect();
        assert_eq!(matcher.canonical(&text), text);
    }
}

#[test]
fn text_wraps_at_the_right_edge() {
    let mut bench = Bench::of_cells(10, 4);
    bench.print("0123456789abc\r\nüß");
    assert_eq!(bench.lines(), ["0123456789", "abc", "üß"]);
    bench.print("\r\n1\r\n2\r\n3");
    assert_eq!(bench.lines(), ["üß", "1", "2", "3"]);
}

#[test]
fn what_left_the_top_can_be_seen_again() {
    let mut bench = Bench::of_cells(10, 4);
    for line in 0..2000 {
        bench.screen.feed(alloc::format!("\r\nline {line}").as_bytes());
    }
    bench.paint();
    assert_eq!(bench.lines(), ["line 1996", "line 1997", "line 1998", "line 1999"]);
    bench.screen.scroll_view(3);
    bench.paint();
    assert_eq!(bench.lines(), ["line 1993", "line 1994", "line 1995", "line 1996"]);
    // New lines do not move what is being read.
    bench.print("\r\nline 2000");
    assert_eq!(bench.screen.view_lines(), 4);
    assert_eq!(bench.lines(), ["line 1993", "line 1994", "line 1995", "line 1996"]);
    bench.screen.scroll_view(1_000_000);
    bench.paint();
    assert_eq!(bench.screen.view_lines(), 1000);
    assert_eq!(bench.lines()[0], "line 997");
    bench.screen.scroll_view(-999);
    bench.paint();
    assert_eq!(bench.lines()[3], "line 1999");
    bench.screen.reset_view();
    bench.paint();
    assert_eq!(bench.lines()[3], "line 2000");
    bench.screen.scroll_view(isize::MIN);
    assert_eq!(bench.screen.view_lines(), 0);
}

#[test]
fn lines_of_neighbouring_cells_meet() {
    for (size, width, height) in [(FontSize::Small, 80, 160), (FontSize::Large, 120, 240)] {
        let (cell_width, cell_height) = size.cell_pixels();
        let mut surface = FakeSurface::new(width, height, 0);
        let mut screen = Screen::with_font(width, height, size);
        let pairs = [
            ["╭─╮", "│┼│", "╰─╯"],
            ["┏━┓", "┃╋┃", "┗━┛"],
            ["╔═╗", "║╬║", "╚═╝"],
            ["█▄█", "▌▐▌", "▀█▀"],
        ];
        for [top, middle, bottom] in pairs {
            screen.feed(alloc::format!("\x1b[?25l\x1b[H{top}\r\n{middle}\r\n{bottom}").as_bytes());
            screen.paint(&mut surface);
            let is_set = |x: usize, y: usize| surface.pixels[y * width + x] != BACKGROUND;
            // The top edge: the last pixels of a cell and the first ones of the next are the same.
            for x in [cell_width, 2 * cell_width] {
                let (mut before, mut after) = (
                    (0..cell_height).map(|y| is_set(x - 1, y)),
                    (0..cell_height).map(|y| is_set(x, y)),
                );
                assert!((0..cell_height).any(|y| is_set(x - 1, y)), "{top}");
                assert!(top == "█▄█" || before.by_ref().eq(after.by_ref()), "{top}");
            }
            for y in [cell_height, 2 * cell_height] {
                let columns = 0..cell_width;
                assert!(columns.clone().any(|x| is_set(x, y)), "{top}");
                assert!(
                    top == "█▄█" || columns.clone().all(|x| is_set(x, y - 1) == is_set(x, y)),
                    "{top}"
                );
            }
            // A frame has no gap: from its left edge to its right one, every column has a pixel.
            if top != "█▄█" {
                let first = (0..cell_width)
                    .find(|x| is_set(*x, cell_height))
                    .expect("the left side");
                let last = 3 * cell_width - 1 - first - usize::from(cell_width % 2 == 0);
                assert!(
                    (first + 2..last - 1).all(|x| (0..cell_height).any(|y| is_set(x, y))),
                    "{top}"
                );
            }
        }
    }
}

#[test]
fn corners_are_drawn_as_they_should_be() {
    let picture = |text: &str| -> Vec<String> {
        let mut bench = Bench::of_cells(2, 2);
        bench.print(text);
        let line = |y| {
            (0..8)
                .map(|x| if bench.pixel(x, y) == FOREGROUND { '#' } else { '.' })
                .collect()
        };
        (0..16).map(line).collect()
    };
    let double = picture("╔");
    assert_eq!(double[5], "........");
    assert_eq!(double[6], "..######");
    assert_eq!(double[7], "..#.....");
    assert_eq!(double[8], "..#.####");
    assert_eq!(double[9], "..#.#...");
    assert_eq!(double[15], "..#.#...");
    let cross = picture("╬");
    assert_eq!(
        [&cross[5], &cross[6], &cross[7], &cross[8]],
        ["..#.#...", "###.####", "........", "###.####"]
    );
    let light = picture("┘");
    assert_eq!([&light[0], &light[7], &light[8]], ["...#....", "####....", "........"]);
    let mixed = picture("╞");
    assert_eq!(
        [&mixed[0], &mixed[6], &mixed[7], &mixed[8]],
        ["...#....", "...#####", "...#....", "...#####"]
    );
    assert_eq!(picture("▟")[0], "....####");
    assert_eq!(picture("▟")[15], "########");
    assert_eq!(picture("⠁").concat().matches('#').count(), 4);
    assert_eq!(picture("⣿").concat().matches('#').count(), 32);
}

#[test]
fn colours_are_shown_exactly() {
    let mut bench = Bench::of_cells(40, 2);
    bench.print(
        "a\x1b[31mb\x1b[1mc\x1b[0;1md\x1b[0;92me\x1b[38;5;202mf\x1b[48;5;250mg\x1b[38;2;1;2;3;48;2;250;251;252mh",
    );
    bench.print("\x1b[0;7mi\x1b[0;4mj\x1b[0;2;37mk\x1b[0;41m \x1b[m");
    let colors: Vec<(u32, u32)> = (0..9)
        .map(|column| bench.cell(column, 0))
        .map(|cell| (cell.foreground, cell.background))
        .collect();
    assert_eq!(
        colors,
        [
            (FOREGROUND, BACKGROUND),
            (SIXTEEN[1], BACKGROUND),
            (SIXTEEN[9], BACKGROUND),
            (SIXTEEN[15], BACKGROUND),
            (SIXTEEN[10], BACKGROUND),
            (0xFF_5F_00, BACKGROUND),
            (0xFF_5F_00, 0xBC_BC_BC),
            (0x01_02_03, 0xFA_FB_FC),
            (BACKGROUND, FOREGROUND),
        ]
    );
    assert_eq!(bench.lines(), ["abcdefghijk"]);
    assert!(bench.cell(9, 0).is_underlined && !bench.cell(8, 0).is_underlined);
    assert_eq!(bench.cell(10, 0).foreground, 0x55_55_55);
    assert_eq!(bench.cell(11, 0).background, SIXTEEN[1]);
    assert_eq!(
        [indexed(16), indexed(231), indexed(232), indexed(255)],
        [0, 0xFF_FF_FF, 0x08_08_08, 0xEE_EE_EE]
    );
}

#[test]
fn a_wide_character_is_a_box_over_two_cells() {
    let mut bench = Bench::of_cells(5, 2);
    bench.print("\x1b[4ma漢b漢字");
    let [first, second] = [bench.cell(1, 0), bench.cell(2, 0)];
    assert_eq!([first.character, second.character], [Some(MISSING); 2]);
    // The left half has its left side only.
    let middle = |x: usize| bench.pixel(x, 7);
    assert_eq!(
        [middle(9), middle(15), middle(16), middle(22)],
        [FOREGROUND, BACKGROUND, BACKGROUND, FOREGROUND]
    );
    assert_eq!(
        bench.lines(),
        ["a\u{FFFD}\u{FFFD}b", "\u{FFFD}\u{FFFD}\u{FFFD}\u{FFFD}"]
    );
}

#[test]
fn the_cursor_blinks_follows_and_hides() {
    let mut bench = Bench::of_cells(10, 3);
    bench.print("\x1b[?25hab");
    let inverse = |bench: &Bench, column: usize, row: usize| {
        (0..128)
            .filter(|index| bench.pixel(8 * column + index % 8, 16 * row + index / 8) == FOREGROUND)
            .count()
    };
    assert_eq!(inverse(&bench, 2, 0), 128);
    bench.screen.toggle_cursor();
    bench.paint();
    assert_eq!(inverse(&bench, 2, 0), 0);
    bench.print("c");
    assert_eq!((inverse(&bench, 3, 0), inverse(&bench, 2, 0) < 64), (128, true));
    bench.print("\x1b[3 q");
    assert_eq!(inverse(&bench, 3, 0), 16);
    bench.print("\x1b[6 q");
    bench.screen.toggle_cursor();
    bench.paint();
    assert_eq!(inverse(&bench, 3, 0), 32);
    bench.print("\x1b[?25l");
    assert_eq!(inverse(&bench, 3, 0), 0);
    // On an inverse blank it is dark; at the right edge it stays on the last cell; out of view it is not seen.
    bench.print("\x1b[?25h\x1b[2 q\x1b[7m \x1b[D");
    assert_eq!(inverse(&bench, 3, 0), 0);
    bench.print("\x1b[m\x1b[2;1H0123456789");
    assert!(inverse(&bench, 9, 1) > 64);
    bench.print("\x1b[3;1H\n\n");
    bench.screen.scroll_view(1);
    bench.paint();
    assert_eq!(inverse(&bench, 0, 2), 0);
}

#[test]
fn one_changed_cell_writes_its_pixels_only() {
    let mut bench = Bench::of_cells(80, 25);
    bench.print("\x1b[5;10Hhello");
    bench.surface.forget_counts();
    bench.print("\x1b[5;12HL");
    assert_eq!((bench.surface.written_pixels, bench.surface.written_rows), (128, 16));
    // Neighbours go together, a row of pixels a write; nothing new writes nothing.
    bench.surface.forget_counts();
    bench.print("\x1b[6;1Habcdef");
    assert_eq!(
        (bench.surface.written_pixels, bench.surface.written_rows),
        (6 * 128, 16)
    );
    bench.surface.forget_counts();
    bench.print("\x1b[6;1Habcdef\x1b[31m   ");
    bench.paint();
    assert_eq!(bench.surface.written_pixels, 0);
    assert!(!bench.screen.is_stale);
}

#[test]
fn margins_are_cleared_once() {
    let mut bench = Bench::new(83, 50);
    assert_eq!(bench.screen.size_cells(), (10, 3));
    assert!(bench.surface.pixels.iter().all(|pixel| *pixel == BACKGROUND));
    bench.surface.forget_counts();
    bench.print("x");
    assert_eq!(bench.surface.written_pixels, 128);
}

#[test]
fn painting_differences_equals_painting_all() {
    let mut random = Random(0x1234_5678_9ABC_DEF1);
    for (columns, rows) in [(30, 10), (2, 2), (7, 1), (100, 3)] {
        let mut bench = Bench::of_cells(columns, rows);
        for round in 0..150 {
            for _ in 0..random.below(12) {
                bench.screen.feed(piece(&mut random).as_bytes());
            }
            match random.below(12) {
                0 => bench.screen.scroll_view(random.below(7) as isize - 3),
                1 => bench.screen.toggle_cursor(),
                2 => bench.screen.set_flash(round % 2 == 0),
                _ => {}
            }
            bench.paint();
            let shown = bench.surface.pixels.clone();
            assert!(shown == bench.repainted().pixels, "{columns}x{rows}, round {round}");
        }
    }
}

/// One MB of bytes and one of escape sequences; painted now and then, and right afterwards.
#[test]
fn nonsense_does_no_harm() {
    let mut random = Random(0xFEDC_BA98_7654_3211);
    let mut bench = Bench::of_cells(80, 25);
    for round in 0..512 {
        let bytes: Vec<u8> = match round % 2 {
            0 => (0..512).flat_map(|_| random.bits().to_le_bytes()).collect(),
            _ => (0..256).flat_map(|_| piece(&mut random).into_bytes()).collect(),
        };
        bench.screen.feed(&bytes);
        if round % 16 == 0 {
            bench.screen.scroll_view(random.below(100) as isize - 50);
            bench.screen.set_font(if round % 32 == 0 {
                FontSize::Large
            } else {
                FontSize::Small
            });
            bench.paint();
        }
        assert!(bench.screen.take_answers().len() <= 256);
    }
    bench.print("\x18\x1b\\\x1bc\x1b[?25lall is well");
    bench.screen.set_font(FontSize::Small);
    bench.screen.reset_view();
    bench.paint();
    assert_eq!(bench.lines(), ["all is well"]);
}

#[test]
fn the_bell_and_questions_are_answered() {
    let mut screen = Screen::new(640, 400);
    assert!(!screen.take_bell());
    screen.feed(b"\x07");
    assert!(screen.take_bell() && !screen.take_bell());
    screen.feed(b"\x1b[3;7H\x1b[6n\x1b[5n\x1b[18t\x1b[c");
    assert_eq!(screen.take_answers(), b"\x1b[3;7R\x1b[0n\x1b[8;25;80t\x1b[?6c");
    assert_eq!(screen.take_answers(), b"");
}

#[test]
fn the_bell_exchanges_the_colours_of_the_last_row_for_a_while() {
    let mut bench = Bench::of_cells(4, 3);
    bench.print("a\x07");
    assert_eq!(bench.screen.update_flash(1000), Some(100_001_000));
    bench.paint();
    assert!(bench.surface.pixels[32 * 32..].iter().all(|pixel| *pixel == FOREGROUND));
    assert_eq!(bench.lines()[0], "a");
    assert_eq!(bench.screen.update_flash(100_000_999), Some(100_001_000));
    assert_eq!(bench.screen.update_flash(100_001_000), None);
    bench.paint();
    assert!(bench.surface.pixels[32 * 32..].iter().all(|pixel| *pixel == BACKGROUND));
}

/// The font has no wide form of a narrow character.
#[test]
fn a_character_asked_to_become_wide_stays_narrow() {
    let text = "☂\u{FE0F}x\u{FE0E}\u{FB00}|";
    for split in 0..=text.len() {
        let mut bench = Bench::of_cells(6, 3);
        let (before, after) = text.as_bytes().split_at(split);
        bench.screen.feed(before);
        bench.screen.feed(after);
        bench.paint();
        assert_eq!(bench.lines(), ["\u{FFFD}x\u{FFFD}|"], "split at {split}");
    }
    let mut bench = Bench::of_cells(3, 2);
    bench.print("漢漢☂\u{FE0F}\x1bM*4nh");
    assert_eq!(bench.lines(), ["*4n", "h"]);
}

#[test]
fn another_font_keeps_the_text() {
    let mut bench = Bench::of_cells(60, 30);
    bench.print("first\r\nsecond");
    bench.screen.set_font(FontSize::Large);
    bench.paint();
    bench.matcher = Matcher::new(FontSize::Large);
    assert_eq!(bench.screen.size_cells(), (40, 20));
    assert_eq!(bench.screen.font_size(), Some(FontSize::Large));
    assert_eq!(bench.lines(), ["first", "second"]);
}

#[test]
fn text_mode_shows_code_page_437() {
    let mut screen = Screen::new_text(80, 25);
    let mut surface = FakeTextSurface::new(80, 25);
    screen.feed("aÄ\x1b[1;31m│\x1b[0;44m━╭\x1b[m漢x\x1b[7mi".as_bytes());
    screen.paint_text(&mut surface);
    assert_eq!(
        surface.cells[..10],
        [
            (b'a', 0x07),
            (0x8E, 0x07),
            (0xB3, 0x0C),
            (0xC4, 0x17),
            (0xDA, 0x17),
            (0xFE, 0x07),
            (0xFE, 0x07),
            (b'x', 0x07),
            (b'i', 0x70),
            (b' ', 0x70),
        ]
    );
    assert_eq!(surface.written_cells, 2000);
    screen.feed(b"\x1b[?25l\x1b[2;1Hz");
    screen.paint_text(&mut surface);
    assert_eq!((surface.written_cells, surface.cells[80]), (2002, (b'z', 0x70)));
    assert_eq!(
        ['ß', '█', '♥', '€', '╬', '╋'].map(code_page_437),
        [0xE1, 0xDB, 3, 0xFE, 0xCE, 0xC5]
    );
    let shown: Vec<u8> = ('\u{A1}'..='\u{FF}')
        .map(code_page_437)
        .filter(|byte| *byte != 0xFE)
        .collect();
    assert!(shown.len() > 50, "{}", shown.len());
}

#[test]
fn broken_font_files_are_refused_or_read_without_harm() {
    assert!(matches!(Font::parse(b"no font"), Err(FontError::UnknownFormat)));
    let mut random = Random(77);
    for file in [spleen_font::FONT_8X16, spleen_font::FONT_12X24] {
        assert!(Font::parse(file).is_ok());
        for length in (0..64).chain((64..file.len()).step_by(97)) {
            if let Ok(font) = Font::parse(&file[..length]) {
                assert!(!font.has('漢'));
            }
        }
        assert!(matches!(Font::parse(&file[..100]), Err(FontError::Truncated)));
        for _ in 0..300 {
            let mut broken = file.to_vec();
            for _ in 0..=random.below(3) {
                // Mostly the header, which everything hangs on.
                let place = if random.below(2) == 0 {
                    random.below(32)
                } else {
                    random.below(file.len())
                };
                broken[place] = random.bits() as u8;
            }
            if let Ok(font) = Font::parse(&broken) {
                ('\0'..'\u{3000}').for_each(|character| assert!(!font.rows(font.glyph(character)).is_empty()));
            }
        }
    }
}
