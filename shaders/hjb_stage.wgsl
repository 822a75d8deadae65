// One Runge-Kutta stage of u_s = -Hhat + S - q (+ nu Lap u) in one pass: out <- base (+) (keep (u - base) + weight rate), the rate of u
// (docs/numerics.md sections 3.2 and 8.2). u less its base is what the stages before added, so that no slope is kept. S = V + f(m)
// at the moment of the stage from four stored levels, q the frozen source of balanced splitting (5.2).
// #include "state.wgsl"
// #include "solve_grid.wgsl"
// #include "value_slopes.wgsl"
// #include "block_slopes.wgsl"
// #include "stored_source.wgsl"
struct Step {
  moment: vec4f,
  // Weights of the four levels of S.
  weights: vec4f,
  // 0 where u is the base.
  keep: f32,
  weight: f32,
  // 1: subtract the frozen source.
  balanced: u32,
  diffusion: u32,
  // 1: report the largest rate (not with glf, where it is measured before).
  report: u32,
  speed_word: u32,
  speed_scale: f32,
  // 1: `out` holds the base already.
  in_place: u32,
}
@group(1) @binding(1) var<uniform> step: Step;
@group(0) @binding(0) var<storage, read> u: array<State>;
@group(0) @binding(1) var<storage, read> walls: array<State>;
@group(0) @binding(2) var<storage, read> drift: array<f32>;
@group(0) @binding(3) var<storage, read_write> words: array<atomic<u32>>;
@group(0) @binding(4) var<storage, read> base: array<State>;
@group(0) @binding(5) var<storage, read> source0: array<f32>;
@group(0) @binding(6) var<storage, read> source1: array<f32>;
@group(0) @binding(7) var<storage, read> source2: array<f32>;
@group(0) @binding(8) var<storage, read> source3: array<f32>;
@group(0) @binding(9) var<storage, read> balance: array<f32>;
@group(0) @binding(10) var<storage, read_write> out: array<State>;

// What a stage reads of its own node.
struct Own {
  levels: vec4f,
  frozen: f32,
  base: State,
}

fn own_numbers(node: u32) -> Own {
  var own: Own;
  own.levels = stored_levels(node);
  if (step.balanced == 1u) {
    own.frozen = balance[node];
  }
  if (step.in_place == 1u) {
    own.base = out[node];
  } else {
    own.base = base[node];
  }
  return own;
}

// The stage at a node; returns what its speed is measured by.
fn advance(node: u32, own: Own, slopes: ValueSlopes) -> vec3u {
  let alpha = dissipation(slopes.one_sided, node);
  var rate = source_between(own.levels) - own.frozen;
  rate -= numerical_hamiltonian(slopes.one_sided, node, shared_alpha(alpha, step.speed_word));
  if (step.diffusion == 1u) {
    rate += slopes.diffusion;
  }
  var increment = step.weight * rate;
  if (step.keep != 0.0) {
    increment += step.keep * difference(own.base, u[node]);
  }
  out[node] = add_increment(own.base, increment);
  return speed_bits(alpha, step.speed_scale);
}

@compute @workgroup_size(group_x, group_y, group_z)
fn main(@builtin(global_invocation_id) id: vec3u, @builtin(local_invocation_index) local: u32) {
  var c = coordinates_of(id);
  c.x *= block_nodes;
  var speed = vec3u(0u);
  if (is_inside(c)) {
    let inner = is_inner_block(c);
    var block: BlockSlopes;
    if (inner) {
      block = block_slopes(node_of(c));
    }
    for (var k = 0u; k < block_nodes && c.x < grid.axes[0].x; k++) {
      let node = node_of(c);
      let own = own_numbers(node);
      var x: vec3f;
      if (inner) {
        x = slopes_in(block, k);
      } else {
        x = slopes_along(0u, c, node);
      }
      speed = max(speed, advance(node, own, slopes_with(x, c, node)));
      c.x++;
    }
  }
  if (step.report == 1u) {
    report_speed(speed, local, step.speed_word);
  }
}
