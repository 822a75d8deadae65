// One workgroup per line along `step.axis`. The file that includes this one declares `lanes` before it.

struct Line {
  number: u32,
  // Array index of node 0, and of face 0 in a field of faces.
  start: u32,
  face: u32,
  stride: u32,
  n: u32,
}

fn line_at(number: u32, axis: u32, faces: u32) -> Line {
  let n = grid.axes[axis].x;
  let stride = grid.axes[axis].y;
  let inner = number % stride;
  let outer = number - inner;
  return Line(number, outer * n + inner, faces + outer * (n + 1u) + inner, stride, n);
}
