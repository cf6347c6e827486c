import type { GroupKey } from '../../../crypto/mls/cells.ts';
import type { Processed } from '../../../crypto/mls/engine.ts';
import { assertNever } from '../../../shared/assert.ts';
import { textOnly, type Content } from '../../../shared/contract/content.ts';
import type { NetworkKey, PeerId } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Evidence } from '../../../shared/label/evidence.ts';
import type { Rumor } from '../event.ts';
import { npub } from '../key-code.ts';
import type { PublicKey } from '../keys.ts';
import { readAppEvent } from '../marmot/app-event.ts';
import { readAppMessage, type AppMessage } from '../marmot/app-message.ts';
import { envelopeOf, peerOf } from '../names.ts';
import { keyOfEvent } from '../own-event.ts';
import { peerChange, readPeer, trustIn } from '../peer-record.ts';
import { noteReaction, reactedTo } from '../reaction.ts';
import type { Turn } from '../turn.ts';
import { mustRecord } from './converge.ts';
import type { GroupRecord } from './record.ts';
import type { GroupDelivery } from './take.ts';

type Application = Extract<Processed, { readonly kind: 'application' }>;

/** How long what cannot be shown yet is kept for a version that can. */
const KEPT_FOR_MS = 5 * 365 * 24 * 60 * 60 * 1_000;
const UNKNOWN: Content = { text: '', ranges: [], files: [], special: 'newer-version' };

/** Something said, with who said it and where. */
interface Said {
  readonly record: GroupRecord;
  readonly event: Rumor;
  readonly from: PublicKey;
  readonly by: PeerId | 'me';
  readonly evidence: Evidence;
  readonly delivery: GroupDelivery;
  readonly plaintext: Uint8Array;
  readonly epoch: number;
  readonly generation: number;
}

/** Takes in what a member says. MLS has proven who it was. */
export async function takeApp(
  turn: Turn,
  group: GroupKey,
  delivery: GroupDelivery,
  opened: Application,
  from: PublicKey,
): Promise<void> {
  const { work, running, ledger, now } = turn;
  const record = await mustRecord(turn, group);
  const { plaintext } = opened;
  const refused = (why: string): void => {
    running.context.log('app-event', { why });
    ledger.inbound.push({ kind: 'quarantined', envelope: envelopeOf(delivery.id), raw: plaintext, why });
  };
  const isMine = from === running.self.key;
  const app = readAppEvent(plaintext, from);
  if (app.kind === 'refused') return refused(app.why);
  // In a conversation of two nobody else says anything.
  if (record.direct !== null && !isMine && from !== record.direct) return refused('other-person');
  const base = { at: now, facts: [opened.facts], details: opened.details };
  const evidence: Evidence = isMine
    ? { how: 'told-by-own-device', ...base, device: String(opened.from.leaf) }
    : {
        how: 'opened-here',
        ...base,
        from: {
          peer: peerOf(from),
          key: npub(from),
          trust: trustIn(await readPeer(work, from)),
          proof: 'signature',
        },
      };
  if (!isMine) ledger.changes.push(peerChange(from));
  const by = isMine ? 'me' : peerOf(from);
  const { epoch, generation } = opened;
  const said: Said = {
    record,
    event: app.event,
    from,
    by,
    evidence,
    delivery,
    plaintext,
    epoch: Number(epoch.number),
    generation,
  };
  await takeSaid(turn, said, readAppMessage(app.event));
}

function consumed({ ledger }: Turn, { delivery }: Said): void {
  ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(delivery.id) });
}

async function takeSaid(turn: Turn, said: Said, message: AppMessage): Promise<void> {
  const { work, ledger } = turn;
  const { conversation } = said.record;
  const { by, from, evidence } = said;
  switch (message.kind) {
    case 'text':
      return takeText(turn, said, message);
    case 'edit': {
      const key = await keyOfEvent(work, message.target);
      const content = textOnly(message.text);
      ledger.changes.push({ kind: 'edit', target: { conversation, key }, by, content, evidence });
      return consumed(turn, said);
    }
    case 'reaction': {
      const key = await keyOfEvent(work, message.target);
      await noteReaction(work, key, from, { id: said.event.id, emoji: message.emoji });
      const target = { conversation, key };
      ledger.changes.push({ kind: 'reaction', target, by, emoji: [message.emoji], evidence });
      return consumed(turn, said);
    }
    case 'delete':
      for (const id of message.targets) await takeBack(turn, said, id);
      return consumed(turn, said);
    case 'unknown':
      return consumed(turn, said);
    default:
      return assertNever(message);
  }
}

async function takeText(
  turn: Turn,
  said: Said,
  { text, replyTo, files }: Extract<AppMessage, { readonly kind: 'text' }>,
): Promise<void> {
  const { work, ledger, now } = turn;
  const { record, event, by, evidence, delivery } = said;
  if (text === '' && files === 0) return consumed(turn, said);
  const quote = replyTo === null ? {} : { quote: await keyOfEvent(work, replyTo) };
  // An id says whose event it is: what another says has none of mine.
  const key = by === 'me' ? await keyOfEvent(work, event.id) : (event.id as string as NetworkKey);
  const change: Change = {
    kind: 'message',
    target: { conversation: record.conversation, key },
    author: by,
    sentAt: event.created_at * 1_000,
    content: text === '' ? UNKNOWN : { ...textOnly(text), ...quote },
    evidence,
  };
  ledger.changes.push(change);
  ledger.order.set(change, { datedAt: event.created_at, epoch: said.epoch, generation: said.generation });
  if (files > 0 && text !== '')
    ledger.changes.push({
      kind: 'note',
      conversation: record.conversation,
      key: `not-fetched:${key}` as NetworkKey,
      code: 'not-fetched',
      at: now,
    });
  if (files === 0) return consumed(turn, said);
  ledger.inbound.push({
    kind: 'parked',
    envelope: envelopeOf(delivery.id),
    raw: said.plaintext,
    needs: 'newer-version',
    until: now + KEPT_FOR_MS,
    of: key,
  });
}

/** A message or a reaction that its author takes back. Core lets nobody take back what another wrote. */
async function takeBack({ work, ledger }: Turn, said: Said, id: Rumor['id']): Promise<void> {
  const { conversation } = said.record;
  const { by, from, evidence } = said;
  const reacted = await reactedTo(work, id, from);
  if (reacted === null) {
    const key = await keyOfEvent(work, id);
    ledger.changes.push({ kind: 'delete', target: { conversation, key }, by });
    return;
  }
  await noteReaction(work, reacted, from, null);
  ledger.changes.push({ kind: 'reaction', target: { conversation, key: reacted }, by, emoji: [], evidence });
}
