import { peerId, type ConversationId, type PeerId } from '../../shared/ids.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { newNetworkKey } from '../../shared/lane/network-key.ts';
import { codeText, comparedCodes } from '../../shared/code.ts';
import { compare, wordsAloud, type Judgement } from '../../shared/lane/compare.ts';
import { createWork } from '../../shared/lane/work.ts';
import type { Work } from '../../shared/lane/state.ts';
import { encryptionFault, type Fingerprint } from '../../crypto/openpgp/certificate.ts';
import { addressKey, peerCertificate } from '../../crypto/openpgp/keyring.ts';
import type { Self } from './account-record.ts';
import { canonicalAddress } from './address.ts';
import { meetPeer, openConversation } from './correspondent.ts';
import { plainFacts } from './facts.ts';
import { commitOf, createLedger, type Ledger } from './ledger.ts';
import { keyConversation, otherOfPeer, plainConversation } from './names.ts';
import { commit } from './perform.ts';
import { readPeer, readPlain, writePeer, writePlain } from './records.ts';
import { INVITE_VALID_MS, readJoin, writeJoin } from './secure-join/join-record.ts';
import { fingerprintInCode, formatInvite, formatKey, freshToken, parseInvite } from './secure-join/link.ts';
import { protocolData } from './secure-join/letters.ts';
import type { LearnedKeys } from './signer.ts';
import type { JoinWaiters } from './secure-join/waiters.ts';

/** What the flows of a running account work with. */
export interface Flowing {
  readonly context: LaneContext;
  readonly self: () => Promise<Self>;
  readonly waiters: JoinWaiters;
  readonly learned: LearnedKeys;
  readonly dropCaches: () => void;
}

type Steps = AsyncGenerator<FlowStep, null, FlowAnswer | undefined>;

/** How long a followed invitation is waited for; it goes on in the background after that. */
const ANSWER_WAIT_MS = 60_000;
const CONFLICT_TRIES = 5;

const failed = (why: FlowFailure): FlowStep => ({ kind: 'failed', why });

/** Runs a change of state to its commit, again from the start where somebody else was first. */
async function change<T>(
  flowing: Flowing,
  make: (work: Work, ledger: Ledger) => Promise<T>,
): Promise<{ readonly kind: 'made'; readonly value: T } | { readonly kind: 'failed' }> {
  const { context } = flowing;
  for (let attempt = 0; attempt < CONFLICT_TRIES; attempt++) {
    const work = createWork(context.view);
    const ledger = createLedger();
    const value = await make(work, ledger);
    const result = await commit(context, commitOf(work, ledger));
    if (result.ok) return { kind: 'made', value };
    flowing.dropCaches();
    if (result.why !== 'conflict') return { kind: 'failed' };
  }
  return { kind: 'failed' };
}

/** Makes an invitation and shows it until somebody has followed it. */
export async function* invite(flowing: Flowing, signal: AbortSignal): Steps {
  const { context, waiters } = flowing;
  const { account, key } = await flowing.self();
  const { fingerprint } = key.certificate;
  const { address, displayName: name } = account;
  const [auth, invitation] = [freshToken(), freshToken()];
  const expiresAt = context.now() + INVITE_VALID_MS;
  const ended = waiters.wait(auth, signal);
  const made = await change(flowing, async (work) => {
    await readJoin(work, auth);
    writeJoin(work, { role: 'inviter', state: 'open', auth, fingerprint, address, name, expiresAt });
  });
  if (made.kind === 'failed') {
    waiters.forget(auth);
    yield failed('internal');
    return null;
  }
  const text = formatInvite({ fingerprint, invite: invitation, auth, address, name });
  yield { kind: 'show-code', text, expiresAt };
  const joined = await ended;
  yield joined === null
    ? failed('cancelled')
    : { kind: 'done', conversation: joined.conversation, peer: peerId('email', joined.fingerprint) };
  return null;
}

/** Follows an invitation. Its steps are durable: it goes on after a restart and after this flow has given up waiting. */
export async function* join(flowing: Flowing, link: string, signal: AbortSignal): Steps {
  const { context, waiters } = flowing;
  const read = parseInvite(link);
  if (read.kind === 'failed') {
    yield read;
    return null;
  }
  const { fingerprint, auth, address, name } = read.invite;
  const { key } = await flowing.self();
  if (fingerprint === key.certificate.fingerprint) {
    yield failed('code-own');
    return null;
  }
  yield { kind: 'progress', stage: 'asking' };
  const ended = waiters.wait(auth, signal, ANSWER_WAIT_MS);
  const made = await change(flowing, async (work, ledger) => {
    const known = await readJoin(work, auth);
    if (known?.state === 'done') return 'done' as const;
    const now = context.now();
    writeJoin(work, {
      role: 'joiner',
      state: 'open',
      auth,
      fingerprint,
      address,
      name,
      expiresAt: now + INVITE_VALID_MS,
    });
    const what = {
      kind: 'protocol' as const,
      key: newNetworkKey('email', now),
      op: 'secure-join/vc-request-pubkey',
      data: protocolData({ auth }),
    };
    ledger.enqueue.push({ conversation: null, sentAt: now, what });
    return 'asked' as const;
  });
  const conversation = keyConversation(context.account, fingerprint);
  if (made.kind === 'failed') {
    waiters.forget(auth);
    yield failed('internal');
  } else if (made.value === 'done') {
    waiters.forget(auth);
    yield { kind: 'done', conversation, peer: peerId('email', fingerprint) };
  } else {
    const joined = await ended;
    if (joined) yield { kind: 'done', conversation, peer: peerId('email', fingerprint) };
    else yield failed(signal.aborted ? 'cancelled' : 'no-answer');
  }
  return null;
}

