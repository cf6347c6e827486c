import type {
  AuthenticatedChatConnection,
  UnauthenticatedChatConnection,
} from '@signalapp/libsignal-client/dist/net/Chat.js';
import { accessKeyOf } from '../../../crypto/signal/access-key.ts';
import type { Local, ServiceId } from '../../../crypto/signal/address.ts';
import type { PreKeyUpload, SignedPublicPreKey } from '../../../crypto/signal/prekeys.ts';
import { profileVersionOf } from '../../../crypto/signal/profile-version.ts';
import { usernameHash } from '../../../crypto/signal/username.ts';
import type { Endpoints } from '../environment.ts';
import {
  bundlesSchema,
  certificateSchema,
  challengeSchema,
  countsSchema,
  mismatchSchema,
  profileSchema,
  staleSchema,
} from './answers.ts';
import { ask, passGuard, readAs, write, type Reply, type Request } from './ask.ts';
import { download, fileUrl, upload } from './cdn.ts';
import type { SendAnswer, SignalService, Trouble } from './service.ts';
import { troubleOf, troubleOfStatus } from './trouble.ts';

const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64');
const OFFLINE: Trouble = { kind: 'offline' };
/** Libsignal's own calls wait without end. */
const TYPED_CALL_MS = 20_000;
const inTime = () => ({ abortSignal: AbortSignal.timeout(TYPED_CALL_MS) });

/** Signal's service over two connections. `anonymous` connects when first needed. */
export function createService(of: {
  readonly account: AuthenticatedChatConnection;
  readonly anonymous: () => Promise<UnauthenticatedChatConnection>;
  readonly endpoints: Endpoints;
  /** Whether the account's connection has ended. */
  readonly ended: () => boolean;
}): SignalService {
  /** A request whose repetition does no harm; throws nothing but what the guard throws. */
  async function get(
    request: Request,
    channel: 'account' | 'anonymous' = 'account',
  ): Promise<Reply | Trouble> {
    try {
      const connection = channel === 'account' ? of.account : await of.anonymous();
      const reply = await ask(connection, channel, request);
      return troubleOfStatus(reply.status, reply.retryAfterMs) ?? reply;
    } catch (error) {
      if (isRefusal(error)) throw error;
      return troubleOf(error);
    }
  }
  const failed = (reply: Reply | Trouble): reply is Trouble => 'kind' in reply;
  /** What 401 and 403 mean of my own account. */
  const denied = (reply: Reply): Trouble =>
    reply.status === 401 || reply.status === 403 ? { kind: 'unlinked' } : OFFLINE;

  return {
    async bundles(service, device) {
      const reply = await get({ verb: 'GET', path: `/v2/keys/${service}/${device}` });
      if (failed(reply)) return reply;
      if (reply.status === 404) return { kind: 'unregistered' };
      if (reply.status !== 200) return denied(reply);
      const read = readAs(bundlesSchema, reply);
      return read ? { kind: 'bundles', ...read } : { kind: 'unusable' };
    },

    async send({ request }) {
      // What is not written for certain may go again without being a second one.
      if (of.ended()) return OFFLINE;
      let connection;
      try {
        connection = request.channel === 'account' ? of.account : await of.anonymous();
      } catch (error) {
        return troubleOf(error);
      }
      try {
        return readSend(await write(connection, request));
      } catch (error) {
        if (isRefusal(error)) throw error;
        const trouble = troubleOf(error);
        // Libsignal says the same of a connection that was closed and of one that closes with the request on it. The same bytes go
        // again, and receivers drop the twin.
        return trouble.kind === 'offline' ? { kind: 'ambiguous' } : trouble;
      }
    },

    async senderCertificate() {
      const reply = await get({ verb: 'GET', path: '/v1/certificate/delivery?includeE164=false' });
      if (failed(reply)) return reply;
      const read = reply.status === 200 ? readAs(certificateSchema, reply) : null;
      return read ? { kind: 'certificate', bytes: read.certificate } : denied(reply);
    },

    async profile(service, profileKey) {
      const version = profileVersionOf(profileKey, service);
      if (version === null) return { kind: 'unknown' };
      const reply = await get(
        {
          verb: 'GET',
          path: `/v1/profile/${service}/${version}`,
          headers: [['unidentified-access-key', base64(accessKeyOf(profileKey))]],
        },
        'anonymous',
      );
      if (failed(reply)) return reply;
      const read = reply.status === 200 ? readAs(profileSchema, reply) : null;
      if (!read) return { kind: 'unknown' };
      return {
        kind: 'profile',
        identityKey: read.identityKey ?? null,
        name: read.name ?? null,
        unidentifiedAccess: read.unidentifiedAccess ?? null,
        unrestrictedUnidentifiedAccess: read.unrestrictedUnidentifiedAccess ?? false,
      };
    },

    async preKeyCounts(local) {
      const reply = await get({ verb: 'GET', path: keysPath(local) });
      if (failed(reply)) return reply;
      const read = reply.status === 200 ? readAs(countsSchema, reply) : null;
      return read ? { kind: 'counts', ec: read.count, pq: read.pqCount } : denied(reply);
    },

    async checkKeys(digest) {
      const json = { identityType: 'ACI', digest: base64(digest) };
      const reply = await get({ verb: 'POST', path: '/v2/keys/check', json });
      if (failed(reply)) return reply;
      if (reply.status === 200 || reply.status === 204) return { kind: 'same' };
      if (reply.status === 409) return { kind: 'other' };
      return reply.status === 401 || reply.status === 403 ? { kind: 'unlinked' } : { kind: 'unknown' };
    },

    async uploadPreKeys(local, keys) {
      const reply = await get({ verb: 'PUT', path: keysPath(local), json: keysBody(keys) });
      if (failed(reply)) return reply;
      if (reply.status === 200 || reply.status === 204) return { kind: 'done' };
      return reply.status === 422 ? { kind: 'refused' } : denied(reply);
    },

    async lookUpUsername(username) {
      const hash = usernameHash(username);
      if (hash === null) return { kind: 'found', service: null };
      try {
        const anonymous = await of.anonymous();
        passGuard({ kind: 'username', channel: 'anonymous', hash });
        const found = await anonymous.lookUpUsernameHash({ hash: new Uint8Array(hash) }, inTime());
        return { kind: 'found', service: found ? (found.getServiceIdString() as ServiceId) : null };
      } catch (error) {
        if (isRefusal(error)) throw error;
        return troubleOf(error);
      }
    },

    async download(pointer, maxBytes) {
      const url = fileUrl(of.endpoints, pointer);
      return url === null ? { kind: 'gone' } : download(of.endpoints, url, maxBytes);
    },

    async upload(bytes) {
      try {
        passGuard({ kind: 'upload-form', channel: 'account', size: bytes.length });
        const form = await of.account.getUploadForm({ uploadSize: BigInt(bytes.length) }, inTime());
        return (await upload(of.endpoints, form, bytes))
          ? { kind: 'stored', cdn: form.cdn, id: form.key }
          : OFFLINE;
      } catch (error) {
        if (isRefusal(error)) throw error;
        return troubleOf(error);
      }
    },

    async answerChallenge(token, captcha) {
      const reply = await get({
        verb: 'PUT',
        path: '/v1/challenge',
        json: { type: 'captcha', token, captcha },
      });
      if (failed(reply)) return reply;
      return { kind: reply.status === 200 || reply.status === 204 ? 'done' : 'refused' };
    },
  };
}

