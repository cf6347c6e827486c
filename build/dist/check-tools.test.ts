import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { missingTools } from './check-tools.ts';

it('says which tool is missing and where it comes from', () => {
  const folder = mkdtempSync(join(tmpdir(), 'plainseal-tools-'));
  try {
    expect(missingTools(folder)).toContain('appstreamcli is missing: apt-get install appstream');
    writeFileSync(join(folder, 'appstreamcli'), '');
    expect(missingTools(folder)).toHaveLength(5);
    chmodSync(join(folder, 'appstreamcli'), 0o755);
    expect(missingTools(folder)).toHaveLength(4);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
