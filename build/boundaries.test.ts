import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = join(import.meta.dirname, '..');

/** Folder and import it must not make. */
const forbidden = [
  ['renderer', '../../storage/database.ts'],
  ['renderer', '../../worker/core/core.ts'],
  ['renderer', '../../networks/email/facts.ts'],
  ['renderer', '../../shared/wire/node/child.ts'],
  ['renderer', '../../shared/wire/parent.ts'],
  ['renderer', 'node:fs'],
  ['renderer', 'electron'],
  ['storage', '../../crypto/openpgp/seal.ts'],
  ['storage', '../../worker/core/core.ts'],
  ['crypto', '../../storage/database.ts'],
  ['crypto', '../../networks/email/lane.ts'],
  ['networks', '../../storage/database.ts'],
  ['networks', '../../worker/lane/host.ts'],
  ['worker/core', '../../../networks/email/lane.ts'],
  ['worker/core', '../../../crypto/openpgp/seal.ts'],
  ['worker/core', '../../lane/host.ts'],
  ['worker/core', 'electron'],
  ['worker/lane', '../../../storage/database.ts'],
  ['worker/lane', '../../core/core.ts'],
  ['shared', '../../storage/database.ts'],
  ['shared', 'react'],
  ['browser', '../../storage/database.ts'],
  ['electron', '../../renderer/main.tsx'],
] as const;

/** Folder and import it may make. */
const allowed = [
  ['renderer', '../../shared/lane/lane.ts'],
  ['renderer', '../../shared/wire/page.ts'],
  ['renderer', '../../networks/facts.json'],
  ['storage', '../../shared/errors.ts'],
  ['networks', '../../crypto/openpgp/config.ts'],
  ['networks', '../../shared/lane/lane.ts'],
  ['worker/core', '../../../storage/database.ts'],
  ['worker/core', '../../../shared/lane/protocol.ts'],
  ['worker/lane', '../../../networks/email/lane.ts'],
  ['worker/lane', '../../../shared/lane/lane.ts'],
  ['electron', 'electron'],
  ['browser', '../../shared/shell/host.ts'],
] as const;

type Probe = readonly [folder: string, specifier: string];
const probes: readonly Probe[] = [...forbidden, ...allowed];
const fileOf = ([folder, specifier]: Probe): string =>
  join(folder, 'noun', `${specifier.replaceAll(/[^a-z]/g, '-')}.ts`);

let house: string;
let complaints: string;

// One run over a house of its own, so that no probe stands where the other checks look.
beforeAll(() => {
  house = mkdtempSync(join(tmpdir(), 'plainseal-boundaries-'));
  copyFileSync(join(root, '.oxlintrc.json'), join(house, '.oxlintrc.json'));
  for (const probe of probes) {
    mkdirSync(join(house, probe[0], 'noun'), { recursive: true });
    writeFileSync(join(house, fileOf(probe)), `import * as probe from '${probe[1]}';\nconsole.log(probe);\n`);
  }
  const run = spawnSync(process.execPath, [join(root, 'node_modules/oxlint/bin/oxlint'), '--format=unix'], {
    cwd: house,
    encoding: 'utf8',
  });
  complaints = run.stdout;
});
afterAll(() => rmSync(house, { recursive: true }));

const refused = (probe: Probe): boolean =>
  complaints
    .split('\n')
    .some((line) => line.startsWith(fileOf(probe)) && line.includes('no-restricted-imports'));

describe('folder boundaries', () => {
  it.each(forbidden)('%s may not import %s', (...probe) => {
    expect(refused(probe)).toBe(true);
  });
  it.each(allowed)('%s may import %s', (...probe) => {
    expect(refused(probe)).toBe(false);
  });
});
