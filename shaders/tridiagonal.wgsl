// Tridiagonal systems of conservative positive operators by cyclic reduction, with additions, products and quotients of
// non-negative numbers only (Grassmann, Taksar & Heyman 1985; src/scheme/tridiagonal.ts): a solution of a non-negative
// right-hand side is non-negative and good in every entry. One workgroup per line; the file that includes this one has
// `take`, `put`, `line_barrier`, `lanes` and the slot numbers `below`, `above`, `excess`, `from_left`, `from_right`.
//
// Column j passes below_j on to row j + 1 and above_j to row j - 1, and its entries sum to excess_j. Rows of odd multiples of
// s = 1, 2, 4, ... are eliminated in turn (row k where k + 1 is an odd multiple of s); what they passed to a neighbour the
// neighbour's column passes on.

fn pivot_of(k: u32) -> f32 {
  return take(below, k) + take(above, k) + take(excess, k);
}

// Eliminates. The matrix of `rows` rows stands in the slots; what is left there serves any number of right-hand sides.
fn factor_tridiagonal(rows: u32, lane: u32) {
  for (var s = 1u; s <= rows; s = s << 1u) {
    // What the eliminated rows receive, before the columns of their neighbours change.
    for (var k = s - 1u + 2u * s * lane; k < rows; k += 2u * s * lanes) {
      var left = 0.0;
      var right = 0.0;
      if (k >= s) {
        left = take(below, k - s);
      }
      if (k + s < rows) {
        right = take(above, k + s);
      }
      put(from_left, k, left);
      put(from_right, k, right);
    }
    line_barrier();
    for (var i = 2u * s - 1u + 2u * s * lane; i < rows; i += 2u * s * lanes) {
      let k = i - s;
      let share = take(above, i) / pivot_of(k);
      var out = take(excess, i) + share * take(excess, k);
      put(above, i, share * take(above, k));
      var passed = 0.0;
      if (i + s < rows) {
        let other = take(below, i) / pivot_of(i + s);
        out += other * take(excess, i + s);
        passed = other * take(below, i + s);
      }
      put(below, i, passed);
      put(excess, i, out);
    }
    line_barrier();
  }
}

// Solves in place for one right-hand side.
fn solve_tridiagonal(rows: u32, x: u32, lane: u32) {
  var top = 1u;
  for (var s = 1u; s <= rows; s = s << 1u) {
    for (var i = 2u * s - 1u + 2u * s * lane; i < rows; i += 2u * s * lanes) {
      var sum = take(x, i) + take(below, i - s) * take(x, i - s) / pivot_of(i - s);
      if (i + s < rows) {
        sum += take(above, i + s) * take(x, i + s) / pivot_of(i + s);
      }
      put(x, i, sum);
    }
    top = s;
    line_barrier();
  }
  for (var s = top; s > 0u; s = s >> 1u) {
    for (var k = s - 1u + 2u * s * lane; k < rows; k += 2u * s * lanes) {
      var sum = take(x, k);
      if (k >= s) {
        sum += take(from_left, k) * take(x, k - s);
      }
      if (k + s < rows) {
        sum += take(from_right, k) * take(x, k + s);
      }
      put(x, k, sum / pivot_of(k));
    }
    line_barrier();
  }
}
