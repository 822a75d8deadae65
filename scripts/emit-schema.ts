/** Writes the JSON Schema of problem files, which editors use for completion. Run: npx tsx scripts/emit-schema.ts */
import { mkdirSync, writeFileSync } from "node:fs";
import { problemJsonSchema } from "../src/problem/schema.ts";

const folder = new URL("../schema/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("problem.schema.json", folder), `${JSON.stringify(problemJsonSchema(), null, 2)}\n`);
