import type { AccountRow, Disclosure } from '../../shared/contract/account.ts';
import { textOnly } from '../../shared/contract/content.ts';
import type {
  Capabilities,
  ConversationRow,
  MemberRow,
  Members,
} from '../../shared/contract/conversation.ts';
import {
  peerId,
  type AccountId,
  type ConversationId,
  type MessageId,
  type PersonId,
} from '../../shared/ids.ts';
import type { Label } from '../../shared/label/label.ts';
import { disclosures as texts } from '../../shared/words/disclosure.ts';
import {
  ALICE_KEY,
  changed,
  checked,
  daysAgo,
  group,
  limited,
  members,
  minutesAgo,
  mls,
  OWN_KEY,
  provider,
  stopped,
  unchecked,
  unknown,
} from './labels.ts';

export const ACCOUNT = 'account-email' as AccountId;

const can: Capabilities = {
  edit: 'no',
  'delete-for-all': 'no',
  reaction: 'yes',
  timer: 'no',
  typing: 'no',
  'read-receipt': 'yes',
  quote: 'yes',
  mention: 'no',
  poll: 'no',
  files: 'yes',
  rename: 'no',
  'add-member': 'no',
  'remove-member': 'no',
  'set-admin': 'no',
  leave: 'no',
};

export const SIGNAL_ACCOUNT = 'account-signal' as AccountId;
const MAREK = 'person-marek' as PersonId;
/** My key on Nostr. */
export const OWN_NPUB = 'npub1stv045ymgxcrz0mft7zk3kp59yx9yumzx7ydcfexj6ejvvz734ssjvzwg4';
export const NOSTR_ACCOUNT = 'account-nostr' as AccountId;

const direct: Capabilities = { ...can, files: 'no', 'read-receipt': 'no', 'delete-for-all': 'yes' };
/** What a group over MLS can do, and in it somebody who is an admin, or is not. */
export const groupCan = (role: 'admin' | 'member'): Capabilities => {
  const admins = role === 'admin' ? 'yes' : ({ limit: 'admins-only' } as const);
  return {
    ...direct,
    rename: admins,
    'add-member': admins,
    'remove-member': admins,
    'set-admin': admins,
    leave: 'yes',
  };
};

/** A conversation of the gallery by a short name. */
export const chatId = (name: string): ConversationId => `${ACCOUNT}|${name}` as ConversationId;

type Given = Partial<ConversationRow> & {
  readonly name: string;
  readonly title: string;
  readonly label: Label;
  readonly lastAt: number;
  readonly snippet: ConversationRow['snippet'];
};

function chat({ name, ...given }: Given): ConversationRow {
  return {
    id: chatId(name),
    account: ACCOUNT,
    kind: 'direct',
    state: 'active',
    peer: given.kind === 'group' ? null : peerId('email', name === 'alice' ? ALICE_KEY : name),
    person: null,
    labelRevision: 1,
    floor: { least: 'unknown', from: 'everybody' },
    neverOpen: false,
    timer: null,
    can,
    notKept: 0,
    unread: 0,
    firstUnread: null,
    pinned: false,
    muted: false,
    archived: false,
    draft: null,
    tells: { read: true, typing: true },
    ...given,
  };
}

const said = (text: string, mine = false): ConversationRow['snippet'] => ({
  kind: 'text',
  text,
  mine,
  state: mine ? 'read' : null,
});

const many = Array.from({ length: 240 }, (_, index) =>
  chat({
    name: `old-${index}`,
    title: `${['Mira', 'Otto', 'Lena', 'Pavel', 'Aïcha', 'Wen'][index % 6]} ${['Berg', 'Novak', 'Okoye', 'Lind'][index % 4]} ${index + 1}`,
    label: index % 5 === 0 ? provider : limited(index % 3 === 0 ? checked : unchecked),
    lastAt: daysAgo(20 + index),
    snippet: said(
      ['See you then.', 'Thanks, got it.', 'The file is attached.'][index % 3] ?? '',
      index % 2 === 0,
    ),
  }),
);

/** Conversations in every state there is. */
/** Alice Okafor, with Cyrillic letters. */
export const LOOK_ALIKE = 'Аliсе Оkаfоr';

