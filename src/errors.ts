/** The stable, documented names of what can go wrong. */
export type ErrorCode = `MFGPU_${"PROBLEM" | "CONFIG" | "FILE" | "TIER" | "DEVICE" | "NUMERICS" | "MEMORY"}_${string}`;

/** What an error is made of. */
export interface ErrorParts {
  readonly code: ErrorCode;
  readonly message: string;
  /** What mends it, in one sentence for a person. */
  readonly fix?: string;
  /** JSON path of the offending input, such as `domain[0].from`. */
  readonly path?: string;
  /** The offending value, as given. */
  readonly value?: unknown;
  readonly cause?: unknown;
}

/**
 * The one error class of mfgpu: a stable code, a message and a mend for people, and for bad input the path and the value.
 *
 * @example
 * try { await solve(problem) } catch (error) { if (error instanceof MfgError) console.error(error.code, error.fix) }
 */
export class MfgError extends Error {
  override readonly name = "MfgError";
  readonly code: ErrorCode;
  readonly fix: string | undefined;
  readonly path: string | undefined;
  readonly value: unknown;

  constructor(parts: ErrorParts) {
    super(parts.message, "cause" in parts ? { cause: parts.cause } : undefined);
    this.code = parts.code;
    this.fix = parts.fix;
    this.path = parts.path;
    this.value = parts.value;
  }
}
