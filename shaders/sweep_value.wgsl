// The backward sweeps of one-dimensional members of a batch, a workgroup each: runs the pieces of its list, over as many stored
// intervals as they fill, and leaves each level where it belongs (value_pieces.wgsl).
// #include "state.wgsl"
// #include "sweep_member.wgsl"
// #include "value_pieces.wgsl"
struct Completion {
  // Weights of the four levels of walls at the result: 1 for its own level.
  at_result: vec4f,
  first_level: u32,
  // Where the level stands that the piece completes; `none` where it completes none.
  level: u32,
  // Two words from the job's first one: the complement of the first index that is not finite, the largest speed.
  word: u32,
  // 1: that speed is asked for.
  measures: u32,
  // 0: the piece does nothing.
  runs: u32,
}

struct Entry {
  piece: Piece,
  completion: Completion,
}

const none = 0xffffffffu;

@group(0) @binding(4) var<storage, read_write> values: array<State>;
@group(0) @binding(5) var<storage, read> sources: array<f32>;
@group(0) @binding(6) var<storage, read> entries: array<Entry>;

fn stored_state(i: u32) -> State {
  return values[own.work + i];
}

fn set_stored(i: u32, state: State) {
  values[own.work + i] = state;
}

fn coarse_state(i: u32) -> State {
  return values[own.coarse + i];
}

fn set_coarse(i: u32, state: State) {
  values[own.coarse + i] = state;
}

fn source_of(j: u32, i: u32) -> f32 {
  return sources[own.sources + (first_level + j) * own.level_stride + i];
}

@compute @workgroup_size(lanes)
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3u) {
  let job = jobs[group.x];
  begin_job(group.x);
  let n = job.grid.axes[0].x;
  let bits = job.own.ways;
  let ways = Ways(
    (bits & value_balanced) != 0u,
    (bits & value_splits) != 0u,
    (bits & value_diffusion) != 0u,
  );
  let line = Line(0u, 0u, 0u, 1u, n);
  for (var i = lane; i < n; i += lanes) {
    let state = values[job.start + i];
    hold_state(value_slot, i, state);
    set_stored(i, state);
  }
  line_barrier();
  for (var p = 0u; p < job.entries; p++) {
    let entry = entries[job.entry + p];
    first_level = entry.completion.first_level;
    let measures = entry.completion.measures == 1u;
    let runs = entry.completion.runs == 1u;
    let fastest = run_piece(line, n, entry.piece, ways, runs, measures, entry.completion.at_result, lane);
    atomicMax(&words[job.word + p], fastest.x);
    if (entry.completion.level == none) {
      continue;
    }
    let word = job.word + entry.completion.word;
    for (var i = lane; i < n; i += lanes) {
      let state = held_state(value_slot, i);
      values[entry.completion.level + i] = state;
      // By its bits: compilers may take a comparison with NaN for granted.
      if ((bitcast<u32>(value_of(state)) & 0x7f800000u) == 0x7f800000u) {
        atomicMax(&words[word], ~i);
      }
    }
    atomicMax(&words[word + 1u], fastest.y);
  }
}