/** Opens a conversation by address: with the key known for it, else without encryption. */
export async function* chat(flowing: Flowing, typed: string): Steps {
  const { context } = flowing;
  const address = canonicalAddress(typed);
  const { account } = await flowing.self();
  if (address === null || address === account.address) {
    yield failed(address === null ? 'address-malformed' : 'not-possible');
    return null;
  }
  const made = await change(flowing, async (work, ledger) => {
    const known = await usableKey(work, address, context.now());
    return known === null
      ? openPlain(work, ledger, context, account.address, address)
      : openKnown(work, ledger, context, known, address);
  });
  yield made.kind === 'failed' ? failed('internal') : { kind: 'done', ...made.value };
  return null;
}

async function usableKey(work: Work, address: string, now: number): Promise<Fingerprint | null> {
  const known = await addressKey(work, address);
  const certificate = known && (await peerCertificate(work, known.fingerprint, now));
  return certificate && (await encryptionFault(certificate, now)) === null ? certificate.fingerprint : null;
}

interface Opened {
  readonly conversation: ConversationId;
  readonly peer: PeerId;
}

async function openKnown(
  work: Work,
  ledger: Ledger,
  context: LaneContext,
  fingerprint: Fingerprint,
  address: string,
): Promise<Opened> {
  const now = context.now();
  // Their mail may come from elsewhere by now; only somebody never met gets this address.
  if ((await readPeer(work, fingerprint)) === null)
    await meetPeer(work, ledger, { fingerprint, address, name: '', chat: null, seenAt: now });
  const conversation = await openConversation(work, ledger, {
    account: context.account,
    fingerprint,
    state: 'active',
    now,
  });
  return { conversation, peer: peerId('email', fingerprint) };
}

async function openPlain(
  work: Work,
  ledger: Ledger,
  context: LaneContext,
  own: string,
  address: string,
): Promise<Opened> {
  const peer = peerId('email', address);
  const conversation = plainConversation(context.account, address);
  if ((await readPlain(work, address)) === null) writePlain(work, address, { consentedAt: context.now() });
  ledger.changes.push(
    { kind: 'peer', peer, identity: address, address, name: null },
    {
      kind: 'conversation',
      id: conversation,
      patch: { kind: 'direct', peer, protocol: 'none', state: 'active' },
    },
  );
  ledger.forecasts.push({ conversation, facts: [plainFacts(own, address, context.now())], hold: null });
  return { conversation, peer };
}

/** What a scanned code says whose key it is; what an invitation holds beside it is not followed here. */
function judge(scanned: Uint8Array, own: Fingerprint, theirs: Fingerprint): Judgement {
  const said = fingerprintInCode(codeText(scanned) ?? '');
  if (said === null) return 'unreadable';
  if (said === own) return 'own';
  return said === theirs ? 'match' : 'differs';
}

/**
 * Compares fingerprints by eye or voice, or by their code; a yes marks the key as checked. Where another key took theirs' place it is that one,
 * for which mail is sealed.
 */
export async function* check(flowing: Flowing, peer: PeerId): Steps {
  const { context } = flowing;
  const other = otherOfPeer(peer);
  const { key } = await flowing.self();
  const work = createWork(context.view);
  const known = other?.kind === 'key' ? await readPeer(work, other.fingerprint) : null;
  if (other?.kind !== 'key' || known === null) {
    yield failed('no-key');
    return null;
  }
  const { fingerprint } = other;
  const own = key.certificate.fingerprint;
  const theirs = known.successor ?? fingerprint;
  const compared = yield* compare(
    {
      theirs,
      values: [
        { of: 'theirs', number: theirs, words: wordsAloud(Buffer.from(theirs, 'hex')) },
        { of: 'own', number: own, words: wordsAloud(Buffer.from(own, 'hex')) },
      ],
      code: Buffer.from(formatKey(own), 'utf8'),
      accepts: comparedCodes.email,
    },
    (scanned) => judge(scanned, own, theirs),
  );
  const conversation = keyConversation(context.account, fingerprint);
  const now = context.now();
  if (compared.kind === 'failed') {
    yield failed(compared.why);
    return null;
  }
  const made = await change(flowing, async (inWork, ledger) => {
    const record = await readPeer(inWork, fingerprint);
    // Another one came while it was compared: of that nothing is known.
    if ((record?.successor ?? fingerprint) !== theirs) return;
    const held = await readPeer(inWork, theirs);
    const [at, checked] = held === null ? [fingerprint, record] : [theirs, held];
    if (checked) writePeer(inWork, at, { ...checked, checkedAt: now });
    const trust = { kind: 'checked' as const, at: now, by: compared.by };
    ledger.changes.push({ kind: 'identity', peer, was: theirs, now: theirs, trust });
  });
  yield made.kind === 'failed' ? failed('internal') : { kind: 'done', conversation, peer };
  return null;
}
