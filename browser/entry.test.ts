import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { findChromium } from './chromium.ts';
import { writeEntry } from './entry.ts';
import { newSecret, oneTimeToken, sameSecret, TOKEN_LIFE_MS } from './session.ts';
import { windowTrouble } from './window.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'plainseal-entry-'));
});
afterEach(() => rm(folder, { recursive: true }));

describe('secrets', () => {
  it('are long, never the same, and compared whole', () => {
    const all = new Set(Array.from({ length: 100 }, newSecret));
    expect(all.size).toBe(100);
    for (const secret of all) expect(secret).toMatch(/^[\w-]{43}$/);
    const [one = ''] = all;
    expect(sameSecret(one, one)).toBe(true);
    for (const other of ['', one.slice(1), `${one}=`, newSecret()])
      expect(sameSecret(other, one)).toBe(false);
  });

  it('of one use work once', () => {
    const token = oneTimeToken();
    expect([token.take('x'), token.take(token.text), token.take(token.text)]).toEqual([false, true, false]);
  });

  it('of one use run out', () => {
    let now = 1_000;
    const early = oneTimeToken(() => now);
    const late = oneTimeToken(() => now);
    now += TOKEN_LIFE_MS - 1;
    expect(early.take(early.text)).toBe(true);
    now += 1;
    expect(late.take(late.text)).toBe(false);
  });
});

describe('the local page', () => {
  it('is gone after a minute, used or not', async () => {
    vi.useFakeTimers();
    try {
      const { url } = await writeEntry(folder, 'http://127.0.0.1:1/enter');
      expect(await readFile(fileURLToPath(url), 'utf8')).toContain('action="http://127.0.0.1:1/enter"');
      await vi.advanceTimersByTimeAsync(TOKEN_LIFE_MS);
      vi.useRealTimers();
      await expect.poll(() => existsSync(fileURLToPath(url))).toBe(false);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('finding a browser', () => {
  it('takes the first usual name that is there, from absolute folders of PATH only', async () => {
    await mkdir(join(folder, 'bin'));
    const env = { PATH: ['bin', '.', join(folder, 'bin')].join(process.platform === 'win32' ? ';' : ':') };
    expect(findChromium(env, 'linux')).toBeNull();
    await writeFile(join(folder, 'bin/chromium'), '');
    expect(findChromium(env, 'linux')).toBe(join(folder, 'bin/chromium'));
    await writeFile(join(folder, 'bin/google-chrome'), '');
    expect(findChromium(env, 'linux')).toBe(join(folder, 'bin/google-chrome'));
  });

  it('says in a sentence why no window is opened', () => {
    expect(windowTrouble(null, {})).toMatch(/was found\.$/);
    if (process.platform === 'linux' && process.getuid?.() !== 0) {
      expect(windowTrouble('/usr/bin/chromium', {})).toBe('There is no display.');
      expect(windowTrouble('/usr/bin/chromium', { WAYLAND_DISPLAY: 'wayland-0' })).toBeNull();
    }
  });
});
