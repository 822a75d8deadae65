import { readdirSync, readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { makeMembers } from "../../src/batch/members.ts";
import { studyRequest } from "../../src/batch/study.ts";
import { studyJsonSchema } from "../../src/batch/studyFile.ts";

test("schema/study.schema.json is what the code says (npx tsx scripts/emit-schema.ts)", () => {
  const text = readFileSync(new URL("../../schema/study.schema.json", import.meta.url), "utf8");
  expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(studyJsonSchema())));
});

const folder = new URL("../../examples/studies/", import.meta.url);
test.each(readdirSync(folder))("the example %s is a valid study", (name) => {
  const { file, source } = studyRequest(JSON.parse(readFileSync(new URL(name, folder), "utf8")));
  expect(makeMembers(file, source).length).toBeGreaterThan(1);
});
