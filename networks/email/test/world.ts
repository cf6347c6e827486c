import { createCertificate } from '../../../e2e/peers/certificate.ts';
import { startDeltaChat, type DeltaChat, type DeltaChatOptions } from '../../../e2e/peers/deltachat.ts';
import { startMailServer, type MailServer, type MailServerOptions } from '../../../e2e/peers/mail/server.ts';
import type { Change } from '../../../shared/lane/change.ts';
import type { Lane } from '../../../shared/lane/lane.ts';
import { createWork } from '../../../shared/lane/work.ts';
import { readSelf } from '../account-record.ts';
import { createLane } from '../lane.ts';
import { createCoreDouble, runFlow, type CoreDouble, type DoubleOptions } from './lane-context.ts';

/** One Plainseal account on a mail server: the lane under test and the stand-in for core around it. */
export interface Plainseal {
  readonly address: string;
  readonly lane: Lane;
  readonly core: CoreDouble;
  stop(): Promise<void>;
}

export type Message = Extract<Change, { kind: 'message' }>;

export const isMessage =
  (text: string) =>
  (change: Change): change is Message =>
    change.kind === 'message' && change.content.text === text;

export const isNote =
  (code: string) =>
  (change: Change): change is Extract<Change, { kind: 'note' }> =>
    change.kind === 'note' && change.code === code;

export async function openMailServer(options: Partial<MailServerOptions> = {}): Promise<MailServer> {
  return startMailServer({ certificate: await createCertificate(), ...options });
}

/** Where an account is and whom its certificate is from. */
export type Place = Pick<MailServer, 'imap' | 'smtp'> & { readonly ca: string };

/** The arguments that add an account on this server. */
export function accountArgs(
  server: Place,
  address: string,
  displayName = 'Plain Seal',
): Record<string, string> {
  return {
    address,
    password: 'pw',
    displayName,
    imapHost: server.imap.host,
    imapPort: String(server.imap.port),
    smtpHost: server.smtp.host,
    smtpPort: String(server.smtp.port),
    ca: server.ca,
  };
}

/** Adds an account and starts its lane. */
export async function openPlainseal(
  server: Place,
  address: string,
  options: DoubleOptions & { readonly name?: string; readonly start?: boolean } = {},
): Promise<Plainseal> {
  const first = createLane();
  const start = { kind: 'add-account' as const, args: accountArgs(server, address, options.name) };
  const { setup, steps } = await runFlow(first, start, createCoreDouble(null, options).context);
  if (setup === null) throw new Error(`set-up failed: ${JSON.stringify(steps)}`);
  const core = createCoreDouble(setup, options);
  return openAgain(address, core, options.start ?? true);
}

/** Starts a lane over existing state, as after a restart. */
export async function openAgain(address: string, core: CoreDouble, start = true): Promise<Plainseal> {
  const lane = createLane();
  if (start) {
    await lane.start(core.context);
    core.attach(lane);
    await core.waitUntil('online', () => core.statuses.some(({ kind }) => kind === 'online'));
  }
  return {
    address,
    lane,
    core,
    async stop() {
      core.stop();
      await lane.stop();
    },
  };
}

/** A Delta Chat user who listens: mail that comes before a new core first opened its INBOX is never looked at by it. */
export async function openDeltaChat(
  server: MailServer,
  address: string,
  more: Partial<DeltaChatOptions> = {},
): Promise<DeltaChat> {
  const user = await startDeltaChat({ mail: { imap: server.imap, smtp: server.smtp }, address, ...more });
  await server.record.waitForCommand({ address, text: 'IDLE' });
  return user;
}

/** Plainseal follows the Delta Chat user's invitation; gives the conversation. */
export async function joinByLink(plainseal: Plainseal, link: string) {
  const { steps } = await runFlow(plainseal.lane, { kind: 'join', link }, plainseal.core.context);
  const last = steps.at(-1);
  if (last?.kind !== 'done' || last.conversation === null || last.peer === null)
    throw new Error(`join ended with ${JSON.stringify(last)}; ${JSON.stringify(plainseal.core.logged)}`);
  return { conversation: last.conversation, peer: last.peer };
}

/** My contact card, from which Delta Chat learns my key without a handshake. */
export async function vcardOf({ address, core }: Plainseal): Promise<string> {
  const { key } = await readSelf(createWork(core.context.view), Date.now());
  const bytes = Buffer.from(key.certificate.bytes).toString('base64');
  const keyLine = `KEY:data:application/pgp-keys;base64\\,${bytes}`;
  return `BEGIN:VCARD\r\nVERSION:4.0\r\nEMAIL:${address}\r\nFN:Plain Seal\r\n${keyLine}\r\nREV:20260101T000000Z\r\nEND:VCARD\r\n`;
}
