/**
 * Errors of the default scheme on coupled games known from elsewhere, and the iterations to a residual of 1e-10 from a cold
 * start. Run: npx tsx bench/accuracy.ts [N ...]
 */
import { loadCatalogueProblem } from "../src/problem/catalogue.ts";
import { solve } from "../src/solver/solve.ts";
import { goldenErrors, layers, spectral } from "../test/support/golden.ts";

const sizes = process.argv.slice(2).map(Number);
const games = [
  { name: "r1", reference: spectral.R1 },
  { name: "r3", reference: spectral.R3 },
  { name: "layers-1d", reference: layers },
] as const;

console.log("game        N = steps  iterations  error of u(0)  error of m(T)  mass drift  seconds");
for (const { name, reference } of games) {
  for (const n of sizes.length > 0 ? sizes : [64, 128]) {
    const result = await solve(loadCatalogueProblem(name), { grid: n, steps: n, tolerance: 1e-10 });
    const { iterations, massDrift, timings, stopReason } = result.record;
    const { value, density } = goldenErrors(result, reference);
    const cells = [
      name.padEnd(11),
      String(n).padEnd(10),
      (stopReason === "tolerance" ? String(iterations) : stopReason).padEnd(11),
      value.toExponential(1).padEnd(14),
      density.toExponential(1).padEnd(14),
      massDrift?.toExponential(0).padEnd(11),
      timings.total.toFixed(1),
    ];
    console.log(cells.join(" "));
  }
}
