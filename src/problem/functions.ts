/**
 * The closed table of what a formula may call. A name that is not here cannot be parsed, and nothing that is not here can
 * be emitted.
 */

/** One callable of formulas: how many arguments it takes, how it is emitted, and what it does. */
export interface FormulaFunction {
  readonly least: number;
  readonly most: number;
  /** JavaScript that is called: a function of Math, or a name of `formulaLibrary` behind `library.`. */
  readonly emitted: string;
  readonly apply: (...values: number[]) => number;
}

/** Functions that Math lacks. */
export const formulaLibrary: {
  readonly step: (x: number) => number;
  readonly gauss: (x: number, mean: number, deviation: number) => number;
  readonly smoothstep: (from: number, to: number, x: number) => number;
  readonly square: (x: number) => number;
  readonly cube: (x: number) => number;
  readonly fourth: (x: number) => number;
} = {
  step: (x) => (x >= 0 ? 1 : 0),
  gauss: (x, mean, deviation) => {
    const s = (x - mean) / deviation;
    return Math.exp(-0.5 * s * s) / (deviation * Math.sqrt(2 * Math.PI));
  },
  // The polynomial 10 s^3 - 15 s^4 + 6 s^5 (Perlin 2002) has two continuous derivatives: a kink would cost WENO its order.
  smoothstep: (from, to, x) => {
    const s = Math.min(1, Math.max(0, (x - from) / (to - from)));
    return s * s * s * (10 - s * (15 - 6 * s));
  },
  square: (x) => x * x,
  cube: (x) => x * x * x,
  fourth: (x) => x * x * (x * x),
};

type OneArgument =
  | "sin"
  | "cos"
  | "tan"
  | "asin"
  | "acos"
  | "atan"
  | "sinh"
  | "cosh"
  | "tanh"
  | "exp"
  | "log"
  | "log10"
  | "log2"
  | "sqrt"
  | "cbrt"
  | "abs"
  | "sign"
  | "floor"
  | "ceil"
  | "round";

export type FunctionName = OneArgument | "atan2" | "pow" | "hypot" | "min" | "max" | "step" | "gauss" | "smoothstep";

const one = (name: OneArgument): FormulaFunction => ({ least: 1, most: 1, emitted: `Math.${name}`, apply: Math[name] });

/**
 * Name, arity and meaning of every function a formula may call. `log` is natural; `round` rounds halves up; `step(x)` is 1
 * from x = 0 on; `gauss(x, mean, deviation)` has integral 1; `smoothstep(a, b, x)` rises from 0 at a to 1 at b, twice
 * continuously differentiable.
 */
export const formulaFunctions: Readonly<Record<FunctionName, FormulaFunction>> = {
  sin: one("sin"),
  cos: one("cos"),
  tan: one("tan"),
  asin: one("asin"),
  acos: one("acos"),
  atan: one("atan"),
  sinh: one("sinh"),
  cosh: one("cosh"),
  tanh: one("tanh"),
  exp: one("exp"),
  log: one("log"),
  log10: one("log10"),
  log2: one("log2"),
  sqrt: one("sqrt"),
  cbrt: one("cbrt"),
  abs: one("abs"),
  sign: one("sign"),
  floor: one("floor"),
  ceil: one("ceil"),
  round: one("round"),
  atan2: { least: 2, most: 2, emitted: "Math.atan2", apply: Math.atan2 },
  pow: { least: 2, most: 2, emitted: "Math.pow", apply: Math.pow },
  hypot: { least: 1, most: 3, emitted: "Math.hypot", apply: Math.hypot },
  min: { least: 1, most: 8, emitted: "Math.min", apply: Math.min },
  max: { least: 1, most: 8, emitted: "Math.max", apply: Math.max },
  step: { least: 1, most: 1, emitted: "library.step", apply: formulaLibrary.step },
  gauss: { least: 3, most: 3, emitted: "library.gauss", apply: formulaLibrary.gauss },
  smoothstep: { least: 3, most: 3, emitted: "library.smoothstep", apply: formulaLibrary.smoothstep },
};

export const formulaConstants: { readonly pi: number; readonly e: number } = { pi: Math.PI, e: Math.E };

export type ConstantName = keyof typeof formulaConstants;
