/** The certificate of a member in one workgroup per stored level. */
import type { IntervalCounts } from "../../host/intervalCounts.ts";
import type { Certificate } from "../../tier.ts";
import { CertificateTally } from "./certificate.ts";
import type { FieldContext } from "./context.ts";
import type { LineKernels } from "./lineKernels.ts";
import type { LineMember } from "./lineMembers.ts";
import { jobLimits, type LineRunner } from "./lineRunner.ts";
import type { LineValueSweep } from "./lineValueSweep.ts";
import { summed } from "./reductions.ts";

/** Words of a level: three sums as pairs; and of the gain: two. */
const levelWords = 6;
const gainWords = 4;

/**
 * Exploitability and duality defect: the sums of all levels, the best response to the flow of the feedback, and what it gains.
 *
 * @param counts of the last backward sweep; left as they are
 * @param exitCost what leavers paid at the exits in the last forward sweep
 */
export async function certifyLine(
  { stateBytes }: FieldContext,
  { d, row, slice, value, response }: LineMember,
  kernels: LineKernels,
  runner: LineRunner,
  hjb: LineValueSweep,
  counts: IntervalCounts,
  exitCost: number,
): Promise<Certificate> {
  const tally = new CertificateTally(d);
  const common = { slice, member: row, start: 0, work: d.grid.points };
  const most = Math.floor(jobLimits.words / levelWords);
  for (let first = 0; first <= d.steps; first += most) {
    const count = Math.min(most, d.steps + 1 - first);
    const words = levelWords * count;
    const collected = await runner.run({ ...common, kernel: kernels.certificates, first, count, words });
    for (let j = 0; j < count; j++) {
      const [cost, mismatch, terminal] = [0, 1, 2].map((term) => summed(collected, levelWords * j, term));
      tally.add(first + j, cost!, mismatch!, terminal!);
    }
  }
  const { failure } = await hjb.run({ levels: response, flow: "transported" }, counts.fixed());
  const answer = failure ? value.levels[0]! : response[0]!;
  const start = answer.offset / stateBytes;
  const gains = await runner.run({ ...common, kernel: kernels.gains, first: 0, count: 1, words: gainWords, start });
  return tally.certificate(summed(gains, 0, 0), failure ? Number.NaN : summed(gains, 0, 1), exitCost);
}
