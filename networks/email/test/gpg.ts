import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** GnuPG with a home of its own, as another person's program. */
export interface Gpg {
  /** @throws Error with what it said. */
  run(args: readonly string[], input?: Uint8Array | string): Buffer;
  /** Makes a key that signs and one that receives; gives the fingerprint. `expires` and `madeAt` as gpg reads them. */
  makeKey(userId: string, passphrase?: string, expires?: string, madeAt?: string): string;
  /** Takes in the revocation it wrote when it made the key. */
  revoke(fingerprint: string): void;
  /** The secret key, or several, armored. */
  exportSecret(names: string | readonly string[], passphrase?: string): string;
  close(): void;
}

export function startGpg(): Gpg {
  const home = mkdtempSync(join(tmpdir(), 'gpg-'));
  const env = { PATH: process.env['PATH'] ?? '', GNUPGHOME: home, LC_ALL: 'C' };
  const run: Gpg['run'] = (args, input = '') =>
    execFileSync(
      'gpg',
      ['--batch', '--yes', '--quiet', '--trust-model', 'always', '--pinentry-mode', 'loopback', ...args],
      { input, env, stdio: ['pipe', 'pipe', 'pipe'], maxBuffer: 16 * 1024 * 1024 },
    );
  return {
    run,
    makeKey(userId, passphrase = '', expires = 'never', madeAt) {
      const then = [...(madeAt ? ['--faked-system-time', madeAt] : []), '--passphrase', passphrase];
      run([...then, '--quick-generate-key', userId, 'ed25519', 'sign', expires]);
      const listed = run(['--list-keys', '--with-colons', userId]).toString();
      const fingerprint = /^fpr:+([0-9A-F]{40}):/m.exec(listed)?.[1] ?? '';
      run([...then, '--quick-add-key', fingerprint, 'cv25519', 'encr', expires]);
      return fingerprint;
    },
    revoke(fingerprint) {
      const written = readFileSync(join(home, 'openpgp-revocs.d', `${fingerprint}.rev`), 'latin1');
      // A colon keeps it from being imported by accident.
      run(['--import'], written.replace(/^:-----BEGIN/m, '-----BEGIN'));
    },
    exportSecret: (names, passphrase = '') =>
      run(['--passphrase', passphrase, '--armor', '--export-secret-keys', ...[names].flat()]).toString(
        'latin1',
      ),
    close() {
      execFileSync('gpgconf', ['--kill', 'all'], { env });
      rmSync(home, { recursive: true, force: true });
    },
  };
}
