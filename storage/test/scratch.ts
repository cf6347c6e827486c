import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from 'vitest';

/** Makes fresh folders for the tests of one file; all are gone when it ends. */
export function scratch(): () => string {
  const made: string[] = [];
  afterAll(() => {
    for (const folder of made) rmSync(folder, { recursive: true, force: true });
  });
  return () => {
    const folder = mkdtempSync(join(tmpdir(), 'plainseal-storage-'));
    made.push(folder);
    return folder;
  };
}

/** The kind of what `work` throws, or null when it does not. */
export function kindThrown(work: () => unknown): string | null {
  try {
    work();
    return null;
  } catch (error) {
    return error instanceof Error && 'kind' in error ? String(error.kind) : `not ours: ${String(error)}`;
  }
}

/** The kind with which a promise fails, or null when it does not. */
export async function kindRejected(work: Promise<unknown>): Promise<string | null> {
  return work.then(
    () => null,
    (error: unknown) =>
      error instanceof Error && 'kind' in error ? String(error.kind) : `not ours: ${String(error)}`,
  );
}
