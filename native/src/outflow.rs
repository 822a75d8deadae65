//! The mass that leaves through exits and what it pays there.

use crate::discretisation::Discretisation;
use crate::real::Real;
use crate::walls::Walls;

/// Adds up over a sweep.
#[derive(Clone, Copy, Debug, Default)]
pub struct OutflowMeter {
    /// Mass that has left.
    pub mass: f64,
    /// Mass times the exit values it paid.
    pub cost: f64,
}

impl OutflowMeter {
    /// Counts weight times the time-integrated wall fluxes; `walls` are the exit values paid.
    pub fn add<R: Real>(&mut self, d: &Discretisation<R>, flux: &[Vec<R>], weight: f64, walls: &Walls<R>) {
        for ((index, axis), faces) in d.axes.iter().enumerate().zip(flux) {
            if faces.is_empty() {
                continue;
            }
            let area = weight * d.cell_volume / axis.spacing;
            let (stride, n) = (axis.stride, axis.n);
            for side in [0, 1] {
                let Some(wall) = walls.side(index, side) else { continue };
                let outwards = if side == 0 { -area } else { area };
                for (line, value) in wall.iter().enumerate() {
                    let at = line / stride * stride * (n + 1) + line % stride + side * n * stride;
                    let mass = outwards * faces[at].to_f64();
                    self.mass += mass;
                    self.cost += mass * value.to_f64();
                }
            }
        }
    }
}
