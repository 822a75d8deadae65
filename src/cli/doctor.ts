import { Command } from "commander";
import { type DoctorReport, examine, type SickAdapter } from "../decision/doctor.ts";
import type { AdapterSurvey } from "../tiers/webgpu/survey.ts";
import { exitCodes } from "./exit.ts";
import { printJson, printLine } from "./print.ts";
import { bytesText } from "./text.ts";

function processorLines({ mfgpu, node, system, processor }: DoctorReport): readonly string[] {
  const { model, simd, cores, memoryBytes, freeBytes } = processor;
  const vector = simd === undefined ? "" : `, ${simd}`;
  return [
    `mfgpu ${mfgpu}, Node ${node}, ${system}`,
    `${model}${vector}, ${cores} cores, ${bytesText(memoryBytes)} of memory, ${bytesText(freeBytes)} free`,
  ];
}

function tierLines({ tiers }: DoctorReport): readonly string[] {
  const width = Math.max(...tiers.map(({ name }) => name.length));
  return tiers.flatMap(({ name, answer }) => {
    const label = `  ${name.padEnd(width)}  `;
    if (answer.state === "available") {
      return [`${label}available: ${answer.device}${answer.software ? " (software, no GPU)" : ""}`];
    }
    const indent = " ".repeat(label.length);
    return [`${label}unavailable: ${answer.why}`, `${indent}mend: ${answer.fix}`];
  });
}

function isSick(adapter: AdapterSurvey | SickAdapter): adapter is SickAdapter {
  return "why" in adapter;
}

function adapterLines(adapter: AdapterSurvey | SickAdapter): readonly string[] {
  if (isSick(adapter))
    return [`  ${adapter.name}: ${adapter.why}`, ...(adapter.fix ? [`    mend: ${adapter.fix}`] : [])];
  const { name, software, vendor, architecture, description, limits, features, arithmetic } = adapter;
  const grain =
    adapter.timestampGrainNs === undefined ? "no timestamps" : `timestamps by ${adapter.timestampGrainNs} ns`;
  const parts = Object.entries(arithmetic).map(([part, { checked, wrong }]) =>
    wrong === 0 ? `${part} exact` : `${part} ${wrong === checked ? "wrong" : `${wrong} of ${checked} wrong`}`,
  );
  return [
    `  ${name}${software ? " (software: a program on the processor, for tests, no GPU)" : ""}`,
    `    driver      ${[description, vendor, architecture].filter(Boolean).join(", ")}`,
    `    memory      buffers up to ${bytesText(limits["maxBufferSize"] ?? 0)}, bindings up to ${bytesText(adapter.bindingBytes)}`,
    `    workgroups  ${limits["maxComputeInvocationsPerWorkgroup"]} invocations, ${bytesText(limits["maxComputeWorkgroupStorageSize"] ?? 0)} shared`,
    `    features    ${features.join(", ") || "none"}`,
    `    clock       ${grain}`,
    `    transfer    upload ${adapter.uploadGBs.toPrecision(3)} GB/s, read-back ${adapter.readbackGBs.toPrecision(3)} GB/s (${bytesText(adapter.transferBytes)})`,
    `    latency     ${adapter.dispatchUs.toPrecision(3)} us a dispatch, ${adapter.roundTripUs.toPrecision(3)} us a round trip`,
    `    arithmetic  ${parts.join(", ")}`,
    `    compensated ${adapter.compensated ? "available" : "unavailable: its sums do not survive compilation"}`,
  ];
}

function driverLines({ drivers }: DoctorReport): readonly string[] {
  return drivers.flatMap(({ file, library, warning }) => [
    `  ${file}${library === undefined ? "" : `: ${library}`}`,
    ...(warning === undefined ? [] : [`    ${warning}`]),
  ]);
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length > 0 ? ["", title, ...lines] : [];
}

/** `mfgpu doctor`: what this machine offers, what is missing, and what would mend it. */
export function doctorCommand(): Command {
  return new Command("doctor")
    .description("show what this machine offers: processor, tiers, adapters, and what would mend what is missing")
    .option("--adapter <name>", "look at this adapter only: software, or part of a name")
    .option("--json", "print one JSON document")
    .action(async (flags: { readonly adapter?: string; readonly json?: true }) => {
      const report = await examine(flags.adapter ?? process.env["MFGPU_ADAPTER"]);
      if (flags.json) printJson(report);
      else {
        const adapters = report.adapters.flatMap(adapterLines);
        const lines = [
          ...processorLines(report),
          ...section("tiers", tierLines(report)),
          ...section("adapters", adapters),
          ...section("Vulkan drivers", driverLines(report)),
        ];
        for (const line of lines) printLine(line);
      }
      // An adapter that was asked for by name and is not there is no success.
      if (flags.adapter !== undefined && report.adapters.every(isSick)) process.exitCode = exitCodes.tierUnavailable;
    });
}
