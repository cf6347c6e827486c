import { createWork } from '../../../shared/lane/work.ts';
import type { Millis } from '../../../shared/ids.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Settled } from '../../../shared/lane/commit.ts';
import type { Intent } from '../../../shared/lane/intent.ts';
import type { StateView } from '../../../shared/lane/state.ts';
import type { Certificate } from '../../../crypto/openpgp/certificate.ts';
import { createOwnKey } from '../../../crypto/openpgp/keyring.ts';
import { readSelf, writeAccount, type Self, type Server } from '../account-record.ts';
import { headerNames, type Inbox } from '../connection.ts';
import { drain } from '../mailbox.ts';
import { readCursor, writeCursor } from '../records.ts';
import { createLearnedKeys } from '../signer.ts';
import { createCoreDouble, type CoreDouble, type DoubleOptions } from './lane-context.ts';

/** An account without a network: mails are put into it by hand and go through everything behind the connection. */
export interface Taker {
  readonly core: CoreDouble;
  readonly address: string;
  readonly certificate: Certificate;
  /** Takes these mails in, in order; what they changed. Never throws for what stands in a mail. */
  take(...mails: readonly (Uint8Array | string)[]): Promise<Taken>;
  /** Flows that were told of a finished invitation. */
  readonly joined: readonly string[];
}

export interface Taken {
  readonly changes: readonly Change[];
  readonly settled: readonly Settled[];
  readonly enqueued: readonly Intent[];
  readonly logged: CoreDouble['logged'];
}

const server: Server = { host: '127.0.0.1', port: 1, security: 'tls', user: 'address' };
const empty: StateView = { get: async () => null, scan: async () => [] };
const UID_VALIDITY = 7;

/** The header fields a real server would give, out of a whole mail. */
function headerOf(mail: Uint8Array): Uint8Array {
  const text = Buffer.from(mail).toString('latin1');
  const head = text.split(/\r?\n\r?\n/, 1)[0] ?? '';
  const lines = head.replace(/\r?\n(?=[ \t])/g, '\u0000').split(/\r?\n/);
  const kept = lines.filter((line) =>
    headerNames.some((name) => line.toLowerCase().startsWith(`${name.toLowerCase()}:`)),
  );
  return Buffer.from(`${kept.join('\r\n').replaceAll('\u0000', '\r\n')}\r\n\r\n`, 'latin1');
}

/** `serverNow`: the clock of the server, which says when a mail came; the same as mine where it is not given. */
export async function createTaker(
  address = 'me@example.org',
  options: DoubleOptions & { readonly serverNow?: () => Millis } = {},
): Promise<Taker> {
  const work = createWork(empty);
  const account = { address, displayName: 'Me', password: 'pw', imap: server, smtp: server, ca: null };
  await writeAccount(work, account);
  const key = await createOwnKey(work, { address, now: Date.now() - 86_400_000 });
  await readCursor(work);
  writeCursor(work, { uidValidity: UID_VALIDITY, uid: 0, since: 0 });
  const core = createCoreDouble(
    { network: 'email', address, displayName: 'Me', work: work.writes() },
    options,
  );
  const serverNow = options.serverNow ?? core.context.now;
  const joined: string[] = [];
  const learned = createLearnedKeys();
  let uid = 0;
  return {
    core,
    address,
    certificate: key.certificate,
    joined,
    async take(...mails) {
      const found = new Map<number, Uint8Array>();
      for (const mail of mails) found.set(++uid, Buffer.from(mail));
      const inbox: Inbox = {
        uidValidity: UID_VALIDITY,
        uidNext: uid + 1,
        newerThan: async (after) => [...found.keys()].filter((one) => one > after),
        headers: async (uids) =>
          uids.flatMap((one) => {
            const mail = found.get(one);
            return mail
              ? [{ uid: one, size: mail.length, arrivedAt: serverNow(), header: headerOf(mail) }]
              : [];
          }),
        bodies: async (uids) =>
          new Map(
            uids.flatMap((one) => (found.has(one) ? [[one, found.get(one) as Uint8Array] as const] : [])),
          ),
        changed: async () => undefined,
        close: () => undefined,
      };
      const before = core.commits.length;
      const loggedBefore = core.logged.length;
      let self: Promise<Self> | null = null;
      const reading = {
        context: core.context,
        self: () => (self ??= readSelf(createWork(core.context.view), Date.now())),
        settle: (auth: string) => void joined.push(auth),
        learned,
        dropCaches: () => {
          self = null;
          learned.clear();
        },
      };
      await drain(reading, inbox, new AbortController().signal);
      const commits = core.commits.slice(before);
      return {
        changes: commits.flatMap(({ changes }) => changes),
        settled: commits.flatMap(({ inbound }) => inbound).filter(({ kind }) => kind !== 'cursor'),
        enqueued: commits.flatMap(({ enqueue }) => enqueue),
        logged: core.logged.slice(loggedBefore),
      };
    },
  };
}
