/** What of a solve outlives its workspace: so that a run whose tier fails can go on elsewhere. */
import type { Workspace } from "../tiers/tier.ts";
import type { IterationReport, WarmStart } from "./options.ts";

/** Reading a history may take this share of the time since it was last read. */
const readingShare = 0.05;

/** Keeps, per member, the reports of finished iterations and the last whole density history that was read. */
export class Journal {
  readonly #members: { reports: IterationReport[]; start: WarmStart | undefined; after: number }[];
  #lastRead = performance.now();
  #readingMs = 0;

  constructor(members: number) {
    this.#members = Array.from({ length: members }, () => ({ reports: [], start: undefined, after: 0 }));
  }

  /** Reports of a member on all tiers it ran on, numbered through. */
  reports(member: number): readonly IterationReport[] {
    return this.#members[member]?.reports ?? [];
  }

  /** The density history to go on from; undefined where none was read. */
  start(member: number): WarmStart | undefined {
    return this.#members[member]?.start;
  }

  /** Iterations that had been finished when `start` was read. */
  startedAfter(member: number): number {
    return this.#members[member]?.after ?? 0;
  }

  /** Notes a finished iteration and returns its report with the number it has in the whole run. */
  note(member: number, report: IterationReport): IterationReport {
    const whole = { ...report, iteration: this.reports(member).length + 1 };
    this.#members[member]?.reports.push(whole);
    return whole;
  }

  /** Called between iterations: reads the density where it lives on a device that may be lost, now and then. */
  async keep(workspace: Workspace, member: number): Promise<void> {
    // Elsewhere it can be read when it is needed.
    if (!workspace.onDevice) return;
    if (performance.now() - this.#lastRead < this.#readingMs / readingShare) return;
    await this.#read(workspace, member);
  }

  /** Called after a failure: what can still be read is; what cannot stays as it was kept. */
  async rescue(workspace: Workspace): Promise<void> {
    for (const member of this.#members.keys()) {
      try {
        await this.#read(workspace, member);
      } catch {
        // The failure that led here is the one to report; the last density kept still serves.
      }
    }
  }

  async #read(workspace: Workspace, member: number): Promise<void> {
    const begun = performance.now();
    const d = workspace.members[member];
    const state = this.#members[member];
    if (!d || !state) return;
    const density = await workspace.read(member, "density");
    this.#lastRead = performance.now();
    this.#readingMs = this.#lastRead - begun;
    // A device that was lost may hand out zeros.
    if (!whole(density, d.grid.points)) return;
    state.start = { density, t: d.levels.slice(), shape: d.grid.shape };
    state.after = state.reports.length;
  }
}

/** True for a history without a number that is not finite, and with some mass in its first level. */
function whole(density: Float64Array, points: number): boolean {
  let first = 0;
  for (const [i, m] of density.entries()) {
    if (!Number.isFinite(m)) return false;
    if (i < points) first += m;
  }
  return first > 0;
}
