//! Exploitability and duality defect (docs/numerics.md section 7.4).

use crate::anderson::Dot;
use crate::coupling::{CouplingPlan, coupling_slice};
use crate::crew::{Shared, range_count, range_of};
use crate::discretisation::Discretisation;
use crate::drift::running_cost;
use crate::real::Real;
use crate::slopes::Context;
use crate::walls::Walls;
use crate::weno5::WenoReal;

/// End weights of Gregory's rule of fourth order; 1 in between.
const GREGORY: [f64; 3] = [3.0 / 8.0, 7.0 / 6.0, 23.0 / 24.0];

/// Weight of stored level k in a time integral: Gregory's fourth-order rule in the level index, times dt/dk; the trapezoidal
/// rule where there are fewer than six intervals.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "steps are counted in thousands")]
pub fn level_weight<R: Real>(d: &Discretisation<R>, k: usize) -> f64 {
    use std::f64::consts::{FRAC_PI_2, PI};
    let steps = d.steps();
    let from_end = k.min(steps - k);
    let (count, grading) = (steps as f64, d.levels.grading);
    let slope = (d.levels.horizon / count) * (1.0 - grading + grading * FRAC_PI_2 * ((PI * k as f64) / count).sin());
    let weight =
        if steps < 6 { if from_end == 0 { 0.5 } else { 1.0 } } else { GREGORY.get(from_end).copied().unwrap_or(1.0) };
    weight * slope
}

/// One member's certificates at its present state.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Certificate {
    /// What one agent could still gain by deviating.
    pub exploitability: f64,
    /// Expected cost of the present feedback against its own flow.
    pub cost: f64,
    /// Cost by direct summation less `cost`.
    pub duality_defect: f64,
}

/// Time integrals over the flow of the present feedback, level by level.
#[derive(Clone, Copy, Debug, Default)]
pub struct CertificateSums {
    /// Integral of m (f(m) - f(M)).
    mismatch: f64,
    /// Integral of m (L + f(m) + V), and the terminal cost.
    cost: f64,
}

/// What sums are taken with.
#[derive(Debug)]
pub struct CertificateFields<'a, R> {
    /// Work field.
    pub scratch: &'a mut [R],
    /// Walls at one moment.
    pub walls: &'a mut Walls<R>,
    /// The coupling's own.
    pub coupling: &'a mut CouplingPlan<R>,
    /// Parts of sums over the grid.
    pub parts: &'a mut [f64],
}

impl CertificateSums {
    /// Adds one level: `m` the flow of the feedback of `u`, `answered` the flow that u is the value against.
    pub fn add<R: WenoReal>(
        &mut self,
        context: Context<'_, R>,
        fields: &mut CertificateFields<'_, R>,
        level: usize,
        m: &[R],
        answered: &[R],
        u: &[R],
    ) {
        let Context { d, crew } = context;
        let CertificateFields { scratch, walls, coupling, parts } = fields;
        let weight = level_weight(d, level) * d.cell_volume;
        if d.has_exit() {
            walls.set(d, &d.levels.at(d.levels.times[level], level.min(d.steps() - 1)));
        }
        running_cost(context, u, walls, scratch);
        let potential = d.potential_at(level);
        let cost = crew.sum(parts, |_, block| {
            let range = range_of(d.points, block);
            let terms = m[range.clone()].iter().zip(&scratch[range.clone()]).zip(&potential[range]);
            terms.map(|((m, l), v)| m.to_f64() * (*l + *v).to_f64()).sum()
        });
        coupling_slice(context, coupling, level, m, scratch);
        let own = inner(context, parts, m, scratch);
        coupling_slice(context, coupling, level, answered, scratch);
        self.mismatch += weight * (own - inner(context, parts, m, scratch));
        self.cost += weight * (cost + own);
        if level == d.steps() {
            self.cost += d.cell_volume * inner(context, parts, m, &d.terminal_cost);
        }
    }

    /// E = <m0, U - U_br> + integral of m (f(m) - f(M)), with the cost J by duality and its defect. `response` is the best
    /// response's value at t = 0, `None` where its sweep failed.
    pub fn certificate<R: Real>(
        &self,
        context: Context<'_, R>,
        parts: &mut [f64],
        value: &[R],
        response: Option<&[R]>,
        exit_cost: f64,
    ) -> Certificate {
        let Context { d, crew } = context;
        let m0 = &d.initial_density;
        let gain = response.map_or(f64::NAN, |response| {
            crew.sum(parts, |_, block| {
                let range = range_of(d.points, block);
                let terms = m0[range.clone()].iter().zip(&value[range.clone()]).zip(&response[range]);
                terms.map(|((m, u), best)| m.to_f64() * (*u - *best).to_f64()).sum()
            })
        });
        let cost = d.cell_volume * inner(context, parts, m0, value) + self.mismatch;
        Certificate {
            exploitability: d.cell_volume * gain + self.mismatch,
            cost,
            duality_defect: self.cost + exit_cost - cost,
        }
    }
}

fn inner<R: Real>(context: Context<'_, R>, parts: &mut [f64], a: &[R], b: &[R]) -> f64 {
    let Context { d, crew } = context;
    crew.sum(&mut parts[..range_count(d.points)], |_, block| {
        let range = range_of(d.points, block);
        crew.level.run(Dot { a: &a[range.clone()], b: &b[range] })
    })
}

/// m += theta (transported - m); returns the sum of the squares of transported - m.
pub fn blend<R: Real>(context: Context<'_, R>, m: &mut [R], transported: &[R], theta: f64) {
    let (m, theta) = (Shared::new(m), R::from_f64(theta));
    context.crew.ranges(transported.len(), |range| {
        // SAFETY: ranges are apart.
        let part = unsafe { m.slice(range.start, range.len()) };
        for (x, g) in part.iter_mut().zip(&transported[range]) {
            *x += theta * (*g - *x);
        }
    });
}

/// The sum of (a - b)^2.
pub fn squares<R: Real>(context: Context<'_, R>, parts: &mut [f64], a: &[R], b: &[R]) -> f64 {
    let Context { d, crew } = context;
    crew.sum(&mut parts[..range_count(d.points)], |_, block| {
        let range = range_of(d.points, block);
        let terms = a[range.clone()].iter().zip(&b[range]);
        terms.map(|(a, b)| (*a - *b).to_f64()).map(|x| x * x).sum()
    })
}
