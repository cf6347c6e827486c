import { mkdtemp, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as Mock from '@signalapp/mock-server';
import { answerKeyChecks } from './check-keys.ts';
import { disturbances } from './disturb.ts';
import { changeIdentity, safetyNumber } from './identity.ts';
import { keepUntilTaken } from './mailbox.ts';
import type { Account, CallName, Calls, Linked, LocalEnvironment } from './protocol.ts';
import { take, toReceived } from './received.ts';
import { dropTwins } from './twins.ts';

// CommonJS whose exports Node's loader does not see through.
const mock = createRequire(import.meta.url)('@signalapp/mock-server') as typeof Mock;
const { Proto, ServiceIdKind } = mock;
type PrimaryDevice = InstanceType<typeof mock.PrimaryDevice>;
type Device = InstanceType<typeof mock.Device>;

/** Answers each call. */
export type Serve = { readonly [N in CallName]: (args: Calls[N]['args']) => Promise<Calls[N]['result']> };

/** Texts that are sealed at once when a queue is filled. */
const FILL_AT_ONCE = 50;

/** Signal's mock server, listening on this machine at a port of its own, and what can be asked of it. */
export async function startMock(): Promise<{
  readonly environment: LocalEnvironment;
  readonly serve: Serve;
  stop(): Promise<void>;
}> {
  const folder = await mkdtemp(join(tmpdir(), 'plainseal-signal-'));
  const server = new mock.Server({ timeout: 30_000, cdn3Path: folder });
  keepUntilTaken(server);
  answerKeyChecks();
  await server.listen(0, 'localhost');
  const certificates = await mock.loadCertificates();
  const accounts: PrimaryDevice[] = [];
  const devices: Device[] = [];
  const twins: (() => number)[] = [];

  const account = (id: number): PrimaryDevice => must(accounts[id], 'account');
  const device = (id: number): Device => must(devices[id], 'device');
  const kindOf = (to: 'ACI' | 'PNI' = 'ACI') => (to === 'ACI' ? ServiceIdKind.ACI : ServiceIdKind.PNI);
  const known = (made: Device): number => devices.push(made) - 1;
  // Answers only once the device has taken it.
  const hand = (to: Device, envelope: Buffer<ArrayBuffer>): void => void server.send(to, envelope);
  const disturb = disturbances(server);

  const serve: Serve = {
    async account({ name, contacts, number }) {
      const made = await server.createPrimaryDevice({
        profileName: name,
        contacts: contacts.map(account),
        hasE164: number,
      });
      twins.push(dropTwins(made));
      return toAccount(accounts.push(made) - 1, made);
    },
    async link({ phone, url }) {
      const pending = await server.waitForProvision();
      const linked = await pending.complete({ provisionURL: url, primaryDevice: account(phone) });
      return toLinked(known(linked), linked);
    },
    async introduce({ account: id, device: to, pni }) {
      const kind = kindOf(pni ? 'PNI' : 'ACI');
      await account(id).addSingleUseKey(device(to), await device(to).popSingleUseKey(kind), kind);
      return null;
    },
    async sendText({ account: id, device: to, text, options }) {
      const timestamp = options.sentAt ?? Date.now();
      await account(id).sendText(device(to), text, {
        timestamp,
        sealed: options.sealed ?? false,
        serviceIdKind: kindOf(options.to),
        withProfileKey: options.withProfileKey ?? false,
      });
      return timestamp;
    },
    async sendContent({ account: id, device: to, content, options }) {
      const timestamp = options.sentAt ?? Date.now();
      await account(id).sendRaw(device(to), Proto.Content.decode(content as Uint8Array<ArrayBuffer>), {
        timestamp,
        sealed: options.sealed ?? false,
        serviceIdKind: kindOf(options.to),
      });
      return timestamp;
    },
    async queueTexts({ accounts: ids, device: to, count, sealed, from, word = 'message' }) {
      const times = Array.from({ length: count }, (_, n) => from + n);
      for (let at = 0; at < count; at += FILL_AT_ONCE) {
        const sealing = times.slice(at, at + FILL_AT_ONCE).map(async (timestamp, n) => {
          const sender = account(must(ids[(at + n) % ids.length], 'account'));
          return sender.encryptText(
            device(to),
            `${word}x${String(at + n).padStart(6, '0')} is one of many, as long as most messages are.`,
            {
              timestamp,
              sealed: sealed && n % 2 === 0,
            },
          );
        });
        for (const envelope of await Promise.all(sealing)) hand(device(to), envelope);
      }
      return times;
    },
    async sendRaw({ device: to, envelope, times }) {
      for (let n = 0; n < times; n += 1) hand(device(to), Buffer.from(envelope));
      return null;
    },
    encryptText: async ({ account: id, device: to, text, options }) =>
      account(id).encryptText(device(to), text, {
        timestamp: options.sentAt ?? Date.now(),
        sealed: options.sealed ?? false,
        serviceIdKind: kindOf(options.to),
        withProfileKey: options.withProfileKey ?? false,
      }),
    async sendReceipt({ account: id, device: to, as, of }) {
      // Its enum is not exported; these are its values.
      const type = (as === 'read' ? 'Read' : 'Delivery') as never;
      await account(id).sendReceipt(device(to), { type, messageTimestamps: of });
      return null;
    },
    async serverReceipt({ account: id, device: to, of }) {
      await account(id).sendUnencryptedReceipt(device(to), { messageTimestamp: of });
      return null;
    },
    next: async ({ account: id, queue, timeoutMs }) => {
      const entry = await within(take(account(id), queue), timeoutMs, `no ${queue} came`);
      return toReceived(entry);
    },
    waiting: async ({ account: id, queue }) => {
      const from = account(id);
      switch (queue) {
        case 'message':
          return from.getMessageQueueSize();
        case 'receipt':
          return from.getReceiptQueueSize();
        case 'edit':
          return from.getEditQueueSize();
        case 'decryption-error':
          return from.getDecryptionErrorQueueSize();
        default:
          return queue satisfies never;
      }
    },
    twins: async ({ account: id }) => must(twins[id], 'account')(),
    addDevice: async ({ account: id }) => {
      const made = await server.createSecondaryDevice(account(id));
      known(made);
      return made.deviceId;
    },
    async removeDevice({ account: id, device: number }) {
      const owner = account(id);
      const gone = must(
        owner.secondaryDevices.find(({ deviceId }) => deviceId === number),
        'device',
      );
      await owner.unlink(gone);
      await server.removeDeviceByServiceId(gone.aci, gone.deviceId);
      return null;
    },
    async changeIdentity({ account: id }) {
      await changeIdentity(account(id));
      return null;
    },
    async changeNumber({ account: id }) {
      await account(id).changeNumber();
      return { number: account(id).device.number ?? '' };
    },
    async reinstall({ account: id }) {
      // Private, and the only place where the server looks.
      const inside = account(id).device as unknown as { registrationId: number };
      inside.registrationId = (inside.registrationId % 16_000) + 1;
      return null;
    },
    async register({ account: id, registered }) {
      if (registered) server.register(account(id));
      else server.unregister(account(id));
      return null;
    },
    async challenge({ device: from, account: id, on }) {
      const pair = { source: device(from).aci, target: account(id).device.aci };
      if (on) server.rateLimit(pair);
      else server.stopRateLimiting(pair);
      return null;
    },
    async unlink({ phone, device: id }) {
      await account(phone).unlink(device(id));
      await server.removeDeviceByServiceId(device(id).aci, device(id).deviceId);
      return null;
    },
    async waitForSync({ phone, device: id, timeoutMs }) {
      await within(account(phone).waitForSync(device(id)), timeoutMs, 'no sync');
      return null;
    },
    async cut() {
      const inside = server as unknown as { webSockets: Map<Device, { close(code: number): void }> };
      for (const socket of inside.webSockets.values()) socket.close(1_001);
      return null;
    },
    async answer({ path, status, body }) {
      disturb.answer(path, status, body);
      return null;
    },
    async withholdPostQuantum({ on }) {
      disturb.withholdPostQuantum(on);
      return null;
    },
    async refuseConnections({ status }) {
      disturb.refuse(status);
      return null;
    },
    readable: async ({ words }) => disturb.readable(words),
    requests: async ({ path }) => disturb.requests(path),
    lastRequestAt: async ({ path }) => disturb.lastRequestAt(path),
    safetyNumber: async ({ account: id, with: other }) => safetyNumber(account(id), account(other)),
    async username({ account: id, username }) {
      await server.setUsername(account(id).device.aci, username);
      return null;
    },
  };

  return {
    environment: {
      kind: 'local',
      port: server.address().port,
      rootCertificate: derOf(certificates.certificateAuthority),
      trustRoots: certificates.serverTrustRoots,
      serverPublicParams: certificates.serverPublicParams,
    },
    serve,
    async stop() {
      // Waits for connections to end, which nobody here ends; the process does.
      void server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function must<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`no such ${what}`);
  return value;
}

const derOf = (pem: string): string => pem.replace(/-----[^-]+-----/g, '').replace(/\s+/g, '');

function toAccount(id: number, { device, profileName, profileKey }: PrimaryDevice): Account {
  return {
    id,
    name: profileName,
    aci: device.aci,
    pni: device.pni ?? null,
    number: device.number ?? null,
    profileKey: Uint8Array.from(profileKey.serialize()),
  };
}

const toLinked = (id: number, { aci, deviceId }: Device): Linked => ({ id, aci, device: deviceId });

function within<T>(wanted: Promise<T>, ms: number, why: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(why)), ms);
    wanted.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
