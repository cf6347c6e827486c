import type { AccountSetup, FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import type { StateView } from '../../shared/lane/state.ts';
import { createWork } from '../../shared/lane/work.ts';
import { createOwnKey } from '../../crypto/openpgp/keyring.ts';
import { writeAccount, type AccountRecord, type Server } from './account-record.ts';
import { canonicalAddress, displayName, domainOf } from './address.ts';
import { openInbox } from './connection.ts';
import { beginHere } from './cursor-begin.ts';
import { providerOf } from './providers.ts';
import { readCursor, writeCursor } from './records.ts';
import { verifySubmission } from './submission.ts';
import { accessTo, ConnectError, fitsEnvironment } from './tls.ts';

type Args = Readonly<Record<string, string>>;
type Flow = AsyncGenerator<FlowStep, AccountSetup | null, FlowAnswer | undefined>;

/** Times the person is asked again before the flow gives up. */
const ASK_LIMIT = 10;

const emptyView: StateView = { get: async () => null, scan: async () => [] };

const hostForm = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9._-]*[a-z0-9])?$|^[0-9a-f:]{2,45}$/i;

/** A server as typed by the person; STARTTLS on the ports that are known for it, TLS from the first byte on every other. */
function typedServer(host: string, port: string, starttlsPorts: readonly number[]): Server | null {
  const number = Number(port);
  if (!hostForm.test(host.trim()) || !Number.isInteger(number) || number < 1 || number > 65_535) return null;
  const security = starttlsPorts.includes(number) ? 'starttls' : 'tls';
  return { host: host.trim().toLowerCase(), port: number, security, user: 'address' };
}

const arg = (args: Args, name: string): string => args[name] ?? '';

interface Servers {
  readonly imap: Server;
  readonly smtp: Server;
}

/** The servers the arguments name; null when they name none or not completely. */
function givenServers(args: Args): Servers | null {
  const imap = typedServer(arg(args, 'imapHost'), arg(args, 'imapPort'), [143]);
  const smtp = typedServer(arg(args, 'smtpHost'), arg(args, 'smtpPort'), [25, 587]);
  return imap && smtp ? { imap, smtp } : null;
}

const serverNames = ['imapHost', 'imapPort', 'smtpHost', 'smtpPort'] as const;

/** Servers from the arguments or the bundled table; a failure that asking can mend, or one that it cannot. */
function findServers(args: Args, domain: string): Servers | FlowFailure {
  if (serverNames.some((name) => arg(args, name) !== '')) return givenServers(args) ?? 'server-unknown';
  const provider = providerOf(domain);
  if (provider === null) return 'server-unknown';
  if (provider.signIn === 'oauth') return 'needs-oauth';
  if (provider.imap === null || provider.smtp === null) return 'not-possible';
  return { imap: provider.imap, smtp: provider.smtp };
}

/** What a test environment may do and a live one may not, and the other way round. */
function environmentFault(servers: Servers, ca: string, context: LaneContext): FlowFailure | null {
  if (context.environment === 'live' && ca !== '') return 'test-profile-only';
  for (const { host } of [servers.imap, servers.smtp]) {
    if (fitsEnvironment(host, context.environment)) continue;
    return context.environment === 'live' ? 'test-profile-only' : 'not-possible';
  }
  return null;
}

/** What a person hears of a connection that failed. */
export function failureOf(error: unknown): FlowFailure {
  if (!(error instanceof ConnectError)) return 'internal';
  switch (error.fault) {
    case 'certificate':
      return 'certificate-refused';
    case 'login':
      return 'login-refused';
    case 'no-tls':
      return 'tls-required';
    case 'unreachable':
    case 'busy':
    case 'protocol':
      return 'server-unreachable';
  }
}

/** Failures the person can do something about without starting over, and what to ask for. */
function questionFor(why: FlowFailure): 'servers' | 'password' | null {
  if (why === 'server-unknown' || why === 'server-unreachable' || why === 'tls-required') return 'servers';
  return why === 'login-refused' ? 'password' : null;
}

function ask(question: 'servers' | 'password', args: Args, domain: string, why: FlowFailure): FlowStep {
  if (question === 'password')
    return { kind: 'ask', fields: [{ name: 'password', secret: true, value: '' }], why };
  const guess: Args = {
    imapHost: `imap.${domain}`,
    imapPort: '993',
    smtpHost: `smtp.${domain}`,
    smtpPort: '465',
  };
  const fields = serverNames.map((name) => ({
    name,
    secret: false,
    value: arg(args, name) || arg(guess, name),
  }));
  return { kind: 'ask', fields, why };
}

/**
 * Adds an account: finds the servers, signs in to both, makes a key. Nothing is written anywhere before it returns the setup for core to store.
 * Arguments: `address`, `password`, `displayName`, and where wanted `imapHost`, `imapPort`, `smtpHost`, `smtpPort`, `ca` (PEM, test profiles only).
 */
export async function* addAccount(args: Args, context: LaneContext, signal: AbortSignal): Flow {
  const address = canonicalAddress(arg(args, 'address'));
  if (address === null) {
    yield { kind: 'failed', why: 'address-malformed' };
    return null;
  }
  let given = args;
  // What was answered last is tried too.
  for (let asked = 0; ; asked++) {
    yield { kind: 'progress', stage: 'connecting' };
    const tried = await attempt(given, address, context, signal);
    if (typeof tried !== 'string') {
      yield { kind: 'done', conversation: null, peer: null };
      return tried;
    }
    const question = questionFor(tried);
    if (question === null || asked === ASK_LIMIT || signal.aborted) {
      const why = question === null ? tried : 'too-many-tries';
      yield { kind: 'failed', why: signal.aborted ? 'cancelled' : why };
      return null;
    }
    const answer = yield ask(question, given, domainOf(address), tried);
    if (answer?.kind !== 'fields') {
      yield { kind: 'failed', why: 'cancelled' };
      return null;
    }
    given = { ...given, ...answer.values };
  }
}

async function attempt(
  args: Args,
  address: string,
  context: LaneContext,
  signal: AbortSignal,
): Promise<AccountSetup | FlowFailure> {
  const servers = findServers(args, domainOf(address));
  if (typeof servers === 'string') return servers;
  const ca = arg(args, 'ca');
  const fault = environmentFault(servers, ca, context);
  if (fault !== null) return fault;
  const account: AccountRecord = {
    address,
    displayName: displayName(arg(args, 'displayName')),
    password: arg(args, 'password'),
    ...servers,
    ca: ca === '' ? null : ca,
  };
  if (account.password === '') return 'login-refused';
  try {
    const inbox = await openInbox(accessTo('imap', account, context), signal);
    const cursor = await beginHere(inbox, context.now()).finally(() => inbox.close());
    await verifySubmission(accessTo('smtp', account, context));
    const work = createWork(emptyView);
    await writeAccount(work, account);
    await createOwnKey(work, { address, now: context.now() });
    await readCursor(work);
    writeCursor(work, cursor);
    return { network: 'email', address, displayName: account.displayName, work: work.writes() };
  } catch (error) {
    context.log('setup-fault', { fault: error instanceof ConnectError ? error.fault : 'internal' });
    return failureOf(error);
  }
}
