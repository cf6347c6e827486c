import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { networks } from '../ids.ts';
import { changeSince, disclosures, sentencesOf } from './disclosure.ts';

/** Version and words of each disclosure. Other words are another version: raise it, and its day, together with the digest here. */
const digests: Readonly<Record<string, string>> = {
  'email 1': '0f8693557b461f0f',
  'signal 1': '77ffc4920460c41c',
  'nostr 2': 'c14dfebf11dba063',
  'dummy 1': '5bbadfa4aa5ba6b2',
};

test('other words are another version', () => {
  const found = networks.map((network) => [
    `${network} ${disclosures[network].version}`,
    createHash('sha256').update(sentencesOf(network).join('\n')).digest('hex').slice(0, 16),
  ]);
  expect(Object.fromEntries(found)).toEqual(digests);
});

test('the difference to what was said once: what is new, and what is gone', () => {
  const now = sentencesOf('email');
  const [first, ...rest] = disclosures.email.statements;
  expect(changeSince('email', now)).toEqual({ added: [], gone: [] });
  expect(changeSince('email', ['Something else.', ...now.slice(1)])).toEqual({
    added: [first],
    gone: ['Something else.'],
  });
  expect(changeSince('email', [])).toEqual({ added: [first, ...rest], gone: [] });
  // Another order is no other text.
  expect(changeSince('email', now.toReversed())).toEqual({ added: [], gone: [] });
});
