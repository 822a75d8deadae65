/** Numbers for people. */

const byteSteps: readonly (readonly [number, string])[] = [
  [1e12, "TB"],
  [1e9, "GB"],
  [1e6, "MB"],
  [1e3, "kB"],
];

export function bytesText(bytes: number): string {
  const step = byteSteps.find(([size]) => bytes >= size);
  return step === undefined ? `${bytes} B` : `${(bytes / step[0]).toPrecision(3)} ${step[1]}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toPrecision(3)} s`;
  const whole = Math.round(seconds);
  const parts = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, whole % 60];
  return `${parts[0] ? `${parts[0]} h ` : ""}${parts[1]} min ${parts[2]} s`;
}

/** Three digits, in the notation of numerics; a dash where there is no number. */
export function smallText(x: number | null | undefined): string {
  return x === null || x === undefined ? "-" : x === 0 ? "0" : x.toExponential(2);
}

export function rateText(perSecond: number): string {
  const step = (
    [
      [1e9, "G"],
      [1e6, "M"],
      [1e3, "k"],
    ] as const
  ).find(([size]) => perSecond >= size);
  return step === undefined ? perSecond.toPrecision(3) : `${(perSecond / step[0]).toPrecision(3)}${step[1]}`;
}
