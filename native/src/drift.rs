//! The optimal drift b = -H_p at nodes and faces, row by row, and what is made of it (docs/numerics.md sections 5.1, 5.2).
//!
//! Rows are numbers side by side: a line, or one node of neighbouring lines, or a whole padded tile with its neighbours
//! `width` apart.

use crate::crew::{Shared, range_count, range_of};
use crate::discretisation::Hamiltonian;
use crate::extremes::largest_of;
use crate::grid::Axis;
use crate::hamiltonian::SlopeFields;
use crate::hamiltonian_whole::{control_energy, speed_per_slope, store_slopes};
use crate::real::Real;
use crate::slopes::{Context, Row, SlopeSink, each_slope};
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// Makes the mean slopes of all axes where H is no sum over the axes; call once per value function.
pub fn prepare<R: WenoReal>(context: Context<'_, R>, u: &[R], walls: &Walls<R>, fields: &mut SlopeFields<R>) {
    let Context { d, crew } = context;
    if d.hamiltonian.separable {
        return;
    }
    store_slopes(context, Shared::reading(u), walls, fields, None);
    let half = R::from_f64(0.5);
    for (left, right) in fields.left.iter_mut().zip(&fields.right) {
        let left = Shared::new(left);
        crew.ranges(d.points, |range| {
            // SAFETY: ranges are apart.
            let left = unsafe { left.slice(range.start, range.len()) };
            for (mean, plus) in left.iter_mut().zip(&right[range]) {
                *mean = half * (*mean + *plus);
            }
        });
    }
}

/// Makes the field of squared slopes across `axis`; call after `prepare`, once per axis.
pub fn prepare_axis<R: Real>(context: Context<'_, R>, axis: usize, fields: &mut SlopeFields<R>) {
    let Context { d, crew } = context;
    if d.hamiltonian.separable {
        return;
    }
    let SlopeFields { left, transverse, .. } = fields;
    let transverse = Shared::new(transverse);
    crew.ranges(d.points, |range| {
        // SAFETY: ranges are apart.
        let out = unsafe { transverse.slice(range.start, range.len()) };
        out.fill(R::ZERO);
        for (other, slope) in left.iter().enumerate() {
            if other != axis {
                for (sum, p) in out.iter_mut().zip(&slope[range.clone()]) {
                    *sum += *p * *p;
                }
            }
        }
    });
}

/// The squared slopes across the prepared axis; `None` where H is a sum over the axes.
#[must_use]
pub fn transverse_of<R>(fields: &SlopeFields<R>) -> Option<&[R]> {
    if fields.transverse.is_empty() { None } else { Some(&fields.transverse) }
}

/// b = -H_p at nodes, from their one-sided slopes. `transverse` and `drift` are rows of those fields.
#[inline(always)]
pub fn node_drift<R: Real>(
    h: &Hamiltonian<R>,
    minus: &[R],
    plus: &[R],
    transverse: Option<&[R]>,
    drift: Option<&[R]>,
    out: &mut [R],
) {
    let length = out.len();
    let (minus, plus) = (&minus[..length], &plus[..length]);
    let half = R::from_f64(0.5);
    if is_quadratic(h) {
        let factor = R::from_f64(-0.5 * h.control);
        for k in 0..length {
            out[k] = factor * (minus[k] + plus[k]);
        }
    } else {
        for k in 0..length {
            let p = half * (minus[k] + plus[k]);
            let squared = p * p + transverse.map_or(R::ZERO, |transverse| transverse[k]);
            out[k] = -(speed_per_slope(h, squared) * p);
        }
    }
    if let Some(drift) = drift {
        for (b, field) in out.iter_mut().zip(drift) {
            *b -= *field;
        }
    }
}

/// b = -H_p at faces, from the slope of u across them: (right - left) `inverse`, with 1/h between two nodes and 2/h between
/// a node and an exit wall. `transverse` and `drift` are rows of those fields at the nodes on both sides, at a wall the
/// same row twice.
#[inline(always)]
pub fn face_drift<R: Real>(
    h: &Hamiltonian<R>,
    inverse: R,
    [left, right]: [&[R]; 2],
    transverse: Option<[&[R]; 2]>,
    drift: Option<[&[R]; 2]>,
    out: &mut [R],
) {
    let length = out.len();
    let (left, right) = (&left[..length], &right[..length]);
    let half = R::from_f64(0.5);
    if is_quadratic(h) {
        let factor = R::from_f64(-h.control) * inverse;
        for k in 0..length {
            out[k] = factor * (right[k] - left[k]);
        }
    } else {
        for k in 0..length {
            let slope = (right[k] - left[k]) * inverse;
            let others = transverse.map_or(R::ZERO, |[left, right]| half * (left[k] + right[k]));
            out[k] = -(speed_per_slope(h, slope * slope + others) * slope);
        }
    }
    if let Some([left, right]) = drift {
        for ((b, left), right) in out.iter_mut().zip(left).zip(right) {
            *b -= half * (*left + *right);
        }
    }
}

