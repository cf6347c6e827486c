import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FuseV1Options } from '@electron/fuses';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fuses, setFuses, wrongFuses } from './fuses.ts';
import { fuseWire, knownFuses } from './stand-in.ts';

let folder: string;
beforeAll(() => void (folder = mkdtempSync(join(tmpdir(), 'plainseal-fuses-'))));
afterAll(() => rmSync(folder, { recursive: true }));
const binary = (wire: Buffer): string => {
  const path = join(folder, `electron-${wire.length}`);
  writeFileSync(path, Buffer.concat([Buffer.from('before'), wire, Buffer.from('after')]));
  return path;
};

describe('fuses', () => {
  it('are all decided', () => {
    expect(Object.keys(fuses)).toHaveLength(knownFuses);
    expect(fuses[FuseV1Options.RunAsNode]).toBe(false);
  });
  it('are written as decided', async () => {
    const path = binary(fuseWire());
    expect(await wrongFuses(path)).toContain('OnlyLoadAppFromAsar');
    await setFuses(path, 'linux');
    expect(await wrongFuses(path)).toEqual([]);
  });
  it('of a newer Electron are not passed over', async () => {
    await expect(setFuses(binary(fuseWire(knownFuses + 1)), 'linux')).rejects.toThrow(
      'strictlyRequireAllFuses',
    );
  });
  it('must be there', async () => {
    await expect(setFuses(binary(Buffer.from('none')), 'linux')).rejects.toThrow('sentinel');
  });
});
