import * as v from 'valibot';
import type { GroupKey } from '../../crypto/mls/cells.ts';
import type { Invitation as Welcomed } from '../../crypto/mls/engine.ts';
import type { ConversationId } from '../../shared/ids.ts';
import type { StateKey, Work } from '../../shared/lane/state.ts';
import { hexId, readCell, removeCell, writeCell } from './cell.ts';
import type { EventId, SignedEvent } from './event.ts';
import { conversationFor, isDirect, joinGroup } from './group/join.ts';
import { readPast } from './group/past.ts';
import { readRecord, stays } from './group/record.ts';
import { faceNow, faceOf, type GroupFace } from './group/view.ts';
import { accountOf } from './marmot/member.ts';
import type { PublicKey } from './keys.ts';
import { conversationWith, envelopeOf, peerOf } from './names.ts';
import { peerChange, readPeer } from './peer-record.ts';
import {
  keepRequest,
  openInvitation,
  roomFor,
  settleRequest,
  WAITS_MS,
  type Invitation,
} from './requests.ts';
import type { Turn } from './turn.ts';

/*
 * request-of/<conversation>   the invitations that a request in the list stands for, the newest last; whether the person has blocked it
 */

const requestOf = (conversation: ConversationId): StateKey => ({ space: 'request-of', key: conversation });
const idsSchema = v.object({ ids: v.array(hexId<EventId>()), blocked: v.optional(v.boolean(), false) });

const standingRequests = async (
  work: Pick<Work, 'get'>,
  conversation: ConversationId,
): Promise<v.InferOutput<typeof idsSchema>> =>
  (await readCell(work, requestOf(conversation), idsSchema)) ?? { ids: [], blocked: false };

/** The invitations behind a conversation that is a request, the newest last. */
export const requestsOf = async (
  work: Pick<Work, 'get'>,
  conversation: ConversationId,
): Promise<readonly EventId[]> => (await standingRequests(work, conversation)).ids;

/** The person has blocked it: nothing of it is kept, now or when more comes. Gives what was. */
export async function blockRequestsOf(work: Work, conversation: ConversationId): Promise<readonly EventId[]> {
  const ids = await requestsOf(work, conversation);
  for (const id of ids) await settleRequest(work, id);
  writeCell(work, requestOf(conversation), { ids: [], blocked: true });
  return ids;
}

/** The block is taken back: another invitation may come. */
export async function unblockRequestsOf(work: Work, conversation: ConversationId): Promise<void> {
  const { blocked } = await standingRequests(work, conversation);
  if (blocked) work.put(requestOf(conversation), null);
}

/** None waits any more. */
export const forgetRequestsOf = (work: Work, conversation: ConversationId): Promise<void> =>
  removeCell(work, requestOf(conversation));

type Welcome = Extract<Invitation, { readonly kind: 'welcome' }>;
type Held = Extract<Welcomed, { readonly kind: 'invitation' }>;

/**
 * Takes in what came into my inbox. An invitation of somebody I talk with is followed; a stranger's waits for the person, and until then
 * nothing is joined, fetched or answered.
 */
export async function takeWrap(turn: Turn, wrap: SignedEvent): Promise<void> {
  const { running, ledger } = turn;
  const why = await take(turn, wrap);
  if (why !== null) running.context.log('inbox', { why });
  // Anybody can send anything: what is no invitation is not kept either.
  if (why !== 'parked' && why !== 'not-kept')
    ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(wrap.id) });
  ledger.seen.push(wrap.id);
}

async function take(turn: Turn, wrap: SignedEvent): Promise<string | null> {
  const { running, work, now } = turn;
  const invitation = openInvitation(running.self, wrap);
  if (invitation.kind !== 'welcome') return invitation.kind === 'refused' ? invitation.why : 'other';
  const { from, welcome } = invitation;
  if (from === running.self.key) return 'own';
  const { accepted } = await readPeer(work, from);
  const room = accepted ? 'room' : await roomFor(work, wrap.id, from);
  if (room === 'full') return notKept(turn, wrap.id, from);
  if (room === 'known') return room;
  const read = await running.engine.readWelcome(welcome.message, work, now);
  if (read.kind === 'refused') return read.why;
  const face = faceOf(read.view);
  // Who sealed it must be who made the commit: else somebody passes on what was not theirs to give.
  if (accountOf(read.by) !== from || face.routing === null) return 'not-theirs';
  const known = await standingIn(turn, read.group, from);
  if (known === 'refused') return 'already-member';
  return accepted || known === 'again'
    ? await follow(turn, wrap.id, invitation)
    : await askPerson(turn, wrap.id, invitation, read, face);
}

/** Whether I am in that group already: then only its admins bring me in again. */
async function standingIn(
  turn: Turn,
  group: GroupKey,
  from: PublicKey,
): Promise<'new' | 'again' | 'refused'> {
  const record = await readRecord(turn.work, group);
  if (!stays(record)) return 'new';
  return (await faceNow(turn, group)).admins.includes(from) ? 'again' : 'refused';
}

async function follow(turn: Turn, id: EventId, { from, welcome, madeAt }: Welcome): Promise<string | null> {
  const joined = await joinGroup(turn, { from, message: welcome.message, madeAt });
  await settleRequest(turn.work, id);
  return joined ? null : 'not-joined';
}

/** One more than is kept of people who were not accepted. The relay is asked for it no more. */
function notKept({ running, ledger }: Turn, id: EventId, from: PublicKey): 'not-kept' {
  const conversation = conversationWith(running.context.account, from);
  ledger.inbound.push({ kind: 'not-kept', envelope: envelopeOf(id), conversation });
  return 'not-kept';
}

async function askPerson(
  turn: Turn,
  id: EventId,
  { from, welcome, madeAt }: Welcome,
  { group }: Held,
  face: GroupFace,
): Promise<string> {
  const { running, work, ledger, now } = turn;
  const past = await readPast(work, group);
  const conversation = past?.conversation ?? conversationFor(turn, group, face, from);
  if ((await standingRequests(work, conversation)).blocked) return 'blocked';
  if (!(await running.context.hasRoom(conversation, welcome.message.length))) return notKept(turn, id, from);
  const kept = await keepRequest(work, { id, from, welcome, madeAt, receivedAt: now });
  if (kept.kind === 'refused') return notKept(turn, id, from);
  if (kept.kind === 'known') return kept.kind;
  // Core lets go of the bytes it kept of it.
  if (kept.displaced !== null)
    ledger.inbound.push({ kind: 'consumed', envelope: envelopeOf(kept.displaced) });
  const ids = (await requestsOf(work, conversation)).filter((one) => one !== kept.displaced);
  writeCell(work, requestOf(conversation), { ids: [...ids, id] });
  ledger.changes.push(peerChange(from), {
    kind: 'conversation',
    id: conversation,
    patch: {
      ...(isDirect(face, running.self.key, from)
        ? { kind: 'direct', peer: peerOf(from) }
        : { kind: 'group', title: face.title }),
      protocol: 'mls',
      state: 'request',
    },
  });
  // Who asks me into a group is said before I am in it.
  if (!isDirect(face, running.self.key, from))
    ledger.changes.push({ kind: 'member', conversation, peer: 'me', act: 'invited', by: peerOf(from) });
  const raw = welcome.message;
  ledger.inbound.push({
    kind: 'parked',
    envelope: envelopeOf(id),
    raw,
    needs: 'acceptance',
    until: now + WAITS_MS,
  });
  return 'parked';
}