#[expect(clippy::float_cmp, reason = "2 is told apart from all else")]
#[inline(always)]
pub(crate) fn is_quadratic<R>(h: &Hamiltonian<R>) -> bool {
    h.exponent == 2.0
}

/// Max over the nodes of sum_a max(|b_a|, pos(b_right) + pos(-b_left)) / h_a (1/time). At a kink of u the drift of the node
/// is near 0 while both faces empty the cell, and the low-order stage stays >= 0 only where they are heeded.
pub fn drift_speed<R: WenoReal>(
    context: Context<'_, R>,
    u: &[R],
    walls: &Walls<R>,
    fields: &mut SlopeFields<R>,
) -> f64 {
    let d = context.d;
    prepare(context, u, walls, fields);
    let u = Shared::reading(u);
    let mut fastest = 0.0;
    for (a, axis) in d.axes.iter().enumerate() {
        prepare_axis(context, a, fields);
        let SlopeFields { speed, transverse, .. } = &mut *fields;
        let sink = SpeedSink {
            h: &d.hamiltonian,
            axis,
            index: a,
            walls,
            transverse: (!d.hamiltonian.separable).then_some(transverse),
            drift: d.drift(a),
            inverse: R::from_f64(axis.inverse()),
            speeds: Shared::new(speed),
            last: a + 1 == d.axes.len(),
        };
        fastest = each_slope(context, a, u, walls, sink);
    }
    fastest
}

#[derive(Clone, Copy)]
struct SpeedSink<'a, R> {
    h: &'a Hamiltonian<R>,
    axis: &'a Axis<R>,
    index: usize,
    walls: &'a Walls<R>,
    transverse: Option<&'a [R]>,
    drift: Option<&'a [R]>,
    inverse: R,
    speeds: Shared<'a, R>,
    last: bool,
}

/// What lies beyond a face of a cell.
#[derive(Clone, Copy)]
enum Beyond<R> {
    /// A wall without an exit: nothing passes.
    Closed,
    /// An exit with this value.
    Exit(R),
    /// A node with this value, at this array index.
    Node(R, usize),
}

impl<R: Real> SlopeSink<R> for SpeedSink<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [b, outflow]: [&mut [R]; 2]) -> f64 {
        let length = b.len();
        let part = |field: &'_ [R]| -> std::ops::Range<usize> { row.at..(row.at + length).min(field.len()) };
        let transverse = self.transverse.map(|field| &field[part(field)]);
        let drift = self.drift.map(|field| &field[part(field)]);
        node_drift(self.h, row.minus, row.plus, transverse, drift, b);
        let n = self.axis.n;
        let (from, to) = match row.node {
            None => (1, n - 1),
            Some(node) if node == 0 || node + 1 == n => (length, length),
            Some(_) => (0, length),
        };
        if is_quadratic(self.h) && drift.is_none() {
            let factor = R::from_f64(-self.h.control) * self.inverse;
            let [left, own, right] = [row.u[2], row.u[3], row.u[4]].map(|u| &u[..length]);
            for k in from..to {
                let rightwards = factor * (right[k] - own[k]);
                let leftwards = factor * (own[k] - left[k]);
                outflow[k] = rightwards.larger(R::ZERO) - leftwards.smaller(R::ZERO);
            }
        } else {
            for k in from..to {
                let at = row.at + k;
                let left = Beyond::Node(row.u[2][k], at - self.axis.stride);
                let right = Beyond::Node(row.u[4][k], at + self.axis.stride);
                outflow[k] = self.outflow(row.u[3][k], at, left, right);
            }
        }
        // The rows next to walls, or the two ends of a line.
        for k in (0..from).chain(to..length) {
            let node = row.node.unwrap_or(k);
            let (line, at) = (row.line + if row.node.is_some() { k } else { 0 }, row.at + k);
            let around = (n - 1) * self.axis.stride;
            let left = if node > 0 {
                Beyond::Node(row.u[2][k], at - self.axis.stride)
            } else if self.axis.periodic() {
                Beyond::Node(row.u[2][k], at + around)
            } else {
                self.walls.side(self.index, 0).map_or(Beyond::Closed, |wall| Beyond::Exit(wall[line]))
            };
            let right = if node + 1 < n {
                Beyond::Node(row.u[4][k], at + self.axis.stride)
            } else if self.axis.periodic() {
                Beyond::Node(row.u[4][k], at - around)
            } else {
                self.walls.side(self.index, 1).map_or(Beyond::Closed, |wall| Beyond::Exit(wall[line]))
            };
            outflow[k] = self.outflow(row.u[3][k], at, left, right);
        }
        for (b, outflow) in b.iter_mut().zip(&*outflow) {
            *b = b.abs().larger(*outflow);
        }
        add_speeds(b, self.inverse, self.speeds, row.at, self.index == 0, self.last)
    }
}

