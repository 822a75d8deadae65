/** A discretisation as the addon takes it: numbers, names and arrays, nothing nested. */
import type { DiscreteCoupling, Discretisation } from "../../scheme/discretisation.ts";

/** The numbers and names of a problem: `Outline` of native/src/problem.rs. */
export interface AddonOutline {
  readonly shape: readonly number[];
  readonly spacing: readonly number[];
  readonly origin: readonly number[];
  readonly lower: readonly string[];
  readonly upper: readonly string[];
  readonly steps: number;
  readonly horizon: number;
  readonly grading: number;
  readonly timeInterpolation: string;
  readonly weno: string;
  readonly epsilonKind: string;
  readonly epsilonValue: number;
  readonly hamiltonianFlux: string;
  readonly splitting: string;
  readonly fokkerPlanck: string;
  readonly cfl: number;
  readonly fdmSubsteps: number;
  readonly nu: number;
  readonly control: number;
  readonly exponent: number;
  readonly coupling: string;
  readonly strength: number;
  readonly parameter: number;
}

/** Its fields; an absent one is empty: `Fields` of native/src/problem.rs. */
export interface AddonFields {
  readonly levels: Float64Array;
  readonly potential: Float64Array;
  readonly terminalCost: Float64Array;
  readonly initialDensity: Float64Array;
  readonly drift: readonly Float64Array[];
  readonly target: Float64Array;
  readonly lowerExit: readonly Float64Array[];
  readonly upperExit: readonly Float64Array[];
}

/** A problem without its fields, and which of them it has: `MemberOutline` of native/src/workspace_binding.rs. */
export interface AddonMember {
  readonly outline: AddonOutline;
  readonly potentialVaries: boolean;
  readonly drift: boolean;
}

const nothing = new Float64Array(0);

/** The one number that a coupling has beside its strength. */
function parameterOf(coupling: DiscreteCoupling): number {
  switch (coupling.kind) {
    case "power":
      return coupling.exponent;
    case "log":
      return coupling.floor;
    case "nonlocal":
      return coupling.width;
    case "mean":
      return coupling.attraction;
    default:
      return 0;
  }
}

export function addonOutline(d: Discretisation): AddonOutline {
  const { grid, scheme, hamiltonian, boundaries, coupling } = d;
  return {
    shape: grid.shape,
    spacing: grid.spacing,
    origin: grid.origin,
    lower: boundaries.map(({ lower }) => lower.kind),
    upper: boundaries.map(({ upper }) => upper.kind),
    steps: d.steps,
    horizon: d.problem.horizon,
    grading: scheme.grading,
    timeInterpolation: scheme.timeInterpolation,
    weno: scheme.weno,
    epsilonKind: scheme.epsilon.kind,
    epsilonValue: scheme.epsilon.value,
    hamiltonianFlux: scheme.hamiltonianFlux,
    splitting: scheme.splitting,
    fokkerPlanck: scheme.fokkerPlanck,
    cfl: scheme.cfl,
    fdmSubsteps: scheme.fdmSubsteps,
    nu: d.nu,
    control: hamiltonian.control,
    exponent: hamiltonian.exponent,
    coupling: coupling.kind,
    strength: coupling.kind === "none" ? 0 : coupling.strength,
    parameter: parameterOf(coupling),
  };
}

export function addonMember(d: Discretisation): AddonMember {
  return {
    outline: addonOutline(d),
    potentialVaries: d.potential.length > d.grid.points,
    drift: d.hamiltonian.drift !== undefined,
  };
}

export function addonFields(d: Discretisation): AddonFields {
  return {
    levels: d.levels,
    potential: d.potential,
    terminalCost: d.terminalCost,
    initialDensity: d.initialDensity,
    drift: d.hamiltonian.drift ?? [],
    target: d.coupling.kind === "target" ? d.coupling.target : nothing,
    lowerExit: d.boundaries.map(({ lower }) => lower.exitValue ?? nothing),
    upperExit: d.boundaries.map(({ upper }) => upper.exitValue ?? nothing),
  };
}