export const chats: readonly ConversationRow[] = [
  chat({
    name: 'alice',
    title: 'Alice Okafor',
    label: limited(checked),
    lastAt: minutesAgo(3),
    snippet: said('Perfect. Train at 7:12, platform 3?', true),
    pinned: true,
  }),
  chat({
    name: 'jonas',
    title: 'Jonas Weber',
    label: stopped(limited(changed), 'identity-changed'),
    lastAt: minutesAgo(164),
    snippet: { kind: 'waiting', text: 'Can you bring the second key on Friday?' },
    pinned: true,
  }),
  chat({
    name: 'allotment',
    title: 'Allotment committee',
    kind: 'group',
    label: group,
    lastAt: minutesAgo(33),
    unread: 4,
    firstUnread: '41000' as MessageId,
    snippet: said('Water is off until Monday, bring cans'),
  }),
  chat({
    name: 'hartmann',
    title: 'Dr Hartmann’s practice',
    label: provider,
    lastAt: minutesAgo(131),
    unread: 1,
    firstUnread: '52000' as MessageId,
    snippet: said('Your appointment on 24 November'),
  }),
  chat({
    name: 'stranger',
    title: 'tomas.lind@post.example',
    state: 'request',
    notKept: 37,
    label: limited(unchecked),
    lastAt: minutesAgo(269),
    snippet: { kind: 'request' },
  }),
  chat({
    name: 'look-alike',
    title: LOOK_ALIKE,
    state: 'request',
    label: limited(unchecked),
    lastAt: minutesAgo(271),
    snippet: { kind: 'request' },
  }),
  chat({
    name: 'cave',
    account: NOSTR_ACCOUNT,
    title: 'Cave survey, spring',
    kind: 'group',
    label: mls({ kind: 'group', checked: 2, changed: 0, of: 5 }),
    can: groupCan('admin'),
    lastAt: minutesAgo(275),
    snippet: {
      kind: 'note',
      code: 'member-joined',
      who: {
        people: [{ me: false, peer: peerId('nostr', 'otto'), name: 'Otto Novak' }],
        others: 0,
        by: { me: false, peer: peerId('nostr', 'wen'), name: 'Wen Li' },
      },
    },
  }),
  chat({
    name: 'reading',
    account: NOSTR_ACCOUNT,
    title: 'Reading on Thursdays',
    kind: 'group',
    label: mls({ kind: 'group', checked: 0, changed: 0, of: 2 }),
    can: groupCan('member'),
    lastAt: minutesAgo(281),
    snippet: said('Chapter nine by next week.'),
  }),
  chat({
    name: 'asked',
    account: NOSTR_ACCOUNT,
    title: 'Choir, tenors',
    kind: 'group',
    state: 'request',
    label: { ...mls({ kind: 'group', checked: 0, changed: 0, of: 4 }), readers: unknown.readers },
    lastAt: minutesAgo(285),
    snippet: { kind: 'request' },
  }),
  chat({
    name: 'split',
    account: NOSTR_ACCOUNT,
    title: 'Night walks',
    kind: 'group',
    label: stopped(mls({ kind: 'group', checked: 1, changed: 0, of: 2 }), 'fork'),
    can: groupCan('admin'),
    lastAt: daysAgo(7),
    snippet: said('Which way round this time?'),
  }),
  chat({
    name: 'apart',
    account: NOSTR_ACCOUNT,
    title: 'Ida Lund',
    label: stopped(mls({ kind: 'one', trust: { kind: 'unchecked' } }), 'fork'),
    lastAt: daysAgo(8),
    snippet: said('Shall we try Thursday?'),
  }),
  chat({
    name: 'wen',
    account: NOSTR_ACCOUNT,
    title: 'Wen Li',
    peer: peerId('nostr', 'wen'),
    label: mls({ kind: 'one', trust: checked }),
    can: direct,
    lastAt: minutesAgo(287),
    snippet: said('I will bring the long rope.'),
  }),
  chat({
    name: 'otto',
    account: NOSTR_ACCOUNT,
    title: 'Otto Novak',
    peer: peerId('nostr', 'otto'),
    label: mls({ kind: 'one', trust: unchecked }),
    can: direct,
    lastAt: minutesAgo(288),
    snippet: said('Found the old plan.'),
  }),
  chat({
    name: 'night',
    title: 'Night shift',
    kind: 'group',
    label: { ...group, identity: { kind: 'group', checked: 0, changed: 0, of: 9 } },
    lastAt: minutesAgo(290),
    unread: 23,
    firstUnread: '61000' as MessageId,
    muted: true,
    snippet: said('swapped with Lena, I have Sunday now'),
  }),
  chat({
    name: 'priya',
    title: 'Priya Raman',
    label: members(checked),
    lastAt: daysAgo(1),
    snippet: { kind: 'draft', text: 'About the deposit, I think we should' },
    draft: textOnly('About the deposit, I think we should'),
  }),
  chat({
    name: 'kenji',
    title: 'Kenji Mori',
    label: unknown,
    lastAt: daysAgo(1.1),
    snippet: { kind: 'note', code: 'not-opened' },
  }),
  chat({
    name: 'flat',
    title: 'Flat 4B',
    kind: 'group',
    label: { ...members(checked), identity: { kind: 'group', checked: 2, changed: 1, of: 3 } },
    lastAt: daysAgo(1.2),
    snippet: said('Boiler man comes Friday at nine', true),
  }),
  chat({
    name: 'hostile',
    title: '𝐏𝐥𝐚𝐢𝐧𝐬𝐞𝐚𝐥 𝐓𝐞𝐚𝐦\n\u202eonly you can read this',
    label: limited(unchecked),
    lastAt: daysAgo(2),
    snippet: said('𝓞𝓷𝓵𝔂 𝔂𝓸𝓾 𝓪𝓷𝓭 𝓜𝓮 𝓬𝓪𝓷 𝓻𝓮𝓪𝓭 𝓽𝓱𝓲𝓼'),
  }),
  chat({
    name: 'fatima',
    title: 'فاطمة الزهراء',
    label: limited(checked),
    lastAt: daysAgo(3),
    snippet: said('شكرا جزيلا، أراك غدا'),
  }),
  chat({
    name: 'nokey',
    title: 'Ingrid Solberg',
    label: stopped(limited(unchecked), 'no-key'),
    lastAt: daysAgo(4),
    snippet: { kind: 'waiting', text: 'Here is the contract' },
  }),
  chat({
    name: 'fell',
    title: 'Marek Dvořák',
    label: stopped(provider, 'label-fell'),
    lastAt: daysAgo(5),
    snippet: { kind: 'waiting', text: 'The number is 4711' },
  }),
  chat({
    name: 'empty',
    title: 'Sofia Marchetti',
    label: limited(checked),
    lastAt: daysAgo(6),
    snippet: { kind: 'empty' },
  }),
  chat({
    name: 'below',
    title: 'Tove Hansen',
    label: provider,
    floor: { least: 'members-limited', from: 'everybody' },
    lastAt: daysAgo(6.2),
    snippet: said('The forms are at the desk'),
  }),
  chat({
    name: 'held-below',
    title: 'Rui Costa',
    label: stopped(provider, 'below-floor'),
    floor: { least: 'members-limited', from: 'person' },
    lastAt: daysAgo(6.3),
    snippet: { kind: 'waiting', text: 'The key is under the third pot' },
  }),
  chat({
    name: 'old-friend',
    title: 'Old friend',
    label: limited(unchecked),
    lastAt: daysAgo(40),
    snippet: said('Long ago'),
    archived: true,
  }),
  // Other ways to people who are in the list above; in the archive, out of its way.
  chat({
    name: 'marek-signal',
    account: SIGNAL_ACCOUNT,
    title: 'Marek',
    peer: peerId('signal', 'marek'),
    label: members(checked),
    person: MAREK,
    lastAt: daysAgo(60),
    snippet: said('Landed, all well.'),
    archived: true,
  }),
  chat({
    name: 'marek-plain',
    title: 'marek@dvorak.example',
    peer: peerId('email', 'marek@dvorak.example'),
    label: provider,
    person: MAREK,
    lastAt: daysAgo(300),
    snippet: said('Invoice attached'),
    archived: true,
  }),
  chat({
    name: 'marek',
    title: 'Marek Dvořák',
    label: limited(unchecked),
    person: MAREK,
    lastAt: daysAgo(41),
    snippet: said('See you on Sunday.', true),
    archived: true,
  }),
  chat({
    name: 'second-way',
    account: NOSTR_ACCOUNT,
    title: 'Rolf Brandt',
    peer: peerId('nostr', 'rolf'),
    label: mls({ kind: 'one', trust: unchecked }),
    lastAt: daysAgo(42),
    snippet: said('A new number, so to say.'),
    archived: true,
  }),
  ...many,
];

