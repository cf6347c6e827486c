import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { expect, it } from 'vitest';

const here = import.meta.dirname;
const bin = join(here, '../../../node_modules/.bin');

it('is what signal.proto makes: `npm run proto`', () => {
  const elsewhere = mkdtempSync(join(tmpdir(), 'plainseal-proto-'));
  try {
    for (const name of ['signal.proto', 'buf.yaml', 'buf.gen.yaml'])
      copyFileSync(join(here, name), join(elsewhere, name));
    execFileSync(join(bin, 'buf'), ['generate', '.'], {
      cwd: elsewhere,
      env: { PATH: `${bin}${delimiter}${process.env.PATH ?? ''}`, HOME: elsewhere },
    });
    const made = readFileSync(join(elsewhere, 'signal_pb.ts'), 'utf8');
    expect(made === readFileSync(join(here, 'signal_pb.ts'), 'utf8')).toBe(true);
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});
