import { isHex } from '../hex.ts';

/** The machine-readable beginnings of OK and CLOSED (NIP-01, NIP-42); `other` for words this program does not know. */
export const relayCodes = [
  'duplicate',
  'pow',
  'blocked',
  'rate-limited',
  'invalid',
  'restricted',
  'mute',
  'error',
  'auth-required',
  'other',
] as const;
export type RelayCode = (typeof relayCodes)[number];

/** What a relay says. Its free words are never kept: they may hold anything. */
export type RelayFrame =
  /** `event` is not checked yet. */
  | {
      readonly kind: 'event';
      readonly subscription: string;
      readonly event: Readonly<Record<string, unknown>>;
    }
  | { readonly kind: 'ok'; readonly event: string; readonly accepted: boolean; readonly code: RelayCode }
  | { readonly kind: 'eose'; readonly subscription: string }
  | { readonly kind: 'closed'; readonly subscription: string; readonly code: RelayCode }
  | { readonly kind: 'notice' }
  | { readonly kind: 'auth'; readonly challenge: string };

function codeOf(words: unknown): RelayCode {
  const code = typeof words === 'string' ? /^([a-z-]{1,20}):/.exec(words)?.[1] : undefined;
  return relayCodes.find((known) => known === code) ?? 'other';
}

/** Reads one frame; null for anything a relay has no reason to say. */
export function readRelayFrame(text: string): RelayFrame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!Array.isArray(value)) return null;
  const [verb, second, third, fourth] = value as readonly unknown[];
  if (typeof second !== 'string') return null;
  switch (verb) {
    case 'EVENT':
      if (typeof third !== 'object' || third === null || Array.isArray(third)) return null;
      return { kind: 'event', subscription: second, event: third as Readonly<Record<string, unknown>> };
    case 'OK':
      if (!isHex(second, 32) || typeof third !== 'boolean') return null;
      return { kind: 'ok', event: second, accepted: third, code: codeOf(fourth) };
    case 'EOSE':
      return { kind: 'eose', subscription: second };
    case 'CLOSED':
      return { kind: 'closed', subscription: second, code: codeOf(third) };
    case 'NOTICE':
      return { kind: 'notice' };
    case 'AUTH':
      return { kind: 'auth', challenge: second };
    default:
      return null;
  }
}
