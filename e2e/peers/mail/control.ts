import * as v from 'valibot';
import type { CertificateAuthority } from '../certificate.ts';
import type { ArmedFault, Fault } from './faults.ts';
import type { MailServer } from './server.ts';

/**
 * The language between a mail server in a process of its own and its driver: JSON lines. The driver's first line is
 * the options, the server's first line is where it listens; then calls and answers, matched by `id`. Mails and request
 * streams travel as base64.
 */
const base64 = v.pipe(
  v.string(),
  v.transform((text) => Buffer.from(text, 'base64')),
);
const protocol = v.picklist(['imap', 'smtp']);
const direction = v.picklist(['to-server', 'to-client']);
const code = v.pipe(v.number(), v.integer(), v.minValue(400), v.maxValue(599));
const size = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const text = v.exactOptional(v.string());
const policy = v.picklist(['open', 'chatmail']);
const flaw = v.picklist(['none', 'other-authority', 'wrong-host', 'expired', 'not-yet-valid']);

const fault = v.variant('kind', [
  v.object({ kind: v.literal('refuse-login'), protocol, temporary: v.exactOptional(v.boolean()) }),
  v.object({ kind: v.literal('refuse-sender'), code, text }),
  v.object({ kind: v.literal('refuse-recipient'), code, text, recipient: text }),
  v.object({ kind: v.literal('refuse-data'), code, text }),
  v.object({ kind: v.literal('bounce'), recipient: v.string() }),
  v.object({
    kind: v.literal('drop-data'),
    when: v.picklist(['before-accept', 'after-accept', 'after-reply']),
  }),
  v.object({ kind: v.literal('drop-after'), protocol, direction, bytes: size }),
  v.object({ kind: v.literal('stall'), protocol, direction }),
  v.object({ kind: v.literal('stall-connect'), protocol }),
  v.object({ kind: v.literal('delay'), protocol, direction, ms: size }),
  v.object({
    kind: v.literal('refuse-command'),
    command: v.string(),
    status: v.picklist(['NO', 'BAD']),
    text,
  }),
  v.object({
    kind: v.literal('drop-command'),
    command: v.string(),
    when: v.picklist(['before-effect', 'after-effect']),
  }),
  v.object({ kind: v.literal('garbage'), bytes: v.string(), command: text }),
  v.object({ kind: v.literal('oversized-literal'), announced: size, sent: size }),
]) satisfies v.GenericSchema<unknown, Fault>;

/** The driver's first line: the options of the server. It makes its own certificate. */
export const StartLine = v.object({
  accounts: v.exactOptional(v.array(v.object({ address: v.string(), password: v.string() }))),
  policy: v.exactOptional(policy),
  capabilities: v.exactOptional(v.array(v.string())),
  withoutCapabilities: v.exactOptional(v.array(v.string())),
  unknownRecipients: v.exactOptional(v.picklist(['accept', 'refuse', 'bounce'])),
  maxMailBytes: v.exactOptional(size),
  quotaBytes: v.exactOptional(size),
  flaw: v.exactOptional(flaw),
});
export type StartOptions = v.InferInput<typeof StartLine>;

const endpoint = v.object({ host: v.string(), port: v.number() });
/** The server's first line. */
export const ReadyLine = v.object({ imap: endpoint, smtp: endpoint, ca: v.string() });

const mailMatch = v.object({ from: text, to: text, containing: text, skip: v.exactOptional(size) });
const commandMatch = v.object({ address: text, text: v.string(), skip: v.exactOptional(size) });
const flags = v.exactOptional(v.array(v.string()));
const seconds = v.exactOptional(size);
const armed = v.object({ fault: size });

/** What the driver may ask. */
export const Call = v.variant('name', [
  v.object({
    name: v.literal('deliver'),
    address: v.string(),
    raws: v.array(base64),
    options: v.object({ mailbox: text, flags, receivedAt: v.exactOptional(v.number()) }),
  }),
  v.object({ name: v.literal('mailbox'), address: v.string(), mailbox: text }),
  v.object({ name: v.literal('changePassword'), address: v.string(), password: v.string() }),
  v.object({ name: v.literal('changeUidValidity'), address: v.string(), mailbox: text }),
  v.object({ name: v.literal('mails') }),
  v.object({ name: v.literal('requests') }),
  v.object({ name: v.literal('commands') }),
  v.object({ name: v.literal('clearRecord') }),
  v.object({ name: v.literal('waitForMail'), match: mailMatch, timeoutMs: seconds }),
  v.object({ name: v.literal('waitForCommand'), match: commandMatch, timeoutMs: seconds }),
  v.object({
    name: v.literal('arm'),
    fault,
    options: v.object({ times: v.exactOptional(v.union([size, v.literal('always')])), address: text }),
  }),
  v.object({ name: v.literal('hits'), ...armed.entries }),
  v.object({ name: v.literal('struck'), ...armed.entries }),
  v.object({ name: v.literal('disarm'), ...armed.entries }),
  v.object({ name: v.literal('disarmAll') }),
  v.object({ name: v.literal('goOffline') }),
  v.object({ name: v.literal('goOnline') }),
  v.object({ name: v.literal('dropConnections') }),
  v.object({ name: v.literal('present'), flaw }),
]);
export type Call = v.InferInput<typeof Call>;
type ReadCall = v.InferOutput<typeof Call>;

