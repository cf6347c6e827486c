import type { CodeKind } from '../code.ts';

const FINGERPRINT = '7C2A91D0E4B83F5566A1C90D2E7F4B3A18D6509C';
const INVITE = 'a=mara%40example.org&n=Mara&i=Qm3k9xT2vLa&s=pX81nW5cR0e';
const NPUB = 'npub180cvv07tjdrrgpa0j7j7tmnyl2yr6yr7l8j4s3evf6u64th6gkwsyjh6w6';
const NPROFILE =
  'nprofile1qqsrhuxx8l9ex335q7he0f09aej04zpazpl0ne2cgukyawd24mayt8gpp4mhxue69uhhytnc9e3k7mgpz4mhxue69uhkg6nzv9ejuumpv34kytnrdaksjlyr9p';
const NSEC = 'nsec1vl029mgpspedva04g90vltkh6fvh240zqtv9k0t9af8935ke9laqsnlfe5';

/** What libsignal writes for two keys: the bytes of the QR code of a safety number. */
export const SIGNAL_NUMBER = Uint8Array.from(
  Buffer.from(
    '080212220a20d846d82bc96597ffcaa081d20ce6bebf6f41606d5ce75c9caea4390daac8cb1c1a220a201e52c43b19073a241a7c4d230cbf656df0bbc62573c3fe8b128a0215c3cc99a9',
    'hex',
  ),
);

/** For tests: codes as people meet them, by what they are. */
export const codes: Readonly<Record<CodeKind, readonly (string | Uint8Array)[]>> = {
  'signal-link': [
    'sgnl://linkdevice?uuid=b2f1c7d0&pub_key=BaT0',
    'SGNL://LINKDEVICE?uuid=1',
    'sgnl:linkdevice?uuid=1',
    ' tsdevice:/?uuid=1&pub_key=2',
  ],
  'signal-number': [SIGNAL_NUMBER, '30594 71826 04417 95230 66182 37905 12748 80356 49021 73564 28190 05817'],
  'signal-contact': [
    'https://signal.me/#p/+49151000000',
    'https://signal.me/#eu/abc',
    'sgnl://signal.me/#p/+1',
  ],
  'signal-group': ['https://signal.group/#CjQKIA', 'sgnl://signal.group/#CjQKIA'],
  'signal-other': [
    'sgnl://rereg',
    'https://signal.art/addstickers/#pack_id=1',
    'https://signal.link/call/#key=1',
  ],
  'openpgp-key': [`OPENPGP4FPR:${FINGERPRINT}`, `openpgp4fpr:${FINGERPRINT.toLowerCase()}`],
  'openpgp-invite': [
    `OPENPGP4FPR:${FINGERPRINT}#${INVITE}`,
    `https://i.delta.chat/#${FINGERPRINT}&v=3&${INVITE}`,
    `https://i.delta.chat/%23${FINGERPRINT}&v=3&${INVITE}`,
  ],
  'openpgp-group': [
    `OPENPGP4FPR:${FINGERPRINT}#${INVITE}&x=grp1&g=Cave`,
    `https://i.delta.chat/#${FINGERPRINT}&v=3&${INVITE}&b=Channel`,
  ],
  'nostr-key': [NPUB, `nostr:${NPUB}`, NPUB.toUpperCase()],
  'nostr-invite': [NPROFILE, `nostr:${NPROFILE}`],
  'nostr-secret': [
    NSEC,
    `nostr:${NSEC}`,
    'ncryptsec1qgg9947rlpvqu76pj5ecreduf9jxhselq2nae2kghhvd5g7dgjtcxfqtd67p9m0w57lspw8gsq6yphnm8623nsl8xn9j4jdzz84zm3frztj3z7s35vpzmqf6ksu8r89qk5z2zxfmu5gv8th8wclt0h4p',
  ],
  'nostr-other': ['nostr:note1abc', 'nevent1qqsqqqqq', 'nostr:naddr1qqq'],
  'mail-address': ['mara@example.org', 'mailto:mara@example.org', 'mailto:mara@example.org?subject=hi'],
  'web-address': [
    'https://example.org/',
    'http://signal.me.example.org',
    'https://i.delta.chat/',
    'https://signal.mex.example/',
  ],
  unknown: [
    '',
    'Mara',
    'name.01',
    '+49 151 000000',
    'bitcoin:bc1',
    'OPENPGP4FPR:',
    'npub',
    new Uint8Array([0xff, 0xfe]),
  ],
};