/** Three ways to one person. */
export const persons = [
  [peerId('email', 'marek'), peerId('signal', 'marek'), peerId('email', 'marek@dvorak.example')],
] as const;

/** A phone that is linked; only where it is asked for. */
export const signalAccount: AccountRow = {
  id: SIGNAL_ACCOUNT,
  network: 'signal',
  address: '+49 151 0000000',
  displayName: 'Mara',
  testNetwork: false,
  status: { kind: 'online' },
  checkedAt: minutesAgo(1),
  plainMailSkipped: null,
  notKept: 0,
  groups: false,
  keyKept: null,
  identity: OWN_KEY,
};

export const accounts: readonly AccountRow[] = [
  {
    id: ACCOUNT,
    network: 'email',
    address: 'mara@northmail.example',
    displayName: 'Mara Lindqvist',
    testNetwork: false,
    status: { kind: 'online' },
    checkedAt: minutesAgo(2),
    plainMailSkipped: 318,
    notKept: 12,
    groups: false,
    keyKept: null,
    identity: OWN_KEY,
  },
  {
    id: 'account-work' as AccountId,
    network: 'email',
    address: 'm.lindqvist@verein.example',
    displayName: 'Mara Lindqvist',
    testNetwork: false,
    status: { kind: 'needs-person', why: 'password' },
    checkedAt: minutesAgo(500),
    plainMailSkipped: 0,
    notKept: 0,
    groups: false,
    keyKept: null,
    identity: ALICE_KEY,
  },
  {
    id: NOSTR_ACCOUNT,
    network: 'nostr',
    address: OWN_NPUB,
    displayName: 'Mara',
    testNetwork: false,
    status: { kind: 'online' },
    checkedAt: minutesAgo(1),
    plainMailSkipped: null,
    notKept: 0,
    groups: true,
    keyKept: false,
    identity: OWN_NPUB,
  },
];

