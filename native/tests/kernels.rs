//! Kernels against the textbook, across levels and threads, and on shapes that nobody would choose.

use mfgpu_native::derivatives::{FEWEST_NODES, Layout, derivatives};
use mfgpu_native::discretisation::{Boundary, Epsilon, Weno};
use mfgpu_native::simd::{LEVELS, Level};
use mfgpu_native::stencils::{smoothness, weights};
use mfgpu_native::threads::pool;
use mfgpu_native::weno5::WenoReal;

/// Numbers in (-1, 1) that every run draws alike (splitmix64).
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.next() % bound as u64).expect("small")
    }

    fn number(&mut self) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "53 bits")]
        let unit = (self.next() >> 11) as f64 / (1_u64 << 53) as f64;
        2.0 * unit - 1.0
    }
}

const WALLS: [[Boundary; 2]; 10] = [
    [Boundary::Periodic; 2],
    [Boundary::Reflecting; 2],
    [Boundary::Open; 2],
    [Boundary::Exit; 2],
    [Boundary::Exit, Boundary::Open],
    [Boundary::Open, Boundary::Reflecting],
    [Boundary::Reflecting, Boundary::Exit],
    [Boundary::Exit, Boundary::Reflecting],
    [Boundary::Open, Boundary::Exit],
    [Boundary::Reflecting, Boundary::Open],
];
const VARIANTS: [Weno; 3] = [Weno::Js, Weno::Z, Weno::M];
const EPSILONS: [Epsilon; 2] = [Epsilon::Absolute(1e-6), Epsilon::Scaled(1e-6)];

/// Ghost -1 - k of nodes counted from the wall (docs/numerics.md section 6).
fn ghost(wall: Boundary, k: usize, n: usize, node: &dyn Fn(usize) -> f64) -> f64 {
    let sum = |w: [f64; 4]| (0..4).map(|i| w[i] * node(i)).sum::<f64>();
    match wall {
        Boundary::Periodic => node(n - 1 - k),
        Boundary::Reflecting => node(k),
        Boundary::Open => sum([[4.0, -6.0, 4.0, -1.0], [10.0, -20.0, 15.0, -4.0], [20.0, -45.0, 36.0, -10.0]][k]),
        Boundary::Exit => sum([[-3.0, 1.0, -0.2, 0.0], [-18.0, 8.0, -1.8, 0.0], [-50.0, 25.0, -6.0, 0.0]][k]),
    }
}

/// Osher & Fedkiw 2003, (3.25)-(3.41), with the variants of docs/numerics.md section 2.2; one side at one node.
fn textbook(v: [f64; 5], variant: Weno, epsilon: Epsilon) -> f64 {
    let q = [
        v[0] / 3.0 - 7.0 * v[1] / 6.0 + 11.0 * v[2] / 6.0,
        -v[1] / 6.0 + 5.0 * v[2] / 6.0 + v[3] / 3.0,
        v[2] / 3.0 + 5.0 * v[3] / 6.0 - v[4] / 6.0,
    ];
    let square = |x: f64| x * x;
    let s = [
        13.0 / 12.0 * square(v[0] - 2.0 * v[1] + v[2]) + 0.25 * square(v[0] - 4.0 * v[1] + 3.0 * v[2]),
        13.0 / 12.0 * square(v[1] - 2.0 * v[2] + v[3]) + 0.25 * square(v[1] - v[3]),
        13.0 / 12.0 * square(v[2] - 2.0 * v[3] + v[4]) + 0.25 * square(3.0 * v[2] - 4.0 * v[3] + v[4]),
    ];
    let e = match epsilon {
        Epsilon::Absolute(e) => e,
        Epsilon::Scaled(e) => e * v.iter().map(|v| v * v).fold(0.0, f64::max) + 1e-40,
    };
    let d = [0.1, 0.6, 0.3];
    let tau = (s[0] - s[2]).abs();
    let mut a = [0, 1, 2].map(|k| match variant {
        Weno::Z => d[k] * (1.0 + square(tau / (s[k] + e))),
        Weno::Js | Weno::M => d[k] / square(s[k] + e),
    });
    if variant == Weno::M {
        let sum: f64 = a.iter().sum();
        a = [0, 1, 2].map(|k| {
            let w = a[k] / sum;
            w * (d[k] + d[k] * d[k] - 3.0 * d[k] * w + w * w) / (d[k] * d[k] + w * (1.0 - 2.0 * d[k]))
        });
    }
    (0..3).map(|k| a[k] * q[k]).sum::<f64>() / a.iter().sum::<f64>()
}

