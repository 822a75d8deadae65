/** Writes the JSON Schemas of problem and study files, which editors use for completion. Run: npx tsx scripts/emit-schema.ts */
import { mkdirSync, writeFileSync } from "node:fs";
import { studyJsonSchema } from "../src/batch/studyFile.ts";
import { problemJsonSchema } from "../src/problem/schema.ts";

const folder = new URL("../schema/", import.meta.url);
mkdirSync(folder, { recursive: true });
for (const [name, schema] of [
  ["problem", problemJsonSchema()],
  ["study", studyJsonSchema()],
] as const)
  writeFileSync(new URL(`${name}.schema.json`, folder), `${JSON.stringify(schema, null, 2)}\n`);
