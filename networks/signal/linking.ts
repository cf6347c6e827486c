import { randomBytes, randomInt } from 'node:crypto';
import { PrivateKey, type Net } from '@signalapp/libsignal-client';
import { sealDeviceName } from '../../crypto/signal/device-name.ts';
import type { OwnIdentities } from '../../crypto/signal/engine.ts';
import { openProfileName } from '../../crypto/signal/profile-name.ts';
import { firstKeys, type FirstKeys } from '../../crypto/signal/upkeep.ts';
import type { SignedPublicPreKey } from '../../crypto/signal/prekeys.ts';
import type { AccountSetup, FlowAnswer, FlowFailure, FlowStep } from '../../shared/lane/flow.ts';
import type { LaneContext } from '../../shared/lane/lane.ts';
import { ABSENT } from '../../shared/lane/state.ts';
import { encodeSelf, SELF, type Self } from './account-record.ts';
import { MAX_REGISTRATION } from './codec/numbers.ts';
import { encodeDeviceName, type ProvisionMessage } from './codec/provisioning.ts';
import { endpointsOf, fitsProfile, readLocalEnvironment, type SignalEnvironment } from './environment.ts';
import { linkedSchema } from './service/answers.ts';
import { ask, readAs, type Reply } from './service/ask.ts';
import { connectSignal } from './service/connect.ts';
import { createNet } from './service/net.ts';
import { readScan, showCodes } from './link-codes.ts';
import { TOLD_SPACES } from './wipe.ts';

type Steps<T> = AsyncGenerator<FlowStep, T, FlowAnswer | undefined>;

/** What my phone's list of devices calls this one. */
const DEVICE_NAME = 'Plainseal';
const PASSWORD_BYTES = 24;

/**
 * Links this computer to the account of a phone that scans a code. Nothing is written until the server has taken the new device;
 * then everything is handed to core at once. A death between the two, or a change of mind, leaves a device on the phone's list that
 * nobody uses: the server knows no way to take back half a link, and what was never written cannot be lost. `again` in `args`: the
 * only account it may be, whose device before is gone; the server does not even hear of another.
 */
export async function* link(
  args: Readonly<Record<string, string>>,
  context: LaneContext,
  signal: AbortSignal,
): Steps<AccountSetup | null> {
  const environment = environmentFor(args, context);
  if (environment === null) {
    yield failed('test-profile-only');
    return null;
  }
  yield { kind: 'progress', stage: 'connecting' };
  const net = createNet(environment, context.proxy);
  const scanned = yield* showCodes(net, context, signal);
  if ('failure' in scanned) {
    yield failed(scanned.failure);
    return null;
  }
  yield { kind: 'progress', stage: 'linking' };
  const given = readScan(scanned.scan);
  if (given === null) {
    yield failed('not-confirmed');
    return null;
  }
  const again = args['again'];
  if (again !== undefined && again !== given.aci) {
    yield failed('another-account');
    return null;
  }
  // From here on there is no way back: the server is about to have the device.
  if (signal.aborted) {
    yield failed('cancelled');
    return null;
  }
  const linked = await register(net, environment, given, context);
  if ('failure' in linked) {
    yield failed(linked.failure);
    return null;
  }
  yield { kind: 'progress', stage: 'saving' };
  const name = await introduce(net, linked, signal);
  yield { kind: 'done', conversation: null, peer: null };
  return setupOf(linked, name);
}

const failed = (why: FlowFailure): FlowStep => ({ kind: 'failed', why });

/** The environment the harness names, or Signal's own; null for one that the profile may not use. */
function environmentFor(
  args: Readonly<Record<string, string>>,
  { environment: profile }: LaneContext,
): SignalEnvironment | null {
  const local = args['signal'];
  const environment = local === undefined ? ({ kind: 'live' } as const) : readLocalEnvironment(local);
  return environment !== null && fitsProfile(environment, profile) ? environment : null;
}

type Linked = { readonly self: Self; readonly keys: FirstKeys };

