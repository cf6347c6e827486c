import { expect, test } from 'vitest';
import { inviteLink, readInvite } from './invite.ts';
import { npub, nsec } from './key-code.ts';
import { freshSecretKey, publicKeyOf } from './keys.ts';
import type { RelayUrl } from './relay-url.ts';

const secret = freshSecretKey();
const key = publicKeyOf(secret);
const own = publicKeyOf(freshSecretKey());
const relays = ['a', 'b', 'c', 'd'].map((name) => `wss://${name}.example` as RelayUrl);

test('a link says who, and three relays', () => {
  const link = inviteLink(key, relays);
  expect(link).toMatch(/^nostr:nprofile1/);
  expect(readInvite(link, own)).toEqual({ kind: 'invite', invite: { key, relays: relays.slice(0, 3) } });
  expect(readInvite(npub(key), own)).toEqual({ kind: 'invite', invite: { key, relays: [] } });
});

test('AT-13 what is no invitation is named', () => {
  const failures = [
    [inviteLink(own, relays), 'code-own'],
    [npub(own), 'code-own'],
    [nsec(secret), 'code-of-another-kind'],
    [` nostr:${nsec(secret)}`, 'code-of-another-kind'],
    ['sgnl://linkdevice?uuid=x', 'code-of-another-kind'],
    ['OPENPGP4FPR:ABC', 'code-of-another-kind'],
    ['https://i.delta.chat/#ABC', 'code-of-another-kind'],
    ['', 'code-malformed'],
    ['alice@example.org', 'code-of-another-kind'],
    [npub(key).slice(1), 'code-malformed'],
  ] as const;
  for (const [text, why] of failures) expect(readInvite(text, own)).toEqual({ kind: 'failed', why });
});
