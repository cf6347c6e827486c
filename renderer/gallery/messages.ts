import { textOnly, type Content } from '../../shared/contract/content.ts';
import type { FileRow, MessageRow } from '../../shared/contract/message.ts';
import {
  peerId,
  type ConversationId,
  type FileId,
  type MessageId,
  type NetworkKey,
} from '../../shared/ids.ts';
import type { Label } from '../../shared/label/label.ts';
import { chatId, chats } from './chats.ts';
import { checked, daysAgo, limited, minutesAgo, mls, provider, stopped, unchecked } from './labels.ts';

type Said = Extract<MessageRow, { kind: 'message' }>;

const labelOf = (conversation: ConversationId): Label =>
  chats.find((row) => row.id === conversation)?.label ?? limited(unchecked);

type Given = Partial<Omit<Said, 'content' | 'kind'>> & {
  readonly text?: string;
  readonly ranges?: Content['ranges'];
};

function said(chat: string, id: number, by: string | null, at: number, given: Given = {}): Said {
  const conversation = chatId(chat);
  const { text = '', ranges = [], ...rest } = given;
  return {
    kind: 'message',
    id: String(id) as MessageId,
    key: `key-${id}` as NetworkKey,
    conversation,
    author: by === null ? { me: true } : { me: false, peer: peerId('email', by), name: by },
    sentAt: at,
    receivedAt: at,
    content: { ...textOnly(text), ranges },
    files: [],
    quote: null,
    reactions: [],
    editedAt: null,
    deleted: false,
    expires: null,
    sending:
      by === null
        ? {
            state: 'read',
            at: at + 60_000,
            hold: null,
            failure: null,
            readAt: at + 60_000,
            acceptedAt: at + 1_000,
          }
        : null,
    label: { ...labelOf(conversation), sending: { ok: true } },
    ...rest,
  };
}

const file = (
  id: string,
  name: string,
  type: string,
  size: number,
  state: FileRow['state'] = 'here',
): FileRow => ({
  id: id as FileId,
  name,
  type,
  size,
  state,
});

/** A program that wants to be taken for a picture, and for a label. */
const HOSTILE_FILE = 'End-to-end encrypted 🔒\n𝐂𝐡𝐞𝐜𝐤𝐞𝐝\u202egpj.exe';

const sending = (state: NonNullable<Said['sending']>['state'], at: number): NonNullable<Said['sending']> => ({
  state,
  at,
  hold: null,
  failure: null,
  readAt: null,
  acceptedAt: null,
});

const me = { me: true } as const;

const alicePast = Array.from({ length: 900 }, (_, index) =>
  said('alice', 1_000 + index, index % 3 === 0 ? null : 'Alice Okafor', daysAgo(40) + index * 55 * 60_000, {
    text:
      [
        'Did you see the weather for the weekend?',
        'Yes, dry until Sunday evening.',
        'Then let us take the longer way, over the ridge. It is two hours more but the view is worth it, and there is a spring half way where we can fill the bottles.',
        'Good.',
        'https://www.example.org/huts/seven has the opening times.',
      ][index % 5] ?? '',
  }),
);

