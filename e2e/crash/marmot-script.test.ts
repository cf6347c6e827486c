import { expect, test } from 'vitest';
import { runMarmotScript } from './marmot-script.ts';

/** A longer run: MARMOT_STEPS=500, MARMOT_SEED=7; npm run crash -- --part marmot. */
const STEPS = Number(process.env['MARMOT_STEPS'] ?? 20);
const SEED = Number(process.env['MARMOT_SEED'] ?? 1);
const MINUTE_MS = 60_000;

test(
  'four people over relays that break come to one state and lose no message',
  { timeout: 60 * MINUTE_MS },
  async () => {
    const tell = STEPS > 20 ? (line: string) => console.log(line) : () => undefined;
    const report = await runMarmotScript({ seed: SEED, steps: STEPS, tell });
    console.log(JSON.stringify(report));
    expect(report.faults).toEqual([]);
    expect(report.read).toBeGreaterThan(0);
  },
);
