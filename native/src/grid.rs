//! Axes of a uniform grid in C order, and the ghost nodes beyond their walls (docs/numerics.md section 6).

use crate::discretisation::Boundary;
use crate::real::Real;

/// Ghost nodes on each side of a line.
pub const GHOSTS: usize = 3;

/// Most axes of a grid.
pub const MOST_AXES: usize = 3;

/// How ghosts come from the nodes next to a wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GhostRule {
    /// Periodic.
    Wrap,
    /// Mirrored about the wall half a cell out.
    Even,
    /// Mirrored with the sign changed.
    Odd,
    /// The cubic through the first four nodes.
    Cubic,
    /// The cubic through the wall value and the first three nodes.
    Through,
}

/// The rules at the two ends of a line.
pub type GhostRules = [GhostRule; 2];

/// The rule for the value function u.
#[must_use]
pub fn value_rule(boundary: Boundary) -> GhostRule {
    match boundary {
        Boundary::Periodic => GhostRule::Wrap,
        Boundary::Reflecting => GhostRule::Even,
        Boundary::Open => GhostRule::Cubic,
        Boundary::Exit => GhostRule::Through,
    }
}

/// The rule for the density m (wall value 0 at an exit).
#[must_use]
pub fn density_rule(boundary: Boundary) -> GhostRule {
    match boundary {
        Boundary::Periodic => GhostRule::Wrap,
        Boundary::Reflecting | Boundary::Open => GhostRule::Even,
        Boundary::Exit => GhostRule::Through,
    }
}

/// The rule for the product of drift and density: odd where the density is even, through 0 at an exit.
#[must_use]
pub fn product_rule(boundary: Boundary) -> GhostRule {
    match density_rule(boundary) {
        GhostRule::Even => GhostRule::Odd,
        rule => rule,
    }
}

/// One side of an axis.
#[derive(Clone, Debug)]
pub struct Side<R> {
    /// What stands there.
    pub boundary: Boundary,
    /// At an exit u on the wall per stored level and line, index level * lines + line; else empty.
    pub exit_value: Vec<R>,
}

/// One axis of a grid.
#[derive(Clone, Debug)]
pub struct Axis<R> {
    /// Nodes, at least 7.
    pub n: usize,
    /// Distance in memory between neighbours.
    pub stride: usize,
    /// Lines along the axis: points / n.
    pub lines: usize,
    /// Spacing h.
    pub spacing: f64,
    /// Position of node 0.
    pub origin: f64,
    /// The lower and the upper side.
    pub sides: [Side<R>; 2],
}

impl<R: Real> Axis<R> {
    /// 1/h
    #[must_use]
    pub fn inverse(&self) -> f64 {
        1.0 / self.spacing
    }

    /// True where the axis closes on itself.
    #[must_use]
    pub fn periodic(&self) -> bool {
        self.sides[0].boundary == Boundary::Periodic
    }

    /// True where mass may leave at the side, 0 the lower and 1 the upper one.
    #[must_use]
    pub fn exit_at(&self, side: usize) -> bool {
        self.sides[side].boundary == Boundary::Exit
    }

    /// True where mass may leave at some side.
    #[must_use]
    pub fn has_exit(&self) -> bool {
        self.exit_at(0) || self.exit_at(1)
    }

    /// Ghost rules of a quantity, from its rule at a boundary.
    #[must_use]
    pub fn rules(&self, rule: fn(Boundary) -> GhostRule) -> GhostRules {
        [rule(self.sides[0].boundary), rule(self.sides[1].boundary)]
    }

    /// Numbers on the faces of the axis: n + 1 per line.
    #[must_use]
    pub fn face_count(&self) -> usize {
        self.lines * (self.n + 1)
    }

    /// Array index of the first node of a line; lines are numbered in C order of the other axes.
    #[must_use]
    pub fn line_start(&self, line: usize) -> usize {
        let inner = line % self.stride;
        (line - inner) * self.n + inner
    }
}

/// Row k: weights of nodes 0..3 in ghost -1 - k, exact for cubics.
const CUBIC: [[f64; 4]; GHOSTS] = [[4.0, -6.0, 4.0, -1.0], [10.0, -20.0, 15.0, -4.0], [20.0, -45.0, 36.0, -10.0]];

/// Row k: weights of the wall value and of nodes 0..2 in ghost -1 - k; exact for cubics.
const THROUGH: [[f64; 4]; GHOSTS] = [[3.2, -3.0, 1.0, -0.2], [12.8, -18.0, 8.0, -1.8], [32.0, -50.0, 25.0, -6.0]];