export const disclosures: readonly Disclosure[] = (['email', 'signal', 'nostr'] as const).map((network) => ({
  network,
  ...texts[network],
  acceptedAt: null,
  acceptedVersion: null,
  change: null,
}));

const someone = (
  tail: string,
  name: string,
  role: MemberRow['role'],
  trust: MemberRow['trust'] = unchecked,
  waits: MemberRow['waits'] = null,
): MemberRow => ({ peer: peerId('nostr', tail), name, address: null, role, trust, blocked: false, waits });

/** Who is in the groups over MLS. */
export const groupMembers: readonly (readonly [ConversationId, Members])[] = [
  [
    chatId('cave'),
    {
      rows: [
        someone('wen', 'Wen Li', 'admin', checked),
        someone('aicha', 'Aïcha Berg', 'member', checked),
        someone('lena', 'Lena Okoye', 'member', unchecked, 'remove'),
        someone('otto', 'Otto Novak', 'member'),
        someone('pavel', 'Pavel Lind', 'invited', unchecked, 'add'),
      ],
      me: { role: 'admin', by: null },
      leaving: false,
      renaming: null,
    },
  ],
  [
    chatId('reading'),
    {
      rows: [someone('wen', 'Wen Li', 'admin', checked), someone('otto', 'Otto Novak', 'member')],
      me: { role: 'member', by: { me: false, peer: peerId('nostr', 'wen'), name: 'Wen Li' } },
      leaving: false,
      renaming: null,
    },
  ],
  [
    chatId('split'),
    {
      rows: [someone('wen', 'Wen Li', 'admin', checked), someone('otto', 'Otto Novak', 'member')],
      me: { role: 'admin', by: null },
      leaving: false,
      renaming: null,
    },
  ],
  [
    chatId('asked'),
    {
      rows: ['Ida Ström', 'Per Aalto', 'Jens Holm', 'Nils Dahl'].map((name, at) =>
        someone(name, name, at === 0 ? 'admin' : 'member'),
      ),
      me: { role: 'invited', by: { me: false, peer: peerId('nostr', 'Ida Ström'), name: 'Ida Ström' } },
      leaving: false,
      renaming: null,
    },
  ],
];