/** Messages of the conversations that have any, oldest first. */
export const messages: readonly MessageRow[] = [
  ...alicePast,
  said('alice', 10_001, 'Alice Okafor', minutesAgo(41), {
    files: [file('picture', 'hut at dusk.png', 'image/png', 0)],
  }),
  said('alice', 10_002, 'Alice Okafor', minutesAgo(40), {
    text: 'The hut has a stove again. See https://huts.example/seven or write to keeper@huts.example.',
    ranges: [{ at: 14, length: 5, as: 'bold' }],
  }),
  said('alice', 10_003, null, minutesAgo(30), {
    files: [file('booking', 'Hut booking, signed.pdf', 'application/pdf', 214_000)],
  }),
  said('alice', 10_004, null, minutesAgo(29), {
    text: 'I’ll bring the stove fuel and the paper map.',
    editedAt: minutesAgo(25),
  }),
  said('alice', 10_005, 'Alice Okafor', minutesAgo(7), {
    text: 'Signed mine too. It goes to the owner tonight.',
    quote: { author: me, text: 'Hut booking, signed.pdf', id: '10003' as MessageId },
    reactions: [{ emoji: '👍', by: [me] }],
  }),
  said('alice', 10_006, null, minutesAgo(3), { text: 'Perfect. Train at 7:12, platform 3?' }),

  said('jonas', 20_001, null, daysAgo(9), {
    text: 'Hello Jonas, good to have you here.',
    label: limited(checked),
  }),
  {
    kind: 'note',
    id: '20002' as MessageId,
    conversation: chatId('jonas'),
    code: 'checked',
    at: daysAgo(9),
    quoted: null,
  },
  said('jonas', 20_003, 'Jonas Weber', daysAgo(3), {
    text: 'The locksmith made three copies. One is for you.',
    label: limited(checked),
  }),
  said('jonas', 20_004, 'Jonas Weber', daysAgo(3) + 60_000, {
    text: 'I can hand it over on Friday, after seven.',
    label: limited(checked),
  }),
  said('jonas', 20_005, null, daysAgo(3) + 480_000, {
    text: 'Friday works. I’ll come by the shop.',
    label: limited(checked),
  }),
  {
    kind: 'note',
    id: '20006' as MessageId,
    conversation: chatId('jonas'),
    code: 'identity-changed',
    at: minutesAgo(169),
    quoted: null,
  },
  said('jonas', 20_007, null, minutesAgo(164), {
    text: 'Can you bring the second key on Friday?',
    sending: { ...sending('held', minutesAgo(164)), hold: 'identity-changed' },
  }),

  said('allotment', 40_001, 'Ruth Adeyemi', daysAgo(1), { text: 'Ben joins us from today. Plot 14.' }),
  said('allotment', 40_002, 'Ben Sato', daysAgo(1) + 60_000, {
    text: 'Hello everyone. I have plot 14, next to the compost.',
  }),
  said('allotment', 41_000, 'Ruth Adeyemi', minutesAgo(50), {
    text: 'The tap by the gate froze and split. Water is off until Monday, bring cans.',
    reactions: [
      {
        emoji: '👍',
        by: [
          { me: false, peer: peerId('email', 'Ben'), name: 'Ben' },
          { me: false, peer: peerId('email', 'Ines'), name: 'Ines' },
        ],
      },
      { emoji: '😮', by: [me] },
    ],
  }),
  said('allotment', 41_001, 'Ines Duarte', minutesAgo(41), {
    text: 'I have two 20 litre cans and a cart.',
    quote: {
      author: { me: false, peer: peerId('email', 'Ruth Adeyemi'), name: 'Ruth Adeyemi' },
      text: 'The tap by the gate froze and split.',
      id: '41000' as MessageId,
    },
  }),
  said('allotment', 41_002, null, minutesAgo(36), {
    text: 'I can drive on Saturday morning. Room for six cans.',
    sending: { ...sending('delivered', minutesAgo(35)), acceptedAt: minutesAgo(36) },
  }),
  said('allotment', 41_003, 'Ruth Adeyemi', minutesAgo(33), {
    text: 'You are a treasure. Nine o’clock at the gate?',
  }),

  {
    kind: 'note',
    id: '50001' as MessageId,
    conversation: chatId('cave'),
    code: 'group-made',
    at: daysAgo(2),
    quoted: null,
  },
  {
    kind: 'note',
    id: '50002' as MessageId,
    conversation: chatId('cave'),
    code: 'member-joined',
    at: daysAgo(2),
    quoted: null,
    who: {
      people: ['Wen Li', 'Aïcha Berg', 'Lena Okoye'].map((name) => ({
        me: false,
        peer: peerId('nostr', name),
        name,
      })),
      others: 2,
      by: me,
    },
  },
  said('cave', 50_003, 'Wen Li', daysAgo(2) + 60_000, {
    author: { me: false, peer: peerId('nostr', 'wen'), name: 'Wen Li' },
    text: 'The north passage is dry. We can go as far as the lake.',
    label: mls({ kind: 'group', checked: 2, changed: 0, of: 4 }),
  }),
  {
    kind: 'note',
    id: '50004' as MessageId,
    conversation: chatId('cave'),
    code: 'group-renamed',
    at: daysAgo(1),
    quoted: 'Cave survey, spring',
    who: { people: [], others: 0, by: { me: false, peer: peerId('nostr', 'wen'), name: 'Wen Li' } },
  },
  said('cave', 50_005, null, minutesAgo(300), {
    text: 'Saturday at six, then. I have the maps.',
    sending: { ...sending('sent', minutesAgo(300)), acceptedAt: minutesAgo(300) },
    label: mls({ kind: 'group', checked: 2, changed: 0, of: 4 }),
  }),
  {
    kind: 'note',
    id: '50006' as MessageId,
    conversation: chatId('cave'),
    code: 'member-joined',
    at: minutesAgo(275),
    quoted: null,
    who: {
      people: [{ me: false, peer: peerId('nostr', 'otto'), name: 'Otto Novak' }],
      others: 0,
      by: { me: false, peer: peerId('nostr', 'wen'), name: 'Wen Li' },
    },
  },

  said('hartmann', 51_000, 'reception@praxis-hartmann.example', daysAgo(2), {
    text: 'Dear Ms Lindqvist, your appointment is on Tuesday 24 November at 10:40. Please bring your insurance card.',
  }),
  said('hartmann', 51_001, null, daysAgo(2) + 47 * 60_000, {
    text: 'Thank you, I will be there.',
    sending: { ...sending('sent', daysAgo(2)), acceptedAt: daysAgo(2) },
  }),
  said('hartmann', 52_000, 'reception@praxis-hartmann.example', minutesAgo(131), {
    text: 'One more thing: could you send us the name of your previous doctor?',
  }),

  said('stranger', 55_000, 'tomas.lind@post.example', minutesAgo(269), {
    text: 'Hello, is the bicycle still for sale? I could come by tomorrow: https://lind.example/route',
    files: [file('stranger-picture', 'me.jpg', 'image/jpeg', 80_000, 'not-fetched')],
  }),

  said('kenji', 56_000, 'Kenji Mori', daysAgo(1.3), { text: 'The samples arrived.' }),
  {
    kind: 'note',
    id: '56001' as MessageId,
    conversation: chatId('kenji'),
    code: 'not-opened',
    at: daysAgo(1.1),
    quoted: null,
  },

  said('priya', 57_000, 'Priya Raman', daysAgo(1), { text: 'Did the landlord answer?' }),

  said('flat', 58_000, null, daysAgo(1.2), {
    text: 'Boiler man comes Friday at nine',
    sending: { ...sending('failed', daysAgo(1.2)), failure: 'bounced' },
  }),
  said('flat', 58_001, null, daysAgo(1.1), { text: '🎉', sending: sending('queued', daysAgo(1.1)) }),

  said('hostile', 59_000, '𝐏𝐥𝐚𝐢𝐧𝐬𝐞𝐚𝐥', daysAgo(2), {
    text: '𝓞𝓷𝓵𝔂 𝔂𝓸𝓾 𝓪𝓷𝓭 𝓜𝓮 𝓬𝓪𝓷 𝓻𝓮𝓪𝓭 𝓽𝓱𝓲𝓼. 𝐂𝐡𝐞𝐜𝐤𝐞𝐝 𝐢𝐧 𝐩𝐞𝐫𝐬𝐨𝐧.',
  }),
  said('hostile', 59_001, '𝐏𝐥𝐚𝐢𝐧𝐬𝐞𝐚𝐥', daysAgo(2) + 300_000, {
    text: `\u202eelbadaer ton si siht\nZ${'\u0351\u0363\u035b\u0310'.repeat(40)}algo <script>alert(1)</script> <img src=x onerror=alert(1)> javascript:alert(1) https://bank.example@evil.example/`,
  }),
  said('hostile', 59_003, '𝐏𝐥𝐚𝐢𝐧𝐬𝐞𝐚𝐥', daysAgo(2) + 500_000, {
    files: [file('hostile-file', HOSTILE_FILE, 'application/octet-stream', 4_711, 'not-fetched')],
  }),
  said('hostile', 59_002, '𝐏𝐥𝐚𝐢𝐧𝐬𝐞𝐚𝐥', daysAgo(2) + 600_000, { text: 'A very long one. '.repeat(400) }),

  said('fatima', 59_500, 'فاطمة الزهراء', daysAgo(3), { text: 'شكرا جزيلا، أراك غدا (ok?)' }),
  said('nokey', 59_600, null, daysAgo(4), {
    text: 'Here is the contract',
    sending: { ...sending('held', daysAgo(4)), hold: 'no-key' },
  }),
  said('fell', 59_700, 'Marek Dvořák', daysAgo(6), { text: 'What was the number?', label: limited(checked) }),
  {
    kind: 'note',
    id: '59701' as MessageId,
    conversation: chatId('fell'),
    code: 'arrived-in-the-clear',
    at: daysAgo(5.5),
    quoted: 'Hi, I lost my phone, please write to me here',
  },
  said('fell', 59_702, null, daysAgo(5), {
    text: 'The number is 4711',
    sending: { ...sending('held', daysAgo(5)), hold: 'label-fell' },
    label: stopped(provider, 'label-fell'),
  }),
  said('below', 59_800, 'Tove Hansen', daysAgo(6.2), { text: 'The forms are at the desk', label: provider }),
  said('held-below', 59_810, null, daysAgo(6.3), {
    text: 'The key is under the third pot',
    sending: { ...sending('held', daysAgo(6.3)), hold: 'below-floor' },
    label: provider,
  }),
  ...Array.from({ length: 30 }, (_, index) =>
    said('night', 60_990 + index, `Tomasz ${index % 3}`, minutesAgo(600 - index * 10), {
      text: `Shift note ${index + 1}`,
    }),
  ),
];
