import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createWindows, type Windows } from './window.ts';

let folder: string;
let windows: Windows;
let ends: number;

/** A stand-in for Chromium: notes its arguments, and lives until it is ended. */
const program = (log: string): string => `#!/bin/sh
echo "$*" >> ${log}
trap 'echo "ended $1" >> ${log}; exit 0' TERM
while true; do sleep 0.05; done
`;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'plainseal-window-'));
  writeFileSync(join(folder, 'chromium'), program(join(folder, 'log')));
  chmodSync(join(folder, 'chromium'), 0o700);
  ends = 0;
  windows = createWindows(join(folder, 'chromium'), join(folder, 'run'), () => (ends += 1));
});
afterEach(async () => {
  windows.close();
  await vi.waitFor(() => expect(said('--user-data-dir')).toHaveLength(said('ended ').length));
  rmSync(folder, { recursive: true, force: true });
});
const lines = (): readonly string[] =>
  existsSync(join(folder, 'log')) ? readFileSync(join(folder, 'log'), 'utf8').trim().split('\n') : [];
const said = (start: string): readonly string[] => lines().filter((line) => line.startsWith(start));

describe('windows', () => {
  it('that ask before there is a main one do not share its browser, which would end at once', async () => {
    windows.open('file:///ask', 'question');
    await vi.waitFor(() => expect(said('--user-data-dir')).toHaveLength(1));
    windows.open('file:///main', 'main');
    await vi.waitFor(() => expect(said('--user-data-dir')).toHaveLength(2));
    const [asking, main] = said('--user-data-dir');
    expect(asking?.split(' ')[0]).not.toBe(main?.split(' ')[0]);
    expect(main).toContain('--app=file:///main');
    // The early one goes, and the shell does not take that for its end.
    await vi.waitFor(() => expect(said('ended ')).toHaveLength(1));
    expect(ends).toBe(0);
  });
});
