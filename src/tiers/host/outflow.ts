import type { Discretisation } from "../../scheme/discretisation.ts";
import { lineCount } from "../../scheme/grid.ts";
import type { Faces, Walls } from "./fieldKernels.ts";

/** Adds up the mass that leaves through exits and what it pays there. */
export class OutflowMeter {
  readonly #d: Discretisation;
  mass = 0;
  cost = 0;

  constructor(d: Discretisation) {
    this.#d = d;
  }

  reset(): void {
    this.mass = 0;
    this.cost = 0;
  }

  /** Counts weight times the time-integrated wall fluxes; `walls` are the exit values paid. */
  add(flux: Faces, weight: number, walls: Walls): void {
    const { grid, boundaries } = this.#d;
    for (let a = 0; a < flux.length; a++) {
      const { lower, upper } = boundaries[a]!;
      if (lower.kind !== "exit" && upper.kind !== "exit") continue;
      const n = grid.shape[a]!;
      const area = (weight * grid.cellVolume) / grid.spacing[a]!;
      const lines = lineCount(grid, a);
      const faces = flux[a]!;
      for (let l = 0; l < lines; l++) {
        if (lower.kind === "exit") this.#leave(-area * faces[l * (n + 1)]!, walls[a]!.lower![l]!);
        if (upper.kind === "exit") this.#leave(area * faces[l * (n + 1) + n]!, walls[a]!.upper![l]!);
      }
    }
  }

  #leave(mass: number, value: number): void {
    this.mass += mass;
    this.cost += mass * value;
  }
}
