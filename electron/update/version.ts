/** A version as we number them: three numbers, and for a test version `-beta.N`. */
export type Version = {
  readonly numbers: readonly [number, number, number];
  /** Null for a release. */
  readonly beta: number | null;
};

const shape = /^(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})\.(0|[1-9]\d{0,5})(?:-beta\.([1-9]\d{0,5}))?$/;

/** Reads a version; null for anything that is not written exactly so. */
export function parseVersion(text: string): Version | null {
  const [matched, major, minor, patch, beta] = shape.exec(text) ?? [];
  if (matched === undefined) return null;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    beta: beta === undefined ? null : Number(beta),
  };
}

/** Below zero when `a` is older than `b`. A release is newer than its test versions (semver.org §11). */
export function compareVersions(a: Version, b: Version): number {
  for (const at of [0, 1, 2] as const)
    if (a.numbers[at] !== b.numbers[at]) return a.numbers[at] - b.numbers[at];
  return (a.beta ?? Infinity) === (b.beta ?? Infinity) ? 0 : (a.beta ?? Infinity) - (b.beta ?? Infinity);
}