/** Registers the device the phone has let in. Its keys go up with the request, so that nobody ever sees it without. */
async function register(
  net: Net.Net,
  environment: SignalEnvironment,
  given: ProvisionMessage,
  context: LaneContext,
): Promise<Linked | { readonly failure: FlowFailure }> {
  const password = randomBytes(PASSWORD_BYTES).toString('base64').replace(/=+$/, '');
  const registrationId = randomInt(1, MAX_REGISTRATION + 1);
  const pniRegistrationId = randomInt(1, MAX_REGISTRATION + 1);
  const identities = {
    aciIdentityKey: given.aciIdentity.privateKey,
    pniIdentityKey: given.pni === null ? null : (given.pniIdentity?.privateKey ?? null),
  };
  const keys = firstKeys(identities, context.now());
  let reply: Reply;
  try {
    const connection = await net.connectUnauthenticatedChat({ onConnectionInterrupted: () => undefined });
    try {
      reply = await ask(connection, 'anonymous', {
        verb: 'PUT',
        path: '/v1/devices/link',
        headers: [['authorization', `Basic ${Buffer.from(`${given.aci}:${password}`).toString('base64')}`]],
        json: {
          verificationCode: given.provisioningCode,
          accountAttributes: {
            fetchesMessages: true,
            registrationId,
            ...(keys.pni ? { pniRegistrationId } : {}),
            name: base64(encodeDeviceName(sealDeviceName(DEVICE_NAME, given.aciIdentity.publicKey))),
            capabilities: { spqr: true },
          },
          aciSignedPreKey: json(keys.aci.signedPreKey),
          aciPqLastResortPreKey: json(keys.aci.pqLastResortPreKey),
          ...(keys.pni
            ? {
                pniSignedPreKey: json(keys.pni.signedPreKey),
                pniPqLastResortPreKey: json(keys.pni.pqLastResortPreKey),
              }
            : {}),
        },
      });
    } finally {
      void connection.disconnect().catch(() => undefined);
    }
  } catch (error) {
    context.log('link-fault', { error: error instanceof Error ? error.name : 'unknown' });
    return { failure: 'server-unreachable' };
  }
  const linked = reply.status === 200 ? readAs(linkedSchema, reply) : null;
  if (linked === null || linked.uuid !== given.aci) {
    context.log('link-refused', { status: reply.status });
    return { failure: failureOf(reply.status) };
  }
  const own: Omit<OwnIdentities, 'trustRoots'> = {
    ...identities,
    aci: given.aci,
    pni: given.pni,
    device: linked.deviceId,
    aciRegistrationId: registrationId,
    pniRegistrationId,
  };
  const { number, profileKey, accountEntropyPool } = given;
  return { keys, self: { identities: own, number, password, profileKey, accountEntropyPool, environment } };
}

/** Each way a server can say no (LinkDevice of Signal's server). */
function failureOf(status: number): FlowFailure {
  switch (status) {
    case 403:
      return 'not-confirmed';
    case 409: // the account already does what this client says it cannot
    case 499:
      return 'app-expired';
    case 411:
      return 'too-many-devices';
    case 429:
      return 'rate-limited';
    case 200:
    case 422:
      return 'internal';
    default:
      return 'server-unreachable';
  }
}

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');

const json = ({ id, key, signature }: SignedPublicPreKey) => ({
  keyId: id,
  publicKey: base64(key),
  signature: base64(signature),
});

/**
 * Uploads the first one-time keys, and looks up what I call myself. What fails here is made good when the lane starts: it sees
 * that the server has no keys of it.
 */
async function introduce(net: Net.Net, { self, keys }: Linked, signal: AbortSignal): Promise<string | null> {
  const { aci, device } = self.identities;
  const connected = await connectSignal({
    net,
    endpoints: endpointsOf(self.environment),
    device: { service: aci, device },
    password: self.password,
    signal,
  });
  if (connected.kind === 'failed') return null;
  const { connection } = connected;
  try {
    const [profile] = await Promise.all([
      connection.service.profile(aci, self.profileKey),
      connection.service.uploadPreKeys('ACI', keys.aci),
      keys.pni && connection.service.uploadPreKeys('PNI', keys.pni),
    ]);
    return profile.kind === 'profile' && profile.name ? openProfileName(self.profileKey, profile.name) : null;
  } finally {
    connection.close();
  }
}

function setupOf({ self, keys }: Linked, name: string | null): AccountSetup {
  const { aci, aciIdentityKey } = self.identities;
  const identity = PrivateKey.deserialize(new Uint8Array(aciIdentityKey)).getPublicKey().serialize();
  return {
    network: 'signal',
    address: self.number ?? aci,
    displayName: name ?? self.number ?? aci,
    identity: Buffer.from(identity).toString('hex'),
    work: [{ key: SELF, value: encodeSelf(self), expect: ABSENT }, ...keys.work],
    again: { name: aci, keeps: TOLD_SPACES },
  };
}
