//! The share of the frozen source q that the diffusion along one exit axis takes (docs/numerics.md section 5.2).

use crate::crew::{Shared, range_count, range_of};
use crate::discretisation::Discretisation;
use crate::grid::Axis;
use crate::real::Real;
use crate::slopes::Context;

/// Distances of the nodes of every axis to its exits as fractions of the length, smooth where both sides are exits; empty
/// for an axis without one.
#[derive(Debug, Default)]
pub struct ExitDistances<R> {
    axes: Vec<Vec<R>>,
}

impl<R: Real> ExitDistances<R> {
    /// The distances of a problem.
    #[must_use]
    pub fn new(d: &Discretisation<R>) -> Self {
        Self { axes: d.axes.iter().map(|axis| if axis.has_exit() { distances(axis) } else { Vec::new() }).collect() }
    }

    /// Axes with an exit.
    #[must_use]
    pub fn count(&self) -> usize {
        self.axes.iter().filter(|distances| !distances.is_empty()).count()
    }
}

#[expect(clippy::cast_precision_loss, reason = "nodes of an axis")]
fn distances<R: Real>(axis: &Axis<R>) -> Vec<R> {
    let fraction = |i: usize| (i as f64 + 0.5) / axis.n as f64;
    (0..axis.n)
        .map(|i| {
            let lower = if axis.exit_at(0) { fraction(i) } else { 1.0 };
            let upper = if axis.exit_at(1) { 1.0 - fraction(i) } else { 1.0 };
            R::from_f64(lower * upper)
        })
        .collect()
}

/// out = the share of `balance` that the diffusion along `axis` takes. At an exit the source must balance the diffusion
/// along the axis that leads to it, so the shares sum to 1 and go to 1 at that axis's exits: w_a is proportional to the
/// product of the other axes' distances to their exits.
pub fn exit_share<R: Real>(
    context: Context<'_, R>,
    distances: &ExitDistances<R>,
    axis: usize,
    balance: &[R],
    out: &mut [R],
) {
    let Context { d, crew } = context;
    let out = Shared::new(out);
    crew.each(range_count(d.points), |_, block| {
        let range = range_of(d.points, block);
        // SAFETY: ranges are apart.
        let part = unsafe { out.slice(range.start, range.len()) };
        for ((share, q), i) in part.iter_mut().zip(&balance[range.clone()]).zip(range) {
            let mut own = R::ZERO;
            let mut total = R::ZERO;
            for taker in 0..d.axes.len() {
                if distances.axes[taker].is_empty() {
                    continue;
                }
                let mut product = R::ONE;
                for (other, (axis, distance)) in d.axes.iter().zip(&distances.axes).enumerate() {
                    if other != taker && !distance.is_empty() {
                        product *= distance[i / axis.stride % axis.n];
                    }
                }
                total += product;
                if taker == axis {
                    own = product;
                }
            }
            *share = (own / total) * *q;
        }
    });
}
