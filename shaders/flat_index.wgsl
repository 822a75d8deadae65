// The element that an invocation of a folded line of workgroups works on.
fn flat_index(local: u32, group: vec3u, groups: vec3u) -> u32 {
  return (group.y * groups.x + group.x) * 256u + local;
}
