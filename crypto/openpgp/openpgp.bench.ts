/** Whole armored message to plaintext and back, beside `gpg -z 0 -a` in the same run. `npx vitest bench crypto/openpgp --run` */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, bench, describe } from 'vitest';
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

describe.each(sizes)('%s', (name) => {
  const options = { time: 1500, warmupTime: 500 };
  bench('open: gpg -d (spawned)', () => void gpg(['--decrypt'], letterOf(name).theirs), options);
  bench('open: SEIPDv2, native OCB', () => open(letterOf(name).ours), {
    ...options,
    setup: () => hideNativeOcb(false),
  });
  bench('open: SEIPDv2, OCB over ECB', () => open(letterOf(name).ours), {
    ...options,
    setup: () => hideNativeOcb(true),
  });
  bench(
    'seal: gpg -z 0 -a -s -e (spawned)',
    () => void gpg(['-z', '0', '-a', '-s', '-e', '-r', 'carol@example.org'], letterOf(name).plaintext),
    options,
  );
  bench('seal: SEIPDv2, native OCB', async () => void (await sealed(letterOf(name).plaintext, [])), {
    ...options,
    setup: () => hideNativeOcb(false),
  });
  bench('seal: SEIPDv2, OCB over ECB', async () => void (await sealed(letterOf(name).plaintext, [])), {
    ...options,
    setup: () => hideNativeOcb(true),
  });
  bench('seal: SEIPDv1, for gpg', async () => void (await sealed(letterOf(name).plaintext, [carol])), {
    ...options,
    setup: () => hideNativeOcb(false),
  });
});
