/** Sum with Neumaier's compensation: a mass of 1e7 points is exact to round-off. */
export function compensatedSum(field: Float64Array): number {
  let sum = 0;
  let lost = 0;
  for (let i = 0; i < field.length; i++) {
    const x = field[i]!;
    const next = sum + x;
    lost += Math.abs(sum) >= Math.abs(x) ? sum - next + x : x - next + sum;
    sum = next;
  }
  return sum + lost;
}

/** Smallest entry; NaN where one is NaN. */
export function smallest(field: Float64Array): number {
  let least = Infinity;
  for (let i = 0; i < field.length; i++) {
    const x = field[i]!;
    if (!(x >= least)) least = x;
  }
  return least;
}
