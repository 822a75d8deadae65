import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { MfgError } from "../../src/errors.ts";
import type { ProblemInput } from "../../src/problem/input.ts";
import { parseProblem, problemJsonSchema } from "../../src/problem/schema.ts";
import { refusalOf } from "./refusal.ts";

const base: ProblemInput = {
  name: "test",
  domain: [{ from: 0, to: 1, boundary: "periodic" }],
  horizon: 1,
  volatility: 0.3,
  initialDensity: "1 + 0.5*cos(2*pi*x)",
};

const refusal = (input: unknown): MfgError => refusalOf(() => parseProblem(input));

describe("a problem that is right", () => {
  test("gets its defaults", () => {
    const problem = parseProblem(base);
    expect(problem).toMatchObject({
      name: "test",
      dimension: 1,
      hamiltonian: { kind: "quadratic", control: 1, drift: undefined },
      coupling: { kind: "none" },
      normalizeDensity: false,
    });
    expect([problem.potential.constant, problem.terminalCost.constant]).toEqual([0, 0]);
    const log = parseProblem({ ...base, coupling: { kind: "log" } }).coupling;
    expect(log).toEqual({ kind: "log", strength: 1, floor: 1e-30 });
  });

  test("has its walls side by side", () => {
    const { domain } = parseProblem({
      ...base,
      domain: [
        { from: 0, to: 1, boundary: "exit" },
        { from: 0, to: 2, boundary: { lower: "reflecting", upper: { kind: "exit", value: "x + t" } } },
        { from: -1, to: 0, boundary: { lower: "open", upper: "exit" } },
      ],
      initialDensity: 1,
    });
    expect(domain.map(({ lower, upper }) => [lower.kind, upper.kind])).toEqual([
      ["exit", "exit"],
      ["reflecting", "exit"],
      ["open", "exit"],
    ]);
    const valueOf = (side: (typeof domain)[number]["upper"]) =>
      side.kind === "exit" ? side.value.at(1, 2, 3, 4) : undefined;
    expect(domain.map(({ upper }) => valueOf(upper))).toEqual([0, 5, 0]);
  });

  test("keeps every kind of Hamiltonian and coupling", () => {
    const couplings = [
      { kind: "none" },
      { kind: "linear", strength: -2 },
      { kind: "power", strength: 1, exponent: 0.5 },
      { kind: "log", strength: 1, floor: 1e-9 },
      { kind: "nonlocal", strength: 1, width: 0.1 },
      { kind: "mean", strength: 1, attraction: 0.5 },
    ] as const;
    for (const coupling of couplings) expect(parseProblem({ ...base, coupling }).coupling).toEqual(coupling);
    const target = parseProblem({ ...base, coupling: { kind: "target", target: "x*t" } }).coupling;
    expect(target).toMatchObject({ kind: "target", strength: 1, target: { dependsOnTime: true } });
    expect(parseProblem({ ...base, hamiltonian: { kind: "power", exponent: 3 } }).hamiltonian).toEqual({
      kind: "power",
      control: 1,
      exponent: 3,
    });
    const { hamiltonian } = parseProblem({ ...base, hamiltonian: { kind: "quadratic", drift: ["sin(x)"] } });
    expect(hamiltonian.kind === "quadratic" && hamiltonian.drift?.[0]?.at(1, 0, 0, 0)).toBe(Math.sin(1));
  });

  test("is frozen, and passes again as it is", () => {
    const problem = parseProblem(base);
    expect(parseProblem(problem)).toBe(problem);
    expect(() => Object.assign(problem, { horizon: 2 })).toThrow(TypeError);
    expect(() => Object.assign(problem.domain[0]!, { to: 2 })).toThrow(TypeError);
    expect(() => Object.assign(problem.hamiltonian, { control: 2 })).toThrow(TypeError);
  });

  test("remembers how it was given, functions as text", () => {
    const given = {
      ...base,
      $schema: "../schema/problem.schema.json",
      potential: (x: number) => x,
      description: undefined,
    };
    const { source } = parseProblem(given);
    expect(source).toEqual({ ...base, $schema: given.$schema, potential: "function" });
    expect(JSON.parse(JSON.stringify(source))).toEqual(source);
    expect(() => parseProblem({ ...base, potential: { formula: "x", periodize: false } })).not.toThrow();
  });
});