const isRefusal = (error: unknown): boolean =>
  error instanceof Error && 'kind' in error && error.kind === 'refused';

const keysPath = (local: Local): string => `/v2/keys?identity=${local === 'ACI' ? 'aci' : 'pni'}`;

const signedJson = ({ id, key, signature }: SignedPublicPreKey) => ({
  keyId: id,
  publicKey: base64(key),
  signature: base64(signature),
});

/** Keys as the server takes them. */
export function keysBody(keys: PreKeyUpload): object {
  return {
    preKeys: keys.preKeys.map(({ id, key }) => ({ keyId: id, publicKey: base64(key) })),
    pqPreKeys: keys.pqPreKeys.map(signedJson),
    ...(keys.signedPreKey ? { signedPreKey: signedJson(keys.signedPreKey) } : {}),
    ...(keys.pqLastResortPreKey ? { pqLastResortPreKey: signedJson(keys.pqLastResortPreKey) } : {}),
  };
}

/** What the server made of a message. */
export function readSend(reply: Reply): SendAnswer {
  const { status, retryAfterMs } = reply;
  switch (status) {
    case 200:
    case 204:
      return { kind: 'sent' };
    case 401:
    case 403:
      return { kind: 'unauthorized' };
    case 404:
      return { kind: 'unregistered' };
    case 409: {
      const read = readAs(mismatchSchema, reply);
      return read
        ? { kind: 'mismatched', missing: read.missingDevices, extra: read.extraDevices }
        : { kind: 'refused', status };
    }
    case 410: {
      const read = readAs(staleSchema, reply);
      return read ? { kind: 'stale', devices: read.staleDevices } : { kind: 'refused', status };
    }
    case 413:
      return { kind: 'too-large' };
    case 428: {
      const read = readAs(challengeSchema, reply);
      return read ? { kind: 'challenge', ...read, retryAfterMs } : { kind: 'rate-limited', retryAfterMs };
    }
    default:
      return troubleOfStatus(status, retryAfterMs) ?? { kind: 'refused', status };
  }
}
