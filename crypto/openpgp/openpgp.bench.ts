/** Whole armored message to plaintext and back, beside `gpg -z 0 -a` in the same run. `npx vitest bench crypto/openpgp --run` */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, test } from 'vitest';
import { readCertificate, type Certificate } from './certificate.ts';
import { generateOwnKey, type OwnKey } from './keys.ts';
import { hideNativeOcb } from './ocb.ts';
import { openMessage } from './open.ts';
import { seal } from './seal.ts';

const now = Date.now();
const home = mkdtempSync(join(tmpdir(), 'gpg-'));
const environment = { PATH: process.env['PATH'] ?? '', GNUPGHOME: home, LC_ALL: 'C' };

function gpg(args: readonly string[], input: Uint8Array | string = ''): Buffer {
  return execFileSync('gpg', ['--batch', '--quiet', '--trust-model', 'always', '--passphrase', '', ...args], {
    input,
    env: environment,
    stdio: ['pipe', 'pipe', 'ignore'],
    maxBuffer: 64 * 1024 * 1024,
  });
}

const sizes = [
  ['1 KB', 1024],
  ['10 MB', 10 * 1024 * 1024],
] as const;

interface Letter {
  readonly plaintext: Uint8Array;
  readonly ours: Uint8Array;
  readonly theirs: Uint8Array;
}

let alice: OwnKey;
let carol: Certificate;
const letters = new Map<string, Letter>();
const letterOf = (name: string): Letter => letters.get(name) as Letter;

async function sealed(plaintext: Uint8Array, to: readonly Certificate[]): Promise<Uint8Array> {
  const result = await seal({ plaintext, from: alice, to, hideRecipients: false, now });
  if (result.kind === 'refused') throw new Error(result.why);
  return result.armored;
}

beforeAll(async () => {
  alice = await generateOwnKey({ address: 'alice@example.org', now: now - 10_000 });
  gpg(['--quick-generate-key', 'carol@example.org', 'default', 'default', 'never']);
  gpg(['--import'], alice.certificate.bytes);
  const read = await readCertificate(gpg(['--export', 'carol@example.org']), now);
  if (read.kind === 'refused') throw new Error(read.why);
  carol = read.certificate;
  for (const [name, size] of sizes) {
    const plaintext = randomBytes(size);
    const theirs = gpg(
      ['-z', '0', '-a', '-s', '-e', '-u', 'carol@example.org', '-r', 'carol@example.org'],
      plaintext,
    );
    letters.set(name, { plaintext, ours: await sealed(plaintext, []), theirs });
  }
});

afterAll(() => {
  execFileSync('gpgconf', ['--kill', 'all'], { env: environment });
  rmSync(home, { recursive: true, force: true });
});

async function open(armored: Uint8Array): Promise<void> {
  const result = await openMessage({
    armored,
    own: [alice],
    candidates: () => Promise.resolve([alice.certificate]),
    now: Date.now(),
  });
  if (result.kind === 'refused' || result.signature.kind !== 'good') throw new Error('did not open');
}

/** Counted, not timed: gpg at 10 MB would take a minute otherwise. */
const rounds = { iterations: 12, time: 0, warmupIterations: 3, warmupTime: 0 };
const withOcb = (hidden: boolean) => ({
  beforeAll: () => hideNativeOcb(hidden),
  afterAll: () => hideNativeOcb(false),
});

describe.each(sizes)('%s', (name) => {
  test('open', { timeout: 120_000 }, async ({ bench }) => {
    const { ours, theirs } = letterOf(name);
    // From a file to nowhere: pipes to and from a child would be measured as gpg's.
    const file = join(home, 'sealed.asc');
    writeFileSync(file, theirs);
    await bench.compare(
      bench('gpg -d, spawned', () => void gpg(['--yes', '--output', '/dev/null', '--decrypt', file])),
      bench('SEIPDv2, native OCB', withOcb(false), () => open(ours)),
      bench('SEIPDv2, OCB over ECB', withOcb(true), () => open(ours)),
      rounds,
    );
  });

  test('seal', { timeout: 120_000 }, async ({ bench }) => {
    const { plaintext } = letterOf(name);
    const file = join(home, 'plain.bin');
    writeFileSync(file, plaintext);
    const gpgSeal = [
      '--yes',
      '-z',
      '0',
      '-a',
      '-s',
      '-e',
      '-r',
      'carol@example.org',
      '--output',
      '/dev/null',
      file,
    ];
    await bench.compare(
      bench('gpg -z 0 -a -s -e, spawned', () => void gpg(gpgSeal)),
      bench('SEIPDv2, native OCB', withOcb(false), async () => void (await sealed(plaintext, []))),
      bench('SEIPDv2, OCB over ECB', withOcb(true), async () => void (await sealed(plaintext, []))),
      bench('SEIPDv1, to gpg', async () => void (await sealed(plaintext, [carol]))),
      rounds,
    );
  });
});
