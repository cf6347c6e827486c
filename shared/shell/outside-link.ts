import { MAX_CODE, recognise, type CodeKind } from '../code.ts';

/*
 * Links that other programs hand over through the system. Anybody who can put a link before a person can have one sent here, with any text,
 * so all that becomes of it is a field in "New chat" that is filled in: the person reads it and decides.
 */

/**
 * The schemes that are registered. Those of our networks' own codes alone: Plainseal has no code of its own, and Signal's `sgnl:` links a
 * device, which no link may ever do.
 */
export const outsideSchemes = ['openpgp4fpr', 'nostr'] as const;

const SCHEME = new RegExp(`^(?:${outsideSchemes.join('|')}):`, 'iu');
/** What an address is made of (RFC 3986), in full: no space, no quote, nothing that any shell or display reads as more than itself. */
const ADDRESS = /^[A-Za-z0-9\-._~:/?#[\]@!$&()*+,;=%]+$/u;
/** Not even shown: a secret key, and what links a device. */
const never: readonly CodeKind[] = ['nostr-secret', 'signal-link'];

/** A link from outside as the page may have it; null for everything else. Never throws. */
export function outsideLink(given: unknown): string | null {
  if (typeof given !== 'string' || given.length > MAX_CODE) return null;
  if (!SCHEME.test(given) || !ADDRESS.test(given)) return null;
  return never.includes(recognise(given)) ? null : given;
}

/** Begins what comes from outside on a command line: a link of any scheme (a drive's letter is none), or the end of the options. */
const isOutside = (argument: string): boolean => argument === '--' || /^[a-z][a-z0-9+.-]+:/iu.test(argument);

/** What of a command line may hold options: all before the first thing from outside, which could bring options along. */
export function ownArguments(argv: readonly string[]): readonly string[] {
  const from = argv.findIndex(isOutside);
  return from === -1 ? argv : argv.slice(0, from);
}

/** The link of a command line; null where there is none, or where anything stands beside it that is not Plainseal's own. */
export function linkIn(argv: readonly string[]): string | null {
  const outside = argv.slice(ownArguments(argv).length);
  const [link, ...more] = outside[0] === '--' ? outside.slice(1) : outside;
  return more.length === 0 ? outsideLink(link) : null;
}
