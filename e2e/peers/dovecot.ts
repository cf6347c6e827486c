import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { promisify } from 'node:util';
import { createTransport } from 'nodemailer';
import type { Certificate } from './certificate.ts';
import { dovecotConfig } from './dovecot-config.ts';
import { createAccounts } from './mail/accounts.ts';
import type { Connection } from './mail/connection.ts';
import { createFaults } from './mail/faults.ts';
import type { Faults } from './mail/faults.ts';
import { openListener } from './mail/listener.ts';
import type { Policy } from './mail/policy.ts';
import { createRecorder } from './mail/record.ts';
import type { MailRecord } from './mail/record.ts';
import type { Endpoint } from './mail/server.ts';
import { createSubmission } from './mail/smtp.ts';
import { openWire } from './mail/wire.ts';

/** Debian's dovecot as IMAP server, with our submission service in front of its LMTP. Any user, any password. */
export interface Dovecot {
  readonly imap: Endpoint;
  readonly smtp: Endpoint;
  /** The authority to trust, PEM. */
  readonly ca: string;
  /** What the submission service saw (dovecot's own connections are not recorded). */
  readonly record: MailRecord;
  /** Faults of the submission service; those of IMAP do not strike here. */
  readonly faults: Faults;
  /** Hands a mail to dovecot, which adds its own trace lines. */
  deliver(address: string, raw: Uint8Array | string): Promise<void>;
  /** What dovecot logged so far. */
  log(): readonly string[];
  /** Ends dovecot and starts it again, on the same ports and mails. Throws with its log when it does not start. */
  restart(): Promise<void>;
  /** Ends dovecot by its own handle and deletes its folder. Harmless when repeated. */
  stop(): Promise<void>;
}

const BINARY = '/usr/sbin/dovecot';
const START_LIMIT_MS = 15_000;
const GRACE_MS = 5_000;
const MAX_MAIL_BYTES = 100 << 20;
const MAIL_USER = 'nobody';

/** Whether a dovecot is installed whose configuration language we write (2.3). */
export async function dovecotInstalled(): Promise<boolean> {
  return promisify(execFile)(BINARY, ['--version']).then(
    ({ stdout }) => stdout.startsWith('2.3.'),
    () => false,
  );
}

/** Starts dovecot in a temporary folder on random ports. Throws with its log when it does not start. */
export async function startDovecot(
  certificate: Certificate,
  { policy = 'open' }: { readonly policy?: Policy } = {},
): Promise<Dovecot> {
  const folder = await mkdtemp(path.join(tmpdir(), 'plainseal-dovecot-'));
  const [imapPort, lmtpPort] = await freePorts();
  const owner = await ownerOfMail();
  await writeFile(path.join(folder, 'cert.pem'), certificate.cert);
  await writeFile(path.join(folder, 'key.pem'), certificate.key, { mode: 0o600 });
  await mkdir(path.join(folder, 'run'));
  await mkdir(path.join(folder, 'mail'));
  await chmod(folder, 0o711);
  await chown(path.join(folder, 'mail'), owner.mailUid, owner.mailGid);
  const file = path.join(folder, 'dovecot.conf');
  await writeFile(file, dovecotConfig({ folder, imapPort, lmtpPort, ...owner }));

  const log: string[] = [];
  let running: RunningDovecot | null = null;
  const stopDovecot = async (): Promise<void> => {
    await running?.stop();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    running = await run(file, log);
  } catch (error) {
    await stopDovecot();
    throw error;
  }

  const lmtp = createTransport({ host: '127.0.0.1', port: lmtpPort, lmtp: true, ignoreTLS: true });
  const deliver = async (from: string, to: string, raw: Uint8Array | string): Promise<void> => {
    await lmtp.sendMail({ envelope: { from, to }, raw: Buffer.from(raw) });
  };
  const faults = createFaults();
  const recorder = createRecorder();
  const submission = createSubmission({
    accounts: createAccounts(),
    faults,
    recorder,
    policy,
    unknownRecipients: 'accept',
    maxMailBytes: MAX_MAIL_BYTES,
    deliver,
  });
  let lastConnection = 0;
  const smtp = await openListener('smtp', certificate, faults, (socket) => {
    lastConnection += 1;
    const connection: Connection = {
      id: lastConnection,
      protocol: 'smtp',
      openedAt: Date.now(),
      address: null,
    };
    submission.serve(openWire(socket, connection, faults, (chunk) => recorder.received(connection, chunk)));
  });

  return {
    imap: { host: '127.0.0.1', port: imapPort },
    smtp: { host: smtp.host, port: smtp.port },
    ca: certificate.ca,
    record: recorder.record,
    faults,
    deliver: (address, raw) => deliver('', address, raw),
    log: () => [...log],
    async restart() {
      await running?.stop();
      running = await run(file, log);
    },
    async stop() {
      faults.disarmAll();
      await smtp.close();
      await stopDovecot();
    },
  };
}

/** One process of dovecot. */
interface RunningDovecot {
  /** Harmless when repeated. */
  stop(): Promise<void>;
}

/** Runs dovecot on a configuration; resolves once it listens. Throws with its log when it does not start. */
async function run(file: string, log: string[]): Promise<RunningDovecot> {
  const child = spawn(BINARY, ['-F', '-c', file], { stdio: ['ignore', 'ignore', 'pipe'] });
  await once(child, 'spawn');
  const ended = once(child, 'exit');
  let running = true;
  const stop = async (): Promise<void> => {
    if (!running) return;
    child.kill('SIGTERM');
    const timer = setTimeout(() => child.kill('SIGKILL'), GRACE_MS);
    await ended;
    clearTimeout(timer);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`dovecot ${why}:\n${log.join('\n')}`));
      const timer = setTimeout(() => fail('did not start in time'), START_LIMIT_MS);
      createInterface({ input: child.stderr }).on('line', (line) => {
        log.push(line);
        // Written once all listeners are open.
        if (!line.includes('starting up')) return;
        clearTimeout(timer);
        resolve();
      });
      void ended.then(() => {
        running = false;
        clearTimeout(timer);
        fail('ended');
      });
    });
  } catch (error) {
    await stop();
    throw error;
  }
  return { stop };
}

/** Who owns what: dovecot's own users when we are root (its login process refuses root), else ourselves. */
async function ownerOfMail(): Promise<{
  readonly internalUser: string;
  readonly loginUser: string;
  readonly internalGroup: string;
  readonly mailUid: number;
  readonly mailGid: number;
}> {
  const id = async (...args: readonly string[]): Promise<string> =>
    (await promisify(execFile)('id', [...args])).stdout.trim();
  const { uid, gid, username } = userInfo();
  if (uid !== 0) {
    const group = await id('-gn');
    return { internalUser: username, loginUser: username, internalGroup: group, mailUid: uid, mailGid: gid };
  }
  const [mailUid, mailGid] = await Promise.all([id('-u', MAIL_USER), id('-g', MAIL_USER)]);
  return {
    internalUser: 'dovecot',
    loginUser: 'dovenull',
    internalGroup: 'dovecot',
    mailUid: Number(mailUid),
    mailGid: Number(mailGid),
  };
}

/** Two ports that were free a moment ago; dovecot cannot choose its own. */
async function freePorts(): Promise<readonly [number, number]> {
  const probes = [net.createServer(), net.createServer()] as const;
  for (const probe of probes) await once(probe.listen(0, '127.0.0.1'), 'listening');
  const [first, second] = probes.map((probe) => (probe.address() as AddressInfo).port);
  for (const probe of probes) await once(probe.close(), 'close');
  return [first ?? 0, second ?? 0];
}