/// Writes ghost k (0 next to the wall) of `out.len()` neighbouring lines.
///
/// `node(i)` is the row of the nodes that are i away from that wall, of the length of `out`; `n` the nodes of a line;
/// `wall` the values on the wall, read by `Through` alone, 0 where there are none. Weights reach 50, so f32 rows are summed
/// in f64.
#[inline(always)]
pub fn ghost_row<'a, R: Real>(
    rule: GhostRule,
    k: usize,
    n: usize,
    node: impl Fn(usize) -> &'a [R],
    wall: Option<&[R]>,
    out: &mut [R],
) {
    let width = out.len();
    match rule {
        GhostRule::Wrap => out.copy_from_slice(node(n - 1 - k)),
        GhostRule::Even => out.copy_from_slice(node(k)),
        GhostRule::Odd => {
            for (ghost, x) in out.iter_mut().zip(node(k)) {
                *ghost = -*x;
            }
        }
        GhostRule::Cubic => {
            let w = CUBIC[k];
            let (n0, n1, n2, n3) = (&node(0)[..width], &node(1)[..width], &node(2)[..width], &node(3)[..width]);
            for c in 0..width {
                let near = w[0] * n0[c].to_f64() + w[1] * n1[c].to_f64();
                out[c] = R::from_f64(near + w[2] * n2[c].to_f64() + w[3] * n3[c].to_f64());
            }
        }
        GhostRule::Through => {
            let w = THROUGH[k];
            let (n0, n1, n2) = (&node(0)[..width], &node(1)[..width], &node(2)[..width]);
            for c in 0..width {
                let value = wall.map_or(0.0, |wall| wall[c].to_f64());
                let near = w[0] * value + w[1] * n0[c].to_f64();
                out[c] = R::from_f64(near + w[2] * n1[c].to_f64() + w[3] * n2[c].to_f64());
            }
        }
    }
}

/// Fills the three ghosts on each side of a tile: n + 6 rows of `width` neighbouring lines, node i in row i + 3.
#[inline(always)]
pub fn fill_ghosts<R: Real>(tile: &mut [R], n: usize, width: usize, rules: GhostRules, walls: [Option<&[R]>; 2]) {
    let tile = &mut tile[..(n + 2 * GHOSTS) * width];
    let (below, rest) = tile.split_at_mut(GHOSTS * width);
    let (nodes, above) = rest.split_at_mut(n * width);
    let nodes = &*nodes;
    for k in 0..GHOSTS {
        let ghost = GHOSTS - 1 - k;
        let out = &mut below[ghost * width..(ghost + 1) * width];
        ghost_row(rules[0], k, n, |i| &nodes[i * width..(i + 1) * width], walls[0], out);
        let out = &mut above[k * width..(k + 1) * width];
        ghost_row(rules[1], k, n, |i| &nodes[(n - 1 - i) * width..(n - i) * width], walls[1], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two lines of nine nodes: a cubic and its double.
    fn tile(n: u32) -> Vec<f64> {
        let cubic = |x: f64| 2.0 + x * (0.5 + x * (0.25 - x));
        let node = |i: u32| f64::from(i) + 0.5;
        (0..n + 6)
            .flat_map(|i| if i < 3 || i >= n + 3 { [0.0; 2] } else { [cubic(node(i - 3)), 2.0 * cubic(node(i - 3))] })
            .collect()
    }

    #[test]
    fn cubics_continue_exactly() {
        let cubic = |x: f64| 2.0 + x * (0.5 + x * (0.25 - x));
        let n = 9_u32;
        for rules in [[GhostRule::Cubic, GhostRule::Through], [GhostRule::Through, GhostRule::Cubic]] {
            let mut line = tile(n);
            let walls = [cubic(0.0), cubic(f64::from(n))].map(|w| [w, 2.0 * w]);
            fill_ghosts(&mut line, n as usize, 2, rules, [Some(&walls[0]), Some(&walls[1])]);
            for i in 0..n + 6 {
                let wanted = cubic(f64::from(i) - 2.5);
                assert!((line[2 * i as usize] - wanted).abs() < 1e-11 * (1.0 + wanted.abs()), "row {i}");
                assert!((line[2 * i as usize + 1] - 2.0 * wanted).abs() < 1e-11 * (1.0 + wanted.abs()), "row {i}");
            }
        }
    }

    #[test]
    fn mirrors_and_wraps() {
        let n = 9_usize;
        let mut line = tile(9);
        fill_ghosts(&mut line, n, 2, [GhostRule::Wrap; 2], [None; 2]);
        for k in 0..6 {
            assert_eq!(line[k].to_bits(), line[2 * n + k].to_bits());
            assert_eq!(line[2 * (n + 3) + k].to_bits(), line[6 + k].to_bits());
        }
        fill_ghosts(&mut line, n, 2, [GhostRule::Even, GhostRule::Odd], [None; 2]);
        for k in 0..3 {
            assert_eq!(line[2 * (2 - k)].to_bits(), line[2 * (3 + k)].to_bits());
            assert_eq!(line[2 * (n + 3 + k)].to_bits(), (-line[2 * (n + 2 - k)]).to_bits());
        }
    }

    #[test]
    fn lines_start_in_c_order() {
        let side = || Side::<f64> { boundary: Boundary::Periodic, exit_value: Vec::new() };
        // The middle axis of 2 x 3 x 4.
        let axis = Axis { n: 3, stride: 4, lines: 8, spacing: 1.0, origin: 0.0, sides: [side(), side()] };
        assert_eq!((0..8).map(|line| axis.line_start(line)).collect::<Vec<_>>(), [0, 1, 2, 3, 12, 13, 14, 15]);
        assert_eq!(axis.face_count(), 32);
        assert!(axis.periodic() && !axis.has_exit());
    }
}
