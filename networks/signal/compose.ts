import type { ServiceId } from '../../crypto/signal/address.ts';
import { assertNever } from '../../shared/assert.ts';
import type { Content, Range } from '../../shared/contract/content.ts';
import type { AccountId, Millis, NetworkKey } from '../../shared/ids.ts';
import type { Intent, OutboxItem, Timer } from '../../shared/lane/intent.ts';
import type { BodyRange, OutgoingData } from './codec/content.ts';
import { encodeContent } from './codec/encode.ts';
import { isAci } from './codec/service-id.ts';
import { composeErrand, composeReceipt } from './compose-errand.ts';
import { failed, type Composed, type Composing, type Told } from './draft.ts';
import { readErrand } from './errand.ts';
import { forgetMessage } from './forget-message.ts';
import { bodyOf, MAX_LONG_TEXT_BYTES, readLongText } from './long-text.ts';
import { messageNameOf, serviceOfConversation, serviceOfPeer } from './names.ts';
import { noteOwnTimer } from './peer-record.ts';
import { noteReaction } from './reaction.ts';
import { SENT_FOR_MS } from './send-log.ts';
import { transcriptOf } from './transcript.ts';

type Item = Pick<OutboxItem, 'intent' | 'quoted'>;
type Of<K extends Intent['what']['kind']> = Extract<Intent['what'], { readonly kind: K }>;

/** Takes back a reaction whose emoji nobody remembers: programs go by its author. */
const ANY_EMOJI = '👍';

/** Whom an item goes to, from the intent alone: what to lock for {@link compose}. Null when it can go to nobody. */
export function recipientOf(account: AccountId, own: ServiceId, intent: Intent): ServiceId | null {
  if (intent.what.kind !== 'protocol')
    return intent.conversation === null ? null : serviceOfConversation(account, intent.conversation);
  const errand = readErrand(intent.what);
  if (errand === null) return null;
  return 'to' in errand ? errand.to.service : own;
}

/** Makes the content of an intent. Reads and writes through the work only; composed again it says the same. */
export async function compose(composing: Composing, item: Item): Promise<Composed> {
  const { what } = item.intent;
  const to = recipientOf(composing.account, composing.own.service, item.intent);
  if (to === null) return failed(what.kind === 'protocol' ? 'damaged' : 'not-possible');
  switch (what.kind) {
    case 'content':
      return composeText(composing, to, item, what.content, what.timer ?? null, null);
    case 'edit': {
      const target = timeOfMine(composing, what.target);
      return target === null
        ? failed('not-possible')
        : composeText(composing, to, item, what.content, null, target);
    }
    case 'reaction':
      return composeReaction(composing, to, item.intent, what);
    case 'delete':
      return composeDelete(composing, to, item.intent, what);
    case 'timer':
      await noteOwnTimer(composing.work, to, what.timer);
      return dataDraft(composing, to, item.intent, { timer: what.timer, what: { kind: 'timer' } });
    case 'receipt':
      return composeReceipt(composing, to, item.intent, what);
    case 'group':
      return failed('not-possible');
    case 'protocol':
      return composeErrand(composing, item.intent, what);
    default:
      return assertNever(what);
  }
}

/** When a message of mine was sent that a key names; null for anybody else's. */
function timeOfMine({ own }: Composing, key: NetworkKey): Millis | null {
  const name = messageNameOf(key, own.service);
  return name?.author === own.service ? name.sentAt : null;
}

async function composeText(
  composing: Composing,
  to: ServiceId,
  { intent, quoted = '' }: Item,
  content: Content,
  timer: Timer | null,
  editOf: Millis | null,
): Promise<Composed> {
  if (content.files.length > 0) return failed('not-possible');
  const text = content.text.toWellFormed();
  if (Buffer.byteLength(text) > MAX_LONG_TEXT_BYTES) return failed('too-large');
  const body = bodyOf(text);
  const longText = body === text ? null : await readLongText(composing.work, intent.what.key);
  if (body !== text && longText === null) return { kind: 'upload', text };
  const name = content.quote === undefined ? null : messageNameOf(content.quote, composing.own.service);
  const what = {
    kind: 'text' as const,
    text: body,
    ranges: content.ranges.flatMap(rangeTo),
    quote: name === null ? null : { name, text: quoted },
    longText,
  };
  return dataDraft(composing, to, intent, { timer, what }, editOf);
}

function rangeTo({ at, length, as }: Range): readonly BodyRange[] {
  if (typeof as === 'string') return [{ at, length, as }];
  const mention = serviceOfPeer(as.mention);
  return mention !== null && isAci(mention) ? [{ at, length, as: { mention } }] : [];
}

async function composeReaction(
  composing: Composing,
  to: ServiceId,
  intent: Intent,
  { target, emoji, key }: Of<'reaction'>,
): Promise<Composed> {
  const name = messageNameOf(target, composing.own.service);
  if (name === null) return failed('not-possible');
  // Signal allows one reaction per person: the last of the set stands.
  const last = emoji.at(-1) ?? null;
  const was = await noteReaction(composing.work, target, last, key);
  const reaction = { target: name, emoji: last ?? was ?? ANY_EMOJI, remove: last === null };
  return dataDraft(composing, to, intent, { timer: null, what: { kind: 'reaction', ...reaction } });
}

async function composeDelete(
  composing: Composing,
  to: ServiceId,
  intent: Intent,
  { target }: Of<'delete'>,
): Promise<Composed> {
  const targetSentAt = timeOfMine(composing, target);
  if (targetSentAt === null) return failed('not-possible');
  await forgetMessage(composing.work, composing.own.service, to, target);
  return dataDraft(composing, to, intent, { timer: null, what: { kind: 'delete', targetSentAt } });
}

/** A data message to somebody, of which my other devices are told afterwards; to myself it is nothing but what they are told. */
function dataDraft(
  { own, now }: Composing,
  to: ServiceId,
  { sentAt }: Intent,
  { timer, what }: Pick<OutgoingData, 'timer' | 'what'>,
  editOf: Millis | null = null,
): Composed {
  const data: OutgoingData = { sentAt, profileKey: own.profileKey, timer, what };
  const told: Told = { data, editOf };
  const toMyself = to === own.service;
  const content = toMyself
    ? transcriptOf(told, { to, identityKey: own.identityKey, sealed: false, now })
    : encodeContent(editOf === null ? { kind: 'data', data } : { kind: 'edit', targetSentAt: editOf, data });
  return {
    kind: 'draft',
    draft: {
      to,
      sentAt,
      what: { kind: 'content', content },
      hint: 'resendable',
      urgent: !toMyself && what.kind !== 'timer',
      keptMs: Math.min(SENT_FOR_MS, timer?.ms ?? SENT_FOR_MS),
      told: toMyself ? null : told,
      enqueue: [],
    },
  };
}
