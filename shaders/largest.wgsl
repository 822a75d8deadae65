// The largest numbers of a workgroup, and then of the grid in `words`, as bits: sizes compare as their bits do, and those of NaN are
// larger than any. The file that includes this one binds `words`.
var<workgroup> largest: array<atomic<u32>, 3>;

// Most are no larger than what is there: a look is cheap, while maxima at one place wait for each other.
fn keep_largest(k: u32, bits: u32) {
  if (bits > atomicLoad(&largest[k])) {
    atomicMax(&largest[k], bits);
  }
}

// `count` of them into the words from `word` on. Called by all invocations of the workgroup.
fn report_largest(local: u32, count: u32, word: u32) {
  workgroupBarrier();
  if (local < count) {
    let bits = atomicLoad(&largest[local]);
    if (bits > atomicLoad(&words[word + local])) {
      atomicMax(&words[word + local], bits);
    }
  }
}
