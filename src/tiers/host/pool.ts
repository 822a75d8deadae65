import { hasExit, type Discretisation } from "../../scheme/discretisation.ts";
import { lineCount } from "../../scheme/grid.ts";

/**
 * Work fields by number. The backward and the forward sweep never run at once, so they use the same numbers for different
 * things; members of a batch take turns, so they share the pool. Fields come into being on first use.
 */
export const slots = {
  // Backward sweep.
  coarseValue: 0,
  stageValue: 1,
  slope: 2,
  source: 3, // four: 3..6
  balance: 7,
  // Forward sweep.
  coarseDensity: 0,
  stageDensity: 1,
  secondDensity: 2,
  stageDrift: 3,
  flux: 4, // one per axis: 4..6
  frozenFlux: 7, // one per exit axis: 7..9
  // Inside the kernels.
  antidiffusive: 11, // one per axis: 11..13
  // Certificates: between sweeps the two levels of the best response stand where a forward sweep keeps A.
  response: 11, // two: 11, 12
  outgoing: 14,
  leftSlope: 15, // p- per axis: 15..17 (Hamiltonians that are no sum over the axes)
  rightSlope: 18, // p+ per axis: 18..20
  transverse: 21,
} as const;

/** The slot of the density that is relaxed as it moves: beside the fluxes where there are three of them. */
export function inPlaceSlot(d: Discretisation): number {
  return d.grid.shape.length < 3 ? slots.flux + 2 : slots.frozenFlux + 3;
}

export class FieldPool {
  readonly #length: number;
  readonly #points: number;
  readonly #buffers: (Float64Array | undefined)[] = [];

  constructor(d: Discretisation) {
    this.#points = d.grid.points;
    this.#length = slotLength(d);
  }

  /** The work field `slot`, `points` long; its contents are whatever was left there. */
  field(slot: number): Float64Array {
    return this.#buffer(slot).subarray(0, this.#points);
  }

  /** The work field `slot` as numbers on the faces of an axis, `length` long. */
  faces(slot: number, length: number): Float64Array {
    return this.#buffer(slot).subarray(0, length);
  }

  /** Bytes held now. */
  get bytes(): number {
    return 8 * this.#length * this.#buffers.filter((buffer) => buffer !== undefined).length;
  }

  #buffer(slot: number): Float64Array {
    return (this.#buffers[slot] ??= new Float64Array(this.#length));
  }
}

/** Numbers in one slot: enough for a field and for the faces of any axis. */
export function slotLength(d: Discretisation): number {
  const { grid } = d;
  return Math.max(...grid.shape.map((n, a) => lineCount(grid, a) * (n + 1)));
}

/** Axes with an exit on some side. */
export function exitAxes(d: Discretisation): readonly number[] {
  return d.boundaries.flatMap((axis, a) => (axis.lower.kind === "exit" || axis.upper.kind === "exit" ? [a] : []));
}

/** How many slots a solve of this problem touches: what `FieldPool.bytes` reaches. */
export function slotCount(d: Discretisation, inPlace: boolean): number {
  const dimension = d.grid.shape.length;
  const used = new Set<number>();
  const take = (first: number, count = 1): void => {
    for (let i = 0; i < count; i++) used.add(first + i);
  };
  take(slots.stageValue);
  take(slots.slope);
  take(slots.source, 4);
  if (d.scheme.splitting === "richardson") take(slots.coarseValue);
  if (hasExit(d) && d.scheme.splitting !== "explicit") take(slots.balance);
  take(slots.stageDrift);
  if (inPlace) take(inPlaceSlot(d));
  take(slots.response, 2);
  take(slots.stageDensity);
  const whole = !d.hamiltonian.separable || d.scheme.hamiltonianFlux === "glf";
  // The speeds of the axes are added up there.
  if (dimension > 1 && !whole) take(slots.outgoing);
  if (d.scheme.fokkerPlanck === "weno5") {
    take(slots.secondDensity);
    take(slots.antidiffusive, dimension);
    take(slots.outgoing);
    if (d.scheme.splitting === "richardson") {
      take(slots.coarseDensity);
      take(slots.flux, dimension);
    }
  }
  for (const axis of exitAxes(d)) {
    take(slots.flux + axis);
    if (d.scheme.fokkerPlanck === "weno5" && d.scheme.splitting !== "explicit") take(slots.frozenFlux + axis);
  }
  if (whole) {
    take(slots.leftSlope, dimension);
    take(slots.rightSlope, dimension);
  }
  if (!d.hamiltonian.separable) take(slots.transverse);
  return used.size;
}
