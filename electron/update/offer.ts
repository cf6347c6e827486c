import { createHash } from 'node:crypto';
import type { Channel, InstallKind, UpdateFile, UpdateManifest } from './manifest.ts';
import { compareVersions, parseVersion } from './version.ts';

/** What an installation knows of itself. */
export type Installation = {
  readonly kind: InstallKind;
  readonly channel: Channel;
  /** The version that runs. */
  readonly version: string;
  /** The newest version a signed manifest ever named here; null before the first. */
  readonly newestSeen: string | null;
  /** Random, made once, and never sent: it decides when this installation's turn is. */
  readonly dice: string;
};

/** What to do about a manifest. */
export type Offer =
  | { readonly kind: 'offer'; readonly version: string; readonly file: UpdateFile }
  | { readonly kind: 'none'; readonly reason: NoOffer };
export type NoOffer =
  'wrong-channel' | 'not-valid-now' | 'rolled-back' | 'up-to-date' | 'not-for-this-system' | 'not-my-turn';

/** How far a clock may be behind ours. */
const CLOCK_SLACK_MS = 86_400_000;

/** Whether a signed manifest offers this installation something. Only a newer version ever is; one older than was seen before is refused. */
export function offerOf(manifest: UpdateManifest, installation: Installation, now: number): Offer {
  const none = (reason: NoOffer): Offer => ({ kind: 'none', reason });
  if (manifest.channel !== installation.channel) return none('wrong-channel');
  if (now >= manifest.expiresAt || now < manifest.issuedAt - CLOCK_SLACK_MS) return none('not-valid-now');
  if (isOlder(manifest.version, installation.newestSeen ?? installation.version)) return none('rolled-back');
  if (!isOlder(installation.version, manifest.version)) return none('up-to-date');
  const file = manifest.files[installation.kind];
  if (!file) return none('not-for-this-system');
  if (placeInLine(installation.dice, manifest.version) >= manifest.share) return none('not-my-turn');
  return { kind: 'offer', version: manifest.version, file };
}

/** The newest version seen after this manifest. */
export const newestAfter = (manifest: UpdateManifest, newestSeen: string | null): string =>
  newestSeen !== null && isOlder(manifest.version, newestSeen) ? newestSeen : manifest.version;

/** Whether `a` is older than `b`; what is no version is older than everything and newer than nothing. */
function isOlder(a: string, b: string): boolean {
  const [first, second] = [parseVersion(a), parseVersion(b)];
  if (!first || !second) return second !== null;
  return compareVersions(first, second) < 0;
}

/** 0 to 99, another for each version: who came last is not always last. */
const placeInLine = (dice: string, version: string): number =>
  createHash('sha256').update(`${dice} ${version}`).digest().readUInt32BE() % 100;