/// Both sides at one node of an array, from its definition.
fn reference(field: &[f64], layout: &Layout, at: usize) -> [f64; 2] {
    let Layout { n, stride, inverse_spacing, walls, variant, epsilon } = *layout;
    let i = at / stride % n;
    let start = at - i * stride;
    let node = |j: usize| field[start + j * stride];
    // Node i - 3 + k of the padded line.
    let u: [f64; 7] = std::array::from_fn(|k| match (i + k).checked_sub(3) {
        None => ghost(walls[0], 2 - i - k, n, &node),
        Some(j) if j < n => node(j),
        Some(j) => ghost(walls[1], j - n, n, &|from_wall| node(n - 1 - from_wall)),
    });
    let d: [f64; 6] = std::array::from_fn(|k| (u[k + 1] - u[k]) * inverse_spacing);
    [
        textbook([d[0], d[1], d[2], d[3], d[4]], variant, epsilon),
        textbook([d[5], d[4], d[3], d[2], d[1]], variant, epsilon),
    ]
}

fn run<R: WenoReal>(field: &[f64], layout: &Layout, level: Level, threads: usize) -> [Vec<R>; 2] {
    let field: Vec<R> = field.iter().map(|&u| R::from_f64(u)).collect();
    let mut out = [vec![R::from_f64(f64::NAN); field.len()], vec![R::from_f64(f64::NAN); field.len()]];
    let [minus, plus] = &mut out;
    let pool = pool(threads).expect("threads");
    derivatives(&field, layout, minus, plus, level, Some(&pool)).expect("a layout that fits");
    out
}

/// Slabs, nodes and strides on both sides of every limit of the code: chunks, short slabs, runs, columns.
fn shapes() -> Vec<(usize, usize, usize)> {
    let mut draw = Draw(7);
    let mut shapes = vec![(1, 7, 1), (3, 31, 1), (3, 32, 1), (2, 33, 1), (1, 2049, 1), (1, 9, 1100), (2, 8, 1025)];
    shapes.extend((0..24).map(|_| (1 + draw.below(3), FEWEST_NODES + draw.below(60), 1 + draw.below(40))));
    shapes
}

fn field(slabs: usize, n: usize, stride: usize, draw: &mut Draw) -> Vec<f64> {
    (0..slabs * n * stride)
        .map(|at| {
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let x = (at / stride % n) as f64 / n as f64;
            (6.0 * x).sin() + (x - 0.4).abs() + 0.01 * draw.number()
        })
        .collect()
}

#[test]
fn derivatives_are_the_textbooks_on_every_shape_wall_variant_and_epsilon() {
    let mut draw = Draw(1);
    for (case, (slabs, n, stride)) in shapes().into_iter().enumerate() {
        let u = field(slabs, n, stride, &mut draw);
        for variant in VARIANTS {
            let (walls, epsilon) = (WALLS[draw.below(WALLS.len())], EPSILONS[case % 2]);
            let layout = Layout { n, stride, inverse_spacing: 1.5, walls, variant, epsilon };
            // With fused products where there are any, and without.
            for level in [Level::best(), Level::Baseline] {
                let got = run::<f64>(&u, &layout, level, 1);
                let single = run::<f32>(&u, &layout, level, 1);
                for at in (0..u.len()).step_by(1 + u.len() / 500) {
                    for (side, wanted) in reference(&u, &layout, at).into_iter().enumerate() {
                        let error = (got[side][at] - wanted).abs();
                        assert!(error < 1e-11, "{layout:?}, entry {at}, side {side}: {} and {wanted}", got[side][at]);
                        // f32 data are other data: weights turn on rounding, and ghosts of a cubic carry 50 times as much.
                        let error = (f64::from(single[side][at]) - wanted).abs();
                        assert!(error < 1e-3, "f32, {layout:?}, entry {at}: {} and {wanted}", single[side][at]);
                    }
                }
            }
        }
    }
}

#[test]
fn every_level_that_fuses_and_number_of_threads_gives_the_same_bits() {
    fn check<R: WenoReal>(u: &[f64], layout: &Layout) {
        let bits = |out: [Vec<R>; 2]| out.map(|side| side.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>());
        for fuses in [false, true] {
            let levels: Vec<Level> = LEVELS.into_iter().filter(|l| l.is_here() && l.fuses() == fuses).collect();
            let Some(last) = levels.last() else { continue };
            let wanted = bits(run::<R>(u, layout, *last, 1));
            for (level, threads) in levels.iter().flat_map(|level| [1, 2, 3].map(|threads| (*level, threads))) {
                let got = bits(run::<R>(u, layout, level, threads));
                assert!(got == wanted, "{layout:?}, {}, {threads} threads", level.name());
            }
        }
    }
    let mut draw = Draw(3);
    for (slabs, n, stride) in [(1, 70_000, 1), (300, 128, 1), (1, 300, 300), (2, 40, 1100), (700, 9, 11)] {
        let u = field(slabs, n, stride, &mut draw);
        for (variant, walls) in VARIANTS.into_iter().zip(WALLS) {
            let layout = Layout { n, stride, inverse_spacing: 1.5, walls, variant, epsilon: EPSILONS[1] };
            check::<f64>(&u, &layout);
            check::<f32>(&u, &layout);
        }
    }
}

