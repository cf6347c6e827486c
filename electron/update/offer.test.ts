import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { UpdateManifest } from './manifest.ts';
import { newestAfter, offerOf, type Installation } from './offer.ts';
import { compareVersions, parseVersion } from './version.ts';

const NOW = 1_790_000_000_000;
const DAY_MS = 86_400_000;
const file = { name: 'a', size: 1, sha256: '0'.repeat(64) };
const manifest: UpdateManifest = {
  channel: 'stable',
  version: '1.3.0',
  issuedAt: NOW - DAY_MS,
  expiresAt: NOW + DAY_MS,
  share: 100,
  files: { 'nsis-x64': file },
};
const installation: Installation = {
  kind: 'nsis-x64',
  channel: 'stable',
  version: '1.2.0',
  newestSeen: null,
  dice: 'a',
};
const outcome = (of: Partial<UpdateManifest>, at: Partial<Installation> = {}, now = NOW): string => {
  const offer = offerOf({ ...manifest, ...of }, { ...installation, ...at }, now);
  return offer.kind === 'none' ? offer.reason : `offer ${offer.version}`;
};

describe('an offer', () => {
  it('is a newer version of this channel for this system', () => {
    expect(outcome({})).toBe('offer 1.3.0');
    expect(outcome({}, { newestSeen: '1.3.0' })).toBe('offer 1.3.0');
    expect(outcome({}, { version: '1.3.0-beta.2' })).toBe('offer 1.3.0');
  });
  it('is none of another channel', () => {
    expect(outcome({ channel: 'beta' })).toBe('wrong-channel');
  });
  it('is never older, than what runs or than what was seen', () => {
    expect(outcome({ version: '1.1.9' })).toBe('rolled-back');
    expect(outcome({}, { newestSeen: '1.4.0' })).toBe('rolled-back');
    expect(outcome({ version: '1.2.0' })).toBe('up-to-date');
    expect(outcome({ version: '1.2.0-beta.9' })).toBe('rolled-back');
    expect(outcome({}, { version: '2.0.0', newestSeen: '1.3.0' })).toBe('up-to-date');
  });
  it('ends, and has not begun before', () => {
    expect(outcome({}, {}, manifest.expiresAt)).toBe('not-valid-now');
    expect(outcome({}, {}, manifest.issuedAt - DAY_MS - 1)).toBe('not-valid-now');
    expect(outcome({}, {}, manifest.issuedAt - DAY_MS)).toBe('offer 1.3.0');
  });
  it('is for systems it has a file for', () => {
    expect(outcome({}, { kind: 'appimage-x64' })).toBe('not-for-this-system');
  });
  it('comes in stages: to nobody, to about as many as it says, to all; who has it keeps it', () => {
    const turns = (share: number): ReadonlySet<string> =>
      new Set(
        Array.from({ length: 1_000 }, (_, dice) => `${dice}`).filter(
          (dice) => outcome({ share }, { dice }) === 'offer 1.3.0',
        ),
      );
    expect(turns(0).size).toBe(0);
    expect(turns(100).size).toBe(1_000);
    const [tenth, half] = [turns(10), turns(50)];
    expect(tenth.size).toBeGreaterThan(60);
    expect(tenth.size).toBeLessThan(140);
    expect([...tenth].every((dice) => half.has(dice))).toBe(true);
  });
  it('is never below the running version, whatever the numbers', () => {
    const number = fc.nat(30);
    const version = fc
      .tuple(number, number, number, fc.option(fc.integer({ min: 1, max: 9 })))
      .map(([a, b, c, beta]) => `${a}.${b}.${c}${beta === null ? '' : `-beta.${beta}`}`);
    fc.assert(
      fc.property(version, version, fc.option(version), (offered, running, newestSeen) => {
        if (!outcome({ version: offered }, { version: running, newestSeen }).startsWith('offer')) return;
        for (const other of newestSeen === null ? [running] : [running, newestSeen]) {
          const [a, b] = [parseVersion(offered), parseVersion(other)];
          expect(a && b && compareVersions(a, b)).toBeGreaterThanOrEqual(other === running ? 1 : 0);
        }
      }),
    );
  });
  it('leaves behind the newest that was seen', () => {
    expect(newestAfter(manifest, null)).toBe('1.3.0');
    expect(newestAfter(manifest, '1.2.9')).toBe('1.3.0');
    expect(newestAfter(manifest, '1.4.0')).toBe('1.4.0');
  });
});

describe('a version', () => {
  it.each([
    '',
    '1',
    '1.2',
    '01.2.3',
    '1.2.3.4',
    '1.2.3-beta',
    '1.2.3-beta.0',
    '1.2.3-rc.1',
    'v1.2.3',
    '1.2.3 ',
    '1.2.9999999',
  ])('is not %j', (text) => {
    expect(parseVersion(text)).toBeNull();
  });
  it('is ordered by number, not by letter', () => {
    const ordered = ['0.9.9', '0.10.0', '1.0.0-beta.2', '1.0.0-beta.10', '1.0.0', '1.0.1'];
    const versions = ordered.map((text) => parseVersion(text));
    versions.forEach((a, first) =>
      versions.forEach((b, second) =>
        expect(a && b && Math.sign(compareVersions(a, b))).toBe(Math.sign(first - second)),
      ),
    );
  });
});
