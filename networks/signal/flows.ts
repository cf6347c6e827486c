import type { ServiceId } from '../../crypto/signal/address.ts';
import { usernameHash } from '../../crypto/signal/username.ts';
import { assertNever } from '../../shared/assert.ts';
import type { PeerId } from '../../shared/ids.ts';
import { emptyCommit } from '../../shared/lane/commit.ts';
import type { FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import { codeText, comparedCodes, recognise } from '../../shared/code.ts';
import { compare, wordsAloud, type Judgement } from '../../shared/lane/compare.ts';
import { createWork } from '../../shared/lane/work.ts';
import { encodeContent } from './codec/encode.ts';
import { openConversation } from './correspondent.ts';
import { errandIntent } from './errand.ts';
import { conversationWith, isAci, peerOf, serviceIdOf, serviceOfPeer } from './names.ts';
import { decodePeer } from './peer-record.ts';
import { commit, CONFLICT_TRIES } from './performing.ts';
import type { Running } from './running.ts';
import { startSessions, type SessionsStarted } from './sessions.ts';

type Steps = AsyncGenerator<FlowStep, null, FlowAnswer | undefined>;

const USERNAME = /^@?[a-z_][a-z0-9_]{2,31}\.\d{2,9}$/iu;
const NUMBER = /^\+?[\d\s().-]{5,30}$/u;
/** Digits of a number without its country that say whose it is. */
const MIN_NATIONAL = 6;
const DIGITS_OF_A_GROUP = 5;
/** Ten to the sixtieth is below 2 to the two hundredth. */
const BYTES_OF_DIGITS = 25;

const failed = (why: FlowFailure): FlowStep => ({ kind: 'failed', why });

/**
 * Starts a conversation with a username, a contact's number or an account id. Sessions are started at once, so that the label says
 * what is true before the first word is written.
 */
export async function* chat(running: Running, address: string): Steps {
  if (recognise(address) !== 'unknown') {
    yield failed('code-of-another-kind');
    return null;
  }
  yield { kind: 'progress', stage: 'asking' };
  const found = await resolve(running, address.trim());
  if (typeof found === 'object') {
    yield failed(found.failure);
    return null;
  }
  const { own } = running;
  if (found !== own.service) {
    const started = await startSessions(running.performing, found, '*');
    if (started.kind !== 'started') {
      yield failed(failureOf(started.kind));
      return null;
    }
  }
  yield (await open(running, found))
    ? { kind: 'done', conversation: conversationWith(running.context.account, found), peer: peerOf(found) }
    : failed('internal');
  return null;
}

function failureOf(kind: Exclude<SessionsStarted['kind'], 'started'>): FlowFailure {
  switch (kind) {
    case 'nobody':
      return 'no-key';
    case 'refused':
      return 'proof-failed';
    case 'rate-limited':
      return 'rate-limited';
    case 'expired':
      return 'app-expired';
    case 'offline':
    case 'unlinked':
      return 'server-unreachable';
    case 'commit-failed':
      return 'internal';
    default:
      return assertNever(kind);
  }
}

/** Whom an address means. */
async function resolve(
  running: Running,
  address: string,
): Promise<ServiceId | { readonly failure: FlowFailure }> {
  const service = serviceIdOf(address.toLowerCase());
  if (service !== null) return isAci(service) ? service : { failure: 'address-malformed' };
  if (USERNAME.test(address)) return byUsername(running, address.replace(/^@/u, ''));
  if (NUMBER.test(address)) return (await byNumber(running, address)) ?? { failure: 'no-key' };
  return { failure: 'address-malformed' };
}

async function byUsername(
  running: Running,
  username: string,
): Promise<ServiceId | { readonly failure: FlowFailure }> {
  if (usernameHash(username) === null) return { failure: 'address-malformed' };
  const via = running.connection?.service;
  if (!via) return { failure: 'server-unreachable' };
  const answer = await via.lookUpUsername(username);
  if (answer.kind === 'found') return answer.service ?? { failure: 'no-key' };
  return { failure: failureOf(answer.kind) };
}

/**
 * Only among my phone's contacts: the server is not asked whose number it is. Without its country a number counts only where one
 * contact alone has it.
 */
async function byNumber({ context }: Running, number: string): Promise<ServiceId | null> {
  const digits = number.replace(/\D/gu, '');
  const national = digits.replace(/^0+/u, '');
  const ending: ServiceId[] = [];
  for (const [key, { value }] of await context.view.scan('peer', '')) {
    const service = serviceIdOf(key.key);
    const known = decodePeer(value, key).number?.replace(/\D/gu, '');
    if (!known || service === null) continue;
    if (known === digits) return service;
    if (!number.startsWith('+') && national.length >= MIN_NATIONAL && known.endsWith(national))
      ending.push(service);
  }
  const [only, ...others] = ending;
  return only !== undefined && others.length === 0 ? only : null;
}

async function open(running: Running, service: ServiceId): Promise<boolean> {
  const { context, engine, own, withLocks } = running;
  return withLocks([service], async () => {
    for (let attempt = 0; attempt < CONFLICT_TRIES; attempt += 1) {
      const work = createWork(context.view);
      const ledger = { changes: [], moved: new Set<ServiceId>() };
      const now = context.now();
      const conversation = await openConversation(
        { account: context.account, work, ledger, now },
        service,
        'active',
        own,
      );
      const facts = await engine.forecast(service, work, now);
      const result = await commit(context, {
        ...emptyCommit,
        work: work.writes(),
        changes: ledger.changes,
        forecasts: [{ conversation, facts, hold: null }],
      });
      if (result.ok) return true;
      if (result.why !== 'conflict') return false;
    }
    return false;
  });
}

const inGroups = (digits: string): string =>
  (digits.match(new RegExp(`\\d{${DIGITS_OF_A_GROUP}}`, 'gu')) ?? []).join(' ');

/** The sixty digits as one number of 25 bytes: what is read aloud says as much as what is read by eye. */
const bytesOfDigits = (digits: string): Uint8Array =>
  Buffer.from(
    BigInt(digits)
      .toString(16)
      .padStart(2 * BYTES_OF_DIGITS, '0'),
    'hex',
  );

/** Digits that were pasted in place of a code; null for what is none. */
function judgeDigits(scanned: Uint8Array, digits: string): Judgement | null {
  const text = codeText(scanned)?.replace(/\s/gu, '') ?? '';
  if (!/^\d{60}$/u.test(text)) return null;
  return text === digits ? 'match' : 'differs';
}

/** Compares the safety number: the same 60 digits stand in the other side's app. Core marks them as checked; my phone is told. */
export async function* check(running: Running, peer: PeerId): Steps {
  const { context, engine } = running;
  const service = serviceOfPeer(peer);
  const work = createWork(context.view);
  const number = service && (await engine.safetyNumber(service, work));
  const theirs = service && (await engine.identityOf(service, work));
  if (!service || !number || !theirs) {
    yield failed('no-key');
    return null;
  }
  const { digits, code } = number;
  const compared = yield* compare(
    {
      theirs,
      values: [{ of: 'both', number: inGroups(digits), words: wordsAloud(bytesOfDigits(digits)) }],
      code,
      accepts: comparedCodes.signal,
    },
    (scanned) => judgeDigits(scanned, digits) ?? number.judge(scanned),
  );
  if (compared.kind === 'failed') {
    yield failed(compared.why);
    return null;
  }
  const at = context.now();
  const content = encodeContent({
    kind: 'sync-verified',
    service,
    identityKey: Buffer.from(theirs, 'hex'),
    state: 'verified',
  });
  await commit(context, {
    ...emptyCommit,
    enqueue: [errandIntent({ op: 'sync-verified', content, forget: null, endsAt: null }, at)],
  });
  yield { kind: 'done', conversation: conversationWith(context.account, service), peer };
  return null;
}
