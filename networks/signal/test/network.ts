import { randomUUID } from 'node:crypto';
import * as libsignal from '@signalapp/libsignal-client';
import type { ServiceId } from '../../../crypto/signal/address.ts';
import type { Message } from '../service/letter.ts';
import type { SendAnswer, SignalService } from '../service/service.ts';
import { OtherAccount } from './other-side.ts';

/** What the next send meets: an answer in place of the server's, before or after it was delivered. */
export type Fault = { readonly delivered: boolean; readonly answer: SendAnswer | Error };

/**
 * For tests: Signal's service in memory, with the rules of sending that the real one has: a message goes to all devices as they are
 * set up now or to none. What is sent is opened by libsignal at the other end.
 */
export interface TestNetwork {
  readonly service: SignalService;
  /** My own account: the telephone is its device 1, this one is {@link OWN_DEVICE}. */
  readonly me: OtherAccount;
  readonly sends: Message[];
  /** Keys that were asked for, as `<service id>/<device>`. */
  readonly asked: string[];
  readonly uploads: Uint8Array[];
  readonly challenges: { readonly token: string; readonly captcha: string }[];
  meet(): OtherAccount;
  arm(...faults: readonly Fault[]): void;
  disarm(): void;
  /** In place of what the server says of somebody's keys; null: it tells the truth. */
  forge(bundles: SignalService['bundles'] | null): void;
}

export const OWN_DEVICE = 2;
const CERTIFICATE_FOR_MS = 24 * 60 * 60 * 1_000;

export function openNetwork(): TestNetwork {
  const accounts = new Map<ServiceId, OtherAccount>();
  const add = (account: OtherAccount): OtherAccount => {
    accounts.set(account.service, account);
    account.setUp(1);
    return account;
  };
  const me = add(new OtherAccount());
  const faults: Fault[] = [];
  const sends: Message[] = [];
  const asked: string[] = [];
  const uploads: Uint8Array[] = [];
  const challenges: { token: string; captcha: string }[] = [];
  let forged: SignalService['bundles'] | null = null;
  const trustRoot = libsignal.PrivateKey.generate();
  const signer = libsignal.PrivateKey.generate();
  const signerCertificate = libsignal.ServerCertificate.new(1, signer.getPublicKey(), trustRoot);

  async function judge(message: Message): Promise<SendAnswer> {
    const account = accounts.get(message.to);
    if (!account?.registered) return { kind: 'unregistered' };
    const fits = message.accessKey === null || Buffer.from(message.accessKey).equals(account.accessKey);
    if (!fits && !account.takesAnybody) return { kind: 'unauthorized' };
    const there = [...account.devices.keys()].filter((device) => account !== me || device !== OWN_DEVICE);
    const named = message.parts.map(({ device }) => device);
    const stale = message.parts
      .filter(({ device, registrationId }) => {
        const known = account.devices.get(device);
        return known !== undefined && known.registrationId !== registrationId;
      })
      .map(({ device }) => device);
    if (stale.length > 0) return { kind: 'stale', devices: stale };
    const missing = there.filter((device) => !named.includes(device));
    const extra = named.filter((device) => !there.includes(device));
    if (missing.length > 0 || extra.length > 0) return { kind: 'mismatched', missing, extra };
    for (const part of message.parts)
      await account.device(part.device).take(part, me.service, OWN_DEVICE, message.sentAt);
    return { kind: 'sent' };
  }

  const service: SignalService = {
    async bundles(of, device) {
      asked.push(`${of}/${device}`);
      if (forged !== null) return forged(of, device);
      const account = accounts.get(of);
      const wanted = [...(account?.devices.values() ?? [])].filter(
        (one) => device === '*' || one.device === device,
      );
      if (!account?.registered || wanted.length === 0) return { kind: 'unregistered' };
      const devices = await Promise.all(wanted.map((one) => one.bundle()));
      return { kind: 'bundles', identityKey: account.identityKey, devices };
    },
    async send({ message }) {
      sends.push(message);
      const fault = faults.shift();
      const answer = fault?.delivered === false ? null : await judge(message);
      if (fault?.answer instanceof Error) throw fault.answer;
      return fault?.answer ?? (answer as SendAnswer);
    },
    async senderCertificate() {
      const certificate = libsignal.SenderCertificate.new(
        me.service,
        null,
        OWN_DEVICE,
        me.identity.getPublicKey(),
        Date.now() + CERTIFICATE_FOR_MS,
        signerCertificate,
        signer,
      );
      return { kind: 'certificate', bytes: certificate.serialize() };
    },
    profile: async () => ({ kind: 'unknown' }),
    preKeyCounts: async () => ({ kind: 'counts', ec: 100, pq: 100 }),
    checkKeys: async () => ({ kind: 'same' }),
    uploadPreKeys: async () => ({ kind: 'done' }),
    lookUpUsername: async () => ({ kind: 'found', service: null }),
    download: async () => ({ kind: 'gone' }),
    async upload(bytes) {
      uploads.push(bytes);
      return { kind: 'stored', cdn: 3, id: randomUUID() };
    },
    async answerChallenge(token, captcha) {
      challenges.push({ token, captcha });
      return { kind: captcha === 'right' ? 'done' : 'refused' };
    },
  };
  return {
    service,
    me,
    sends,
    asked,
    uploads,
    challenges,
    meet: () => add(new OtherAccount()),
    arm: (...more) => void faults.push(...more),
    disarm: () => void faults.splice(0),
    forge: (bundles) => {
      forged = bundles;
    },
  };
}
