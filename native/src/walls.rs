//! Values of u on the exit walls at one moment.

use std::collections::TryReserveError;

use crate::discretisation::Discretisation;
use crate::grid::Axis;
use crate::history::field;
use crate::real::Real;
use crate::times::Moment;

/// u on the exit walls of each axis, one number per line; empty where the side is no exit.
#[derive(Clone, Debug, Default)]
pub struct Walls<R> {
    sides: Vec<[Vec<R>; 2]>,
}

impl<R: Real> Walls<R> {
    /// Room for the wall values of a problem.
    ///
    /// # Errors
    /// Where there is no memory.
    pub fn new(d: &Discretisation<R>) -> Result<Self, TryReserveError> {
        let room = |axis: &Axis<R>, side| field(if axis.exit_at(side) { axis.lines } else { 0 });
        let sides = d.axes.iter().map(|axis| Ok([room(axis, 0)?, room(axis, 1)?]));
        Ok(Self { sides: sides.collect::<Result<_, TryReserveError>>()? })
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
}
