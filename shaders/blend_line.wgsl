// Flux blending on one line (docs/numerics.md section 5.2). The file that includes this one has the slots `low_hi` and `low_lo`
// of the low-order density mL, `high` of the antidiffusive fluxes A and `share`, and `is_cycle`, `face_count`, `flux_at`.

var<workgroup> limited: atomic<u32>;

// mL of a node.
fn low_density(i: u32) -> State {
  return state_of(vec2f(take(low_hi, i), take(low_lo, i)));
}

// A <- eta A: each cell gives what it has.
fn blend_line(lane: u32) {
  let n = grid.axes[step.axis].x;
  line_barrier();
  for (var i = lane; i < n; i += lanes) {
    let asked = max(flux_at(high, i + 1u), 0.0) - min(take(high, i), 0.0);
    let available = (1.0 - step.guard) * max(value_of(low_density(i)), 0.0);
    var part = 1.0;
    if (asked > available) {
      part = available / asked;
      atomicAdd(&limited, 1u);
    }
    put(share, i, part);
  }
  line_barrier();
  for (var k = lane; k < face_count(); k += lanes) {
    let flow = take(high, k);
    // The cell below the face for a flow to the right, else the one above; beyond a wall there is none.
    let donor = select(k, select(k, n, k == 0u) - 1u, flow > 0.0);
    let outside = !is_cycle() && select(k == n, k == 0u, flow > 0.0);
    if (!outside) {
      put(high, k, flow * take(share, donor));
    }
  }
  line_barrier();
}

// Limited cells are counted in words[step.word].
fn report_limited(lane: u32) {
  if (lane == 0u && atomicLoad(&limited) > 0u) {
    atomicAdd(&words[step.word], atomicLoad(&limited));
  }
}
