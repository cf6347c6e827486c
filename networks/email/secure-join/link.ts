import { randomBytes } from 'node:crypto';
import { fingerprintOf, type Fingerprint } from '../../../crypto/openpgp/certificate.ts';
import { readOpenPgpCode, recognise } from '../../../shared/code.ts';
import type { FlowFailure } from '../../../shared/lane/flow.ts';
import { canonicalAddress, displayName } from '../address.ts';

/** What an invitation for one contact says (SecureJoin v3). */
export interface Invite {
  readonly fingerprint: Fingerprint;
  readonly invite: string;
  /** The secret: who knows it proves to have seen the invitation. */
  readonly auth: string;
  readonly address: string;
  readonly name: string;
}

/** Delta Chat refuses ids of other lengths or letters in the code. */
const tokenForm = /^[A-Za-z0-9_-]{11,32}$/;
const TOKEN_BYTES = 18;

/** A fresh token of 144 bits, in 24 url-safe letters. */
export function freshToken(): string {
  return randomBytes(TOKEN_BYTES).toString('base64url');
}

/** The link others follow or scan. */
export function formatInvite(invite: Invite): string {
  const { fingerprint, auth, address, name } = invite;
  const query = `v=3&i=${invite.invite}&s=${auth}&a=${encodeURIComponent(address)}&n=${encodeURIComponent(name)}`;
  return `https://i.delta.chat/#${fingerprint}&${query}`;
}

const failed = (why: FlowFailure): { readonly kind: 'failed'; readonly why: FlowFailure } => ({
  kind: 'failed',
  why,
});

/** The code others scan to compare my key alone: what OpenKeychain, Delta Chat and others read. */
export function formatKey(fingerprint: Fingerprint): string {
  return `OPENPGP4FPR:${fingerprint}`;
}

/** The fingerprint in an invitation or in the code of a key; null for what is neither. */
export function fingerprintInCode(text: string): Fingerprint | null {
  const code = readOpenPgpCode(text);
  return code && fingerprintOf(code.fingerprint);
}

/**
 * Reads an invitation link in either of its forms (`https://i.delta.chat/#…`, `OPENPGP4FPR:…`).
 * Groups, channels and the older handshake are named as not possible. Never throws.
 */
export function parseInvite(
  text: string,
):
  | { readonly kind: 'invite'; readonly invite: Invite }
  | { readonly kind: 'failed'; readonly why: FlowFailure } {
  const link = text.trim();
  const kind = recognise(link);
  if (kind === 'unknown') return failed('code-malformed');
  if (kind === 'openpgp-group') return failed('not-possible');
  if (kind !== 'openpgp-invite') return failed('code-of-another-kind');
  const code = readOpenPgpCode(link);
  const fingerprint = code && fingerprintOf(code.fingerprint);
  if (code === null || fingerprint === null) return failed('code-malformed');
  const query = code.parameters;
  const invite = query.get('i') ?? '';
  const auth = query.get('s') ?? '';
  const address = canonicalAddress((query.get('a') ?? '').split(',')[0] ?? '');
  if (!tokenForm.test(invite) || !tokenForm.test(auth) || address === null) return failed('code-malformed');
  if (!(Number(query.get('v')) >= 3)) return failed('not-possible');
  return {
    kind: 'invite',
    invite: { fingerprint, invite, auth, address, name: displayName(query.get('n') ?? '') },
  };
}

/** What both sides seal the first two messages with. */
export function inviteSecret(fingerprint: Fingerprint, auth: string): string {
  return `securejoin/${fingerprint}/${auth}`;
}
