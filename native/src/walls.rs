//! Values of u on the exit walls at one moment.

use crate::discretisation::Discretisation;
use crate::real::Real;
use crate::times::Moment;

/// u on the exit walls of each axis, one number per line; empty where the side is no exit.
#[derive(Clone, Debug, Default)]
pub struct Walls<R> {
    sides: Vec<[Vec<R>; 2]>,
}

impl<R: Real> Walls<R> {
    /// Room for the wall values of a problem.
    #[must_use]
    pub fn new(d: &Discretisation<R>) -> Self {
        let room = |axis: &crate::grid::Axis<R>, side| vec![R::ZERO; if axis.exit_at(side) { axis.lines } else { 0 }];
        Self { sides: d.axes.iter().map(|axis| [room(axis, 0), room(axis, 1)]).collect() }
    }

    /// Interpolates the stored wall values at a moment, into this memory.
    pub fn set(&mut self, d: &Discretisation<R>, moment: &Moment) {
        for (axis, sides) in d.axes.iter().zip(&mut self.sides) {
            for (side, out) in axis.sides.iter().zip(sides) {
                for (line, wall) in out.iter_mut().enumerate() {
                    let mut sum = R::ZERO;
                    for (j, weight) in moment.weights.iter().enumerate().take(moment.count) {
                        sum += R::from_f64(*weight) * side.exit_value[(moment.first + j) * axis.lines + line];
                    }
                    *wall = sum;
                }
            }
        }
    }

    /// The values on one side (0 lower, 1 upper) of an axis; `None` where it is no exit.
    #[must_use]
    pub fn side(&self, axis: usize, side: usize) -> Option<&[R]> {
        let values = self.sides[axis][side].as_slice();
        if values.is_empty() { None } else { Some(values) }
    }

    /// The values of both sides at `width` neighbouring lines from `line` on, as `fill_ghosts` takes them.
    #[must_use]
    pub fn at(&self, axis: usize, line: usize, width: usize) -> [Option<&[R]>; 2] {
        [0, 1].map(|side| self.side(axis, side).map(|values| &values[line..line + width]))
    }

    /// Bytes held.
    #[must_use]
    pub fn bytes(&self) -> usize {
        self.sides.iter().flatten().map(|side| size_of_val(side.as_slice())).sum()
    }
}