const mail = v.object({ from: v.string(), to: v.array(v.string()), raw: base64, at: v.number() });
const command = v.object({
  connection: v.number(),
  address: v.nullable(v.string()),
  text: v.string(),
  at: v.number(),
});
const stored = v.object({ uid: v.number(), raw: base64, flags: v.array(v.string()), receivedAt: v.number() });
const stream = v.object({
  protocol,
  connection: v.number(),
  address: v.nullable(v.string()),
  openedAt: v.number(),
  bytes: base64,
});
const nothing = v.null();

/** What the server answers to each call. */
export const Answers = {
  deliver: v.array(v.number()),
  mailbox: v.object({ uidValidity: v.number(), uidNext: v.number(), mails: v.array(stored) }),
  changePassword: nothing,
  changeUidValidity: nothing,
  mails: v.array(mail),
  requests: v.array(stream),
  commands: v.array(command),
  clearRecord: nothing,
  waitForMail: mail,
  waitForCommand: command,
  arm: v.number(),
  hits: v.number(),
  struck: nothing,
  disarm: nothing,
  disarmAll: nothing,
  goOffline: nothing,
  goOnline: nothing,
  dropConnections: nothing,
  present: nothing,
} satisfies { readonly [N in Call['name']]: v.GenericSchema };

/** A call on the line, and its answer. */
export const CallLine = v.object({ id: v.number(), call: Call });
export const AnswerLine = v.variant('kind', [
  v.object({ kind: v.literal('answer'), id: v.number(), value: v.unknown() }),
  v.object({ kind: v.literal('failure'), id: v.number(), why: v.string() }),
]);

/** Carries out calls at a server; gives what `Answers` reads. Throws what the server throws. */
export function createController(
  server: MailServer,
  authority: CertificateAuthority,
): (call: ReadCall) => Promise<v.InferInput<(typeof Answers)[Call['name']]>> {
  const armedFaults = new Map<number, ArmedFault>();
  const armedFault = (id: number): ArmedFault => {
    const found = armedFaults.get(id);
    if (found === undefined) throw new Error(`no fault ${id} was armed`);
    return found;
  };

  return async (call) => {
    switch (call.name) {
      case 'deliver':
        return call.raws.map((raw) => server.deliver(call.address, raw, call.options));
      case 'mailbox': {
        const state = server.mailbox(call.address, call.mailbox);
        return {
          ...state,
          mails: state.mails.map((one) => ({
            ...one,
            flags: [...one.flags],
            raw: one.raw.toString('base64'),
          })),
        };
      }
      case 'changePassword':
        server.changePassword(call.address, call.password);
        return null;
      case 'changeUidValidity':
        server.changeUidValidity(call.address, call.mailbox);
        return null;
      case 'mails':
        return server.record
          .mails()
          .map((one) => ({ ...one, to: [...one.to], raw: one.raw.toString('base64') }));
      case 'requests':
        return server.record.requests().map((one) => ({ ...one, bytes: one.bytes.toString('base64') }));
      case 'commands':
        return [...server.record.commands()];
      case 'clearRecord':
        server.record.clear();
        return null;
      case 'waitForMail': {
        const one = await server.record.waitForMail(call.match, call.timeoutMs);
        return { ...one, to: [...one.to], raw: one.raw.toString('base64') };
      }
      case 'waitForCommand':
        return server.record.waitForCommand(call.match, call.timeoutMs);
      case 'arm': {
        const one = server.faults.arm(call.fault, call.options);
        armedFaults.set(one.id, one);
        return one.id;
      }
      case 'hits':
        return armedFault(call.fault).hits();
      case 'struck':
        await armedFault(call.fault).struck;
        return null;
      case 'disarm':
        armedFault(call.fault).disarm();
        return null;
      case 'disarmAll':
        server.faults.disarmAll();
        return null;
      case 'goOffline':
        await server.goOffline();
        return null;
      case 'goOnline':
        await server.goOnline();
        return null;
      case 'dropConnections':
        server.dropConnections();
        return null;
      case 'present':
        server.present(await authority.issue(call.flaw));
        return null;
    }
  };
}
