//! Minus the numerical Hamiltonian of one axis at every node of a row, from its one-sided slopes, where H is a sum over the
//! axes (docs/numerics.md section 3.1). A drift field goes with q = 2 only.

use crate::discretisation::Hamiltonian;
use crate::drift::is_quadratic;
use crate::real::Real;

/// out += Lax-Friedrichs, alpha (p+ - p-)/2 - H((p- + p+)/2), with the dissipation `global`, or that of the node.
#[inline(always)]
pub(crate) fn lax_friedrichs_row<R: Real>(
    h: &Hamiltonian<R>,
    minus: &[R],
    plus: &[R],
    drift: Option<&[R]>,
    global: Option<R>,
    out: &mut [R],
) {
    let c = R::from_f64(h.control);
    let energy = R::from_f64(0.5) * c;
    if let Some(drift) = drift {
        let drift = &drift[..out.len()];
        let speed = |k: usize, p: R| (c * p + drift[k]).abs();
        let value = |k: usize, p: R| (energy * p + drift[k]) * p;
        add_row(minus, plus, global, speed, value, out);
    } else if is_quadratic(h) {
        add_row(minus, plus, global, |_, p| c * p.abs(), |_, p| energy * p * p, out);
    } else {
        let q = R::from_f64(h.exponent);
        let speed = |_: usize, p: R| c * p.abs().powf(q - R::ONE);
        add_row(minus, plus, global, speed, |_, p| (c / q) * p.abs().powf(q), out);
    }
}

/// `lax_friedrichs_row` of the Hamiltonian `value(k, p)` with |H_p| = `speed(k, p)` at number k.
#[inline(always)]
fn add_row<R: Real>(
    minus: &[R],
    plus: &[R],
    global: Option<R>,
    speed: impl Fn(usize, R) -> R,
    value: impl Fn(usize, R) -> R,
    out: &mut [R],
) {
    let half = R::from_f64(0.5);
    let length = out.len();
    let (minus, plus) = (&minus[..length], &plus[..length]);
    if let Some(alpha) = global {
        for k in 0..length {
            let (a, b) = (minus[k], plus[k]);
            out[k] += half * alpha * (b - a) - value(k, half * (a + b));
        }
    } else {
        for k in 0..length {
            let (a, b) = (minus[k], plus[k]);
            let alpha = speed(k, a).larger(speed(k, b));
            out[k] += half * alpha * (b - a) - value(k, half * (a + b));
        }
    }
}

/// out += Godunov. H is convex: upwinding looks from each side no farther than its minimum.
#[inline(always)]
pub(crate) fn godunov_row<R: Real>(h: &Hamiltonian<R>, minus: &[R], plus: &[R], drift: Option<&[R]>, out: &mut [R]) {
    let c = R::from_f64(h.control);
    let energy = R::from_f64(0.5) * c;
    let length = out.len();
    let (minus, plus) = (&minus[..length], &plus[..length]);
    if let Some(drift) = drift {
        let drift = &drift[..length];
        for k in 0..length {
            let field = drift[k];
            let lowest = -field / c;
            let left = minus[k].larger(lowest);
            let right = plus[k].smaller(lowest);
            out[k] -= (energy * left * left + field * left).larger(energy * right * right + field * right);
        }
    } else if is_quadratic(h) {
        for k in 0..length {
            let left = minus[k].larger(R::ZERO);
            let right = plus[k].smaller(R::ZERO);
            out[k] -= (energy * left * left).larger(energy * right * right);
        }
    } else {
        let q = R::from_f64(h.exponent);
        for k in 0..length {
            // |p|^q grows with |p|: the larger size has the larger energy.
            let size = minus[k].larger(R::ZERO).larger(-plus[k].smaller(R::ZERO));
            out[k] -= (c / q) * size.powf(q);
        }
    }
}
