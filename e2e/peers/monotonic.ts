/** The machine's monotonic clock, ms: one and the same in every process of it, unlike `performance.now()`. */
export const monotonicMs = (): number => Number(process.hrtime.bigint()) / 1e6;
