// f(x, t, m) at a node, as src/scheme/coupling.ts. The file that includes this one has `density_state(node)`, `goal_state(node)`,
// `smoothed(node)`, K * m of a nonlocal coupling, `summed(k)`, the sums of m and of x_a m of the coupling `mean`, and
// `count_floored()`, called where a log coupling uses its floor.
// #include "power.wgsl"
override coupling: u32 = 0u; // none, linear, power, log, target, nonlocal, mean

fn coupling_at(node: u32, c: vec3u) -> f32 {
  let strength = grid.coupling.x;
  let parameter = grid.coupling.y;
  switch coupling {
    case 1u: {
      return strength * value_of(density_state(node));
    }
    case 2u: {
      return strength * power(value_of(density_state(node)), parameter);
    }
    case 3u: {
      let density = value_of(density_state(node));
      if (density < parameter) {
        count_floored();
      }
      return strength * log(max(density, parameter));
    }
    case 4u: {
      return strength * difference(goal_state(node), density_state(node));
    }
    case 5u: {
      return strength * smoothed(node);
    }
    case 6u: {
      var f = 0.0;
      for (var a = 0u; a < dimension; a++) {
        let x = grid.metric[a].w + f32(c[a]) * grid.metric[a].y;
        let gap = x - parameter * summed(1u + a) / summed(0u);
        f += 0.5 * strength * gap * gap;
      }
      return f;
    }
    default: {
      return 0.0;
    }
  }
}