#[test]
fn finite_for_every_size_of_data_that_the_type_is_said_to_bear() {
    let mut draw = Draw(5);
    let signs: Vec<f64> = (0..64).map(|_| draw.number().signum()).collect();
    for size in [0.0, 1e-18, 1e-10, 1e-6, 1.0, 1e3, 1e6, 1e9, 1e15] {
        for kind in 0..3 {
            let u: Vec<f64> = (0..64_u32)
                .map(|i| match kind {
                    0 => size,
                    1 => size * f64::from(u8::from(i >= 32)),
                    _ => size * signs[i as usize],
                })
                .collect();
            for (variant, epsilon) in VARIANTS.into_iter().flat_map(|v| EPSILONS.map(|e| (v, e))) {
                let walls = WALLS[0];
                let layout = Layout { n: 64, stride: 1, inverse_spacing: 64.0, walls, variant, epsilon };
                let levels = [Level::best(), Level::Baseline];
                let f64s = levels.map(|level| run::<f64>(&u, &layout, level, 1)).concat();
                let f32s = levels.map(|level| run::<f32>(&u, &layout, level, 1)).concat();
                assert!(f64s.iter().flatten().all(|x| x.is_finite()), "f64, kind {kind}, size {size}, {layout:?}");
                assert!(f32s.iter().flatten().all(|x| x.is_finite()), "f32, kind {kind}, size {size}, {layout:?}");
            }
        }
    }
}

#[test]
fn indicators_and_weights_are_their_formulas_at_every_count() {
    let mut draw = Draw(9);
    for n in [0, 1, 2, 63, 64, 65, 130, 20_000] {
        let v: Vec<f64> = (0..5 * n).map(|_| 300.0 + draw.number()).collect();
        let wanted: Vec<f64> = v
            .chunks_exact(5)
            .flat_map(|v| {
                let form = |a: f64, b: f64| 13.0 / 12.0 * a * a + 0.25 * b * b;
                [
                    form(v[0] - 2.0 * v[1] + v[2], v[0] - 4.0 * v[1] + 3.0 * v[2]),
                    form(v[1] - 2.0 * v[2] + v[3], v[1] - v[3]),
                    form(v[2] - 2.0 * v[3] + v[4], 3.0 * v[2] - 4.0 * v[3] + v[4]),
                ]
            })
            .collect();
        let mut first = Vec::new();
        for level in LEVELS {
            for threads in [1, 2] {
                let pool = pool(threads).expect("threads");
                let mut s = vec![f64::NAN; 3 * n];
                smoothness(&v, &mut s, level, Some(&pool)).expect("n x 5");
                assert!(s.iter().zip(&wanted).all(|(s, w)| (s - w).abs() < 1e-11), "{n} stencils");
                let mut w = vec![f64::NAN; 3 * n];
                weights(&s, [0.1, 0.6, 0.3], 1e-6, &mut w, level, Some(&pool)).expect("n x 3");
                for (w, s) in w.chunks_exact(3).zip(s.chunks_exact(3)) {
                    let a = [0, 1, 2].map(|k| [0.1, 0.6, 0.3][k] / (s[k] + 1e-6).powi(2));
                    let sum: f64 = a.iter().sum();
                    assert!((0..3).all(|k| (w[k] - a[k] / sum).abs() < 1e-14), "{n} stencils");
                }
                let bits: Vec<u64> = s.iter().chain(&w).map(|x| x.to_bits()).collect();
                if first.is_empty() {
                    first.clone_from(&bits);
                }
                assert!(bits == first, "{n} stencils, {}, {threads} threads", level.name());
            }
        }
    }
}

#[test]
fn what_does_not_fit_is_an_error_and_no_panic() {
    let layout =
        |n, stride, walls| Layout { n, stride, inverse_spacing: 1.0, walls, variant: Weno::Js, epsilon: EPSILONS[0] };
    let both = [Boundary::Open; 2];
    let half = [Boundary::Periodic, Boundary::Open];
    for (length, outputs, layout) in [
        (70, [70, 70], layout(6, 1, both)),
        (70, [70, 70], layout(0, 1, both)),
        (70, [70, 70], layout(7, 0, both)),
        (70, [70, 70], layout(8, 1, both)),
        (70, [70, 70], layout(usize::MAX, usize::MAX, both)),
        (70, [70, 70], layout(7, 20, both)),
        (70, [69, 70], layout(7, 1, both)),
        (70, [70, 71], layout(7, 1, both)),
        (70, [70, 70], layout(7, 1, half)),
    ] {
        let (mut minus, mut plus) = (vec![0.0; outputs[0]], vec![0.0; outputs[1]]);
        let got = derivatives(&vec![0.0; length], &layout, &mut minus, &mut plus, Level::best(), None);
        assert!(got.is_err(), "{layout:?}");
    }
    assert!(derivatives::<f64>(&[], &layout(7, 1, both), &mut [], &mut [], Level::best(), None).is_ok());
    assert!(smoothness(&[0.0; 9], &mut [0.0; 3], Level::best(), None).is_err());
    assert!(weights(&[0.0; 9], [0.1, 0.6, 0.3], 1e-6, &mut [0.0; 8], Level::best(), None).is_err());
}
