// A line of n unknowns, or a cycle, whose last unknown is condensed out (src/scheme/tridiagonal.ts). The slot `response` then
// holds the answer of the others to it. Every column of a cycle has excess 1: nothing leaves it but by the step itself.
// #include "tridiagonal.wgsl"

var<workgroup> line_sums: array<f32, lanes>;
// What columns 0 and n - 2 pass on to the condensed unknown, and its pivot.
var<private> first_above: f32;
var<private> last_below: f32;
var<private> last_pivot: f32;

// Turns the columns of n unknowns, those of a cycle around it, into those that `factor_tridiagonal` eliminates.
fn condense(n: u32, cyclic: bool, lane: u32) {
  if (!cyclic) {
    return;
  }
  let rows = n - 1u;
  first_above = take(above, 0u);
  last_below = take(below, rows - 1u);
  let onwards = take(below, rows);
  let back = take(above, rows);
  last_pivot = take(excess, rows);
  line_barrier();
  for (var i = lane; i < rows; i += lanes) {
    var inflow = 0.0;
    if (i == 0u) {
      put(above, i, 0.0);
      put(excess, i, take(excess, i) + first_above);
      inflow += onwards;
    }
    if (i == rows - 1u) {
      put(below, i, 0.0);
      put(excess, i, take(excess, i) + last_below);
      inflow += back;
    }
    put(response, i, inflow);
  }
  line_barrier();
}

// Passes over the right-hand sides: 0 is the response, which a line has none of, 1 and 2 are those of the caller. One loop
// for all, since every call of a function is one more copy of it in the compiled shader.
fn first_turn(cyclic: bool) -> u32 {
  return select(1u, 0u, cyclic);
}

// Solves in place for `right_side`, or in turn 0 for `response`.
fn solve_line(n: u32, cyclic: bool, turn: u32, lane: u32) {
  let rows = select(n, n - 1u, cyclic);
  solve_tridiagonal(rows, select(right_side, response, turn == 0u), lane);
  if (!cyclic) {
    return;
  }
  if (turn == 0u) {
    var sum = 0.0;
    for (var i = lane; i < rows; i += lanes) {
      sum += take(response, i);
    }
    line_sums[lane] = sum;
    for (var half = lanes / 2u; half > 0u; half = half >> 1u) {
      workgroupBarrier();
      if (lane < half) {
        line_sums[lane] += line_sums[lane + half];
      }
    }
    workgroupBarrier();
    last_pivot += line_sums[0];
    return;
  }
  let inflow = first_above * take(right_side, 0u) + last_below * take(right_side, rows - 1u);
  let last = (take(right_side, rows) + inflow) / last_pivot;
  line_barrier();
  for (var i = lane; i < rows; i += lanes) {
    put(right_side, i, take(right_side, i) + take(response, i) * last);
  }
  if (lane == 0u) {
    put(right_side, rows, last);
  }
  line_barrier();
}
