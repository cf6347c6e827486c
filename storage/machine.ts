import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';

/** machine-id(5): "should be considered confidential", so that only a hash under a key of our own is kept anywhere. */
const MACHINE_ID = '/etc/machine-id';
const PURPOSE = 'plainseal machine 1';

/**
 * What tells this installation of the system from another; null where the system has nothing a program can read without running
 * another. Only Linux has.
 */
export function machineName(platform: NodeJS.Platform = process.platform): string | null {
  if (platform !== 'linux') return null;
  try {
    const id = readFileSync(MACHINE_ID, 'utf8').trim();
    return id === '' ? null : createHmac('sha256', PURPOSE).update(id).digest('base64url');
  } catch {
    return null;
  }
}
