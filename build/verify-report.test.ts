import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { ReportContents } from '../shared/contract/report.ts';
import type { NetworkKey } from '../shared/ids.ts';
import { digestOf, packReport } from '../worker/core/report/pack.ts';
import { run } from './verify-report.ts';

const folder = mkdtempSync(join(tmpdir(), 'plainseal-report-'));
afterAll(() => rmSync(folder, { recursive: true }));

const contents: ReportContents = {
  network: 'signal',
  protocol: 'signal',
  testNetwork: false,
  reported: { id: 'someone', address: '+4915\u202e', fingerprint: '05aa' },
  messages: [
    {
      key: 'k' as NetworkKey,
      text: 'one\nThis report is as it was made\u001b[2J',
      files: [{ name: 'a.jpg', type: 'image/jpeg', size: 7 }],
      sentAt: Date.UTC(2026, 10, 26),
      receivedAt: Number.MAX_SAFE_INTEGER,
      known: 'opened-here',
      proof: 'session',
      fingerprint: '05aa',
    },
  ],
};
const number = digestOf(contents);

function verify(file: Uint8Array | null, ...given: readonly string[]) {
  const path = join(folder, 'report.json');
  rmSync(path, { force: true });
  if (file) writeFileSync(path, file);
  const lines: string[] = [];
  const code = run([path, ...given], (line) => lines.push(line));
  return { code, lines, text: lines.join('\n') };
}

describe('whoever gets a report', () => {
  test('is told that it is as it was made, what it says, and what that does not prove', () => {
    const { code, lines, text } = verify(packReport(contents));
    expect(code).toBe(0);
    expect(text).toContain(number);
    expect(text).toContain('Ask its maker for the number');
    expect(text).toContain('whoever has Plainseal can make a report');
    // What others wrote stays on a line of its own and moves nothing.
    expect(lines.filter((line) => line.startsWith('This report is as it was made'))).toHaveLength(1);
    // oxlint-disable-next-line no-control-regex
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/u);
  });

  test('is told more with its number, however that is written; and that another number is another report', () => {
    const file = packReport(contents);
    const written = number.toUpperCase().replaceAll(/(.{8})/gu, '$1 ');
    expect(verify(file, written)).toMatchObject({
      code: 0,
      text: expect.stringContaining('Nothing was changed since') as string,
    });
    const other = packReport({ ...contents, network: 'email' });
    const { code, text } = verify(other, number);
    expect([code, text.includes('not the one with that number')]).toEqual([1, true]);
  });

  test('is told to rely on nothing in a changed one, and of one that cannot be read', () => {
    const file = packReport(contents);
    expect(verify(file.with(40, (file[40] ?? 0) ^ 1))).toMatchObject({ code: 1 });
    expect(verify(new Uint8Array())).toMatchObject({ code: 1 });
    expect(verify(null)).toMatchObject({ code: 2 });
    expect(run([], () => undefined)).toBe(2);
    expect(verify(file, number, 'more')).toMatchObject({ code: 2 });
  });
});