describe("bad input", () => {
  const axis = { from: 0, to: 1, boundary: "periodic" };
  const cases: [string, unknown, { path: string; value?: unknown; message: RegExp; fix: RegExp; code?: string }][] = [
    ["no object", 3, { path: "", value: 3, message: /The problem is 3; it must be an object/, fix: /an object/ }],
    ["null", null, { path: "", value: null, message: /an object/, fix: /./ }],
    ["a list", [], { path: "", value: [], message: /an object/, fix: /./ }],
    ["nothing", undefined, { path: "", message: /missing/, fix: /./ }],
    [
      "unknown key",
      { ...base, horizn: 2 },
      { path: "horizn", value: 2, message: /horizn is not a known key/, fix: /Did you mean "horizon"\?/ },
    ],
    [
      "mistyped required key: the unknown one comes first",
      { ...base, volatility: undefined, volatilty: 0.2 },
      { path: "volatilty", value: 0.2, message: /volatilty is not a known key/, fix: /"volatility"/ },
    ],
    [
      "unknown key that is like none",
      { ...base, banana: 1 },
      { path: "banana", message: /not a known key/, fix: /^Known here: .*initialDensity/ },
    ],
    [
      "unknown key of an axis",
      { ...base, domain: [{ ...axis, form: 0 }] },
      { path: "domain[0].form", value: 0, message: /domain\[0\]\.form/, fix: /"from"/ },
    ],
    [
      "unknown key of a field",
      { ...base, potential: { formula: "x", periodise: true } },
      { path: "potential.periodise", value: true, message: /not a known key/, fix: /"periodize"/ },
    ],
    [
      "unknown key of a Hamiltonian",
      { ...base, hamiltonian: { kind: "quadratic", controll: 1 } },
      { path: "hamiltonian.controll", message: /not a known key/, fix: /"control"/ },
    ],
    [
      "key of another coupling",
      { ...base, coupling: { kind: "linear", exponent: 2 } },
      { path: "coupling.exponent", value: 2, message: /not a known key/, fix: /kind, strength/ },
    ],
    [
      "unknown key of an exit",
      { ...base, domain: [{ ...axis, boundary: { lower: "open", upper: { kind: "exit", vaule: 1 } } }] },
      { path: "domain[0].boundary.upper.vaule", value: 1, message: /not a known key/, fix: /"value"/ },
    ],
    [
      "unknown side",
      { ...base, domain: [{ ...axis, boundary: { lower: "open", uper: "open" } }] },
      { path: "domain[0].boundary.uper", value: "open", message: /not a known key/, fix: /"upper"/ },
    ],
    [
      "prototype key",
      JSON.parse(JSON.stringify(base).replace("{", '{"__proto__": {"a": 1},')),
      { path: "__proto__", message: /not a known key/, fix: /Known here/ },
    ],
    ["missing name", { ...base, name: undefined }, { path: "name", message: /name is missing/, fix: /"name": / }],
    ["empty name", { ...base, name: "" }, { path: "name", value: "", message: /1 to 100/, fix: /./ }],
    ["name of two lines", { ...base, name: "a\nb" }, { path: "name", message: /1 to 100/, fix: /./ }],
    [
      "missing domain",
      { ...base, domain: undefined },
      { path: "domain", message: /domain is missing/, fix: /"from": 0/ },
    ],
    ["no axis", { ...base, domain: [] }, { path: "domain", value: [], message: /at least 1/, fix: /./ }],
    ["four axes", { ...base, domain: [axis, axis, axis, axis] }, { path: "domain", message: /at most 3/, fix: /./ }],
    [
      "from as text",
      { ...base, domain: [{ ...axis, from: "0" }] },
      {
        path: "domain[0].from",
        value: "0",
        message: /domain\[0\]\.from is "0"; it must be a finite number/,
        fix: /"from": 0/,
      },
    ],
    [
      "from above to",
      { ...base, domain: [{ ...axis, from: 2 }] },
      { path: "domain[0].to", value: 1, message: /above domain\[0\]\.from, 2/, fix: /from < to/ },
    ],
    [
      "box of no length",
      { ...base, domain: [{ ...axis, from: 1 }] },
      { path: "domain[0].to", message: /above/, fix: /./ },
    ],
    [
      "box of infinite length",
      { ...base, domain: [{ ...axis, from: -1.7e308, to: 1.7e308 }] },
      { path: "domain[0].to", message: /above/, fix: /./ },
    ],
    [
      "no boundary",
      { ...base, domain: [{ from: 0, to: 1 }] },
      { path: "domain[0].boundary", message: /missing; .*"periodic"/, fix: /boundary/ },
    ],
    [
      "unknown boundary",
      { ...base, domain: [{ ...axis, boundary: "reflectng" }] },
      { path: "domain[0].boundary", value: "reflectng", message: /one of "periodic", "reflecting"/, fix: /reflecting/ },
    ],
    [
      "unknown boundary of a side",
      { ...base, domain: [{ ...axis, boundary: { lower: "wall", upper: "open" } }] },
      { path: "domain[0].boundary.lower", value: "wall", message: /one of "reflecting"/, fix: /./ },
    ],
    [
      "periodic on one side",
      { ...base, domain: [{ ...axis, boundary: { lower: "periodic", upper: "open" } }] },
      {
        path: "domain[0].boundary",
        value: { lower: "periodic", upper: "open" },
        message: /one side only/,
        fix: /both sides/,
      },
    ],
    [
      "one side missing",
      { ...base, domain: [{ ...axis, boundary: { lower: "open" } }] },
      { path: "domain[0].boundary.upper", message: /missing/, fix: /"upper"/ },
    ],
    [
      "horizon 0",
      { ...base, horizon: 0 },
      { path: "horizon", value: 0, message: /horizon is 0; it must be a number above 0/, fix: /"horizon": 1/ },
    ],
    [
      "horizon NaN",
      { ...base, horizon: Number.NaN },
      { path: "horizon", value: Number.NaN, message: /horizon is NaN; it must be a finite number/, fix: /./ },
    ],
    [
      "horizon Infinity",
      { ...base, horizon: Number.POSITIVE_INFINITY },
      { path: "horizon", message: /horizon is Infinity/, fix: /./ },
    ],
    [
      "negative sigma",
      { ...base, volatility: -0.1 },
      { path: "volatility", value: -0.1, message: /volatility is -0.1; it must be a number not below 0/, fix: /./ },
    ],
    [
      "control 0",
      { ...base, hamiltonian: { kind: "quadratic", control: 0 } },
      { path: "hamiltonian.control", value: 0, message: /above 0/, fix: /./ },
    ],
    [
      "exponent 1",
      { ...base, hamiltonian: { kind: "power", exponent: 1 } },
      { path: "hamiltonian.exponent", value: 1, message: /above 1/, fix: /./ },
    ],
    [
      "exponent missing",
      { ...base, hamiltonian: { kind: "power" } },
      { path: "hamiltonian.exponent", message: /missing/, fix: /"exponent": 2/ },
    ],
    [
      "unknown Hamiltonian",
      { ...base, hamiltonian: { kind: "quadratc" } },
      {
        path: "hamiltonian.kind",
        value: "quadratc",
        message: /one of "quadratic", "power"/,
        fix: /Did you mean "quadratic"\?/,
      },
    ],
    [
      "Hamiltonian as text",
      { ...base, hamiltonian: "quadratic" },
      { path: "hamiltonian", value: "quadratic", message: /an object/, fix: /"kind": "quadratic"/ },
    ],
    [
      "drift of wrong length",
      { ...base, hamiltonian: { kind: "quadratic", drift: [0, 1] } },
      {
        path: "hamiltonian.drift",
        value: [0, 1],
        message: /2 entries, but the domain has 1/,
        fix: /one drift field per axis/,
      },
    ],
    [
      "drift with t",
      { ...base, hamiltonian: { kind: "quadratic", drift: ["t"] } },
      {
        path: "hamiltonian.drift[0]",
        value: "t",
        message: /depends on t/,
        fix: /Only potential/,
        code: "MFGPU_PROBLEM_FORMULA",
      },
    ],
    [
      "unknown coupling",
      { ...base, coupling: { kind: "cubic" } },
      { path: "coupling.kind", value: "cubic", message: /one of "none", "linear"/, fix: /Known here: none/ },
    ],
    ["coupling without a kind", { ...base, coupling: {} }, { path: "coupling.kind", message: /missing/, fix: /./ }],
    [
      "width 0",
      { ...base, coupling: { kind: "nonlocal", width: 0 } },
      { path: "coupling.width", value: 0, message: /above 0/, fix: /./ },
    ],
    [
      "negative floor",
      { ...base, coupling: { kind: "log", floor: -1 } },
      { path: "coupling.floor", value: -1, message: /above 0/, fix: /./ },
    ],
    [
      "no target",
      { ...base, coupling: { kind: "target" } },
      { path: "coupling.target", message: /missing; it must be a finite number, a formula/, fix: /"target"/ },
    ],
    [
      "field of the wrong type",
      { ...base, potential: [1] },
      {
        path: "potential",
        value: [1],
        message: /potential is \[1\]; it must be a finite number, a formula as text/,
        fix: /./,
      },
    ],
    [
      "field NaN",
      { ...base, potential: Number.NaN },
      { path: "potential", value: Number.NaN, message: /potential is NaN; it must be a finite number/, fix: /./ },
    ],
    [
      "formula of the wrong type",
      { ...base, potential: { formula: 3 } },
      { path: "potential.formula", value: 3, message: /a text/, fix: /./ },
    ],
    [
      "flag of the wrong type",
      { ...base, normalizeDensity: "yes" },
      { path: "normalizeDensity", value: "yes", message: /true or false/, fix: /./ },
    ],
    [
      "no density",
      { ...base, initialDensity: undefined },
      { path: "initialDensity", message: /missing/, fix: /initialDensity/ },
    ],
    [
      "negative density",
      { ...base, initialDensity: -1 },
      { path: "initialDensity", value: -1, message: /-1 everywhere/, fix: /nowhere negative/ },
    ],
    [
      "density 0",
      { ...base, initialDensity: "1 - 1" },
      { path: "initialDensity", value: 0, message: /0 everywhere/, fix: /positive somewhere/ },
    ],
    [
      "unknown name in a formula",
      { ...base, potential: "sin(q)" },
      {
        path: "potential",
        value: "sin(q)",
        message: /unknown name "q"/,
        fix: /Known here: x, t, pi/,
        code: "MFGPU_PROBLEM_FORMULA",
      },
    ],
    [
      "10,000 brackets",
      { ...base, potential: "(".repeat(10_000) },
      { path: "potential", message: /nested deeper than 200/, fix: /./, code: "MFGPU_PROBLEM_FORMULA" },
    ],
    [
      "terminal cost with t",
      { ...base, terminalCost: "t" },
      { path: "terminalCost", message: /depends on t/, fix: /./, code: "MFGPU_PROBLEM_FORMULA" },
    ],
    [
      "density with t",
      { ...base, initialDensity: "1 + t" },
      { path: "initialDensity", message: /depends on t/, fix: /./, code: "MFGPU_PROBLEM_FORMULA" },
    ],
    [
      "coordinate beyond the dimension",
      { ...base, coupling: { kind: "target", target: "y" } },
      { path: "coupling.target", message: /uses y/, fix: /./, code: "MFGPU_PROBLEM_FORMULA" },
    ],
    [
      "formula of an exit",
      { ...base, domain: [{ ...axis, boundary: { lower: { kind: "exit", value: "qq" }, upper: "open" } }] },
      { path: "domain[0].boundary.lower.value", message: /unknown name/, fix: /./, code: "MFGPU_PROBLEM_FORMULA" },
    ],
  ];
  for (const [name, input, wanted] of cases) {
    test(`refused: ${name}`, () => {
      const error = refusal(input);
      expect(error.code).toBe(wanted.code ?? "MFGPU_PROBLEM_SCHEMA");
      expect(error.message).toMatch(wanted.message);
      expect(error.path).toBe(wanted.path);
      expect(error.fix).toMatch(wanted.fix);
      expect(error).toMatchObject("value" in wanted ? { value: wanted.value } : {});
    });
  }

  test("several faults are counted", () => {
    expect(refusal({ ...base, horizon: -1, volatility: -1 }).message).toMatch(/horizon is -1.*\(and 1 more\)/);
  });
  test("long values are shortened", () => {
    expect(refusal({ ...base, horizon: "x".repeat(1e6) }).message.length).toBeLessThan(200);
  });
});

describe("JSON Schema", () => {
  const file = new URL("../../schema/problem.schema.json", import.meta.url);
  test("the file is what the schema emits: run `npx tsx scripts/emit-schema.ts` where it is stale", () => {
    expect(JSON.parse(readFileSync(file, "utf8"))).toEqual(problemJsonSchema());
  });
  test("accepts a right problem, refuses an unknown key and a function", () => {
    const fromFile = z.fromJSONSchema(problemJsonSchema());
    expect(fromFile.safeParse(base).success).toBe(true);
    expect(fromFile.safeParse({ ...base, horizn: 1 }).success).toBe(false);
    expect(fromFile.safeParse({ ...base, potential: () => 1 }).success).toBe(false);
    expect(fromFile.safeParse({ ...base, volatility: -1 }).success).toBe(false);
  });
});
