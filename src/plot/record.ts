import { z } from "zod";

// A picture shows what the record tells and leaves out what it does not: an entry of another form counts as absent, and
// JSON writes NaN and infinity as null.
const number = z
  .number()
  .nullish()
  .catch(undefined)
  .transform((value) => value ?? undefined);
const text = z.string().optional().catch(undefined);

const iteration = z.object({ iteration: number, residual: number, exploitability: number });
const axis = z.object({ from: z.number(), to: z.number(), boundary: z.unknown() });
const hamiltonian = z.object({
  kind: text,
  control: number,
  exponent: number,
  drift: z.array(z.unknown()).optional().catch(undefined),
});

const schema = z.object({
  problem: z.string().catch("run"),
  tier: text,
  precision: text,
  weno: text,
  stopReason: text,
  converged: z.boolean().optional().catch(undefined),
  iterations: number,
  residual: number,
  exploitability: number,
  massDrift: number,
  minDensity: number,
  tolerance: number,
  history: z.array(iteration).catch([]),
  domain: z.array(axis).optional().catch(undefined),
  hamiltonian: hamiltonian.optional().catch(undefined),
});

/** What the pictures read of a run's record; undefined where the record says nothing. */
export interface RunRecord {
  readonly problem: string;
  readonly tier?: string | undefined;
  readonly precision?: string | undefined;
  readonly weno?: string | undefined;
  readonly stopReason?: string | undefined;
  readonly converged?: boolean | undefined;
  readonly iterations?: number | undefined;
  readonly residual?: number | undefined;
  readonly exploitability?: number | undefined;
  readonly massDrift?: number | undefined;
  readonly minDensity?: number | undefined;
  readonly tolerance?: number | undefined;
  readonly history: readonly {
    readonly iteration?: number | undefined;
    readonly residual?: number | undefined;
    readonly exploitability?: number | undefined;
  }[];
  /** As in a problem file. */
  readonly domain?: readonly { readonly from: number; readonly to: number; readonly boundary?: unknown }[] | undefined;
  /** As in a problem file. */
  readonly hamiltonian?:
    | {
        readonly kind?: string | undefined;
        readonly control?: number | undefined;
        readonly exponent?: number | undefined;
        readonly drift?: readonly unknown[] | undefined;
      }
    | undefined;
}

/** The part of a record that pictures show; whatever is absent or of another form is undefined. */
export function recordOf(record: unknown): RunRecord {
  return schema.parse(typeof record === "object" && record !== null && !Array.isArray(record) ? record : {});
}