impl<R: Real> SpeedSink<'_, R> {
    /// pos(b_right) + pos(-b_left) of the cell whose node has the value u and the array index `at`.
    #[inline(always)]
    fn outflow(&self, u: R, at: usize, left: Beyond<R>, right: Beyond<R>) -> R {
        let leftwards = self.face(u, at, left, -R::ONE);
        let rightwards = self.face(u, at, right, R::ONE);
        rightwards.larger(R::ZERO) - leftwards.smaller(R::ZERO)
    }

    /// b at the face between the node and what lies beyond, in the direction `way` (1 or -1) along the axis.
    #[inline(always)]
    fn face(&self, u: R, at: usize, beyond: Beyond<R>, way: R) -> R {
        let two = R::from_f64(2.0);
        let (value, inverse, other) = match beyond {
            Beyond::Closed => return R::ZERO,
            Beyond::Exit(value) => (value, two * self.inverse, at),
            Beyond::Node(value, other) => (value, self.inverse, other),
        };
        let mean = |field: Option<&[R]>| field.map_or(R::ZERO, |field| (field[at] + field[other]) / two);
        let slope = way * (value - u) * inverse;
        -(speed_per_slope(self.h, slope * slope + mean(self.transverse)) * slope) - mean(self.drift)
    }
}

/// Adds speed/h of one axis to the speeds of those before it; after the last axis returns the largest sum.
#[inline(always)]
fn add_speeds<R: Real>(speed: &mut [R], inverse: R, speeds: Shared<'_, R>, at: usize, first: bool, last: bool) -> f64 {
    for x in &mut *speed {
        *x *= inverse;
    }
    if !first {
        // SAFETY: every row of a field belongs to one block.
        let before = unsafe { &*speeds.slice(at, speed.len()) };
        for (x, old) in speed.iter_mut().zip(before) {
            *x += *old;
        }
    }
    if last {
        return largest_of(speed).to_f64();
    }
    // SAFETY: as above.
    unsafe { speeds.slice(at, speed.len()) }.copy_from_slice(speed);
    0.0
}

/// out = L, the running cost p.H_p - H of the optimal control at p = (p- + p+)/2: (q - 1) times the energy of the control.
pub fn running_cost<R: WenoReal>(context: Context<'_, R>, u: &[R], walls: &Walls<R>, out: &mut [R]) {
    let Context { d, crew } = context;
    let u = Shared::reading(u);
    let squares = Shared::new(out);
    for a in 0..d.axes.len() {
        each_slope(context, a, u, walls, SquareSink { squares, first: a == 0 });
    }
    let factor = R::from_f64(d.hamiltonian.exponent - 1.0);
    crew.each(range_count(d.points), |_, block| {
        let range = range_of(d.points, block);
        // SAFETY: ranges are apart.
        for x in unsafe { squares.slice(range.start, range.len()) } {
            *x = factor * control_energy(&d.hamiltonian, *x);
        }
    });
}

/// Adds up the squares of the mean slopes.
#[derive(Clone, Copy)]
struct SquareSink<'a, R> {
    squares: Shared<'a, R>,
    first: bool,
}

impl<R: Real> SlopeSink<R> for SquareSink<'_, R> {
    #[inline(always)]
    fn row(self, row: Row<'_, R>, [part, _]: [&mut [R]; 2]) -> f64 {
        let quarter = R::from_f64(0.25);
        for ((x, a), b) in part.iter_mut().zip(row.minus).zip(row.plus) {
            let sum = *a + *b;
            *x = quarter * (sum * sum);
        }
        // SAFETY: every row of a field belongs to one block.
        let squares = unsafe { self.squares.slice(row.at, part.len()) };
        for (sum, x) in squares.iter_mut().zip(part) {
            *sum = if self.first { *x } else { *sum + *x };
        }
        0.0
    }
}
