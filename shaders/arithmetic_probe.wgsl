// What this device really does with arithmetic that compilers like to simplify (docs/numerics.md section 8.3). All numbers
// come from a buffer, so that nothing folds; the host compares with f64, in which every result is exact.

// #include "state_compensated.wgsl"

@group(0) @binding(0) var<storage, read> numbers: array<vec2f>;
@group(0) @binding(1) var<storage, read_write> results: array<vec2f>;

// 0: both entries begin with the number 1, which no compiler can tell.
fn hidden_zero() -> u32 {
  return bitcast<u32>(numbers[0].x) ^ 0x3f800000u;
}

// Entries of `results` per invocation.
const results_per_pair = 5u;
const results_per_chain = 4u;

// TwoProd by a fused multiply-add: exact only where `fma` is fused.
fn two_product_fused(a: f32, b: f32) -> vec2f {
  let p = a * b;
  return vec2f(p, fma(a, b, -p));
}

// Two halves of 12 bits (Dekker 1971).
fn halves(a: f32) -> vec2f {
  let c = 4097.0 * a;
  let high = c - (c - a);
  return vec2f(high, a - high);
}

fn two_product_split(a: f32, b: f32) -> vec2f {
  let p = a * b;
  let x = halves(a);
  let y = halves(b);
  return vec2f(p, ((x.x * y.x - p) + x.x * y.y + x.y * y.x) + x.y * y.y);
}

// Products of pairs, made of exact products and sums: where each passes alone, the whole may still be simplified.
fn pair_product(exact: vec2f, x: vec2f, y: vec2f) -> vec2f {
  return two_sum(exact.x, exact.y + (x.x * y.y + x.y * y.x));
}

// One pair of numbers each: the sum, the two products, and the update and the difference of states as the solver's kernels make them.
@compute @workgroup_size(64)
fn pairs(@builtin(global_invocation_id) id: vec3u) {
  if (id.x >= arrayLength(&numbers)) { return; }
  let pair = numbers[id.x];
  let out = results_per_pair * id.x;
  results[out] = two_sum(pair.x, pair.y);
  results[out + 1u] = two_product_fused(pair.x, pair.y);
  results[out + 2u] = two_product_split(pair.x, pair.y);
  // (hi, lo) (+) dt (k1 + k2)/4: hi from this pair, what is added from the next one.
  let next = numbers[(id.x + 1u) % arrayLength(&numbers)];
  results[out + 3u] = add_increment(vec2f(pair.x, pair.y * 0x1p-25), next.x * (0.25 * (pair.y + next.y)));
  // Neighbours on a grid: hi nearly cancel, lo are what little is left of them.
  let from_state = vec2f(-pair.y, next.x * 0x1p-30);
  let to_state = vec2f(pair.x, next.y * 0x1p-30);
  results[out + 4u] = vec2f(difference(from_state, to_state), 0.0);
}

// Long chains, one per invocation: chain k reads numbers[k] (start and increment, or factor) and numbers[chains + k].
@compute @workgroup_size(64)
fn chains(@builtin(global_invocation_id) id: vec3u) {
  let count = arrayLength(&numbers) / 3u;
  if (id.x >= count) { return; }
  let out = results_per_chain * id.x;
  // 10,000 increments onto a start.
  let sum = numbers[id.x];
  var state = vec2f(sum.x, 0.0);
  for (var k = 0; k < 10000; k++) { state = two_sum(state.x, state.y + sum.y); }
  results[out] = state;
  // 16th powers of a pair.
  let factor = numbers[count + id.x];
  var fused = factor;
  var split = factor;
  for (var k = 1; k < 16; k++) {
    fused = pair_product(two_product_fused(fused.x, factor.x), fused, factor);
    split = pair_product(two_product_split(split.x, factor.x), split, factor);
  }
  results[out + 1u] = fused;
  results[out + 2u] = split;
  // Neumaier's sum of (large, small, -large), inlined.
  let terms = numbers[2u * count + id.x];
  var total = terms.x;
  var lost = 0.0;
  for (var k = 0; k < 2; k++) {
    let term = select(-terms.x, terms.y, k == 0);
    let next = total + term;
    if (abs(total) >= abs(term)) { lost += (total - next) + term; } else { lost += (term - next) + total; }
    total = next;
  }
  results[out + 3u] = vec2f(total + lost, 0.0);
}
