//! Box drawing (Unicode U+2500 to U+257F), drawn so that the lines of neighbouring cells meet at any cell size.
//!
//! Most characters are four arms from the middle to the edges, each absent, light, heavy or double. The place of an
//! arm's line on the edge depends on its weight alone; that is what makes neighbours join.

use super::canvas::Canvas;

/// First character of the block.
pub(super) const FIRST: char = '\u{2500}';
/// Characters in the block.
pub(super) const COUNT: usize = 128;

const LIGHT: u8 = 1;
const DOUBLE: u8 = 3;

/// Arms of each character: left, right, up, down; 0 none, 1 light, 2 heavy, 3 double. Diagonals have none.
const ARMS: [[u8; 4]; COUNT] = parse_arms(
    b"\
    1100220000110022110022000011002211002200001100220101020101020202\
    1001200110022002011002100120022010102010102020200111021101210112\
    0122022102120222101120111021101210222021201220221101210112012201\
    1102210212022202111021101210221011202120122022201111211112112211\
    1121111211222121122121121212222122122122122222221100220000110022\
    3300003303010103030330011003300303100130033030101030303003110133\
    0333301110333033330111033303331011303330331111333333010110011010\
    0110000000000000100000100100000120000020020000021200001221000021",
);

const fn parse_arms(digits: &[u8; 4 * COUNT]) -> [[u8; 4]; COUNT] {
    let mut arms = [[0; 4]; COUNT];
    let mut index = 0;
    while index < 4 * COUNT {
        arms[index / 4][index % 4] = digits[index] - b'0';
        index += 1;
    }
    arms
}

/// The character with the same arms but light instead of heavy ones and without dashes or round corners, for screens
/// with few characters.
pub(super) fn simplify(character: char) -> Option<char> {
    let light = |arms: [u8; 4]| arms.map(|arm| if arm == 2 { LIGHT } else { arm });
    let arms = ARMS.get((character as usize).checked_sub(FIRST as usize)?)?;
    let index = ARMS
        .iter()
        .position(|other| *other == light(*arms) && *other != [0; 4])?;
    char::from_u32(FIRST as u32 + index as u32)
}

/// Draws character number `index` of the block.
pub(super) fn draw(canvas: &mut Canvas, index: usize) {
    let center = Center::of(canvas);
    let arms = ARMS[index];
    match index {
        0x6D..=0x70 => center.draw_round_corner(canvas, arms),
        0x71 => draw_diagonal(canvas, |x, width| width - 1 - x),
        0x72 => draw_diagonal(canvas, |x, _| x),
        0x73 => {
            draw_diagonal(canvas, |x, width| width - 1 - x);
            draw_diagonal(canvas, |x, _| x);
        }
        _ => center.draw_arms(canvas, arms),
    }
    match index {
        0x04..=0x07 => cut(canvas, arms, 3),
        0x08..=0x0B => cut(canvas, arms, 4),
        0x4C..=0x4F => cut(canvas, arms, 2),
        _ => {}
    }
}

/// Where light lines cross, and how thick they are.
#[derive(Clone, Copy)]
struct Center {
    x: i32,
    y: i32,
    thickness: i32,
}

impl Center {
    fn of(canvas: &Canvas) -> Self {
        let thickness = (canvas.width / 6).max(1);
        Self {
            x: (canvas.width - thickness) / 2,
            y: (canvas.height - thickness) / 2,
            thickness,
        }
    }

    fn draw_arms(self, canvas: &mut Canvas, [left, right, up, down]: [u8; 4]) {
        self.draw_arm(left, [up, down], right, |along, across| {
            canvas.set(self.x + self.thickness - 1 - along, self.y + across);
        });
        self.draw_arm(right, [up, down], left, |along, across| {
            canvas.set(self.x + along, self.y + across)
        });
        self.draw_arm(up, [left, right], down, |along, across| {
            canvas.set(self.x + across, self.y + self.thickness - 1 - along);
        });
        self.draw_arm(down, [left, right], up, |along, across| {
            canvas.set(self.x + across, self.y + along)
        });
    }

    /// Draws one arm: `set` gets the distance from the middle along the arm, and the one across it towards the second
    /// of `sides`, the arms at its sides. Both count from the edge of a light line.
    fn draw_arm(self, weight: u8, sides: [u8; 2], opposite: u8, mut set: impl FnMut(i32, i32)) {
        let thickness = self.thickness;
        let mut line = |start: i32, across: i32, across_end: i32| {
            for along in start..super::canvas::LIMIT_PIXELS as i32 {
                (across..across_end).for_each(|across| set(along, across));
            }
        };
        match weight {
            0 => {}
            DOUBLE => {
                let [first, second] = sides;
                line(self.double_start(first, second), -thickness, 0);
                line(self.double_start(second, first), thickness, 2 * thickness);
            }
            _ => {
                let wider = i32::from(weight != LIGHT);
                line(self.single_start(sides, opposite), -wider, thickness + wider);
            }
        }
    }

    /// Where a light or heavy line starts, so that it meets the lines across it and ends there.
    fn single_start(self, sides: [u8; 2], opposite: u8) -> i32 {
        match sides {
            [DOUBLE, DOUBLE] if opposite == 0 => self.thickness,
            [DOUBLE, _] | [_, DOUBLE] => -self.thickness,
            [first, second] if first.max(second) > LIGHT => -1,
            _ => 0,
        }
    }

    /// Where one line of a double arm starts: `near` is the arm on its own side, `far` the one beyond its twin.
    fn double_start(self, near: u8, far: u8) -> i32 {
        match (near, far) {
            (DOUBLE, _) => self.thickness,
            (0, DOUBLE) => -self.thickness,
            _ => 0,
        }
    }

    fn draw_round_corner(self, canvas: &mut Canvas, [left, _, up, _]: [u8; 4]) {
        let radius = canvas.width / 4 + 1;
        let x_sign = if left == 0 { 1 } else { -1 };
        let y_sign = if up == 0 { 1 } else { -1 };
        for step in 0..=canvas.height {
            // One arm down or up, one to the side, and the slope between their starts.
            let (slope_x, slope_y) = (step.min(radius), radius - step.min(radius));
            for (x, y) in [(0, radius + step), (radius + step, 0), (slope_x, slope_y)] {
                let (x, y) = (self.x + x_sign * x, self.y + y_sign * y);
                canvas.fill(x, y, x + self.thickness, y + self.thickness);
            }
        }
    }
}

/// Draws from corner to corner; `place` maps a column to the one to use.
fn draw_diagonal(canvas: &mut Canvas, place: impl Fn(i32, i32) -> i32) {
    let (width, height) = (canvas.width, canvas.height);
    for y in 0..height {
        let x = y * width / height;
        canvas.set(place(x, width), y);
        if width >= 12 {
            canvas.set(place((x + 1).min(width - 1), width), y);
        }
    }
}

/// Cuts a straight line into `dashes`.
fn cut(canvas: &mut Canvas, [left, ..]: [u8; 4], dashes: i32) {
    let length = if left != 0 { canvas.width } else { canvas.height };
    for dash in 0..dashes {
        let (start, end) = (dash * length / dashes, (dash + 1) * length / dashes);
        for along in end - ((end - start) / 3).max(1)..end {
            for across in 0..super::canvas::LIMIT_PIXELS as i32 {
                if left != 0 {
                    canvas.clear(along, across);
                } else {
                    canvas.clear(across, along);
                }
            }
        }
    }
}
