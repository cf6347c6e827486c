import { statSync } from 'node:fs';
import { basename } from 'node:path';
import type { Channel, InstallKind, UpdateFile, UpdateManifest } from '../../electron/update/manifest.ts';
import { sha256Of } from './checksums.ts';

/** How each file that an installation can take is called (`artifactName` in config.ts). */
const endings: Readonly<Record<InstallKind, string>> = {
  'appimage-x64': '-linux-x86_64.AppImage',
  'appimage-arm64': '-linux-arm64.AppImage',
  'nsis-x64': '-win-x64-setup.exe',
  'nsis-arm64': '-win-arm64-setup.exe',
  'dmg-universal': '-mac-universal.dmg',
};
/** A manifest is valid so long and must be signed anew before. */
const VALID_MS = 60 * 86_400_000;

/** What a release says of itself. */
export type ReleaseFacts = {
  readonly channel: Channel;
  readonly version: string;
  readonly share: number;
  readonly issuedAt: number;
};

/** The manifest of a release, out of its files. @throws Error when none of them is for an installation that updates itself. */
export async function releaseManifest(
  files: readonly string[],
  facts: ReleaseFacts,
): Promise<UpdateManifest> {
  const found: Record<string, UpdateFile> = {};
  for (const [kind, ending] of Object.entries(endings)) {
    const file = files.find((path) => basename(path).endsWith(facts.version + ending));
    if (file !== undefined)
      found[kind] = { name: basename(file), size: statSync(file).size, sha256: await sha256Of(file) };
  }
  if (Object.keys(found).length === 0) throw new Error(`no installer of ${facts.version} updates itself`);
  return { ...facts, expiresAt: facts.issuedAt + VALID_MS, files: found };
}
