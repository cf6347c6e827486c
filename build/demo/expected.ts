import type { Expected } from './table.ts';

const email = 'Test network · E-mail';
const answers = { sent: true, accepted: true, answered: true } as const;

/** What the page must say of everybody, and what must become of a message to them. */
export const expected: readonly Expected[] = [
  {
    listed: /Alice/,
    contact: 'Alice',
    network: email,
    protocol: 'OpenPGP',
    readers: /^Private, with limits\.$/,
    identity: /^Checked with a code on .+\.$/,
    ...answers,
  },
  {
    listed: /bob@example\.org/,
    contact: 'Bob',
    network: email,
    protocol: 'OpenPGP',
    readers: /^Private, with limits\.$/,
    identity: /^Not checked yet\.$/,
    ...answers,
  },
  // Wrote under a new key: to the old one nothing may leave until the person has looked.
  {
    listed: /Mallory.*Stopped/,
    contact: 'Mallory',
    network: email,
    protocol: 'OpenPGP',
    readers: /^Stopped\. .*key changed\./,
    identity: /^Changed on .+\./,
    sent: false,
    accepted: false,
    answered: false,
  },
  // Her program knows no encryption.
  {
    listed: /paula@example\.org/,
    contact: 'paula@example.org',
    network: email,
    protocol: 'no encryption',
    readers: /can read this\.$/,
    identity: /^Not checked yet\.$/,
    ...answers,
  },
  // His program is off: the mail server takes the message, nobody answers.
  {
    listed: /Sven/,
    contact: 'Sven',
    network: email,
    protocol: 'OpenPGP',
    readers: /^Private, with limits\.$/,
    identity: /^Checked with a code on .+\.$/,
    sent: true,
    accepted: true,
    answered: false,
  },
  // On Signal, linked to my phone: nobody but us two holds keys, and old keys are thrown away.
  {
    listed: /Nadia/,
    contact: 'Nadia',
    network: 'Test network · Signal',
    protocol: 'Signal Protocol',
    readers: /^Only people in this chat can read this\.$/,
    identity: /^Not checked yet\.$/,
    ...answers,
  },
  // On Nostr, with MLS: as private as the protocol, by code that nobody has audited.
  {
    listed: /Omar/,
    contact: 'Omar',
    network: 'Test network · Nostr',
    protocol: 'MLS',
    readers: /^Private, with limits\.$/,
    identity: /^Not checked yet\.$/,
    ...answers,
  },
];
